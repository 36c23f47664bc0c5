//! Files of pasted bytes: one direction, or a whole connection with `>` (client to server) and `<`
//! (server to client) before what each sent. Any form that [`pasted`] recognizes is read; plain hex
//! may be of any size. There are no times.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;
use std::time::Duration;

use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::error::{CaptureError, TextError};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{self, ReadContext, StreamBuilder, StreamStart};
use crate::capture::text::text_file::{self, MAX_LOG_BYTES};
use crate::wire::pasted::{
    self, HexScanner, Mark, PasteError, PasteProblem, Pasted, PastedForm, Position, StreamPart,
};
use crate::wire::{ByteLen, Side};

/// The number of bytes that are passed on at once.
const FLUSH_SIZE: usize = 1 << 16;

/// The maximum length of a text that is read as a whole. A longer one is read in pieces if it is
/// plain hex.
const MAX_WHOLE_TEXT: u64 = 1 << 20;

/// The options for reading a text.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct TextOptions {
    /// The sender of bytes without a mark.
    pub(in crate::capture) from: Option<Side>,
    /// The form; `None` recognizes it.
    pub(in crate::capture) form: Option<PastedForm>,
}

/// Reads a file of pasted bytes as one stream.
pub(in crate::capture) fn read_text<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    mut file: File,
    options: TextOptions,
    shared: &mut ReadContext<M>,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let text = |reason: TextError| CaptureError::Text { path: path.to_owned(), reason };
    let mut reader = TextReader { from: options.from, stream: StreamBuilder::new(0) };
    let mut beginning = Vec::new();
    (&mut file).take(MAX_WHOLE_TEXT.saturating_add(1)).read_to_end(&mut beginning).map_err(io)?;
    let long = beginning.len() as u64 > MAX_WHOLE_TEXT;
    let mut warnings = Vec::new();
    if long && is_plain_hex(&beginning, options.form) {
        file.rewind().map_err(io)?;
        reader.read_hex(BufReader::new(file), shared).map_err(|error| match error {
            HexError::Io(source) => io(source),
            HexError::Paste(error) => text(TextError::Bytes(error)),
        })?;
    } else {
        file.rewind().map_err(io)?;
        let what = "text other than plain hex (`xxd -p`)";
        let whole = text_file::read_bytes(path, file, MAX_LOG_BYTES, what)?;
        let whole = pasted::decode_text(&whole).ok_or_else(|| text(TextError::NotUtf8))?;
        let sections =
            parse_sections(&whole, options.form).map_err(|error| text(TextError::Bytes(error)))?;
        for form in PastedForm::ALL.into_iter().filter(|form| *form != PastedForm::Hex) {
            if sections.iter().any(|section| section.pasted.form == form) {
                warnings.push(format!("the text was read as {}", form.description()));
            }
        }
        for section in &sections {
            reader.push_section(section, shared).map_err(io)?;
        }
    }
    let streams = reader.stream.finish(None, false, shared);
    if streams.is_empty() {
        return Err(text(TextError::NoBytes));
    }
    Ok(Capture { format: CaptureFormat::Text, packets: 0, span: None, streams, warnings })
}

/// Whether the beginning of a long text is plain hex, up to its last complete line.
fn is_plain_hex(beginning: &[u8], form: Option<PastedForm>) -> bool {
    if let Some(form) = form {
        return form == PastedForm::Hex;
    }
    let end = beginning.iter().rposition(|byte| *byte == b'\n').unwrap_or(beginning.len());
    // A line of a megabyte: an even number of digits is as good as any.
    let end = if end == 0 { beginning.len() & !1 } else { end };
    let lines = beginning.get(..end).map(String::from_utf8_lossy).unwrap_or_default();
    let is_hex = |section: &Section| section.pasted.form == PastedForm::Hex;
    // What stands around the bytes isn't removed from pieces.
    parse_sections(&lines, None).is_ok_and(|all| all.iter().all(is_hex))
        && parse_marked_hex(&lines).is_ok()
}

/// A part of a text: what one side sent.
#[derive(Debug, PartialEq)]
struct Section {
    from: Option<Side>,
    pasted: Pasted,
}

