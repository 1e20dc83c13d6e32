//! `fuzz/seeds`: a few small files a target, made by the tools that people make such files with.

mod chains;
mod disks;
mod guests;
mod images;
mod packed;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use error::{Error, Result};

use crate::example::temporary;
use crate::packages;
use crate::shell::{file_error, root, run as run_command};

/// Makes `disk.img`, the content of almost every seed: words, numbers, holes, 96 KiB in all; and `small.img`, as long with
/// hardly anything in it.
const DISK: &str = "
    truncate -s 96K disk.img
    seq 1 400 | dd of=disk.img conv=notrunc status=none
    seq 1 2000 | gzip -n9 | head -c 1500 | dd of=disk.img bs=4096 seek=17 conv=notrunc status=none
    printf 'the last words' | dd of=disk.img bs=4096 seek=22 conv=notrunc status=none
    truncate -s 96K small.img
    printf 'the first words' | dd of=small.img conv=notrunc status=none
    printf 'the last words' | dd of=small.img bs=4096 seek=22 conv=notrunc status=none
    mkdir -p guest/empty && cp --sparse=always disk.img guest/disk.img
    printf 'name = \"guest\"\\n' >guest/guest.cfg
    ln -sfn disk.img guest/link
    find guest -exec touch -hd @1767225600 {} + ; touch -d @1767225600 disk.img
";

