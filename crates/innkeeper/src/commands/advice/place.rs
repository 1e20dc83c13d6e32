//! Advice about the places where disks come from and go to.

use endpoint::{Advice, Trust};

use super::Command;

/// `advice` in the options of `command`.
pub(super) fn words(advice: &Advice, command: Command) -> String {
    let words = match advice {
        Advice::GiveSize => "give --size, for instance --size 8G",
        Advice::RaiseSize => "give a larger --size",
        Advice::LowerSize => "give a smaller --size or a larger target",
        Advice::Replace => "give --force to replace it",
        Advice::Overwrite => "give --force to overwrite it",
        Advice::OverwriteAgain => {
            return format!("{} to it again with --force", command.name());
        }
        Advice::LogIn => "give --header 'Authorization: …' or user:password@ in the address",
        Advice::TrustCertificate { found, by } => return trust(found, by),
        Advice::FindAuthorities { found, by } => {
            return format!(
                "install the package ca-certificates, or name a file of certificates in SSL_CERT_FILE or with --ca; or {}",
                trust(found, by)
            );
        }
    };
    words.to_owned()
}

/// How the certificate with the fingerprint `found` can be trusted.
fn trust(found: &str, by: &Trust) -> String {
    let ways = match by {
        Trust::FingerprintOrCertificate => {
            format!("give --fingerprint {found}, or the certificate in a file with --ca")
        }
        Trust::Fingerprint => format!("give --fingerprint {found}"),
        Trust::Certificate => {
            format!("give the certificate with it, {found}, in a file with --ca")
        }
        Trust::FingerprintOfSource { server } => {
            format!("give an address on {server} as the source, with --fingerprint {found}")
        }
    };
    format!(
        "compare the certificate's fingerprint with the one that the server itself shows; if it is the same, {ways}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_trusted_in_the_ways_that_the_server_allows() {
        let server = "a.example:443".to_owned();
        for (by, end) in [
            (
                Trust::FingerprintOrCertificate,
                "give --fingerprint sha256:aa, or the certificate in a file with --ca",
            ),
            (Trust::Fingerprint, "give --fingerprint sha256:aa"),
            (
                Trust::Certificate,
                "give the certificate with it, sha256:aa, in a file with --ca",
            ),
            (
                Trust::FingerprintOfSource { server },
                "give an address on a.example:443 as the source, with --fingerprint sha256:aa",
            ),
        ] {
            let found = "sha256:aa".to_owned();
            let advice = Advice::TrustCertificate { found, by };
            let expected = format!(
                "compare the certificate's fingerprint with the one that the server itself shows; if it is the same, {end}"
            );
            assert_eq!(words(&advice, Command::Import), expected);
        }
    }

    #[test]
    fn without_authorities_they_are_installed_or_named() {
        let advice = Advice::FindAuthorities {
            found: "sha256:aa".to_owned(),
            by: Trust::Fingerprint,
        };
        let text = words(&advice, Command::Digest);
        let start = "install the package ca-certificates, or name a file of certificates in \
                     SSL_CERT_FILE or with --ca; or compare the certificate's fingerprint";
        assert!(text.starts_with(start), "{text}");
    }
}
