//! The initial RAM disk of dom0 and of the guest: busybox, modules, `tools/testbed/initrd`, and what a host brings.

use error::Result;

use crate::cpio::Archive;
use crate::dom0::Dom0;

/// One being put together.
pub(crate) struct Initrd(Archive);

impl Initrd {
    /// One that loads `modules` and then follows the script `init`.
    ///
    /// # Errors
    /// dom0 has no such module.
    pub(crate) fn new(dom0: &Dom0, modules: &[&str], init: &[u8]) -> Result<Initrd> {
        let mut archive = Archive::default();
        for directory in ["bin", "dev", "proc", "sys", "root", "modules"] {
            archive.directory(directory);
        }
        archive.program("init", init);
        archive.program("bin/busybox", &dom0.read("bin/busybox")?);
        archive.link("bin/sh", "busybox");
        let mut order = String::new();
        for (name, content) in dom0.modules(modules)? {
            archive.file(&format!("modules/{name}"), &content);
            order += &format!("{name}\n");
        }
        archive.file("modules/order", order.as_bytes());
        Ok(Initrd(archive))
    }

    /// Adds programs that will lie in the root file system's `/testbed`: each one's name and content.
    pub(crate) fn bring<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) {
        self.0.directory("testbed");
        for (name, content) in files {
            self.0.program(&format!("testbed/{name}"), content);
        }
    }

    /// Its bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish()
    }
}