/// A seed: the target, its name (one that begins with `bad-` need not be sound), and the command that writes it to standard output. `pack` is GNU tar
/// with the owner and the times fixed.
const SEEDS: &[(&str, &str, &str)] = &[
    (
        "inflate",
        "dynamic",
        "gzip -n9 <disk.img | tail -c +11 | head -c -8",
    ),
    (
        "inflate",
        "fixed",
        "printf 'aaaaaaaaaaaaaaaaaaaaaaaab' | gzip -n9 | tail -c +11 | head -c -8",
    ),
    (
        "inflate",
        "stored",
        "seq 1 99 | pigz -n0 | tail -c +11 | head -c -8",
    ),
    (
        "inflate",
        "sync-markers",
        "pigz -nib32 <disk.img | tail -c +11 | head -c -8",
    ),
    ("gzip", "gzip-9", "gzip -n9 <disk.img"),
    ("gzip", "gzip-1-named", "gzip -1c disk.img"),
    ("gzip", "igzip", "igzip -n -1 -c disk.img"),
    ("gzip", "bgzip", "bgzip -c disk.img"),
    ("gzip", "pigz-independent", "pigz -nib32 <disk.img"),
    (
        "gzip",
        "two-members",
        "gzip -n6 <disk.img; seq 1 50 | gzip -n6",
    ),
    (
        "gzip",
        "padded",
        "seq 1 50 | gzip -n6; head -c 512 /dev/zero",
    ),
    ("gzip", "empty", "gzip -n </dev/null"),
    ("xz", "one-block", "xz -0 <disk.img"),
    (
        "xz",
        "many-blocks",
        "xz -0 -T2 --block-size=64KiB <disk.img",
    ),
    ("xz", "sha256", "seq 1 200 | xz --check=sha256"),
    ("xz", "no-check", "seq 1 200 | xz --check=none"),
    (
        "xz",
        "filters",
        "seq 1 200 | xz --x86 --delta=dist=2 --lzma2=preset=0",
    ),
    (
        "xz",
        "two-streams-padded",
        "seq 1 200 | xz -0; head -c 8 /dev/zero; xz -0 <disk.img",
    ),
    ("xz", "empty", "xz </dev/null"),
    (
        "xz",
        "every-filter",
        "for filter in powerpc ia64 arm armthumb sparc arm64; do seq 1 50 | xz -C crc32 --$filter --lzma2=preset=0; done",
    ),
    (
        "xz",
        "blocks-of-zeros",
        "head -c 1M /dev/zero | xz -0 -T2 --block-size=128KiB; head -c 300K /dev/zero | xz -0 -C sha256",
    ),
    (
        "xz",
        "plain-chunks",
        "seq 1 9000 | gzip -n9 | head -c 9000 | xz -0 -C crc32; head -c 300K /dev/zero | xz -0 -C none",
    ),
    ("zstd", "zstd-3", "zstd -q -3 <disk.img"),
    (
        "zstd",
        "zstd-19-no-check",
        "zstd -q -19 --no-check -c disk.img",
    ),
    ("zstd", "long", "zstd -q --long=22 <disk.img"),
    (
        "zstd",
        "many-frames",
        "pzstd -q -1 -p 2 -c disk.img; seq 1 50 | zstd -q",
    ),
    (
        "zstd",
        "skippable",
        "printf 'P*M\\030\\003\\0\\0\\0abc'; zstd -q <disk.img",
    ),
    ("zstd", "empty", "zstd -q </dev/null"),
    ("lzma", "lzma-0", "xz --format=lzma -0 <disk.img"),
    ("lzma", "lzma-empty", "xz --format=lzma </dev/null"),
    (
        "lzma",
        "lzip",
        "seq 1 200 >t; xz --format=lzma -0 <t | tail -c +14 >b; n=$(($(wc -c <b) + 26))
        printf 'LZIP\\001\\022'; cat b; gzip -n <t | tail -c 8; head -c 4 /dev/zero
        printf \"\\\\$(printf %o $((n % 256)))\\\\$(printf %o $((n / 256)))\"; head -c 6 /dev/zero",
    ),
    ("bzip2", "bzip2-9", "bzip2 -9 <disk.img"),
    (
        "bzip2",
        "many-blocks",
        "for i in {1..120}; do seq 1 400; done | bzip2 -1",
    ),
    ("bzip2", "lbzip2", "lbzip2 -1 <disk.img"),
    ("bzip2", "two-streams", "seq 1 50 | bzip2; bzip2 <disk.img"),
    ("bzip2", "empty", "bzip2 </dev/null"),
    ("lz4", "independent", "lz4 -q -B4 -c disk.img"),
    (
        "lz4",
        "linked-checked",
        "lz4 -q -BD -BX -B4 --content-size -c disk.img",
    ),
    ("lz4", "legacy", "lz4 -q -l -c disk.img"),
    (
        "lz4",
        "no-frame-check",
        "lz4 -q --no-frame-crc -B4 -c disk.img",
    ),
    (
        "lz4",
        "two-frames-skippable",
        "seq 1 50 | lz4 -q; printf 'P*M\\030\\003\\0\\0\\0abc'; seq 50 99 | lz4 -q",
    ),
    ("lzop", "lzop-3", "lzop -qc <disk.img"),
    ("lzop", "lzop-9-crc32", "lzop -qc9 --crc32 -C <disk.img"),
    (
        "lzop",
        "no-checks-two-files",
        "seq 1 50 | lzop -qcF; lzop -qcF1 <disk.img",
    ),
    ("lzop", "empty", "lzop -qc </dev/null"),
    (
        "tar",
        "gnu",
        "seq 1 50 >a; touch -d @0 a; pack --format=gnu a guest/guest.cfg guest/link guest/empty",
    ),
    ("tar", "gnu-sparse", "pack -S --format=gnu guest"),
    (
        "tar",
        "pax-sparse-0.0",
        "pack -S --format=pax --sparse-version=0.0 guest/disk.img",
    ),
    (
        "tar",
        "pax-sparse-0.1",
        "pack -S --format=pax --sparse-version=0.1 guest/disk.img",
    ),
    (
        "tar",
        "pax-sparse-1.0",
        "pack -S --format=pax --sparse-version=1.0 guest",
    ),
    (
        "tar",
        "gnu-long-name",
        "pack --format=gnu --transform='s,^,long/./././././././././././././././././././././././././././././././././././././././././././././././././,' guest/guest.cfg",
    ),
    (
        "tar",
        "ustar",
        "pack --format=ustar guest/guest.cfg guest/empty",
    ),
    ("tar", "v7", "pack --format=v7 guest/guest.cfg"),
    (
        "tar",
        "bsdtar",
        "bsdtar -b 2 --format pax --uid 0 --gid 0 -cf - guest/guest.cfg guest/link",
    ),
    ("zip", "stored", "zip -qX0 - guest/guest.cfg | cat"),
    (
        "zip",
        "deflate",
        "zip -qX9 out.zip guest/disk.img guest/guest.cfg && cat out.zip",
    ),
    ("zip", "streamed", "zip -qX - guest/disk.img | cat"),
    ("zip", "zip64", "zip -qX - - <disk.img | cat"),
    (
        "zip",
        "directory-and-link",
        "zip -qXyr out2.zip guest && cat out2.zip",
    ),
    (
        "zip",
        "bsdtar",
        "bsdtar --format zip --uid 0 --gid 0 -cf out3.zip guest/disk.img && cat out3.zip",
    ),
    (
        "zip",
        "empty",
        "printf 'PK\\005\\006'; head -c 18 /dev/zero",
    ),
    ("layers", "tar-gz", "pack -S --format=gnu guest | gzip -n9"),
    (
        "layers",
        "tar-of-xz",
        "xz -0 <disk.img >disk.img.xz; touch -d @0 disk.img.xz; pack disk.img.xz | zstd -q",
    ),
    (
        "layers",
        "zip-of-lz4",
        "lz4 -q -c disk.img >disk.img.lz4; touch -d @0 disk.img.lz4; zip -qX - disk.img.lz4 | cat",
    ),
    (
        "layers",
        "lzop-of-lzma",
        "seq 1 99 | xz --format=lzma -0 | lzop -qc",
    ),
    (
        "layers",
        "lzip-of-skippable-lz4",
        "(printf 'P*M\\030\\003\\0\\0\\0abc'; seq 50 99 | lz4 -q) >t
        xz --format=lzma -0 <t | tail -c +14 >b; n=$(($(wc -c <b) + 26))
        printf 'LZIP\\001\\022'; cat b; gzip -n <t | tail -c 8; head -c 4 /dev/zero
        printf \"\\\\$(printf %o $((n % 256)))\\\\$(printf %o $((n / 256)))\"; head -c 6 /dev/zero",
    ),
    ("layers", "bzip2-of-gzip", "gzip -n9 <disk.img | bzip2"),
];

