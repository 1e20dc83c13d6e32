//! Advice about archives and compressed data.

use unpack::Advice;

/// `advice` in the options that all commands have.
pub(super) fn words(advice: Advice) -> String {
    match advice {
        Advice::RaiseMaxSize => "give --max-size SIZE to accept more".into(),
        Advice::AllowMemory { mib } => format!("give --memory {mib}M"),
    }
}
