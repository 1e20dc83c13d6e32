//! What was used a moment ago, kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by number, of which the ones that were used last are kept.
pub(crate) struct Recent<V> {
    most: usize,
    values: Mutex<Values<V>>,
}

struct Values<V> {
    /// By number: the value, and when it was used last.
    kept: HashMap<u64, (V, u64)>,
    uses: u64,
}

impl<V: Clone> Recent<V> {
    /// Keeps up to `most` values, at least one.
    pub(crate) fn new(most: usize) -> Self {
        let values = Values {
            kept: HashMap::new(),
            uses: 0,
        };
        Recent {
            most: most.max(1),
            values: Mutex::new(values),
        }
    }

    /// The value of `number`, where it is still kept.
    pub(crate) fn get(&self, number: u64) -> Option<V> {
        let mut values = self.values();
        values.uses += 1;
        let uses = values.uses;
        let (value, last) = values.kept.get_mut(&number)?;
        *last = uses;
        Some(value.clone())
    }

    /// Keeps `value`, in the place of the one that was not used for the longest time.
    pub(crate) fn keep(&self, number: u64, value: V) {
        let mut values = self.values();
        if values.kept.len() >= self.most && !values.kept.contains_key(&number) {
            let oldest = values.kept.iter().min_by_key(|(_, (_, last))| *last);
            if let Some(number) = oldest.map(|(number, _)| *number) {
                values.kept.remove(&number);
            }
        }
        let uses = values.uses;
        values.kept.insert(number, (value, uses));
    }

    fn values(&self) -> MutexGuard<'_, Values<V>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let recent = Recent::new(2);
        recent.keep(1, "a");
        assert_eq!(recent.get(1), Some("a"));
        recent.keep(2, "b");
        assert_eq!(recent.get(2), Some("b"));
        assert_eq!(recent.get(1), Some("a"));
        recent.keep(3, "c");
        assert_eq!(recent.get(2), None);
        assert_eq!(recent.get(1), Some("a"));
        recent.keep(3, "d");
        assert_eq!((recent.get(1), recent.get(3)), (Some("a"), Some("d")));
    }
}
