//! Texts that xl refuses as a whole, and what they are.

/// What a text is, or has, that xl does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Lines that end with CR LF.
    LineEnds,
    /// A byte order mark.
    Mark,
    /// A program in Python, as xm took it.
    Python,
    /// XML: a domain of libvirt as a rule.
    Xml,
}

impl Foreign {
    /// What it is, for a message.
    pub fn name(self) -> &'static str {
        match self {
            Foreign::LineEnds => "its lines end with CR LF, xl takes LF alone",
            Foreign::Mark => "it begins with a byte order mark, which xl does not take",
            Foreign::Python => "it is a program in Python, as xm took it",
            Foreign::Xml => "it is XML",
        }
    }
}

/// What explains that xl refuses `text`; `None` where nothing does at once.
pub fn foreign(text: &str) -> Option<Foreign> {
    if text.starts_with('\u{feff}') {
        return Some(Foreign::Mark);
    }
    if text.trim_start().starts_with('<') {
        return Some(Foreign::Xml);
    }
    if text.contains("\r\n") {
        return Some(Foreign::LineEnds);
    }
    let is_python = |line: &str| {
        let words = ["import ", "from ", "def ", "if ", "for ", "else:"];
        words.iter().any(|word| line.starts_with(word))
    };
    text.lines().any(is_python).then_some(Foreign::Python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_xl_cfg_are_named() {
        for (text, expected) in [
            ("\u{feff}name='a'\n", Some(Foreign::Mark)),
            ("name='a'\r\n", Some(Foreign::LineEnds)),
            ("# xm\nimport os\nname='a'\n", Some(Foreign::Python)),
            ("\n<domain type='xen'/>", Some(Foreign::Xml)),
            ("name = True\n", None),
        ] {
            assert_eq!(foreign(text), expected, "{text:?}");
        }
    }
}