/// Parses a text whose lines may begin with `>` or `<`. Plain hex may have marks anywhere.
fn parse_sections(text: &str, form: Option<PastedForm>) -> Result<Vec<Section>, PasteError> {
    let parse = |text: &str| match form {
        Some(form) => pasted::parse_as(text, form),
        None => pasted::parse(text),
    };
    if let Some(turns) = pasted::parse_both_sides(text).filter(|_| form.is_none()) {
        return turns.map(sections_of);
    }
    let starts: Vec<(usize, Side)> = marked_lines(text).collect();
    let Some((first, _)) = starts.first() else {
        return parse(text).map(|pasted| vec![Section { from: None, pasted }]);
    };
    if form.is_none_or(|form| form == PastedForm::Hex)
        && let Ok(sections) = parse_marked_hex(text)
    {
        return Ok(sections);
    }
    let ends = starts.iter().skip(1).map(|(end, _)| *end).chain([text.len()]);
    let parts = starts.iter().zip(ends).map(|((start, from), end)| (*start, end, Some(*from)));
    let mut sections = Vec::new();
    for (start, end, from) in [(0, *first, None)].into_iter().chain(parts) {
        let section = text.get(start..end).unwrap_or_default();
        // The mark becomes a blank, so that columns stay right.
        let plain =
            if from.is_some() { section.replacen(['>', '<'], " ", 1) } else { section.into() };
        if plain.trim().is_empty() {
            continue;
        }
        let lines = text.get(..start).unwrap_or_default().matches('\n').count();
        match parse(&plain) {
            Ok(pasted) => sections.push(Section { from, pasted }),
            Err(PasteError { problem: PasteProblem::OnlyComments, .. }) => {}
            Err(error) => return Err(error.moved_down(lines)),
        }
    }
    if sections.is_empty() { Err(only_comments()) } else { Ok(sections) }
}

/// Returns the sections of a stream whose first node and second node sent in turn. The first bytes of
/// the first node tell which side it is.
fn sections_of(turns: Vec<(bool, Pasted)>) -> Vec<Section> {
    let first = turns.iter().find(|(second, _)| !second);
    let client = first.is_none_or(|(_, pasted)| guess_sender(&pasted.bytes) == Side::Client);
    let known = turns.iter().any(|(second, _)| *second) && first.is_some();
    let side = |second| if second == client { Side::Server } else { Side::Client };
    let section = |(second, pasted)| Section { from: known.then(|| side(second)), pasted };
    turns.into_iter().map(section).collect()
}

/// Returns the error about a text with marks and comments, and without bytes.
fn only_comments() -> PasteError {
    PasteError { at: Position::START, problem: PasteProblem::OnlyComments }
}

/// Returns where lines that begin with a mark start, and the side that sent what follows.
/// `<Buffer` and `<<` are no marks.
fn marked_lines(text: &str) -> impl Iterator<Item = (usize, Side)> {
    // Tags begin with it too.
    let xml = text.trim_start_matches('\u{feff}').trim_start().starts_with("<?xml");
    let mut at = 0_usize;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at = at.saturating_add(line.len());
        let bare = line.trim_start();
        match bare.chars().next()? {
            '>' if !bare.starts_with(">>") => Some((start, Side::Client)),
            _ if xml => None,
            '<' if !bare.starts_with("<Buffer") && !bare.starts_with("<<") => {
                Some((start, Side::Server))
            }
            _ => None,
        }
    })
}

/// Parses plain hex with marks anywhere.
fn parse_marked_hex(text: &str) -> Result<Vec<Section>, PasteError> {
    let mut scanner = HexScanner::default();
    let (mut sections, mut bytes, mut from) = (Vec::new(), Vec::new(), None);
    let section = |from, bytes| Section {
        from,
        pasted: Pasted { bytes, form: PastedForm::Hex, packet_starts: Vec::new() },
    };
    for char in text.chars() {
        if let Some(mark) = scanner.push(char, &mut bytes)? {
            sections.push(section(from, std::mem::take(&mut bytes)));
            from = Some(side_of(mark));
        }
    }
    scanner.finish(&mut bytes)?;
    sections.push(section(from, bytes));
    sections.retain(|section| !section.pasted.bytes.is_empty());
    if sections.is_empty() && text.chars().any(|char| !char.is_whitespace() && char != '\u{feff}') {
        return Err(only_comments());
    }
    Ok(sections)
}

