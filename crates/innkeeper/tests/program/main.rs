//! The program as its users meet it: files in, files out, status, standard output and standard
//! error together.

mod archives;
mod devices;
mod hostile;
mod interrupted;
mod support;
mod usage;
mod volumes;
mod web;
