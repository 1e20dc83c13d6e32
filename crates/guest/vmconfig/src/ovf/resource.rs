//! What an item's `HostResource` names, in the spellings that products have for it.

/// A file or a disk of the envelope.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource<'t> {
    /// What it is, where that is said.
    pub kind: Option<Target>,
    /// What it is called.
    pub name: &'t str,
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Disk,
    File,
}

impl<'t> Resource<'t> {
    /// `ovf:/disk/ID` as DSP0243 has it; also `ovf://disk/ID`, `/disk/ID`, `disk/ID`, `ovf:/file/ID`,
    /// `file:/…` and the ID alone.
    pub fn of(text: &'t str) -> Self {
        let text = text.trim();
        let path = without(text, "ovf:").unwrap_or(text);
        let path = path.trim_start_matches('/');
        if let Some(name) = without(path, "disk/") {
            return Resource {
                kind: Some(Target::Disk),
                name,
            };
        }
        if let Some(name) = without(path, "file/") {
            return Resource {
                kind: Some(Target::File),
                name,
            };
        }
        match without(text, "file:") {
            Some(path) => Resource {
                kind: Some(Target::File),
                name: path.trim_start_matches('/'),
            },
            None => Resource {
                kind: None,
                name: text,
            },
        }
    }

    /// The name, its last part where it is a path, and both without `%20`.
    pub fn names(&self) -> Vec<String> {
        let last = self.name.rsplit('/').next().unwrap_or_default();
        let plain = crate::decode::percent_decoded(self.name);
        let mut names = vec![self.name.to_owned()];
        for name in [plain.as_str(), last] {
            if !name.is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }
}

/// `text` without `prefix`, in whatever case.
fn without<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_spelled_in_many_ways() {
        let disk = Some(Target::Disk);
        let file = Some(Target::File);
        let cases = [
            ("ovf:/disk/vmdisk1", disk, "vmdisk1"),
            ("ovf://disk/vmdisk1", disk, "vmdisk1"),
            ("ovf:disk/vmdisk1", disk, "vmdisk1"),
            ("OVF:/Disk/vmdisk1", disk, "vmdisk1"),
            ("/disk/vmdisk1", disk, "vmdisk1"),
            ("disk/vmdisk1", disk, "vmdisk1"),
            (" ovf:/disk/vmdisk1\n", disk, "vmdisk1"),
            ("ovf:/file/file1", file, "file1"),
            ("ovf://file/file1", file, "file1"),
            ("file:/disks/a.vmdk", file, "disks/a.vmdk"),
            ("file:///disks/a.vmdk", file, "disks/a.vmdk"),
            ("vmdisk1", None, "vmdisk1"),
            ("g1/i1", None, "g1/i1"),
            ("", None, ""),
        ];
        for (text, kind, name) in cases {
            assert_eq!(Resource::of(text), Resource { kind, name }, "{text}");
        }
        assert_eq!(Resource::of("ovf:/file/a%20b").names(), ["a%20b", "a b"]);
        assert_eq!(
            Resource::of("file:/x/b.vmdk").names(),
            ["x/b.vmdk", "b.vmdk"]
        );
    }
}
