//! Changes of files through the journal, so that `innkeeper undo` takes them back.

use std::path::{Path, PathBuf};

use change::{Step, file};
use error::{Error, Result, printable};
use host::Host;
use render::{Look, diff, document};
use serde_json::{Value, json};

use crate::machine::make;
use crate::options::{OutputArgs, RootArgs};
use crate::output::{look, print, print_json};

/// Options of commands that change files.
#[derive(Debug, clap::Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    root: RootArgs,

    /// Show what would change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// A file that is to be changed.
pub(super) struct Edited {
    /// As the user calls it.
    pub name: String,
    /// Where it is on its host, without links.
    path: PathBuf,
    pub old: String,
    pub new: String,
}

impl ChangeArgs {
    /// Reads `file` and applies `change` to its text.
    ///
    /// # Errors
    /// It cannot be read, is not UTF-8, or `change` fails.
    pub(super) fn edited(
        &self,
        file: &Path,
        change: impl FnOnce(&str) -> Result<String>,
    ) -> Result<Edited> {
        let name = file.display().to_string();
        let host = Host::at(&self.root.path())?;
        let path = self.root.file(file)?;
        let missing = || Error::io("cannot be read", "not found").at(&name);
        let path = host.files().canonical(&path)?.ok_or_else(missing)?;
        let old = host.files().text(&path)?.ok_or_else(missing)?;
        let new = change(&old).map_err(|error| error.within(&name))?;
        Ok(Edited {
            name,
            path,
            old,
            new,
        })
    }

    /// Makes the change of all these files, or shows it.
    ///
    /// # Errors
    /// It cannot be made; then no file has changed.
    pub(super) fn apply(&self, title: &str, files: &[Edited]) -> Result<()> {
        let changed: Vec<&Edited> = files.iter().filter(|file| file.old != file.new).collect();
        let steps: Vec<Step> = changed
            .iter()
            .map(|file| file::write(&file.path.display().to_string(), file.new.as_bytes(), None))
            .collect();
        let machine = self.root.machine()?;
        if steps.is_empty() {
            return self.tell(&changed, None, "nothing to change\n");
        }
        let plan = machine.plan(title, &steps)?;
        if self.dry_run {
            return self.tell(&changed, None, "");
        }
        let applied = make(machine, plan)?;
        let id = applied.record.id;
        let text = format!(
            "change {id}: {}; innkeeper undo takes it back\n",
            printable(title)
        );
        self.tell(&changed, Some(id), &text)
    }

    fn tell(&self, changed: &[&Edited], id: Option<u64>, text: &str) -> Result<()> {
        if self.output.json {
            let files: Vec<Value> = changed
                .iter()
                .map(|file| json!({ "file": file.name, "diff": difference(file, false) }))
                .collect();
            return print_json(&document(
                json!({ "change": id, "dry_run": self.dry_run, "files": files }),
            ));
        }
        if self.output.quiet {
            return Ok(());
        }
        let shown: String = changed.iter().map(|file| difference(file, true)).collect();
        print((shown + text).as_bytes())
    }
}

/// The lines that differ, for a user with colours where they show.
fn difference(file: &Edited, for_user: bool) -> String {
    let look = if for_user { look() } else { Look::PLAIN };
    diff(&file.name, &file.old, &file.new, &look)
}
