//! Options of GRUB's commands (grub-core/lib/arg.c).

use hostconfig::Traced;

/// What is behind an option.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Value,
    /// A value that may be missing.
    Maybe,
}

/// An option: its long name, its letter, what is behind it.
pub(super) type Spec = (&'static str, Option<char>, Takes);

/// The words of a command, taken apart.
pub(super) struct Options {
    /// Each option's long name and value, in their order.
    pub(super) set: Vec<(&'static str, Option<Traced>)>,
    /// What is no option.
    pub(super) words: Vec<Traced>,
}

impl Options {
    /// Takes words apart. An option that is not in `specs` is passed over.
    pub(super) fn parse(specs: &[Spec], words: &[Traced]) -> Self {
        let mut options = Options {
            set: Vec::new(),
            words: Vec::new(),
        };
        let mut rest = words.iter().peekable();
        let is_value = |next: &&Traced| !next.as_str().starts_with('-');
        while let Some(word) = rest.next() {
            let text = word.as_str();
            if text == "--" {
                options.words.extend(rest.cloned());
                break;
            }
            if let Some(long) = text.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                let Some((name, _, takes)) = specs.iter().find(|spec| spec.0 == name) else {
                    continue;
                };
                let value = value.map(|value| word.slice(text.len() - value.len(), text.len()));
                let value = value.or_else(|| match takes {
                    Takes::Nothing => None,
                    Takes::Value => rest.next().cloned(),
                    Takes::Maybe => rest.next_if(is_value).cloned(),
                });
                options.set.push((name, value));
            } else if text.len() > 1 && text.starts_with('-') {
                for letter in text.chars().skip(1) {
                    let is_it = |spec: &&Spec| spec.1 == Some(letter);
                    let Some((name, _, takes)) = specs.iter().find(is_it) else {
                        continue;
                    };
                    let value = match takes {
                        Takes::Nothing => None,
                        Takes::Value => rest.next().cloned(),
                        Takes::Maybe => rest.next_if(is_value).cloned(),
                    };
                    options.set.push((name, value));
                }
            } else {
                options.words.push(word.clone());
            }
        }
        options
    }

    /// Whether an option is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.set.iter().any(|(own, _)| *own == name)
    }

    /// The values of an option.
    pub(super) fn values(&self, name: &str) -> Vec<&Traced> {
        let own = self.set.iter().filter(|(own, _)| *own == name);
        own.filter_map(|(_, value)| value.as_ref()).collect()
    }

    /// The last value of an option.
    pub(super) fn value(&self, name: &str) -> Option<&Traced> {
        self.values(name).pop()
    }
}
