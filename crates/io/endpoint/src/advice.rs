//! What can be done about an error, where that is for the user of this crate to put into words.

/// A remedy that only the caller can name, because it is one of the options that a place is opened with: a
/// program calls them by names of its own. Errors carry it by [`error::Error::advise`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Give the size of the disk.
    GiveSize,
    /// Give a larger size.
    RaiseSize,
    /// Give a smaller size, or another target.
    LowerSize,
    /// Allow that the file is replaced.
    Replace,
    /// Allow that what the target holds is overwritten.
    Overwrite,
    /// Write to the target again, and allow that what is left on it is overwritten.
    OverwriteAgain,
    /// Send an `Authorization` header, or put user and password into the address.
    LogIn,
    /// Compare the certificate's fingerprint with the one that the server itself shows, and trust it.
    TrustCertificate {
        /// Its fingerprint, `sha256:` and hexadecimal digits.
        found: String,
        /// The ways in which it can be trusted.
        by: Trust,
    },
    /// Install certificates of authorities or name a file that has them; or as
    /// [`Advice::TrustCertificate`].
    FindAuthorities {
        /// The fingerprint of the server's certificate.
        found: String,
        /// The ways in which it can be trusted.
        by: Trust,
    },
}

/// How a certificate can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// By its fingerprint, or by the certificate in a file.
    FingerprintOrCertificate,
    /// By its fingerprint.
    Fingerprint,
    /// By the certificate in a file: the server is not the source's.
    Certificate,
    /// By its fingerprint, if an address on this server is the source.
    FingerprintOfSource {
        /// The server, as addresses name it.
        server: String,
    },
}