fn side_of(mark: Mark) -> Side {
    match mark {
        Mark::ToServer => Side::Client,
        Mark::ToClient => Side::Server,
    }
}

/// Why a long text could not be read.
enum HexError {
    Io(io::Error),
    Paste(PasteError),
}

struct TextReader<S> {
    from: Option<Side>,
    stream: StreamBuilder<S>,
}

impl<S: StreamSink> TextReader<S> {
    /// Reads plain hex of any length, in memory that doesn't grow with it.
    fn read_hex<M: FnMut(StreamStart) -> S>(
        &mut self,
        mut file: BufReader<File>,
        shared: &mut ReadContext<M>,
    ) -> Result<(), HexError> {
        let (mut scanner, mut bytes) = (HexScanner::default(), Vec::new());
        loop {
            let piece = file.fill_buf().map_err(HexError::Io)?;
            let len = piece.len();
            if len == 0 {
                break;
            }
            // Only comments hold other characters than ASCII, and their bytes do as well.
            for byte in piece {
                let mark = scanner.push(char::from(*byte), &mut bytes).map_err(HexError::Paste)?;
                if let Some(mark) = mark {
                    self.flush(&mut bytes, shared).map_err(HexError::Io)?;
                    self.from = Some(side_of(mark));
                }
                if bytes.len() >= FLUSH_SIZE {
                    self.flush(&mut bytes, shared).map_err(HexError::Io)?;
                }
            }
            file.consume(len);
        }
        scanner.finish(&mut bytes).map_err(HexError::Paste)?;
        self.flush(&mut bytes, shared).map_err(HexError::Io)
    }

    /// Takes a section. Of packets only the payloads are taken, each by its sender.
    fn push_section<M: FnMut(StreamStart) -> S>(
        &mut self,
        section: &Section,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if section.from.is_some() {
            self.from = section.from;
        }
        let Some(segments) = section.pasted.segments() else {
            return self.flush(&mut section.pasted.bytes.clone(), shared);
        };
        let Some(first) = segments.iter().find(|segment| !segment.payload.is_empty()) else {
            return Ok(());
        };
        let from = *self.from.get_or_insert_with(|| guess_sender(first.payload));
        let parts = pasted::stream_parts(&segments);
        if parts.iter().any(|(back, _)| *back) {
            self.stream.warn(
                "the packets of each side are in the order of their sequence numbers; between the \
                 sides, the order is that of the dump"
                    .into(),
            );
        }
        for (back, part) in parts {
            let from = if back { from.peer() } else { from };
            match part {
                StreamPart::Bytes(bytes) => {
                    self.stream.push_and_spill(from, Duration::ZERO, bytes, shared)?;
                }
                StreamPart::Missing(missing) => {
                    let missing = ByteLen::from_usize(missing);
                    self.stream.push_gap_of_text(from, Duration::ZERO, missing);
                }
            }
        }
        Ok(())
    }

    fn flush<M: FnMut(StreamStart) -> S>(
        &mut self,
        bytes: &mut Vec<u8>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let from = *self.from.get_or_insert_with(|| guess_sender(bytes));
        let pushed = self.stream.push_and_spill(from, Duration::ZERO, bytes, shared);
        bytes.clear();
        pushed
    }
}

