//! [`KeyRule`]: the quality of the masking keys that a client has used (RFC 6455 section 5.3).

use std::collections::BTreeSet;

use crate::conformance::verdict::{Finding, Verdict};
use crate::wire::MaskingKey;

/// The fewest keys of which anything can be said.
const MIN_KEYS: usize = 16;

/// A property of unpredictable keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// No key comes twice.
    New,
    /// No key is zero.
    NotZero,
    /// No key follows from the one before: they neither count, nor does a bit of them stand still.
    Unpredictable,
}

impl KeyRule {
    /// Returns the property as a clause without a subject.
    pub fn describe(self) -> &'static str {
        match self {
            Self::New => "takes a new masking key for each frame",
            Self::NotZero => "does not mask with zeros",
            Self::Unpredictable => "takes masking keys that nobody can predict",
        }
    }

    /// Evaluates keys in the order in which they came. With random keys, the chance of a failure is
    /// below one in a thousand for as many as 2,000 keys.
    pub fn evaluate(self, keys: &[MaskingKey]) -> Finding {
        if keys.len() < MIN_KEYS {
            let reason = format!("sent {} masked frames, too few to tell", keys.len());
            return Finding::new(Verdict::NotApplicable, reason);
        }
        let count = keys.len();
        let fault = match self {
            Self::New => {
                let distinct = keys.iter().collect::<BTreeSet<_>>().len();
                let repeated = count.saturating_sub(distinct);
                (repeated > 0).then(|| format!("used a key again in {repeated} of {count} frames"))
            }
            Self::NotZero => {
                let zeros = keys.iter().filter(|key| **key == [0; 4]).count();
                (zeros > 0).then(|| format!("used the key 00000000 in {zeros} of {count} frames"))
            }
            Self::Unpredictable => predictable(keys),
        };
        match fault {
            Some(fault) => Finding {
                expected: self.describe().to_owned(),
                ..Finding::new(Verdict::Fail, fault)
            },
            None => Finding::new(Verdict::Pass, format!("{}, {count} of them", self.describe())),
        }
    }
}

/// Returns in which way keys can be predicted, if in any.
fn predictable(keys: &[MaskingKey]) -> Option<String> {
    for (order, number) in [
        ("big", u32::from_be_bytes as fn(MaskingKey) -> u32),
        ("little", u32::from_le_bytes as fn(MaskingKey) -> u32),
    ] {
        let numbers: Vec<u32> = keys.iter().map(|key| number(*key)).collect();
        let differences = numbers.iter().zip(numbers.iter().skip(1));
        let differences: Vec<u32> =
            differences.map(|(one, next)| next.wrapping_sub(*one)).collect();
        let first = differences.first().copied().unwrap_or_default();
        let same = differences.iter().filter(|difference| **difference == first).count();
        if same > differences.len() >> 1 {
            return Some(format!(
                "counts: most keys are {first} more than the last ({order}-endian)"
            ));
        }
    }
    let set = keys.iter().fold(0_u32, |all, key| all | u32::from_be_bytes(*key));
    let clear = keys.iter().fold(0_u32, |all, key| all | !u32::from_be_bytes(*key));
    let fixed = (!set).count_ones().saturating_add((!clear).count_ones());
    // The chance that a given bit is the same in all of 16 keys is 2 in 65,536.
    (fixed > 0).then(|| format!("has {fixed} bits that are the same in all {} keys", keys.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::masking_keys::MaskingKeys;

    fn verdicts(keys: &[MaskingKey]) -> [Verdict; 3] {
        [KeyRule::New, KeyRule::NotZero, KeyRule::Unpredictable]
            .map(|rule| rule.evaluate(keys).verdict)
    }

    #[test]
    fn random_keys_pass_and_others_fail_where_they_should() {
        use Verdict::{Fail, NotApplicable, Pass};
        let mut source = MaskingKeys::new(5);
        let mut random: Vec<MaskingKey> = std::iter::repeat_with(|| {
            let [a, b, c, d, ..] = source.next_number().to_le_bytes();
            [a, b, c, d]
        })
        .take(500)
        .collect();
        assert_eq!(verdicts(&random), [Pass, Pass, Pass]);
        assert_eq!(verdicts(&random[..15]), [NotApplicable; 3]);
        random[7] = [0; 4];
        assert_eq!(verdicts(&random), [Pass, Fail, Pass]);
        random[8] = random[3];
        assert_eq!(verdicts(&random), [Fail, Fail, Pass]);
        assert_eq!(verdicts(&[[1, 2, 3, 4]; 20]), [Fail, Pass, Fail]);
        let counter = |step: u32| -> Vec<MaskingKey> {
            (1..100).map(|number: u32| number.wrapping_mul(step).to_le_bytes()).collect()
        };
        assert_eq!(verdicts(&counter(1)), [Pass, Pass, Fail]);
        assert_eq!(verdicts(&counter(0x9e37_79b9)), [Pass, Pass, Fail]);
        let one_byte: Vec<MaskingKey> = random.iter().map(|[a, b, c, _]| [*a, *b, *c, 7]).collect();
        assert_eq!(KeyRule::Unpredictable.evaluate(&one_byte).verdict, Fail);
    }
}
