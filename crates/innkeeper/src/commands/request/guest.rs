//! `--guest` and `--deployment`: which guest of a description is meant.

use vmconfig::Choice;

/// Options about which of several guests is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct GuestArgs {
    /// Take this guest (name or id) of a description with several, and only its disks
    #[arg(long, value_name = "NAME")]
    guest: Option<String>,

    /// Take the guest and the disks of this deployment of the OVF; by default the one that the OVF names
    #[arg(long, value_name = "ID")]
    deployment: Option<String>,
}

impl GuestArgs {
    /// The guest that is meant.
    pub(in crate::commands) fn choice(&self) -> Choice {
        Choice {
            guest: self.guest.clone(),
            deployment: self.deployment.clone(),
        }
    }
}
