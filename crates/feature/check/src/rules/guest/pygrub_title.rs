//! pygrub and defaults that are titles.

use std::path::Path;

use crate::{Example, Facts, Findings, Guest, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-pygrub-title",
    title: "pygrub starts the entry that a guest's own menu means",
    looks_at: "guests that boot by pygrub, at an upgrade to Xen 4.13 or later",
    versions: Versions::crossing(13),
    why: "Since Xen 4.13 pygrub takes the first entry of a guest's menu where the menu's default is a title and not a number. Another \
          kernel than before may start. The menu is inside the guest: a number there, or --entry in bootloader_args, names the \
          entry.",
    source: &["xen.git 767ba397d3"],
    check,
    examples: &[
        Example::bad(
            "-- usr/lib/xen/bin/pygrub --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nbootloader = \"pygrub\"\n",
            &["info etc/xen/web.cfg:3:14: pygrub takes the first entry since Xen 4.13 where a menu's default is a title: 1 guest boots by it, of which this is the first"],
        )
        .from_xen("4.11")
        .to_xen("4.14"),
        Example::good(
            "-- usr/lib/xen/bin/pygrub --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nbootloader = \"pygrub\"\nbootloader_args = [\"--entry=1\"]\n",
        )
        .from_xen("4.11")
        .to_xen("4.14"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let unsaid = guests.xl.iter().filter(|guest| !says_entry(guest));
    let mut places = unsaid.filter_map(|guest| {
        let (loader, place) = guest.value("bootloader")?;
        let is_pygrub = Path::new(loader).file_name() == Some("pygrub".as_ref());
        is_pygrub.then_some(place)
    });
    let Some(first) = places.next() else {
        return Ok(());
    };
    let guests = match 1 + places.count() {
        1 => "1 guest boots".to_owned(),
        count => format!("{count} guests boot"),
    };
    let message = format!(
        "pygrub takes the first entry since Xen 4.13 where a menu's default is a title: {guests} by it, of which this is the first"
    );
    found.info(first, message).hint(
        "write a number as the default in the guest's menu, or bootloader_args = [\"--entry=N\"]",
    );
    Ok(())
}

fn says_entry(guest: &Guest) -> bool {
    let words = guest.values("bootloader_args");
    words.iter().any(|(word, _)| word.starts_with("--entry"))
}
