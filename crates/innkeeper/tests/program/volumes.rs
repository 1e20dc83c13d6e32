//! Logical volumes, over stand-ins for LVM's programs: there is no device mapper where tests run. A
//! real LVM is the lab's matter.
