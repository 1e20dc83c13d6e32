//! http sources, from a server on this machine.
