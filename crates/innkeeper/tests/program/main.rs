//! The program as its users meet it: files in, files out, status, standard output and standard
//! error together.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests are here, and panicking is how they fail"
)]

mod appliances;
mod archives;
mod badinput;
mod beside;
mod changes;
mod check;
mod checksums;
mod chunks;
mod convert;
mod descriptors;
mod devices;
mod evidence;
mod fixed_vhd;
mod folders;
mod formats;
mod guests;
mod help;
mod hostile;
mod inspect;
mod interrupted;
mod nbd;
mod ova;
mod parts;
mod proxmox;
mod results;
mod sfx;
mod split;
mod support;
mod tls;
mod usage;
mod vm;
mod volumes;
mod web;
mod zips;
