//! [`ResponseEvidence`]: the problem of a response, and the line that proves it.

use std::ops::Range;

use crate::learn::exercise::Exhibit;
use crate::wire::Side;
use crate::wire::handshake::{
    AcceptMistake, AcceptValue, ClientOffer, DEFAULT_MAX_HEAD_LEN, HeadContext, HeadReader,
    Problem, ProblemCode, ValidatedHead,
};

/// The one problem of an exhibit.
#[derive(Debug)]
pub(super) struct ResponseEvidence {
    /// The problem.
    pub(super) problem: Problem,
    /// The line that proves it, from 0; the blank one if something is missing.
    pub(super) line: usize,
    /// The lines of the head, without their ends.
    pub(super) lines: Vec<String>,
    /// What the server did, where the value tells.
    pub(super) detail: String,
}

impl ResponseEvidence {
    /// Validates an exhibit. `None` if it is not a response, or has not exactly one problem.
    pub(super) fn find(exhibit: &Exhibit) -> Option<Self> {
        let Exhibit::Response { key, head } = exhibit else { return None };
        let bytes = head.replace('\n', "\r\n").into_bytes();
        let mut reader = HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN);
        reader.push(&bytes);
        let offer = ClientOffer { key: Some(key.clone()), ..ClientOffer::default() };
        let context = HeadContext::Response(Some(offer));
        let validated = ValidatedHead::with_bytes_after(&reader, &context, &[]);
        let mut fatal = validated.validation.problems.into_iter().filter(Problem::is_fatal);
        let (Some(problem), None) = (fatal.next(), fatal.next()) else { return None };
        let lines: Vec<String> = head.lines().map(str::to_owned).collect();
        let line = match &problem.span {
            Some(span) => {
                let before = bytes.get(..span.start).unwrap_or_default();
                before.split(|byte| *byte == b'\n').count().saturating_sub(1)
            }
            None => lines.len().saturating_sub(1),
        };
        let is_mismatch = problem.code == ProblemCode::AcceptMismatch;
        let mistake = mistake(key, &lines).filter(|_| is_mismatch);
        let detail = mistake.map_or("", AcceptMistake::description).to_owned();
        Some(Self { problem, line, lines, detail })
    }

    /// Returns the bytes of a line with its end.
    pub(super) fn bytes_of(&self, line: usize) -> Range<usize> {
        let len = |line: &String| line.len().saturating_add(1);
        let start = self.lines.iter().take(line).map(len).sum::<usize>();
        start..start.saturating_add(self.lines.get(line).map_or(0, len))
    }

    /// Returns the line with a byte; `None` if there is no such byte.
    pub(super) fn line_at(&self, byte: usize) -> Option<usize> {
        (0..self.lines.len()).find(|line| self.bytes_of(*line).contains(&byte))
    }

    /// Returns a line's number and name: `line 4 (Sec-WebSocket-Accept)`.
    pub(super) fn name_of(&self, line: usize) -> String {
        let text = self.lines.get(line).map_or("", String::as_str);
        let name = match text.split_once(':') {
            Some((name, _)) => name,
            None if text.is_empty() => "the blank line",
            None => "the status line",
        };
        format!("line {} ({name})", line.saturating_add(1))
    }
}

/// Returns the mistake that the wrong accept value of a response comes from.
fn mistake(key: &str, lines: &[String]) -> Option<AcceptMistake> {
    let value = lines.iter().find_map(|line| line.strip_prefix("Sec-WebSocket-Accept: "))?;
    AcceptValue::new(key).mistake(value)
}
