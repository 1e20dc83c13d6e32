//! Digests of a source's bytes, as publishers give them.

use error::{Error, Result, hex};
use sha2::{Digest as _, Sha256, Sha512};

/// Digests of the same bytes (FIPS 180-4), each where it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// The SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// The SHA-512.
    pub sha512: Option<[u8; 64]>,
}

impl Sums {
    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.sha256.is_none() && self.sha512.is_none()
    }

    /// Compares what was `found` with what it should be, as far as both are known.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] with the two digests that differ.
    pub fn check(&self, found: &Sums) -> Result<()> {
        differ("SHA-256", self.sha256, found.sha256)?;
        differ("SHA-512", self.sha512, found.sha512)
    }
}

fn differ<const N: usize>(
    algorithm: &str,
    wanted: Option<[u8; N]>,
    found: Option<[u8; N]>,
) -> Result<()> {
    match (wanted, found) {
        (Some(wanted), Some(found)) if wanted != found => Err(Error::corrupt(format!(
            "{algorithm} is {}, it should be {}",
            hex(&found),
            hex(&wanted)
        ))),
        _ => Ok(()),
    }
}

/// Digests being computed.
pub(crate) struct Summing {
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl Summing {
    /// Computes the ones that are `wanted`.
    pub(crate) fn new(wanted: &Sums) -> Self {
        Summing {
            sha256: wanted.sha256.is_some().then(Sha256::new),
            sha512: wanted.sha512.is_some().then(Sha512::new),
        }
    }

    /// Whether there is nothing to compute.
    pub(crate) fn is_idle(&self) -> bool {
        self.sha256.is_none() && self.sha512.is_none()
    }

    /// These bytes follow.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        if let Some(hash) = &mut self.sha256 {
            hash.update(bytes);
        }
        if let Some(hash) = &mut self.sha512 {
            hash.update(bytes);
        }
    }

    /// The digests of all that was added; begins anew.
    pub(crate) fn finish(&mut self) -> Sums {
        Sums {
            sha256: self
                .sha256
                .as_mut()
                .map(|hash| hash.finalize_reset().into()),
            sha512: self
                .sha512
                .as_mut()
                .map(|hash| hash.finalize_reset().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests of nothing at all (FIPS 180-4 examples).
    const EMPTY_256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const EMPTY_512: &str = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
                             47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

    #[test]
    fn what_is_wanted_is_computed_and_nothing_else() {
        let wanted = Sums {
            sha512: Some([0; 64]),
            ..Sums::default()
        };
        let found = Summing::new(&wanted).finish();
        assert_eq!(found.sha256, None);
        assert_eq!(
            found.sha512.map(|sum| hex(&sum)).as_deref(),
            Some(EMPTY_512)
        );
        assert_eq!(
            wanted.check(&found).unwrap_err().message(),
            format!("SHA-512 is {EMPTY_512}, it should be {}", "0".repeat(128))
        );
        assert!(Summing::new(&Sums::default()).is_idle() && Sums::default().is_empty());
    }

    #[test]
    fn both_are_compared() {
        let both = Sums {
            sha256: Some([0; 32]),
            sha512: Some([0; 64]),
        };
        let mut summing = Summing::new(&both);
        summing.add(b"abc");
        let abc = summing.finish();
        let empty = summing.finish();
        assert_eq!(
            empty.sha256.map(|sum| hex(&sum)).as_deref(),
            Some(EMPTY_256)
        );
        assert_eq!(abc.check(&abc), Ok(()));
        let mixed = Sums {
            sha512: empty.sha512,
            ..abc
        };
        let error = abc.check(&mixed).unwrap_err();
        assert!(
            error.message().starts_with("SHA-512 is cf83e1357eefb8bd"),
            "{error}"
        );
        assert!(
            abc.check(&empty)
                .unwrap_err()
                .message()
                .starts_with("SHA-256 is e3b0c442")
        );
    }
}
