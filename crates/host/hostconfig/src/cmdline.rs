//! Command lines of kernels and of hypervisors, split as their readers split them.

mod dom0;
mod linux;
mod size;
mod xen;

pub use dom0::{Amount, Dom0Memory, Dom0Vcpus};
pub use size::size_and_unit;
pub use xen::{parse_bool, parse_boolean};

use crate::traced::{Gap, Known, Traced, Unknown};

/// Most bytes of a command line that are looked at. Xen takes 1024, Linux 2048 (x86) to 4096.
pub const LONGEST: usize = 1 << 16;

/// Who reads a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Linux: quotes hold blanks, `-` and `_` are the same in names, `--` ends it (lib/cmdline.c, kernel/params.c).
    Linux,
    /// Xen: words between blanks, no quotes, ` -- ` ends it (xen/common/kernel.c, xen/arch/x86/setup.c).
    Xen,
}

/// A command line, and who reads it. The image's own name is not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// Who reads it.
    pub reader: Reader,
    /// The whole text as its reader gets it.
    pub text: Traced,
}

/// One word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Who reads it.
    pub reader: Reader,
    /// The name before `=`, as it is written: `no-` belongs to it.
    pub name: Traced,
    /// What is behind `=`, without quotes; `None` without `=`.
    pub value: Option<Traced>,
}

impl CommandLine {
    /// The words of it in their order. What is behind the end of the reader's own words is left
    /// out.
    pub fn parameters(&self) -> Vec<Parameter> {
        match self.reader {
            Reader::Linux => linux::parameters(&self.text),
            Reader::Xen => xen::parameters(&self.text),
        }
    }

    /// All words with this name, in their order: some options add up (`console=`). Of the others the last counts.
    pub fn all(&self, name: &str) -> Vec<Parameter> {
        let mut all = self.parameters();
        all.retain(|parameter| parameter.is(name));
        all
    }

    /// The last word with this name, which is the one that counts where an option has one value; `None` when it is
    /// not set.
    ///
    /// # Errors
    /// A part of the command line that is not known could set it.
    pub fn last(&self, name: &str) -> Known<Option<Parameter>> {
        let last = self.all(name).pop();
        let could_set = |gap: &&Gap| match &gap.choices {
            None => true,
            Some(choices) => choices.iter().any(|choice| self.sets(choice, name)),
        };
        match self.text.gaps().iter().rfind(could_set) {
            None => Ok(last),
            // What is known and behind it wins.
            Some(gap) if last.as_ref().is_some_and(|last| self.is_behind(last, gap)) => Ok(last),
            Some(gap) => Err(gap.unknown.clone()),
        }
    }

    fn sets(&self, choice: &str, name: &str) -> bool {
        let mut text = Traced::default();
        text.add(choice);
        let reader = self.reader;
        !CommandLine { reader, text }.all(name).is_empty()
    }

    fn is_behind(&self, parameter: &Parameter, gap: &Gap) -> bool {
        let before = self.text.slice(0, gap.offset);
        let reader = self.reader;
        let known = CommandLine {
            reader,
            text: before,
        };
        let is_whole = parameter
            .value
            .as_ref()
            .is_none_or(|value| value.gaps().is_empty());
        is_whole
            && known.all(parameter.name.as_str()).len() < self.all(parameter.name.as_str()).len()
    }
}

impl Parameter {
    /// Whether it sets the option `name`: written so, with `no-` before it or, for Xen, with an opening bracket
    /// behind it.
    pub fn is(&self, name: &str) -> bool {
        match self.reader {
            Reader::Linux => linux::is_same(self.name.as_str(), name),
            Reader::Xen => self.name == name || self.option_name() == name,
        }
    }

    /// The name of the option. Of Xen's without `no-`, and without brackets that begin in it (`ivrs_ioapic[4]=`).
    pub fn option_name(&self) -> &str {
        let name = self.name.as_str();
        match self.reader {
            Reader::Linux => name,
            Reader::Xen => xen::option_name(name),
        }
    }

    /// Its value as text; empty without one.
    pub fn value_text(&self) -> &str {
        self.value.as_ref().map_or("", Traced::as_str)
    }

    /// What it says as a boolean option of Xen: `name`, `name=BOOL`, `no-name`; `None` for an invalid value.
    pub fn boolean(&self) -> Option<bool> {
        let is_asserted = !self.name.as_str().starts_with("no-");
        let value = match self.value_text() {
            "" => true,
            value => parse_bool(value)?,
        };
        Some(value == is_asserted)
    }

    /// The items of its value, which commas separate.
    pub fn items(&self) -> Vec<Traced> {
        let Some(value) = &self.value else {
            return Vec::new();
        };
        let mut items = Vec::new();
        let mut start = 0;
        for item in value.as_str().split(',') {
            items.push(value.slice(start, start + item.len()));
            start += item.len() + 1;
        }
        items
    }
}

/// `text` up to [`LONGEST`] bytes.
fn bounded(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The parameter whose name and value are these ranges of `text`.
fn parameter(
    reader: Reader,
    text: &Traced,
    name: std::ops::Range<usize>,
    value: Option<std::ops::Range<usize>>,
) -> Parameter {
    Parameter {
        reader,
        name: text.slice(name.start, name.end),
        value: value.map(|value| text.slice(value.start, value.end)),
    }
}

impl From<Gap> for Unknown {
    fn from(gap: Gap) -> Self {
        gap.unknown
    }
}

#[cfg(test)]
mod tests;
