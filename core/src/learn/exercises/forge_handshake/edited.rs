//! [`EditedHead`]: a head as it was typed, with the line ends of HTTP, and validated.

use std::ops::Range;

use crate::learn::judgment::Mark;
use crate::wire::Side;
use crate::wire::handshake::{
    CheckResult, ClientOffer, DEFAULT_MAX_HEAD_LEN, HandshakeOutcome, Head, HeadContext,
    HeadReader, Problem, ProblemCode, ServerPolicy, ValidatedHead,
};

/// A head that was typed.
pub(super) struct EditedHead {
    /// The head as it is sent.
    bytes: Vec<u8>,
    /// The offset in the typed text of each of these bytes.
    typed_at: Vec<usize>,
    /// The number of bytes behind the blank line.
    bytes_after: usize,
    validated: ValidatedHead,
}

/// Returns a head with the line ends of HTTP and the blank line, and for each byte its offset in
/// the text.
fn with_line_ends(text: &str) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    let mut at = 0_usize;
    for line in text.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        let end = at.saturating_add(bare.len());
        bytes.extend(bare.bytes().chain(*b"\r\n"));
        places.extend((at..end).chain([end, end]));
        at = at.saturating_add(line.len());
    }
    if !bytes.ends_with(b"\r\n\r\n") {
        bytes.extend(*b"\r\n");
        places.extend([at, at]);
    }
    (bytes, places)
}

/// Returns the bytes that are sent for a head that was typed.
pub(super) fn sent_bytes(text: &str) -> Vec<u8> {
    with_line_ends(text).0
}

/// Reads a head that was not typed but drawn.
pub(super) fn drawn_head(from: Side, text: &str) -> Head {
    Head::new(from, &sent_bytes(text))
}

impl EditedHead {
    /// Validates a request as a strict server does.
    pub(super) fn request(text: &str) -> Self {
        Self::new(text, &HeadContext::Request(ServerPolicy::default()))
    }

    /// Validates a response as the client does that sent `request`.
    pub(super) fn response(text: &str, request: &str) -> Self {
        let offer = ClientOffer::from_request(&drawn_head(Side::Client, request));
        Self::new(text, &HeadContext::Response(Some(offer)))
    }

    fn new(text: &str, context: &HeadContext) -> Self {
        let (bytes, typed_at) = with_line_ends(text);
        let mut reader = HeadReader::new(context.sender(), DEFAULT_MAX_HEAD_LEN);
        let taken = reader.push(&bytes);
        let after = bytes.get(taken..).unwrap_or_default();
        let validated = ValidatedHead::with_bytes_after(&reader, context, after);
        Self { bytes_after: after.len(), validated, bytes, typed_at }
    }

    /// Returns the status that a server answers a request with.
    pub(super) fn status(&self) -> Option<u16> {
        self.validated.validation.status
    }

    /// Returns the head, if it is one.
    pub(super) fn head(&self) -> Option<&Head> {
        self.validated.head.as_ref()
    }

    /// Returns the problem that decides: a fatal one, or one that makes a browser fail.
    pub(super) fn deciding_problem(&self) -> Option<&Problem> {
        let problems = &self.validated.validation.problems;
        let fails_browsers = |problem: &&Problem| problem.code == ProblemCode::SubprotocolIgnored;
        problems.iter().find(|problem| problem.is_fatal()).or(problems.iter().find(fails_browsers))
    }

    /// Whether the other side accepts the head, and nothing stands behind it.
    pub(super) fn is_accepted(&self) -> bool {
        self.validated.validation.outcome == HandshakeOutcome::Accept
            && self.deciding_problem().is_none()
            && self.bytes_after == 0
    }

    /// Returns a mark for each rule that was checked, in the order of the RFC.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let decisive = |name: &str| {
            let code = self.deciding_problem().map(|problem| problem.code);
            code == Some(ProblemCode::SubprotocolIgnored) && name == "subprotocol"
        };
        let checks = self.validated.checks();
        let mut marks: Vec<Mark> = checks
            .iter()
            .filter(|check| check.result != CheckResult::Absent)
            .map(|check| Mark {
                part: part(check.name).to_owned(),
                right: check.result != CheckResult::Failed && !decisive(check.name),
                bytes: check.line.and_then(|line| self.line(line)),
                remark: check.finding.clone(),
            })
            .collect();
        if let Some(problem) = self.deciding_problem()
            && marks.iter().all(|mark| mark.right)
        {
            marks.push(self.problem_mark(problem));
        }
        if self.bytes_after > 0 {
            let end = self.bytes.len();
            let bytes = end.saturating_sub(self.bytes_after)..end;
            let remark = "the blank line ends the head: this comes after it".to_owned();
            let bytes = Some(self.typed(&bytes));
            marks.push(Mark { part: "end".to_owned(), right: false, bytes, remark });
        }
        marks
    }

    /// Returns the mark for a rule that no check stands for.
    fn problem_mark(&self, problem: &Problem) -> Mark {
        Mark {
            part: "head".to_owned(),
            right: false,
            bytes: problem.span.as_ref().map(|span| self.typed(span)),
            remark: problem.code.rule().summary.to_owned(),
        }
    }

    /// Returns the place of a line in the typed text.
    fn line(&self, number: usize) -> Option<Range<usize>> {
        let line = self.head()?.lines().get(number)?;
        Some(self.typed(&line.text))
    }

    /// Returns the place in the typed text of a range of bytes.
    fn typed(&self, bytes: &Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.typed_at.get(byte).copied();
        let end = self.typed_at.last().copied().unwrap_or_default();
        at(bytes.start).unwrap_or(end)..at(bytes.end).unwrap_or(end)
    }
}

/// Returns the name of the part that a check is about.
fn part(check: &'static str) -> &'static str {
    match check {
        "GET, HTTP/1.1" => "request line",
        "status 101" => "status line",
        "key" => "Sec-WebSocket-Key",
        "version" => "Sec-WebSocket-Version",
        "accept" => "Sec-WebSocket-Accept",
        "subprotocol" => "Sec-WebSocket-Protocol",
        "extensions" => "Sec-WebSocket-Extensions",
        header => header,
    }
}
