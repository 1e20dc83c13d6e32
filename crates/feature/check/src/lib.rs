//! What is wrong with a host, and what will be after an upgrade.
//!
//! [`Facts`] are what can be known about a host: each is read when a rule first asks for it, within a time limit, and
//! kept. A fact that cannot be read is [`NotKnown`], with the reason. A [`Rule`] is one file in `rules/`: what it
//! looks at, for which releases, why, from which source, and the function that looks, with examples of what it finds
//! and of what it lets pass. A [`Report`] is what the rules found.
//!
//! ```text
//! for each rule that is for these releases:
//!     rule.check(facts, findings)   ok: passed, or found something
//!         facts.guests()?           not known: the rule was not checked, and the report says why
//! report ── text with excerpts, JSON, comparison with an earlier one ── fixes ── change
//! ```

mod certificate;
mod example;
pub(crate) mod facts;
mod finding;
mod fix;
mod release;
mod report;
mod rule;
mod rules;
mod support;
#[cfg(test)]
mod tests;
mod tls;

pub use certificate::{Certificate, Dates};
pub use example::Example;
pub use facts::{
    AllShown, Certificates, Content, Demand, Domain, Domains, Facts, Guest, Guests, Installed,
    Kernel, Kernels, NotKnown, Present, Purpose, Question, Services, Shown, Space, Spaces, Used,
    XEN_BEFORE, XEN_RELEASE, Xapi, Xen,
};
pub use finding::{Finding, Findings, Place, Severity};
pub use fix::Fix;
pub use release::{Target, parse_release, release_of};
pub use report::{Mended, Outcome, Report, text};
pub use rule::{Rule, Versions};
pub use rules::{RULES, rule};
pub use tls::Server;
pub use vmconfig::xen::Release;
