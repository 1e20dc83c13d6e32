//! Boot loaders of guests that an upgrade left behind.

use std::path::{Path, PathBuf};

use crate::release::release_of;
use crate::{Example, Facts, Findings, NotKnown, Place, Release, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "package-bootloader",
    title: "the boot loaders of guests are of the release of Xen's tools",
    looks_at: "pygrub and other boot loaders that guests name, and the packages that own them",
    versions: Versions::All,
    why: "pygrub is in a package of its own on some systems (Alpine: py3-xen, before that py-xen), which the package xen does not \
          depend on: an upgrade may leave the old one, which does not fit the libraries of the new release, or a file that no \
          package owns. Guests that boot by it do not start.",
    source: &["Alpine aports main/xen", "xl.cfg(5), bootloader"],
    check,
    examples: &[
        Example::bad(
            "-- lib/apk/db/installed --\nP:xen\nV:4.6.1-r3\nF:usr/sbin\nR:xl\n\nP:xen-hypervisor\nV:4.6.1-r3\n\nP:py-xen\nV:4.4.2-r0\nF:usr/lib/xen/bin\nR:pygrub\n\n-- usr/sbin/xl --\n-- usr/lib/xen/bin/pygrub --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nbootloader = \"pygrub\"\n",
            &[
                "error usr/lib/xen/bin/pygrub: pygrub is of release 4.4, Xen's tools are of release 4.6, and 1 guest boots by it",
            ],
        ),
        Example::bad(
            "-- lib/apk/db/installed --\nP:xen\nV:4.17.1-r0\nF:usr/sbin\nR:xl\n\nP:xen-hypervisor\nV:4.17.1-r0\n\n-- usr/sbin/xl --\n-- usr/lib/xen/bin/pygrub --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nbootloader = \"pygrub\"\n",
            &[
                "warning usr/lib/xen/bin/pygrub: no installed package owns pygrub, and 1 guest boots by it",
            ],
        ),
        Example::good(
            "-- lib/apk/db/installed --\nP:xen\nV:4.17.1-r0\nF:usr/sbin\nR:xl\n\nP:xen-hypervisor\nV:4.17.1-r0\n\nP:py3-xen\nV:4.17.1-r0\nF:usr/lib/xen/bin\nR:pygrub\n\n-- usr/sbin/xl --\n-- usr/lib/xen/bin/pygrub --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nbootloader = \"pygrub\"\n",
        ),
    ],
};

/// The loader that is looked at: others are the user's own.
const PYGRUB: &str = "pygrub";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let loaders = guests
        .xl
        .iter()
        .filter_map(|guest| guest.value("bootloader"));
    let count = loaders.filter(|(loader, _)| is_pygrub(loader)).count();
    let pygrub = facts.helpers(PYGRUB)?;
    let (Some(first), Some(tools)) = (pygrub.first(), facts.installed_tools()?) else {
        return Ok(());
    };
    if count == 0 || !are_packaged(facts)? {
        return Ok(());
    }
    let guests = match count {
        1 => "1 guest boots".to_owned(),
        count => format!("{count} guests boot"),
    };
    let releases = owned(facts, &pygrub)?;
    if releases.contains(&tools) {
        return Ok(());
    }
    let place = Place::file(first);
    let hint = "install the package of the same release (py3-xen on Alpine)";
    match releases.iter().max() {
        Some(release) => found.error(place, format!("pygrub is of release {release}, Xen's tools are of release {tools}, and {guests} by it")),
        None => found.warning(place, format!("no installed package owns pygrub, and {guests} by it")),
    }
    .hint(hint);
    Ok(())
}

/// Whether xl is from a package: Xen that was built on the host has none.
fn are_packaged(facts: &Facts) -> Result<bool, NotKnown> {
    match facts.helper("xl")? {
        Some(xl) => Ok(facts.is_owned(&xl)? == Some(true)),
        None => Ok(false),
    }
}

fn is_pygrub(loader: &str) -> bool {
    Path::new(loader).file_name() == Some(PYGRUB.as_ref())
}

/// The releases of the packages that own some of `files`, or what they link to.
fn owned(facts: &Facts, files: &[PathBuf]) -> Result<Vec<Release>, NotKnown> {
    let packages = facts.packages()?;
    let Some(packages) = packages.as_ref() else {
        return Ok(Vec::new());
    };
    let not_known = |error: error::Error| NotKnown::new("packages", error.to_string());
    let mut releases = Vec::new();
    for file in files {
        let real = facts.host().files().canonical(file).map_err(not_known)?;
        for path in [Some(file), real.as_ref()].into_iter().flatten() {
            let owners = packages.owners_of(path).map_err(not_known)?;
            releases.extend(owners.iter().filter_map(|owner| release_of(&owner.version)));
        }
    }
    Ok(releases)
}
