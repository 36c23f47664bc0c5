//! Writes the `HdrHistogram` interval log, version 1.3: histograms with their start, length and tag
//! as lines of text, for the tools around `HdrHistogram`.

use std::error::Error;
use std::time::Duration;

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use hdrhistogram::{CreationError, Histogram as Hdr, RecordError};

/// One interval, which is one line of the log.
#[derive(Clone, Debug)]
pub struct LogInterval<'a> {
    /// The tag that names the series, without commas and spaces.
    pub tag: String,
    /// The start of the interval, since the start of the log.
    pub start: Duration,
    /// The length of the interval.
    pub length: Duration,
    /// The recorded durations as pairs of nanoseconds and count.
    pub counts: &'a [(u64, u64)],
}

/// Why a log cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum IntervalLogError {
    /// The tag contains a comma or a space, which would break its line.
    #[error("invalid tag `{0}`; a tag has no comma and no space")]
    Tag(String),
    /// The histogram cannot record a duration.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The histogram cannot be created.
    #[error(transparent)]
    Create(#[from] CreationError),
    /// The histogram cannot be serialized.
    #[error("{0}")]
    Serialize(Box<dyn Error + Send + Sync>),
}

fn serialize(error: impl Error + Send + Sync + 'static) -> IntervalLogError {
    IntervalLogError::Serialize(Box::new(error))
}

/// Writes the log, with `comment` in front, and returns its text.
///
/// # Errors
/// Fails if a tag contains a comma or a space, or if a histogram cannot be built from the counts.
pub fn write_interval_log<'a>(
    comment: &str,
    intervals: impl Iterator<Item = LogInterval<'a>>,
) -> Result<Vec<u8>, IntervalLogError> {
    let (mut text, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    let mut builder = IntervalLogWriterBuilder::new();
    for line in comment.lines() {
        builder.add_comment(line);
    }
    let mut log = builder.begin_log_with(&mut text, &mut serializer).map_err(serialize)?;
    for LogInterval { tag, start, length, counts } in intervals {
        let mut histogram = Hdr::<u64>::new(3)?;
        for &(nanos, count) in counts {
            histogram.record_n(nanos, count)?;
        }
        let tag = Tag::new(&tag).ok_or_else(|| IntervalLogError::Tag(tag.clone()))?;
        log.write_histogram(&histogram, start, length, Some(tag)).map_err(serialize)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn the_log_reads_back_as_it_was() {
        let interval = |tag: &str, start, counts| LogInterval {
            tag: tag.to_owned(),
            start: Duration::from_millis(start),
            length: Duration::from_millis(150),
            counts,
        };
        let log = write_interval_log(
            "by hand",
            [interval("ws", 0, &[(90_000, 3)]), interval("tcp", 150, &[(80_000, 1), (85_000, 2)])]
                .into_iter(),
        )
        .unwrap();
        let mut found = Vec::new();
        for entry in IntervalLogIterator::new(&log) {
            let Ok(LogEntry::Interval(line)) = entry else { continue };
            let bytes = base64::Engine::decode(
                &base64::engine::general_purpose::STANDARD,
                line.encoded_histogram(),
            );
            let histogram: Hdr<u64> =
                Deserializer::new().deserialize(&mut bytes.unwrap().as_slice()).unwrap();
            found.push((
                line.tag().unwrap().as_str().to_owned(),
                line.start_timestamp(),
                histogram.len(),
            ));
        }
        let ms = Duration::from_millis;
        assert_eq!(found, [("ws".to_owned(), ms(0), 3), ("tcp".to_owned(), ms(150), 3)]);
    }

    #[test]
    fn a_tag_that_would_break_the_line_is_refused() {
        let one = LogInterval {
            tag: "a,b".into(),
            start: Duration::ZERO,
            length: Duration::ZERO,
            counts: &[],
        };
        let error = write_interval_log("", [one].into_iter()).unwrap_err();
        assert!(matches!(&error, IntervalLogError::Tag(tag) if tag == "a,b"), "{error}");
    }
}
