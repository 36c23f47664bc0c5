//! Masking keys for the frames that the inspector builds itself.

use crate::wire::MaskingKey;

/// A source of masking keys.
///
/// RFC 6455 section 5.3 requires a fresh key for each frame from a strong source of entropy, which
/// cannot be predicted from earlier keys. So a key is never derived from the data that is sent.
#[derive(Debug, Default)]
pub(crate) enum MaskKeySource {
    /// The operating system's random numbers.
    #[default]
    System,
    /// A known sequence, so that tests can compare what is sent.
    #[cfg(test)]
    Seeded(crate::measure::SplitMix64),
    /// A system without random numbers.
    #[cfg(test)]
    Failing,
}

impl MaskKeySource {
    /// Returns a new key. Fails if the operating system provides no random numbers.
    pub(crate) fn draw(&mut self) -> Result<MaskingKey, String> {
        match self {
            Self::System => {
                let mut key = MaskingKey::default();
                getrandom::fill(&mut key).map_err(|error| {
                    format!("no masking key: the system gives no random numbers: {error}")
                })?;
                Ok(key)
            }
            #[cfg(test)]
            Self::Seeded(numbers) => Ok(std::array::from_fn(|_| numbers.next_below(256) as u8)),
            #[cfg(test)]
            Self::Failing => Err("no masking key: the system gives no random numbers".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_differ() {
        let mut source = MaskKeySource::System;
        let keys: BTreeSet<MaskingKey> = (0..64).map(|_| source.draw().unwrap()).collect();
        // 64 draws of 32 bits collide once in two million runs
        assert_eq!(keys.len(), 64);
    }
}
