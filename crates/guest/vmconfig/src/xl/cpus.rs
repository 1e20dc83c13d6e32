//! The language of `cpus=` and `cpus_soft=` (`parse_vcpu_affinity` and `parse_cpurange` of xl_parse.c): on which
//! physical CPUs the virtual ones run.
//!
//! The language changed twice, so readers are told the release. Xen 4.4 began to apply inclusions and exclusions from
//! left to right, and to read `nodes:`; before, all exclusions came last. Xen 4.5 began to read each element of a list
//! like a string; before, an element was one CPU, by the number that it begins with. A word `all` between others is
//! known since 4.4.

use super::number::{atoi, leading};
use super::wrong::{Part, parts};
use super::{Fault, Node, Wrong};
use crate::xen::Release;

/// More physical CPUs than any Xen is built for.
const LARGEST: usize = 16_384;

/// The most words of a mask that are read.
const WORDS: usize = 4096;

/// What `cpus=` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// A string: every virtual CPU has this mask.
    All(Mask),
    /// A list: virtual CPU i has mask i; those behind the last are not bound, and placement is not automatic.
    Each(Vec<Mask>),
}

impl Affinity {
    /// The masks as they are written, in order.
    pub fn masks(&self) -> &[Mask] {
        match self {
            Affinity::All(mask) => std::slice::from_ref(mask),
            Affinity::Each(masks) => masks,
        }
    }

    /// The mask of virtual CPU `vcpu`, counted from 0; `None` where nothing is said about it.
    pub fn of(&self, vcpu: usize) -> Option<&Mask> {
        match self {
            Affinity::All(mask) => Some(mask),
            Affinity::Each(masks) => masks.get(vcpu),
        }
    }
}

/// A set of physical CPUs as steps from the empty set, in the order in which they are carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// The steps.
    pub steps: Vec<Step>,
}

/// A word of a mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The byte of the value it begins at.
    pub at: usize,
    /// The word, `^0-3` for instance.
    pub word: String,
    /// Whether it takes CPUs away.
    pub exclude: bool,
    /// What it names.
    pub what: What,
}

/// What a word of a mask names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Every CPU.
    Everything,
    /// The CPUs from the first to the last number, both included.
    Cpus(u64, u64),
    /// The CPUs of the NUMA nodes from the first to the last number, both included.
    Nodes(u64, u64),
}

/// The CPUs of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// How many physical CPUs there are.
    pub cpus: usize,
    /// The CPUs of each NUMA node; empty where the nodes are not known.
    pub nodes: Vec<Vec<usize>>,
}

/// Which CPUs a mask stands for on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The physical CPUs, in order.
    pub cpus: Vec<usize>,
    /// The steps (by their index) that changed nothing: an exclusion of what was not in the set yet, CPUs or nodes that
    /// the host does not have.
    pub without_effect: Vec<usize>,
}

impl Resolved {
    /// Whether there is no CPU in it. libxl refuses such a mask, and the guest does not start.
    pub fn is_empty(&self) -> bool {
        self.cpus.is_empty()
    }
}

impl Mask {
    /// The mask on a host. A node the host does not tell the CPUs of has none.
    pub fn resolve(&self, host: &Topology) -> Resolved {
        let mut set = vec![false; host.cpus];
        let mut without_effect = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let mut changed = false;
            for cpu in step.what.cpus(host) {
                if let Some(slot) = set.get_mut(cpu) {
                    changed |= *slot == step.exclude;
                    *slot = !step.exclude;
                }
            }
            if !changed {
                without_effect.push(index);
            }
        }
        let cpus = (0..host.cpus).filter(|cpu| set.get(*cpu) == Some(&true));
        Resolved {
            cpus: cpus.collect(),
            without_effect,
        }
    }

    /// Whether the mask is empty on every host, as far as that can be told without its nodes.
    pub fn is_always_empty(&self) -> bool {
        let host = Topology {
            cpus: LARGEST,
            nodes: Vec::new(),
        };
        let cpus = self.with(|what| match what {
            What::Nodes(..) => None,
            other => Some(other),
        });
        let nodes = self.with(|what| match what {
            What::Cpus(..) => None,
            What::Nodes(first, last) => Some(What::Cpus(first, last)),
            What::Everything => Some(What::Everything),
        });
        cpus.resolve(&host).is_empty() && nodes.resolve(&host).is_empty()
    }

    /// The same steps with what `change` makes of them, without those it makes nothing of.
    fn with(&self, change: impl Fn(What) -> Option<What>) -> Mask {
        let steps = self.steps.iter().filter_map(|step| {
            let what = change(step.what)?;
            Some(Step {
                what,
                ..step.clone()
            })
        });
        Mask {
            steps: steps.collect(),
        }
    }

    /// Whether a word names NUMA nodes, so that the host's are needed to know the CPUs.
    pub fn names_nodes(&self) -> bool {
        let is_node = |step: &Step| matches!(step.what, What::Nodes(..));
        self.steps.iter().any(is_node)
    }

    /// The exclusions (by their index) that take nothing away on any host, because nothing was included before them.
    pub fn exclusions_without_effect(&self) -> Vec<usize> {
        let excludes = self.steps.iter().take_while(|step| step.exclude);
        excludes.enumerate().map(|(index, _)| index).collect()
    }

    /// The same CPUs in words that every release since 4.4 understands as they are read here: where
    /// exclusions come first, `all` in front of them. `None` where nothing has to be written differently.
    pub fn portable(&self) -> Option<String> {
        if self.exclusions_without_effect().is_empty() {
            return None;
        }
        let (excluded, included): (Vec<_>, Vec<_>) =
            self.steps.iter().partition(|step| step.exclude);
        let mut words: Vec<&str> = included.iter().map(|step| step.word.as_str()).collect();
        if words.is_empty() {
            words.push("all");
        }
        words.extend(excluded.iter().map(|step| step.word.as_str()));
        Some(words.join(","))
    }
}