/// Guesses the sender of unmarked bytes by their head, or otherwise by the MASK bit of the first
/// frame (RFC 6455 section 5.1).
fn guess_sender(bytes: &[u8]) -> Side {
    let masked = bytes.get(1).is_some_and(|second| second & 0x80 != 0);
    if stream::is_request(bytes) || !stream::is_response(bytes) && masked {
        Side::Client
    } else {
        Side::Server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sent = (Option<Side>, Vec<u8>);

    fn sections(text: &str) -> Result<Vec<Sent>, String> {
        let sections = parse_sections(text, None).map_err(|error| error.to_string())?;
        Ok(sections.into_iter().map(|section| (section.from, section.pasted.bytes)).collect())
    }

    #[test]
    fn marks_divide_every_form_and_errors_keep_their_line() {
        let (client, server) = (Some(Side::Client), Some(Side::Server));
        let both = Ok(vec![(client, vec![0x81, 5]), (server, vec![0x8a, 0])]);
        for text in [
            "> 81 05 < 8a00",
            "# both\n> 8105\n< 8a 00\n",
            "> [129, 5]\n< <Buffer 8a 00>\n",
            "> b'\\x81\\x05'\n< igA=\n",
            "> 00000000: 8105  ..\n<\n00000000: 8a00  ..\n",
        ] {
            assert_eq!(sections(text), both, "{text}");
        }
        let frame = "=".repeat(67);
        let follow = format!(
            "{frame}\nFollow: tcp,raw\nFilter: x\nNode 0: a:1\nNode 1: b:2\n818000000000\n\t8a00\n{frame}\n"
        );
        let turns = vec![(client, vec![0x81, 0x80, 0, 0, 0, 0]), (server, vec![0x8a, 0])];
        assert_eq!(sections(&follow), Ok(turns));
        for text in ["#1 81 05\n", "> # 81 05\n", "# a\n> // [129]\n"] {
            assert!(sections(text).unwrap_err().contains("only comments"), "{text}");
        }
        let error = sections("<?xml version=\"1.0\"?>\n<pdml>\n").unwrap_err();
        assert!(error.contains("the PDML of tshark"), "{error}");
        assert_eq!(sections("<Buffer 8a 00>"), Ok(vec![(None, vec![0x8a, 0])]));
        let error = sections("> 8105\n< [129,\n  300]\n").unwrap_err();
        assert!(error.starts_with("line 3, column 3: \"300\" isn't a byte"), "{error}");
    }

    #[test]
    fn packets_of_both_directions_are_given_to_their_senders() {
        let packet = |back: bool, payload: &[u8]| {
            let len = u8::try_from(40 + payload.len()).unwrap();
            let mut ends = [192, 0, 2, 1, 192, 0, 2, 2];
            let mut ports = [0xc3, 0x50, 0x23, 0x29];
            if back {
                ends.rotate_left(4);
                ports.rotate_left(2);
            }
            let ip = [&[0x45, 0, 0, len, 0, 1, 0x40, 0, 64, 6, 0, 0], &ends[..]].concat();
            let tcp = [&ports[..], &[0; 8], &[0x50, 0x18, 1, 0, 0, 0, 0, 0]].concat();
            let bytes = [ip, tcp, payload.to_vec()].concat();
            let mut text = format!("12:00:00.000000 IP a > b: length {}\n", payload.len());
            for (number, line) in bytes.chunks(16).enumerate() {
                let pairs: Vec<String> = line.chunks(2).map(crate::wire::format::hex).collect();
                text += &format!("\t0x{:04x}:  {}\n", number * 16, pairs.join(" "));
            }
            text
        };
        let text =
            [packet(false, b"\x81\x80\0\0\0\0"), packet(true, b"\x8a\x00"), packet(false, b"")];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text.concat()).unwrap();
        let capture =
            crate::capture::open(file.path(), &crate::capture::ReadOptions::default()).unwrap();
        let rows =
            capture.streams()[0].trace.rows().iter().map(|row| (row.from(), row.opcode().bits()));
        assert_eq!(rows.collect::<Vec<_>>(), [(Side::Client, 1), (Side::Server, 10)]);
    }

    #[test]
    fn a_text_without_bytes_is_an_error() {
        let nothing = "\" holds no bytes; expected hex";
        for (text, words) in
            [("[]", nothing), ("# nothing", "the text holds only comments"), ("\"\"", nothing)]
        {
            let error = crate::capture::text::test_support::read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    /// A long text is read in pieces, and has the same bytes and the same errors.
    #[test]
    fn long_hex_is_read_without_holding_it() {
        let frame = format!("> 82 fe ea 60 00 00 00 00 {}\n", "00 ".repeat(60_000));
        let mut text = frame.repeat(12);
        assert!(text.len() as u64 > MAX_WHOLE_TEXT);
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = || crate::capture::open(file.path(), &crate::capture::ReadOptions::default());
        std::fs::write(file.path(), &text).unwrap();
        let capture = open().unwrap();
        assert_eq!((capture.streams()[0].trace.rows().len(), capture.warnings().len()), (12, 0));
        text += "> 81 0g\n";
        std::fs::write(file.path(), &text).unwrap();
        let error = open().unwrap_err().to_string();
        assert!(error.contains("line 13, column 7: 'g' isn't a hex digit"), "{error}");
    }
}
