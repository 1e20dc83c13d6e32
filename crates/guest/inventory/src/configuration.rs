//! The files that configure guests, and what starts a guest with the host.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use error::Result;
use host::Files;

/// Where xl's are, besides those that are in [`AUTO`] only; SUSE has a directory of its own.
const XL: [&str; 2] = ["/etc/xen", "/etc/xen/vm"];

/// Where links to xl's, or copies of them, are that start with the host (xendomains(8)).
const AUTO: &str = "/etc/xen/auto";

/// A file that configures a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The file, as the host calls it.
    pub file: PathBuf,
    /// What starts the guest with the host: a link to the file, or the file itself.
    pub autostart: Option<PathBuf>,
}

/// xl's: every `.cfg`, and what starts with the host. One file under several names is there once, by the first of them.
///
/// # Errors
/// A directory cannot be listed.
pub fn of_xl(files: &Files) -> Result<Vec<Configuration>> {
    let mut auto = started(files)?;
    let mut found: BTreeMap<PathBuf, Configuration> = BTreeMap::new();
    for directory in XL.map(Path::new) {
        for name in names(files, directory, "cfg")? {
            let file = directory.join(name);
            let real = real(files, &file);
            let autostart = auto.remove(&real);
            let known = found.entry(real);
            known.or_insert(Configuration { file, autostart });
        }
    }
    let mut all: Vec<_> = found.into_values().collect();
    all.sort_by(|a, b| a.file.cmp(&b.file));
    all.extend(auto.into_iter().map(|(file, link)| Configuration {
        file,
        autostart: Some(link),
    }));
    Ok(all)
}

/// The file that `path` leads to. A link that leads nowhere, or in a circle, leads to itself: reading it says what is wrong, and
/// the other files have nothing to do with it.
fn real(files: &Files, path: &Path) -> PathBuf {
    let real = files.canonical(path).ok().flatten();
    real.unwrap_or_else(|| path.to_owned())
}

/// What starts with the host by the file that it leads to.
fn started(files: &Files) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let names = files.list(AUTO)?.unwrap_or_default();
    let mut found = BTreeMap::new();
    for name in names.iter().filter(|name| !is_hidden(name)) {
        let path = Path::new(AUTO).join(name);
        found.insert(real(files, &path), path);
    }
    Ok(found)
}

/// Those of a driver of libvirt, `qemu` or `libxl`: every `.xml` in its directory; the files of the same names in `autostart` are
/// links to those that start with the host.
///
/// # Errors
/// A directory cannot be listed.
pub fn of_libvirt(files: &Files, driver: &str) -> Result<Vec<Configuration>> {
    let directory = Path::new("/etc/libvirt").join(driver);
    let auto = names(files, &directory.join("autostart"), "xml")?;
    let found = names(files, &directory, "xml")?.into_iter();
    let found = found.map(|name| Configuration {
        file: directory.join(&name),
        autostart: auto
            .contains(&name)
            .then(|| directory.join("autostart").join(&name)),
    });
    Ok(found.collect())
}

/// The names in `directory` that end with `.ending`, without hidden ones, in order.
///
/// # Errors
/// It cannot be listed.
pub(crate) fn names(files: &Files, directory: &Path, ending: &str) -> Result<Vec<OsString>> {
    let mut names = files.list(directory)?.unwrap_or_default();
    names.retain(|name| {
        let path = Path::new(name);
        path.extension().is_some_and(|it| it == ending) && !is_hidden(name)
    });
    names.sort_unstable();
    Ok(names)
}

/// Whether tools pass over it: hidden files.
fn is_hidden(name: &OsString) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::Host;
    use testkit::machine::Described;

    #[test]
    fn one_file_under_several_names_is_one_configuration() {
        let host = Described::new(
            "-- srv/web.cfg --\n-- etc/xen/web.cfg -> /srv/web.cfg --\n-- etc/xen/vm/web.cfg -> ../web.cfg --\n\
             -- etc/xen/auto/10-web -> ../web.cfg --\n-- etc/xen/vm/db.cfg --\n-- etc/xen/auto/own --\n\
             -- etc/xen/auto/gone -> ../gone.cfg --\n-- etc/xen/auto/.hidden --\n-- etc/xen/xl.conf --\n",
        );
        let found = of_xl(Host::at(host.files.root()).unwrap().files()).unwrap();
        let shown = |path: &Path| path.display().to_string();
        let found: Vec<_> = found
            .iter()
            .map(|one| (shown(&one.file), one.autostart.as_deref().map(shown)))
            .collect();
        let auto = |name: &str| Some(format!("/etc/xen/auto/{name}"));
        assert_eq!(
            found,
            [
                ("/etc/xen/vm/db.cfg".to_owned(), None),
                ("/etc/xen/web.cfg".to_owned(), auto("10-web")),
                ("/etc/xen/auto/gone".to_owned(), auto("gone")),
                ("/etc/xen/auto/own".to_owned(), auto("own")),
            ]
        );
    }
}
