//! Where disks go: places as they are typed, and templates that become a place for each disk.

use std::ffi::OsString;

use place::target::{Candidate, TargetOptions};
use place::{Host, Place};
use report::{Error, Result};
use transfer::{Config, Disk, Places};

use super::{config, is_standard_output};

/// What stands for something in a template.
const NAMES: [&str; 3] = ["{disk}", "{member}", "{name}"];

/// The places that `to` names, none of them one of `others`; and whether every disk is meant, because
/// they are templates.
///
/// # Errors
/// Those of [`Place::parse`] and [`place::target::check`]; [`report::Kind::Usage`] for a place that is
/// given twice.
pub(super) fn of(
    to: &[OsString],
    options: &TargetOptions,
    others: &[&Place],
    source: &Place,
) -> Result<(Places, bool)> {
    let templates: Vec<String> = to
        .iter()
        .filter_map(|to| to.to_str())
        .filter(|to| NAMES.iter().any(|name| to.contains(name)))
        .map(str::to_owned)
        .collect();
    if templates.is_empty() {
        let places = to.iter().map(|to| match is_standard_output(to) {
            true => Ok(Place::Stdio),
            false => Place::parse(to),
        });
        let places = places.collect::<Result<Vec<_>>>()?;
        let checked = check(&places, options, others, source)?;
        return Ok((Places::These(checked), false));
    }
    if templates.len() < to.len() {
        return Err(
            Error::usage("some places are for every disk and some for one disk only")
                .hint("write {disk} into each of them, or into none"),
        );
    }
    let mut template = Template {
        texts: templates,
        stem: stem(&source.to_string()),
        options: options.clone(),
        source: source.clone(),
        taken: others.iter().map(|&place| place.clone()).collect(),
    };
    let choose = move |number: usize, disk: &Disk, configs: &[Config]| {
        if number == 0 {
            template.look_ahead(configs)?;
        }
        template.choose(number, &disk.member, configs)
    };
    Ok((Places::Each(Box::new(choose)), true))
}

/// Places that are still to be filled in.
struct Template {
    texts: Vec<String>,
    /// What the source is called, for want of another name.
    stem: String,
    options: TargetOptions,
    source: Place,
    /// Places that are given away.
    taken: Vec<Place>,
}

impl Template {
    /// Looks at the places of all disks that the guest's description tells of before the first one is
    /// written: what is going to be refused is refused now.
    fn look_ahead(&mut self, configs: &[Config]) -> Result<()> {
        let taken = self.taken.clone();
        let files = config::disk_files(configs);
        let looked = files
            .iter()
            .enumerate()
            .try_for_each(|(number, file)| self.choose(number, file, configs).map(drop));
        self.taken = taken;
        looked
    }

    /// The places of disk `number`, the member called `member`.
    fn choose(
        &mut self,
        number: usize,
        member: &str,
        configs: &[Config],
    ) -> Result<Vec<Box<dyn Candidate>>> {
        let name = config::guest_name(configs).unwrap_or_else(|| self.stem.clone());
        let member = match member {
            "" => self.stem.clone(),
            member => stem(member),
        };
        let places = self.texts.iter().map(|text| {
            let place = text
                .replace("{disk}", &number.to_string())
                .replace("{member}", &plain(&member))
                .replace("{name}", &plain(&name));
            Place::parse(place)
        });
        let places = places.collect::<Result<Vec<_>>>()?;
        let others: Vec<&Place> = self.taken.iter().collect();
        let checked = check(&places, &self.options, &others, &self.source)?;
        self.taken.extend(places);
        Ok(checked)
    }
}

fn check(
    places: &[Place],
    options: &TargetOptions,
    others: &[&Place],
    source: &Place,
) -> Result<Vec<Box<dyn Candidate>>> {
    let host = Host::default();
    for (i, target) in places.iter().enumerate() {
        if *target != Place::Stdio && target.is_same(source, &host) {
            let message = format!("{target} is the source and a target at once");
            return Err(Error::usage(message));
        }
        let mut rest = others.iter().copied().chain(&places[..i]);
        if rest.any(|other| other != source && other.is_same(target, &host)) {
            let error = Error::usage(format!("{target} is given as a target twice"));
            return Err(error.hint("where several disks are meant, write {disk} into the place"));
        }
    }
    places
        .iter()
        .map(|place| place::target::check(place, options))
        .collect()
}

/// The last part of a name, without what follows its first dot but one at the beginning.
pub(super) fn stem(name: &str) -> String {
    let last = name.rsplit(['/', ':']).next().unwrap_or(name);
    let end = last.char_indices().skip(1).find(|&(_, c)| c == '.');
    last[..end.map_or(last.len(), |(at, _)| at)].to_owned()
}

/// `text` in characters that a file and a volume may have in their names: strangers chose it.
fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "_+.-".contains(c) => c,
        _ => '-',
    };
    let text: String = text.chars().take(60).map(plain).collect();
    let text = text.trim_matches(['-', '.']);
    match text {
        "" => "disk".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_plain_and_lead_nowhere() {
        let cases = [
            ("web01", "web01"),
            ("../../etc/passwd", "etc-passwd"),
            ("My Guest (1)", "My-Guest--1"),
            ("--force", "force"),
            ("..", "disk"),
            ("äöü", "disk"),
        ];
        for (name, expected) in cases {
            assert_eq!(plain(name), expected, "{name}");
        }
        assert_eq!(plain(&"x".repeat(1000)).len(), 60);
    }

    #[test]
    fn a_stem_is_the_last_part_without_endings() {
        let cases = [
            ("guest.tar.gz", "guest"),
            ("/a/b.c/guest.ova", "guest"),
            (".hidden.img", ".hidden"),
            ("-", "-"),
            ("a.tar:dir/disk1.vmdk", "disk1"),
        ];
        for (name, expected) in cases {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
