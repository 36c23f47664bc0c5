//! What `tshark -z follow,tcp,hex,0` and `follow,tcp,raw,0` print of a stream: a frame, the two nodes,
//! and the lines of each, those of node 1 behind a tab.

use crate::wire::pasted::digits::hex;
use crate::wire::pasted::dump;
use crate::wire::pasted::error::{PasteError, PasteProblem, Position};
use crate::wire::pasted::form::PastedForm;

/// Whether a line is the frame around a stream.
pub(super) fn is_frame(line: &str) -> bool {
    line.len() >= 20 && line.bytes().all(|byte| byte == b'=')
}

/// Whether a line names the protocol and the mode.
pub(super) fn is_title(line: &str) -> bool {
    line.starts_with("Follow: ")
}

/// A line of a stream: its number from 0, whether it is of node 1, and its text.
type Line<'a> = (usize, bool, &'a str);

/// Parses what one node sent.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let (mode, lines) = lines_of(text)?;
    let first = lines.first().map(|(_, second, _)| *second);
    if let Some((index, ..)) = lines.iter().find(|(_, second, _)| Some(*second) != first) {
        return Err(error(*index, PasteProblem::BothDirections));
    }
    parse_lines(mode, &lines)
}

/// Parses what both nodes sent, in turn: whether node 1 did, and its bytes.
pub(super) fn parse_both(text: &str) -> Result<Vec<(bool, Vec<u8>)>, PasteError> {
    let (mode, lines) = lines_of(text)?;
    // The offsets of a node go on from one turn to its next.
    for node in [false, true] {
        let own: Vec<Line<'_>> =
            lines.iter().filter(|(_, second, _)| *second == node).copied().collect();
        parse_lines(mode, &own)?;
    }
    let turns = lines.chunk_by(|(_, one, _), (_, other, _)| one == other);
    let turns = turns.filter_map(|turn| turn.first().map(|(_, second, _)| (*second, turn)));
    turns.map(|(second, turn)| Ok((second, parse_lines(mode, turn)?))).collect()
}

fn error(index: usize, problem: PasteProblem) -> PasteError {
    PasteError::at(Position { line: index.saturating_add(1), column: 1 }, problem)
}

/// Parses lines, each at its place.
fn parse_lines(mode: Mode, lines: &[Line<'_>]) -> Result<Vec<u8>, PasteError> {
    let mut body = String::new();
    let mut next = 0_usize;
    for (index, _, line) in lines {
        body.push_str(&"\n".repeat(index.saturating_sub(next)));
        body.push_str(line);
        next = *index;
    }
    match mode {
        Mode::Hex => dump::parse(&body, PastedForm::Wireshark).map(|dump| dump.bytes),
        Mode::Raw => hex::parse(&body),
    }
}

/// Returns the mode of a text, and its lines with bytes.
fn lines_of(text: &str) -> Result<(Mode, Vec<Line<'_>>), PasteError> {
    let (mut mode, mut ended) = (None, false);
    let mut lines = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let bare = line.trim();
        let is_head = bare.starts_with("Filter: ") || bare.starts_with("Node ");
        if is_title(bare) {
            if mode.is_some() {
                return Err(error(index, PasteProblem::Second("stream")));
            }
            mode = Some(mode_of(bare).map_err(|problem| error(index, problem))?);
        } else if is_frame(bare) {
            ended = mode.is_some();
        } else if !is_head && !bare.is_empty() {
            if mode.is_none() || ended {
                return Err(error(index, PasteProblem::NoTransfer));
            }
            lines.push((index, line.starts_with('\t'), bare));
        }
    }
    Ok((mode.ok_or_else(|| error(0, PasteProblem::NoTransfer))?, lines))
}

/// The mode in which bytes are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Hex,
    Raw,
}

/// Returns the mode of a line such as `Follow: tcp,hex`.
fn mode_of(line: &str) -> Result<Mode, PasteProblem> {
    let instead = "tshark -q -z follow,tcp,raw,0";
    let (protocol, mode) =
        line.strip_prefix("Follow: ").and_then(|rest| rest.split_once(',')).unwrap_or_default();
    match (protocol, mode) {
        ("tcp" | "tls", "hex") => Ok(Mode::Hex),
        ("tcp" | "tls", "raw") => Ok(Mode::Raw),
        ("tcp" | "tls", _) => Err(PasteProblem::UnsupportedDump {
            found: "the characters of tshark -z follow",
            instead,
        }),
        _ => {
            Err(PasteProblem::UnsupportedDump { found: "messages, not the bytes of TCP", instead })
        }
    }
}
