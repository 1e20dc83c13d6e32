//! What is missing from facts that are known otherwise: one of many files that cannot be read.
//!
//! A rule gets the rest of such a fact and goes on with that. What it finds is certain; where it has looked at all that
//! there is, [`Facts::whole`] says that it has not seen everything, and the rule ends as not known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Facts, NotKnown};

/// What is missing, each once.
#[derive(Clone, Default)]
pub(super) struct Gaps(Arc<Mutex<Vec<NotKnown>>>);

impl Gaps {
    pub(super) fn all(&self) -> Vec<NotKnown> {
        self.lock().clone()
    }

    fn add(&self, gap: NotKnown) {
        let mut all = self.lock();
        if !all.contains(&gap) {
            all.push(gap);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<NotKnown>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Facts {
    /// The same facts for another reader, to whom nothing is missing yet: each rule has its own.
    pub(crate) fn apart(&self) -> Facts {
        Facts {
            inner: self.inner.clone(),
            gaps: Gaps::default(),
        }
    }

    /// Remembers that a part of what is asked for is missing. What is missing while a fact is read is missing to all that
    /// ask for the fact.
    pub(crate) fn miss(&self, gap: NotKnown) {
        self.gaps.add(gap);
    }

    /// Nothing, if all that was asked for is there as a whole.
    ///
    /// # Errors
    /// What is missing: the first, and how many more there are.
    pub(crate) fn whole(&self) -> Result<(), NotKnown> {
        let all = self.gaps.all();
        match all.as_slice() {
            [] => Ok(()),
            [gap] => Err(gap.clone()),
            [gap, more @ ..] => {
                let reason = format!("{}; and {} more", gap.reason, more.len());
                Err(NotKnown::new(gap.fact, reason))
            }
        }
    }
}
