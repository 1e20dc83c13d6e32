//! Names for messages. Strangers choose how many there are and how long, so what is kept is bounded.

/// The first few names, shortened, and a count of all.
#[derive(Debug, Default)]
pub(crate) struct Names {
    shown: Vec<String>,
    pub(crate) count: usize,
}

impl Names {
    const SHOWN: usize = 20;
    const LENGTH: usize = 100;

    /// Remembers a name and the `size` in bytes, where known.
    pub(crate) fn push(&mut self, name: &str, size: Option<u64>) {
        self.count += 1;
        if self.shown.len() < Self::SHOWN {
            let name = shortened(name, Self::LENGTH);
            self.shown.push(match size {
                Some(size) => format!("{name} ({size} bytes)"),
                None => name,
            });
        }
    }

    /// `a, b and 3 more`.
    pub(crate) fn list(&self) -> String {
        let list = self.shown.join(", ");
        match self.count - self.shown.len() {
            0 => list,
            more => format!("{list} and {more} more"),
        }
    }
}

/// The last part of a member's name: behind directories, as any system writes them, and outer archives.
pub fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\', ':']).next().unwrap_or(name)
}

/// The first `length` characters of `name`.
pub(crate) fn shortened(name: &str, length: usize) -> String {
    match name.char_indices().nth(length) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_short_whatever_strangers_wrote() {
        let mut names = Names::default();
        let long = "ä".repeat(1 << 20);
        for _ in 0..1000 {
            names.push(&long, Some(7));
        }
        assert!(names.list().len() < 5000);
        assert!(names.list().ends_with("… (7 bytes) and 980 more"));
    }
}
