//! `--guest` and `--deployment`: which guest of a description is meant.

use vmconfig::Choice;

/// Options about which of several guests is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct GuestArgs {
    /// Of several guests that a description holds, take this one and only its disks: by its name or its id
    #[arg(long, value_name = "NAME")]
    guest: Option<String>,

    /// Take the guest as this deployment of its OVF has it, and only the disks of that; by default as the
    /// OVF's default deployment
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
