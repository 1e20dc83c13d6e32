//! GRUB's commands inside an entry: what is loaded.

use super::machine::{Machine, Status};
use crate::entry::Image;
use hostconfig::cmdline::Reader;
use hostconfig::{Place, Traced};

impl Machine<'_> {
    /// Runs a command that loads something; `None` for any other.
    pub(super) fn load(
        &mut self,
        name: &str,
        place: &Place,
        arguments: &[Traced],
    ) -> Option<Status> {
        let files = after_options(arguments);
        let first = || files.first().cloned();
        self.entry.as_ref()?;
        match name {
            "multiboot" | "multiboot2" | "xen_hypervisor" => {
                let image = self.image(Reader::Xen, place, files);
                let entry = self.entry.as_mut()?;
                entry.hypervisor = image;
                entry.kernel = None;
                entry.initrds.clear();
            }
            "linux" | "linux16" | "linuxefi" | "kernel" | "xen_linux" => {
                self.kernel(place, files)?;
            }
            "module" | "module2" | "xen_module" => {
                if self.entry.as_ref()?.kernel.is_none() {
                    self.kernel(place, files)?;
                } else {
                    let file = first().map(|path| self.file_ref(&path));
                    self.entry.as_mut()?.initrds.extend(file);
                }
            }
            "initrd" | "initrd16" | "initrdefi" | "xen_initrd" => {
                let files = files.iter().map(|path| self.file_ref(path)).collect();
                self.entry.as_mut()?.initrds = files;
            }
            "chainloader" => self.entry.as_mut()?.chained = first(),
            _ => return None,
        }
        if let Some(reason) = self.unsure.clone() {
            self.entry.as_mut()?.doubt(reason);
        }
        Some(Some(true))
    }

    fn kernel(&mut self, place: &Place, words: &[Traced]) -> Option<()> {
        let image = self.image(Reader::Linux, place, words);
        self.entry.as_mut()?.kernel = image;
        Some(())
    }

    fn image(&mut self, reader: Reader, place: &Place, words: &[Traced]) -> Option<Image> {
        let (path, options) = words.split_first()?;
        let text = command_line(options, path);
        let file = self.file_ref(path);
        Some(Image::new(reader, place.clone(), file, text))
    }
}

/// The words behind options of the command itself (`--nounzip`, `--quirk-…`).
fn after_options(words: &[Traced]) -> &[Traced] {
    let is_option = |word: &Traced| word.as_str().starts_with("--");
    let options = words.iter().take_while(|word| is_option(word)).count();
    &words[options..]
}

/// The words as one text, as `grub_create_loader_cmdline` (grub-core/lib/cmdline.c) joins them: a word with a blank
/// is put into quotes, and quotes and backslashes get a backslash.
fn command_line(words: &[Traced], path: &Traced) -> Traced {
    let mut line = Traced::default();
    for (index, word) in words.iter().enumerate() {
        line.add(if index == 0 { "" } else { " " });
        let text = word.as_str();
        if !text.contains([' ', '\\', '\'', '"']) {
            line.append(word);
            continue;
        }
        let quote = if text.contains(' ') { "\"" } else { "" };
        line.add(quote);
        append_escaped(&mut line, word);
        line.add(quote);
    }
    if words.is_empty() {
        let end = path.place_at(path.as_str().len());
        return end.map_or(line, |end| Traced::at("", end));
    }
    line
}

fn append_escaped(line: &mut Traced, word: &Traced) {
    let text = word.as_str();
    let mut start = 0;
    for (at, char) in text.char_indices() {
        let is_hex = text[at..].starts_with("\\x");
        if matches!(char, '\\' | '\'' | '"') && !is_hex {
            line.append(&word.slice(start, at));
            line.add("\\");
            start = at;
        }
    }
    line.append(&word.slice(start, text.len()));
}