impl What {
    /// The CPUs on a host.
    fn cpus(self, host: &Topology) -> Vec<usize> {
        match self {
            What::Everything => (0..host.cpus).collect(),
            What::Cpus(first, last) => within(first, last, host.cpus).collect(),
            What::Nodes(first, last) => within(first, last, host.nodes.len())
                .filter_map(|node| host.nodes.get(node))
                .flatten()
                .copied()
                .collect(),
        }
    }
}

/// The numbers from `first` to `last` below `count`.
fn within(first: u64, last: u64, count: usize) -> std::ops::Range<usize> {
    let limit = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(count);
    limit(first)..limit(last.saturating_add(1)).max(limit(first))
}

/// Reads the value of `cpus=` or `cpus_soft=` as xl of `release` does for `vcpus` virtual CPUs
/// ([`masked_vcpus`](super::Config::masked_vcpus)): since 4.5 it does not look at the elements of a list that are for others.
///
/// # Errors
/// The first word that xl refuses, where it is in the file.
pub fn parse(node: &Node, release: Release, vcpus: u64) -> Result<Affinity, Fault> {
    let list = match node {
        Node::Text(text) => {
            let mask = mask(&text.text, release).map_err(|wrong| text.fault(&wrong))?;
            return Ok(Affinity::All(mask));
        }
        Node::List(list) => list,
    };
    let is_old = release < Release::new(4, 5);
    let count = if is_old { u64::MAX } else { vcpus };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut masks = Vec::new();
    for node in list.nodes.iter().take(count) {
        // xl ends at the first element that is a list itself.
        let Node::Text(text) = node else { break };
        let read = if is_old {
            Ok(single(&text.text))
        } else {
            mask(&text.text, release)
        };
        masks.push(read.map_err(|wrong| text.fault(&wrong))?);
    }
    Ok(Affinity::Each(masks))
}

/// Reads one mask as xl of `release` does. An empty text is an empty mask.
///
/// # Errors
/// The first word that xl refuses.
pub fn mask(text: &str, release: Release) -> Result<Mask, Wrong> {
    let old = release < Release::new(4, 4);
    if old && text == "all" {
        let step = step(0, text, false, What::Everything);
        return Ok(Mask { steps: vec![step] });
    }
    let mut steps = Vec::new();
    for part in words(text) {
        if steps.len() == WORDS {
            return Err(part.wrong("too many words"));
        }
        steps.push(word(part, old)?);
    }
    if old {
        steps.sort_by_key(|step| step.exclude);
    }
    Ok(Mask { steps })
}

/// The words between commas, blanks included: xl does not skip them here.
fn words(text: &str) -> impl Iterator<Item = Part<'_>> {
    parts(text).map(|part| {
        let start = text.get(..part.at).unwrap_or_default();
        let blanks = start.len() - start.trim_end_matches(' ').len();
        let at = part.at - blanks;
        let text = text.get(at..part.at + part.text.len()).unwrap_or_default();
        Part { at, text }
    })
}

/// An element of a list before Xen 4.5: one CPU, whatever comes behind its number.
fn single(text: &str) -> Mask {
    let cpu = u64::try_from(atoi(text)).unwrap_or(u64::MAX - 1);
    let step = step(0, text, false, What::Cpus(cpu, cpu));
    Mask { steps: vec![step] }
}

fn step(at: usize, word: &str, exclude: bool, what: What) -> Step {
    Step {
        at,
        word: word.to_owned(),
        exclude,
        what,
    }
}

fn word(part: Part<'_>, old: bool) -> Result<Step, Wrong> {
    let (exclude, rest) = match part.text.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, part.text),
    };
    let nodes = rest.strip_prefix("node:").or(rest.strip_prefix("nodes:"));
    let (is_nodes, rest) = match nodes {
        Some(rest) if !old => (true, rest),
        _ => (false, rest),
    };
    if rest == "all" && !old {
        return if exclude {
            Err(part.wrong("Can't combine \"^\" and \"all\"."))
        } else {
            Ok(step(part.at, part.text, false, What::Everything))
        };
    }
    let (first, last) = range(rest, old).ok_or_else(|| part.wrong("Invalid pcpu range"))?;
    let what = if is_nodes {
        What::Nodes(first, last)
    } else {
        What::Cpus(first, last)
    };
    Ok(step(part.at, part.text, exclude, what))
}

/// A number, or two with a dash between them (`parse_range`). Old releases did not look at what is behind.
fn range(text: &str, old: bool) -> Option<(u64, u64)> {
    let first = leading(text, 10);
    if first.len == 0 || first.value == u64::MAX {
        return None;
    }
    let rest = text.get(first.len..)?;
    let (last, rest) = match rest.strip_prefix('-') {
        Some(rest) => {
            let last = leading(rest, 10);
            if last.len == 0 || last.value == u64::MAX || last.value < first.value {
                return None;
            }
            (last.value, rest.get(last.len..)?)
        }
        None => (first.value, rest),
    };
    (old || rest.is_empty()).then_some((first.value, last))
}
