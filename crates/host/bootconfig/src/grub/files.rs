//! Files and devices that a script of GRUB's names.

use super::condition::Paths;
use super::machine::{Machine, Status};
use crate::entry::FileRef;
use hostconfig::Source;
use hostconfig::{Known, Traced};

impl Machine<'_> {
    /// Runs the file that GRUB calls `path`; whether it is there.
    pub(super) fn source(&mut self, path: &Traced) -> Status {
        let found = self.find(path);
        match found {
            Ok(None) => Some(false),
            Err(unknown) => {
                self.doubt(unknown);
                None
            }
            Ok(Some(source)) => self.deeper(|machine| {
                let path = machine.full_path(path, &source);
                machine.run_file(&source, &path);
                Some(true)
            }),
        }
    }

    /// What GRUB calls a file that it reads: with its device, where that is known.
    pub(super) fn full_path(&self, path: &Traced, source: &Source) -> String {
        if self.own.is_none() {
            return source.file.to_string_lossy().into_owned();
        }
        let root = self.scope.get("root").map_or("", Traced::as_str);
        match path.as_str() {
            path if path.starts_with('(') => path.to_owned(),
            path => format!("({root}){path}"),
        }
    }

    /// The file that GRUB calls `path`.
    pub(super) fn find(&mut self, path: &Traced) -> Known<Option<Source>> {
        for candidate in self.candidates(path)? {
            if let Some(source) = self.read(&candidate)? {
                return Ok(Some(source));
            }
        }
        Ok(None)
    }

    /// The file at a path of the surroundings; nothing where the budget is spent.
    pub(super) fn read(&mut self, path: &str) -> Known<Option<Source>> {
        if self.is_spent() {
            return Ok(None);
        }
        let source = self.files.read(path)?;
        let length = source.as_ref().map_or(0, |source| source.text.len());
        self.spend(length);
        Ok(source)
    }

    /// Where among the files the one may be that GRUB calls `path`.
    pub(super) fn candidates(&self, path: &Traced) -> Known<Vec<String>> {
        let path = match self.own {
            Some(_) => self.exact(path)?,
            None => without_device(path).known()?.to_owned(),
        };
        Ok(self.files.candidates("/", &path))
    }

    /// A path that begins with a device, unless it is one on the configuration's own. Blocks always have their device.
    fn exact(&self, path: &Traced) -> Known<String> {
        let text = path.known()?;
        let inside = &text[device_length(text)..];
        let device = self.device_of(path)?;
        let own = self.own.as_ref().filter(|_| !inside.starts_with('/'));
        Ok(match device.as_ref().or(own) {
            Some(device) => format!("({device}){inside}"),
            None => inside.to_owned(),
        })
    }

    /// The device that a path begins with, or `$root`; `None` for the configuration's own.
    fn device_of(&self, path: &Traced) -> Known<Option<String>> {
        let length = device_length(path.as_str());
        let name = match length {
            0 => self.scope.get("root").cloned().unwrap_or_default(),
            length => path.slice(1, length - 1),
        };
        let device = self.device(name.known()?)?;
        Ok(Some(device).filter(|device| Some(device) != self.own.as_ref()))
    }

    /// The one name of a device; the name itself where there is no such device.
    pub(super) fn device(&self, name: &str) -> Known<String> {
        if let Some(device) = self.loops.get(name) {
            return Ok(device.clone());
        }
        let device = self.files.device(name)?;
        Ok(device.unwrap_or_else(|| name.to_owned()))
    }

    /// A file that is loaded.
    pub(super) fn file_ref(&mut self, path: &Traced) -> FileRef {
        let device = match self.own.as_ref().map(|_| self.device_of(path)) {
            None => None,
            Some(Ok(device)) => device,
            Some(Err(unknown)) => {
                if let Some(entry) = &mut self.entry {
                    entry.doubt(unknown);
                }
                None
            }
        };
        let path = without_device(path);
        FileRef { path, device }
    }

    /// The file in `path` as a device that the script calls `name`.
    pub(super) fn loopback(&mut self, name: &Traced, path: &Traced) -> Known<bool> {
        let path = self.exact(path)?;
        let Some(device) = self.files.loopback(&path)? else {
            return Ok(false);
        };
        self.loops.insert(name.known()?.to_owned(), device);
        Ok(true)
    }

    /// What `pattern` stands for: the paths that match it, or itself where none does (grub-core/commands/wildcard.c).
    pub(super) fn names_like(&mut self, pattern: Traced) -> Vec<Traced> {
        let start = device_length(pattern.as_str());
        if !pattern.as_str()[start..].starts_with('/') {
            return vec![pattern];
        }
        let mut paths = vec![pattern.slice(0, start)];
        for part in pattern.as_str()[start + 1..].split('/') {
            let mut next = Vec::new();
            for path in &paths {
                match self.names_in(path, part) {
                    Ok(names) => next.extend(names.iter().map(|name| below(path, name))),
                    Err(unknown) => self.doubt(unknown),
                }
            }
            paths = next;
        }
        if paths.is_empty() {
            paths.push(pattern);
        }
        paths
    }

    /// The names in a directory that match a pattern.
    fn names_in(&mut self, directory: &Traced, pattern: &str) -> Known<Vec<String>> {
        if !pattern.contains(['*', '?']) {
            return Ok(vec![pattern.to_owned()]);
        }
        let mut path = directory.clone();
        path.add("/");
        for candidate in self.candidates(&path)? {
            let inside = candidate.trim_end_matches('/');
            let is_root = inside.is_empty() || inside.ends_with(')');
            let mut names = self
                .files
                .names(if is_root { &candidate } else { inside })?;
            let cost = names.iter().map(String::len).sum::<usize>() * pattern.len().max(1);
            if !self.spend(cost) {
                return Ok(Vec::new());
            }
            names.retain(|name| hostconfig::pattern::matches(pattern, name));
            if !names.is_empty() {
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }
}

fn below(directory: &Traced, name: &str) -> Traced {
    let mut path = directory.clone();
    path.add("/");
    path.add(name);
    path
}

impl Paths for Machine<'_> {
    fn is_there(&mut self, operator: &str, path: &Traced) -> Option<bool> {
        for candidate in self.candidates(path).ok()? {
            if !self.files.exists(&candidate).ok()? {
                continue;
            }
            return match operator {
                "-d" => self.files.is_directory(&candidate).ok(),
                "-f" => self.files.is_directory(&candidate).ok().map(|is| !is),
                "-s" => Some(match self.read(&candidate) {
                    Ok(Some(source)) => !source.text.is_empty(),
                    // What is too large to be read is not empty.
                    _ => true,
                }),
                _ => Some(true),
            };
        }
        Some(false)
    }
}

/// The bytes of the device before a path, with its brackets.
fn device_length(path: &str) -> usize {
    let end = path.find(')').filter(|_| path.starts_with('('));
    end.map_or(0, |end| end + 1)
}

/// A path without the device before it, which is not always known.
fn without_device(path: &Traced) -> Traced {
    let text = path.as_str();
    match device_length(text) {
        0 => path.clone(),
        length => path.slice(length, text.len()),
    }
}
