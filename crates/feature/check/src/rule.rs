//! What a rule is.

use crate::example::Example;
use crate::facts::{Facts, NotKnown};
use crate::finding::Findings;
use vmconfig::xen::Release;

/// The releases of Xen that a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// Every release, and hosts without Xen.
    All,
    /// This release and later ones: the target, or else what is installed.
    Since(Release),
    /// Releases before this one.
    Before(Release),
    /// Upgrades from a release before this one to this one or a later one: what changed its meaning.
    Crossing(Release),
}

impl Versions {
    /// From Xen 4.`minor` on.
    pub const fn since(minor: u16) -> Self {
        Versions::Since(Release::new(4, minor))
    }

    /// Before Xen 4.`minor`.
    pub const fn before(minor: u16) -> Self {
        Versions::Before(Release::new(4, minor))
    }

    /// Upgrades to Xen 4.`minor` or later from an earlier release.
    pub const fn crossing(minor: u16) -> Self {
        Versions::Crossing(Release::new(4, minor))
    }

    /// Whether the rule is for the releases that `facts` know.
    ///
    /// # Errors
    /// [`NotKnown`] when it depends on a release that is not known.
    pub(crate) fn apply(self, facts: &Facts) -> Result<bool, NotKnown> {
        if self != Versions::All && !facts.concerns_xen()? {
            return Ok(false);
        }
        Ok(match self {
            Versions::All => true,
            Versions::Since(first) => facts.xen_release()? >= first,
            Versions::Before(first) => facts.xen_release()? < first,
            Versions::Crossing(first) => {
                facts.xen_release()? >= first && facts.xen_before()? < first
            }
        })
    }

    /// In words; empty for all.
    pub fn words(self) -> String {
        match self {
            Versions::All => String::new(),
            Versions::Since(release) => format!("Xen {release} and later"),
            Versions::Before(release) => format!("Xen before {release}"),
            Versions::Crossing(release) => {
                format!("upgrades from before Xen {release} to {release} or later")
            }
        }
    }
}

/// One thing that is checked. Each is a file in `rules/SECTION/`, whose name is the rest of the id.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name: `SECTION-FILE` with dashes.
    pub id: &'static str,
    /// What holds where nothing is found, in a few words.
    pub title: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// The releases it is for.
    pub versions: Versions,
    /// Why what it finds is wrong, and what to write instead.
    pub why: &'static str,
    /// Where that is known from: commits of Xen (`xen.git HASH`), manuals, reports.
    pub source: &'static [&'static str],
    /// Looks, and puts what it finds into the second.
    ///
    /// # Errors
    /// [`NotKnown`] when a fact that it needs is not.
    pub check: fn(&Facts, &mut Findings) -> Result<(), NotKnown>,
    /// What it finds, and what it lets pass.
    pub examples: &'static [Example],
}

impl Rule {
    /// The section of the report that it belongs to: the first word of its id.
    pub fn section(&self) -> &'static str {
        self.id
            .split_once('-')
            .map_or(self.id, |(section, _)| section)
    }
}
