//! Whom the checker trusts.

use std::collections::BTreeSet;

use crate::format::key::PublicKey;

/// Why a set of keys and a threshold are no trust.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrustError {
    /// Without a key, every statement would be as good as any other.
    #[error("expected at least one trusted key, found none")]
    NoKey,
    /// Nothing would have to be signed.
    #[error("expected a threshold of at least 1, found 0")]
    ThresholdZero,
    /// It could never be reached; a key given twice is one key.
    #[error(
        "expected a threshold of at most {keys}, the number of distinct keys, found {threshold}"
    )]
    ThresholdTooHigh {
        /// What was asked.
        threshold: usize,
        /// How many distinct keys there are.
        keys: usize,
    },
}

/// Distinct keys, and how many of them must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    keys: BTreeSet<PublicKey>,
    threshold: usize,
}

impl Trust {
    /// Trusts `keys`, of which `threshold` must have signed the same payload.
    ///
    /// # Errors
    /// A threshold of 0 or above the number of distinct keys; no key.
    pub fn new(
        keys: impl IntoIterator<Item = PublicKey>,
        threshold: usize,
    ) -> Result<Self, TrustError> {
        let keys: BTreeSet<_> = keys.into_iter().collect();
        match (keys.len(), threshold) {
            (0, _) => Err(TrustError::NoKey),
            (_, 0) => Err(TrustError::ThresholdZero),
            (n, threshold) if threshold > n => {
                Err(TrustError::ThresholdTooHigh { threshold, keys: n })
            }
            _ => Ok(Self { keys, threshold }),
        }
    }

    /// The keys, each once.
    #[must_use]
    pub const fn keys(&self) -> &BTreeSet<PublicKey> {
        &self.keys
    }

    /// How many of them must have signed.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> PublicKey {
        PublicKey::parse(text).unwrap()
    }

    #[test]
    fn a_threshold_that_asks_nothing_or_too_much_is_refused() {
        let a = key("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        assert_eq!(Trust::new([], 1), Err(TrustError::NoKey));
        assert_eq!(Trust::new([a], 0), Err(TrustError::ThresholdZero));
        let twice = Trust::new([a, a], 2);
        assert_eq!(twice, Err(TrustError::ThresholdTooHigh { threshold: 2, keys: 1 }));
        assert!(Trust::new([a], 1).is_ok());
    }
}
