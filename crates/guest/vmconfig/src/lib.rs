//! One model of a guest, [`Vm`], and the languages that describe one.
//!
//! Descriptions come from strangers: readers are bounded, and what they do not understand becomes a
//! [`Note`]. Writers make a complete description and say of every line where it comes from or that it
//! is a guess; nothing a stranger wrote breaks out of the place it is put in.
//!
//! ```text
//! bytes ─ decode ─ text ─┬ ovf, xva, xl, libvirt, vmx, vbox, proxmox ─ read ─► Vm
//!                        └ of several guests: Choice
//! Vm ─ place (disks of this host) ─ complete (guesses, marked) ─► xl, libvirt, opennebula, ovf: write
//! ```

mod choice;
mod decode;
pub mod libvirt;
mod limits;
mod loss;
pub mod opennebula;
pub mod ovf;
pub mod proxmox;
pub mod secret;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod value;
pub mod vbox;
mod vm;
pub mod vmx;
pub mod xen;
pub mod xl;
pub mod xml;
pub mod xva;

pub use choice::Choice;
pub use decode::{Decoded, decode, decode_beginning};
pub use limits::TEXT;
pub use loss::lost;
pub use value::{Origin, Secret, Value};
pub use vm::{
    Action, BootDevice, Bus, Chipset, Chunks, Content, Disk, Firmware, Graphics, Host, Kind, Nic,
    Note, Registered, Screen, Scsi, System, Topology, Unplugged, Vm,
};
