//! Words about the screen that xl passes over.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-vfb-ignored",
    title: "xl understands all that is said about the screens of guests",
    looks_at: "vfb= of guests",
    versions: Versions::All,
    why: "xl passes over words in vfb= that it does not know, and over everything behind the first one without =: a password or \
          an address behind it does not count, and the screen may be open to the network.",
    source: &["xl.cfg(5), vfb", "xen.git tools/xl/xl_parse.c"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvfb = ['type=vnc,vnc=1,vncunused,vnclisten=127.0.0.1']\nkernel = \"/srv/vmlinuz\"\n",
            &["warning etc/xen/web.cfg:3:8: xl ignores vncunused, vnclisten=127.0.0.1"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvfb = ['type=vnc,vnclisten=127.0.0.1,vncunused=1']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for (text, place) in guest.values("vfb") {
            let mut ignored = xl::vfb::parse(text).ignored;
            // xm's word for what is said by vnc=1, without effect and without harm.
            ignored.retain(|word| !matches!(word.as_str(), "type=vnc" | "type=sdl"));
            if !ignored.is_empty() {
                // A password may be among them.
                let words = ignored.iter().map(|word| match word.split_once('=') {
                    Some(("vncpasswd", _)) => "vncpasswd",
                    _ => word.as_str(),
                });
                let words: Vec<_> = words.collect();
                found.warning(place, format!("xl ignores {}", words.join(", ")));
            }
        }
    }
    Ok(())
}
