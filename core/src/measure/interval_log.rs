//! The `HdrHistogram` interval log, version 1.3: histograms with their start, length and tag as lines of text, which the
//! tools around `HdrHistogram` read.

use std::time::Duration;

use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

/// One line of the log.
#[derive(Clone, Debug)]
pub struct LogInterval<'a> {
    /// Whose times they are.
    pub tag: String,
    /// Since the beginning of the log.
    pub start: Duration,
    /// How long it was.
    pub length: Duration,
    /// Nanoseconds, and how often.
    pub counts: &'a [(u64, u64)],
}

/// The log as text.
///
/// # Errors
/// What the format cannot hold: a tag with a comma or a blank.
pub fn write_interval_log<'a>(
    comment: &str,
    intervals: impl Iterator<Item = LogInterval<'a>>,
) -> Result<Vec<u8>, String> {
    let (mut text, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    let mut builder = IntervalLogWriterBuilder::new();
    for line in comment.lines() {
        builder.add_comment(line);
    }
    let mut log = builder.begin_log_with(&mut text, &mut serializer).map_err(|error| error.to_string())?;
    for LogInterval { tag, start, length, counts } in intervals {
        let mut histogram = Hdr::<u64>::new(3).map_err(|error| error.to_string())?;
        for &(nanos, count) in counts {
            histogram.record_n(nanos, count).map_err(|error| error.to_string())?;
        }
        let tag = Tag::new(&tag).ok_or_else(|| format!("`{tag}` is no tag"))?;
        log.write_histogram(&histogram, start, length, Some(tag)).map_err(|error| format!("{error:?}"))?;
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
            let bytes =
                base64::Engine::decode(&base64::engine::general_purpose::STANDARD, line.encoded_histogram());
            let histogram: Hdr<u64> =
                Deserializer::new().deserialize(&mut bytes.unwrap().as_slice()).unwrap();
            found.push((line.tag().unwrap().as_str().to_owned(), line.start_timestamp(), histogram.len()));
        }
        let ms = Duration::from_millis;
        assert_eq!(found, [("ws".to_owned(), ms(0), 3), ("tcp".to_owned(), ms(150), 3)]);
    }

    #[test]
    fn a_tag_that_would_break_the_line_is_refused() {
        let one =
            LogInterval { tag: "a,b".into(), start: Duration::ZERO, length: Duration::ZERO, counts: &[] };
        assert_eq!(write_interval_log("", [one].into_iter()), Err("`a,b` is no tag".to_owned()));
    }
}
