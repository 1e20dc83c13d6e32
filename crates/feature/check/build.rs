//! Makes a module of every file in src/rules, so that a rule is added by adding its file.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/rules");
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("src/rules");
    let mut files = Vec::new();
    for section in paths(&root)?.iter().filter(|path| path.is_dir()) {
        let is_rule = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
        files.extend(paths(section)?.into_iter().filter(is_rule));
    }
    let mut modules = String::new();
    let mut rules = String::from(
        "/// Every rule, by its file's name.\npub static RULES: &[&crate::Rule] = &[\n",
    );
    for file in &files {
        let below = file.strip_prefix(&root).unwrap_or(file).with_extension("");
        let name = below.to_string_lossy().replace('/', "_");
        let _ = writeln!(
            modules,
            "#[path = {:?}]\nmod {name};",
            file.display().to_string()
        );
        let _ = writeln!(rules, "    &{name}::RULE,");
    }
    rules.push_str("];\n");
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(output.join("rules.rs"), modules + &rules)
}

/// What is in `directory`, in order.
fn paths(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
