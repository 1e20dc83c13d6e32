//! `innkeeper check`: what is wrong with a host, or will be after an upgrade.

mod explain;
mod mend;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use check::{
    Facts, Finding, Question, Release, Report, Server, Severity, Target, XEN_BEFORE, XEN_RELEASE,
};
use clap::ValueEnum;
use error::{Error, Result};
use host::Host;
use render::document;
use serde_json::{Value, json};

use crate::options::{OutputArgs, RootArgs};
use crate::output::{End, look, print, print_json};

/// How long reading one fact may take, if nothing else is asked.
const LIMIT: &str = "10";

/// `innkeeper check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    root: RootArgs,

    /// The release of Xen before the upgrade [default: the one that runs]
    #[arg(long, value_name = "RELEASE", value_parser = check::parse_release)]
    from: Option<Release>,

    /// What the host is upgraded to: xen=4.17, debian=13; may be repeated
    #[arg(long, value_name = "WHAT=RELEASE")]
    target: Vec<Target>,

    /// Check this guest's configuration too; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    vm: Vec<PathBuf>,

    /// Check the certificate that this server shows too; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    tls: Vec<Server>,

    /// Correct in files what can be corrected there; innkeeper undo takes it back
    #[arg(long)]
    fix: bool,

    /// With --fix: show what would be written, and change nothing
    #[arg(long, requires = "fix")]
    dry_run: bool,

    /// End with status 5 when something as bad as this is found
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    fail_on: FailOn,

    /// Show only what an earlier report, saved with --json, does not have
    #[arg(long, value_name = "FILE", conflicts_with = "fix")]
    since: Option<PathBuf>,

    /// Give up on a fact that takes longer to read, in seconds
    #[arg(long, value_name = "SECONDS", default_value = LIMIT, value_parser = clap::value_parser!(u64).range(1..3600))]
    limit: u64,

    /// Show also what was checked and is right
    #[arg(long)]
    all: bool,

    /// List the rules
    #[arg(long, exclusive = true)]
    list: bool,

    /// Explain a rule
    #[arg(long, value_name = "RULE", conflicts_with_all = ["fix", "since", "list"])]
    explain: Option<String>,

    #[command(flatten)]
    output: OutputArgs,
}

impl Args {
    /// Whether a finding counts for the exit status.
    fn counts(&self, finding: &Finding) -> bool {
        let least = match self.fail_on {
            FailOn::Info => Severity::Info,
            FailOn::Warning => Severity::Warning,
            FailOn::Error => Severity::Error,
            FailOn::Never => return false,
        };
        finding.severity >= least
    }
}

/// From which findings on the command ends with another status.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Info,
    Warning,
    Error,
    Never,
}

/// Checks, and prints the report.
pub(crate) fn run(args: &Args, live: &Host) -> End {
    match check(args, live) {
        Ok(found) => End::found(found),
        Err(error) => End::new(vec![error], args.output.failed()),
    }
}

/// Whether something was found that counts.
fn check(args: &Args, live: &Host) -> Result<bool> {
    if args.list {
        return explain::list(&args.output).map(|()| false);
    }
    if let Some(id) = &args.explain {
        return explain::explain(id, &args.output).map(|()| false);
    }
    let host = args.root.host(live)?;
    let question = question(args)?;
    exist(&question.guests, &host)?;
    let facts = Facts::new(host, question);
    let report = Report::new(&facts);
    if let Some(earlier) = &args.since {
        return since(args, &report, &facts, earlier);
    }
    if args.fix {
        return mend::mend(args, &report, &facts);
    }
    tell(args, &report, &facts)?;
    Ok(report.findings().any(|finding| args.counts(finding)))
}

/// Prints the report.
fn tell(args: &Args, report: &Report, facts: &Facts) -> Result<()> {
    if args.output.json {
        return print_json(&document(report.to_json()));
    }
    let files = facts.host().files();
    let text = if args.output.quiet {
        check::text(report.findings(), files, &look())
    } else {
        report.to_text(files, &look(), args.all) + hint(report)
    };
    print(text.as_bytes())
}

/// What to give so that more is known.
fn hint(report: &Report) -> &'static str {
    if report.lacks(XEN_RELEASE) {
        "hint: --target xen=4.17 says by which release to judge\n"
    } else if report.lacks(XEN_BEFORE) {
        "hint: --from 4.14 says which release ran before\n"
    } else {
        ""
    }
}

/// Refuses configurations of guests that are not there: a mistyped name would pass.
fn exist(guests: &[PathBuf], host: &Host) -> Result<()> {
    for guest in guests {
        if !host.files().exists(guest)? {
            let file = host.files().real(guest);
            return Err(Error::usage("is not there").at(file.display()));
        }
    }
    Ok(())
}

fn question(args: &Args) -> Result<Question> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(|cause| Error::io("the clock is set before 1970", cause))?;
    Ok(Question {
        from: args.from,
        targets: args.target.clone(),
        guests: args
            .vm
            .iter()
            .map(|file| args.root.file(file))
            .collect::<Result<_>>()?,
        tls: args.tls.clone(),
        now: now.as_secs(),
        limit: Duration::from_secs(args.limit),
    })
}

/// Prints what an earlier report does not have.
fn since(args: &Args, report: &Report, facts: &Facts, earlier: &Path) -> Result<bool> {
    let bad = |error: Error| error.within(&earlier.to_string_lossy());
    let text = std::fs::read_to_string(earlier)
        .map_err(|cause| bad(Error::io("cannot be read", cause)))?;
    let earlier: Value = serde_json::from_str(&text)
        .map_err(|cause| bad(Error::corrupt("is not JSON").cause(cause)))?;
    if !earlier["findings"].is_array() {
        return Err(bad(Error::corrupt("is no report: it has no findings"))
            .hint("innkeeper check --json > FILE makes one"));
    }
    let new = report.since(&earlier);
    if args.output.json {
        let found: Vec<_> = new.iter().map(|finding| finding.to_json()).collect();
        print_json(&document(json!({ "findings": found })))?;
    } else {
        let text = check::text(new.iter().copied(), facts.host().files(), &look());
        let nothing = "nothing that the earlier report does not have\n";
        print(if text.is_empty() { nothing } else { &text }.as_bytes())?;
    }
    Ok(new.iter().any(|finding| args.counts(finding)))
}
