//! When to try again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use error::Error;

use super::failure::{Failure, Retry, seconds};

/// The first wait; each further one is twice as long, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait of our own accord.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest wait that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);
/// So many bytes after a failure make the next one a new one: a long transfer over a bad line is
/// not given up while it moves, and a server that sends a byte at a time is.
const PROGRESS: u64 = 1 << 20;

/// Counts failures in a row.
#[derive(Debug)]
pub(super) struct Patience {
    retries: u32,
    used: u32,
    position: u64,
}

impl Patience {
    /// So many further attempts after the first, without progress in between.
    pub(super) fn new(retries: u32) -> Self {
        Patience {
            retries,
            used: 0,
            position: 0,
        }
    }

    /// How long to wait after `failure` with `position` bytes read before the next attempt, or the
    /// error to give up with. `reached` tells whether the server has answered before.
    pub(super) fn next(
        &mut self,
        failure: &Failure,
        position: u64,
        reached: bool,
    ) -> Result<Duration, Error> {
        if position - self.position.min(position) >= PROGRESS {
            (self.used, self.position) = (0, position);
        }
        let error = || failure.error.clone();
        let asked = match failure.retry {
            Retry::Never => return Err(error()),
            Retry::IfReached if !reached => return Err(error()),
            Retry::IfReached | Retry::Soon => None,
            Retry::After(wait) if wait > LONGEST_ASKED => {
                let text = format!("the server asks to come back in {}", seconds(wait));
                return Err(error().cause(text));
            }
            Retry::After(wait) => Some(wait),
        };
        if self.used == self.retries {
            return Err(match self.used {
                0 => error(),
                1 => error().cause("it failed again after 1 retry"),
                used => error().cause(format!("it failed again after {used} retries")),
            });
        }
        let own = FIRST.saturating_mul(1 << self.used.min(16)).min(LONGEST);
        self.used += 1;
        Ok(spread(own).max(asked.unwrap_or_default()))
    }
}

/// Between half of `time` and all of it, so that clients cut off together do not come back together.
fn spread(time: Duration) -> Duration {
    // The standard library's hash keys are its only source of randomness.
    let random = RandomState::new().build_hasher().finish();
    let share = f64::from((random >> 32) as u32) / f64::from(u32::MAX);
    time.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use error::Kind;

    fn failure(retry: Retry) -> Failure {
        Failure {
            error: Error::new(Kind::Io, "cut"),
            retry,
        }
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        let mut patience = Patience::new(8);
        for expected in [1, 2, 4, 8, 16, 30, 30, 30] {
            let wait = patience
                .next(&failure(Retry::Soon), 0, false)
                .unwrap()
                .as_secs_f64();
            let expected = f64::from(expected);
            assert!(
                (expected / 2.0..=expected).contains(&wait),
                "{wait} of {expected}"
            );
        }
        let error = patience.next(&failure(Retry::Soon), 0, false).unwrap_err();
        assert_eq!(
            error.to_text(),
            "error: cut\n  because: it failed again after 8 retries"
        );
    }

    #[test]
    fn progress_starts_over_and_a_trickle_does_not() {
        let mut patience = Patience::new(1);
        for position in [0, PROGRESS, 3 * PROGRESS] {
            assert!(patience.next(&failure(Retry::Soon), position, true).is_ok());
        }
        assert!(
            patience
                .next(&failure(Retry::Soon), 3 * PROGRESS + 1, true)
                .is_err()
        );
        assert!(
            patience
                .next(&failure(Retry::Soon), 4 * PROGRESS - 1, true)
                .is_err()
        );
    }

    #[test]
    fn the_server_s_wish_is_honoured_within_reason() {
        let mut patience = Patience::new(9);
        let asked = |secs| failure(Retry::After(Duration::from_secs(secs)));
        let mut wait = |secs| patience.next(&asked(secs), 0, true);
        assert_eq!(wait(300).unwrap(), Duration::from_secs(300));
        assert!(wait(0).unwrap() >= Duration::from_secs(1));
        assert_eq!(
            wait(3600).unwrap_err().to_text(),
            "error: cut\n  because: the server asks to come back in 3600 s"
        );
    }

    #[test]
    fn a_wrong_address_is_not_tried_again() {
        let mut patience = Patience::new(9);
        assert!(patience.next(&failure(Retry::IfReached), 0, false).is_err());
        assert!(patience.next(&failure(Retry::IfReached), 0, true).is_ok());
        assert!(patience.next(&failure(Retry::Never), 0, true).is_err());
    }
}
