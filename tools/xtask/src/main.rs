//! Developer tasks, as `cargo xtask COMMAND`: set up the machine, test, measure, fuzz, and
//! make the files that are made rather than written.

mod bench;
mod check;
mod corpus;
mod dist;
mod example;
mod fuzz;
mod packages;
mod rules;
mod seeds;
mod shell;
mod testbed;
mod xen_data;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Developer tasks"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need and this machine lacks (as root)
    Setup,
    /// Run formatting, lints, every test and the checks; or only the named steps
    Test(check::Options),
    /// Check that docs/commands names every command and every option of the program
    Docs,
    /// Write docs/reference/checks.md out of the rules of check
    Rules(rules::Options),
    /// Measure the program against its peers and write docs/benchmarks.md
    Bench(bench::Options),
    /// Fuzz every decoder and every reader, or the named one, for a minute each
    Fuzz(fuzz::Options),
    /// Make one static executable for every host, as a tarball and a .deb, in target/dist
    Dist(dist::Options),
    /// Try every file in a directory against qemu-img and the archives' own tools
    Corpus(corpus::Options),
    /// Run scenarios on a real Xen in QEMU
    #[command(subcommand)]
    Testbed(testbed::Task),
    /// Make examples/guest.tar.gz, or check it
    Example(example::Options),
    /// Make the seed corpora in fuzz/seeds
    Seeds(seeds::Options),
    /// Make the tables of what each release of Xen knows from its sources
    XenData(xen_data::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Setup => packages::setup(),
        Task::Test(options) => check::run(&options),
        Task::Docs => check::docs::check(),
        Task::Rules(options) => rules::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Dist(options) => dist::run(&options),
        Task::Corpus(options) => corpus::run(&options),
        Task::Testbed(task) => testbed::run(&task),
        Task::Example(options) => example::run(&options),
        Task::Seeds(options) => seeds::run(&options),
        Task::XenData(options) => xen_data::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.to_text());
            ExitCode::from(error.kind().exit_status())
        }
    }
}
