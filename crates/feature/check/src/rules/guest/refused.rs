//! Configurations that xl refuses.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-refused",
    title: "xl accepts the configurations of guests",
    looks_at: "every xl.cfg of the host",
    versions: Versions::All,
    why: "xl reads all of a configuration or nothing: with one fault in it the guest does not start. Configurations \
          of xm are Python; xl reads settings only: names in lower case, strings, numbers and lists.",
    source: &[
        "xen.git tools/libs/util/libxlu_cfg_y.y, libxlu_cfg_l.l",
        "xl.cfg(5)",
    ],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\nvcpus = True\n",
            &["error etc/xen/web.cfg:2:9: xl refuses it: a word is a value in quotes only"],
        ),
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\r\nvcpus = 2\r\n",
            &["error etc/xen/web.cfg:1:13: xl refuses it: its lines end with CR and LF"],
        ),
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 1024M\n",
            &["error etc/xen/web.cfg:2:14: xl refuses it: a number has no unit"],
        ),
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\n# end␄\n",
            &[
                "error etc/xen/web.cfg:2:1: xl refuses it: its last line is a comment without a line end",
            ],
        ),
        Example::bad(
            "-- etc/xen/web.cfg --\n\u{feff}name = \"web\"\n",
            &["error etc/xen/web.cfg:1:1: xl refuses it: it begins with a byte order mark"],
        ),
        Example::bad(
            "-- etc/xen/web.cfg --\nimport os\nname = \"web\"\n",
            &["error etc/xen/web.cfg:1:8: xl refuses it: it is Python, as xm read it"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"; vcpus = 2\ndisk = [\n  'phy:/dev/vg/web,xvda,w',\n]\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    for guest in &guests.xl {
        let Some(fault) = guest.config.faults.first() else {
            continue;
        };
        let place = guest.at(fault.position, fault.near.chars().count().max(1));
        let Some(cause) = cause(&guest.text, fault) else {
            found.error(place, format!("xl refuses it: {}", fault.message));
            continue;
        };
        let finding = found.error(place, format!("xl refuses it: {}", cause.what));
        finding.hint(cause.hint);
        if let Some(mend) = cause.mend {
            finding.fix(guest.change(cause.hint, move |text| {
                let mended = mend(text);
                Ok((mended != text).then_some(mended))
            }));
        }
    }
    Ok(())
}

/// What libxlutil means by a fault.
struct Cause {
    what: &'static str,
    hint: &'static str,
    mend: Option<Mend>,
}

/// Makes a file's text anew.
type Mend = fn(&str) -> String;

/// The usual causes of faults; `None` for any other, which libxlutil's own words tell.
fn cause(text: &str, fault: &xl::Fault) -> Option<Cause> {
    let line = text.lines().nth(fault.position.line.saturating_sub(1));
    let line = line.unwrap_or_default();
    let before: String = line
        .chars()
        .take(fault.position.column.saturating_sub(1))
        .collect();
    let line = line.trim_start();
    let is_last = fault.position.line == text.lines().count();
    let (what, hint, mend): (_, _, Option<Mend>) = if text.contains("\r\n") {
        let unix = |text: &str| text.replace("\r\n", "\n");
        (
            "its lines end with CR and LF",
            "end its lines with LF alone",
            Some(unix),
        )
    } else if text.starts_with(BOM) {
        let bare = |text: &str| text.trim_start_matches(BOM).to_owned();
        (
            "it begins with a byte order mark",
            "remove the byte order mark",
            Some(bare),
        )
    } else if fault.near.starts_with('#') && is_last {
        let ended = |text: &str| format!("{}\n", text.trim_end_matches('\n'));
        (
            "its last line is a comment without a line end",
            "end the last line",
            Some(ended),
        )
    } else if PYTHON.iter().any(|word| line.starts_with(word)) {
        (
            "it is Python, as xm read it",
            "write settings only, as xl.cfg(5) says",
            None,
        )
    } else if fault.near.starts_with(['“', '”', '‘', '’']) {
        (
            "it has typographic quotes",
            "write straight quotes, \"",
            None,
        )
    } else if fault.near.starts_with(char::is_alphabetic) && before.ends_with(char::is_numeric) {
        (
            "a number has no unit",
            "write the number alone: sizes are in MiB",
            None,
        )
    } else if fault.near.starts_with(char::is_uppercase) && before.trim_end().ends_with('=') {
        (
            "a word is a value in quotes only",
            "write a number, or the word in quotes",
            None,
        )
    } else {
        return None;
    };
    Some(Cause { what, hint, mend })
}

const BOM: char = '\u{feff}';

/// How lines of Python begin.
const PYTHON: [&str; 5] = ["import ", "from ", "def ", "if ", "for "];
