//! Where disks go: places as they are typed, and templates that become a place for each disk.

use std::ffi::OsString;

use endpoint::Place;
use endpoint::target::{Candidate, TargetOptions};
use error::{Error, Result};
use transfer::{Config, Disk, Places};
use vmconfig::Choice;

use super::names::{plain, stem};
use super::taken::{SOURCE, TARGET, Taken};
use super::{config, is_standard_output};

/// What stands for something in a template.
const NAMES: [&str; 3] = ["{disk}", "{member}", "{name}"];

/// The places that are given beside those of the disks.
pub(super) struct Given<'a> {
    /// Where the disks come from.
    pub(super) source: &'a Place,
    /// Where `--keep` puts a copy of the source.
    pub(super) keep: Option<&'a Place>,
    /// Where `--config` puts the guest's configuration.
    pub(super) config: Option<&'a Place>,
    /// Where `--config-from` has a description of the guest.
    pub(super) config_from: Option<&'a Place>,
    /// Which guest of several is meant.
    pub(super) choice: Choice,
}

impl Given<'_> {
    /// Adds them to those that are `taken`.
    fn add(&self, taken: &Taken) -> Result<()> {
        let roles = [
            (Some(self.source), SOURCE),
            (self.keep, "the --keep copy"),
            (self.config, "the --config file"),
            (self.config_from, "the --config-from file"),
        ];
        for (place, role) in roles {
            if let Some(place) = place {
                taken.add(place.clone(), role)?;
            }
        }
        Ok(())
    }
}

/// The places that `to` names, none of them one of those that are `given`; and whether every disk is
/// meant, because they are templates. `ahead` says whether every disk that the guest's description tells
/// of is going to be taken, so that the places of all of them may be looked at before the first one.
///
/// # Errors
/// Those of [`Place::parse`] and [`endpoint::target::check`]; [`error::Kind::Usage`] for a place that is
/// given twice.
pub(super) fn of(
    to: &[OsString],
    options: &TargetOptions,
    given: &Given<'_>,
    ahead: bool,
    taken: &Taken,
) -> Result<(Places, bool)> {
    given.add(taken)?;
    let described = given.config.is_some();
    let templates: Vec<String> = to
        .iter()
        .filter_map(|to| to.to_str())
        .filter(|to| NAMES.iter().any(|name| to.contains(name)))
        .map(str::to_owned)
        .collect();
    if templates.is_empty() {
        let places = to.iter().map(|to| {
            if is_standard_output(to) {
                Ok(Place::Stdio)
            } else {
                Place::parse(to)
            }
        });
        let places = places.collect::<Result<Vec<_>>>()?;
        let checked = check(places, options, taken, described)?;
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
        stem: stem(&given.source.last_name()),
        name: None,
        options: options.clone(),
        described,
        choice: given.choice.clone(),
        taken: taken.clone(),
    };
    let choose = move |number: usize, disk: &Disk, configs: &[Config]| {
        if number == 0 && ahead {
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
    /// What the guest is called by so many configurations.
    name: Option<(usize, String)>,
    options: TargetOptions,
    /// Whether the guest's configuration is going to name them.
    described: bool,
    choice: Choice,
    taken: Taken,
}

impl Template {
    /// Looks at the places of all disks that the guest's description tells of before the first one is
    /// written: what is going to be refused is refused now.
    fn look_ahead(&mut self, configs: &[Config]) -> Result<()> {
        let count = self.taken.count();
        let files = config::disk_files(configs, &self.choice);
        let looked = files
            .iter()
            .enumerate()
            .try_for_each(|(number, file)| self.choose(number, file, configs).map(drop));
        self.taken.give_back(count);
        looked
    }

    /// The places of disk `number`, the member called `member`.
    fn choose(
        &mut self,
        number: usize,
        member: &str,
        configs: &[Config],
    ) -> Result<Vec<Box<dyn Candidate>>> {
        let name = self.name(configs);
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
        check(places, &self.options, &self.taken, self.described)
    }

    /// What `{name}` stands for. Configurations are read again only when there are more of them.
    fn name(&mut self, configs: &[Config]) -> String {
        if !self.texts.iter().any(|text| text.contains("{name}")) {
            return String::new();
        }
        match &self.name {
            Some((count, name)) if *count == configs.len() => name.clone(),
            _ => {
                let name =
                    config::guest_name(configs, &self.choice).unwrap_or_else(|| self.stem.clone());
                self.name = Some((configs.len(), name.clone()));
                name
            }
        }
    }
}

/// Looks at `places`, and adds them to those that are `taken`. Those that are `described` are going to
/// be named by the guest's configuration.
fn check(
    places: Vec<Place>,
    options: &TargetOptions,
    taken: &Taken,
    described: bool,
) -> Result<Vec<Box<dyn Candidate>>> {
    for place in &places {
        if described && matches!(place, Place::Nbd(_) | Place::Stdio) {
            return Err(Error::usage(format!(
                "--config cannot say that a guest's disk is at {place}"
            ))
            .hint("give a file, a device or lv:VG/NAME, or leave --config out"));
        }
        taken.add(place.clone(), TARGET)?;
    }
    places
        .iter()
        .map(|place| endpoint::target::check(place, options, taken.host()))
        .collect()
}