/// What the commands above share.
const PRELUDE: &str = "
    set -euo pipefail
    pack() { tar --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -b2 -cf - \"$@\"; }
    ";

/// Which seeds to make.
#[derive(Args)]
pub(crate) struct Options {
    /// Make only the seeds that are missing
    #[arg(long)]
    missing: bool,
}

/// Makes the seeds anew.
///
/// # Errors
/// A tool is missing or fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    packages::setup()?;
    let scratch = temporary()?;
    bash(scratch.path(), DISK, None)?;
    let seeds = root().join("fuzz/seeds");
    let place = |target: &str, name: &str| {
        let dir = seeds.join(target);
        fs::create_dir_all(&dir).map_err(file_error(&dir))?;
        Ok::<_, Error>(dir.join(name))
    };
    let wanted = |file: &Path| !(options.missing && file.exists());
    let tables = [SEEDS, images::SEEDS, chains::SEEDS, disks::SEEDS];
    for (target, name, command) in tables.into_iter().flatten() {
        let file = place(target, name)?;
        if !wanted(&file) {
            continue;
        }
        bash(scratch.path(), command, Some(&file))?;
        if images::FOLDED.contains(target) {
            let mut images = vec![fs::read(&file).map_err(file_error(&file))?];
            images.extend(beside(scratch.path())?);
            write(&file, &testkit::fold::fold_all(&images))?;
        }
    }
    let made = images::made().into_iter().chain(packed::made());
    for (target, name, content) in made.chain(guests::made()) {
        let file = place(target, name)?;
        if wanted(&file) {
            write(&file, &content)?;
        }
    }
    println!("made in {}", seeds.display());
    Ok(())
}

/// The files that the last image names: what its command has put into the directory `beside`, which is empty
/// behind this.
fn beside(scratch: &Path) -> Result<Vec<Vec<u8>>> {
    let dir = scratch.join("beside");
    let mut files = Vec::new();
    if dir.exists() {
        for file in sorted(&dir)? {
            files.push(fs::read(&file).map_err(file_error(&file))?);
        }
        fs::remove_dir_all(&dir).map_err(file_error(&dir))?;
    }
    Ok(files)
}

fn sorted(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).map_err(file_error(dir))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

fn write(file: &Path, content: &[u8]) -> Result<()> {
    fs::write(file, content).map_err(file_error(file))
}

fn bash(dir: &Path, command: &str, target: Option<&Path>) -> Result<()> {
    let mut bash = Command::new("bash");
    bash.arg("-c")
        .arg(
            [
                PRELUDE,
                images::PRELUDE,
                chains::PRELUDE,
                disks::PRELUDE,
                command,
            ]
            .concat(),
        )
        .current_dir(dir)
        .env("ROOT", root())
        .env("TZ", "UTC");
    if let Some(target) = target {
        bash.stdout(File::create(target).map_err(file_error(target))?);
    }
    // Half of a seed must not count as one that is there.
    run_command(&mut bash).inspect_err(|_| drop(target.map(fs::remove_file)))
}
