//! Logs of what was transferred: a line that names the direction and the number of bytes, and then
//! the bytes. One direction is read; the blocks of it follow each other.

mod follow;

use crate::wire::pasted::bytes::Pasted;
use crate::wire::pasted::digits::hex;
use crate::wire::pasted::dump;
use crate::wire::pasted::error::{PasteError, PasteProblem, Position};
use crate::wire::pasted::form::PastedForm;

/// The line before the bytes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    to_server: bool,
    /// The number of bytes that follow.
    count: usize,
    /// Whether they are of TLS, not of the connection within.
    is_tls: bool,
}

/// Returns the form of a log.
pub(super) fn recognize(text: &str) -> Option<PastedForm> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_note(line));
    let first = lines().next()?;
    if follow::is_frame(first) && lines().nth(1).is_some_and(follow::is_title) {
        return Some(PastedForm::Follow);
    }
    [PastedForm::Curl, PastedForm::Openssl, PastedForm::Socat]
        .into_iter()
        .find(|form| header(first, *form).is_some())
}

/// Whether a line of curl tells something without bytes.
fn is_note(line: &str) -> bool {
    line.contains("== Info: ")
}

/// Returns the direction and the number of bytes that a line names.
fn header(line: &str, form: PastedForm) -> Option<Header> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let number = |text: &str| text.split([' ', ')']).next().and_then(|word| word.parse().ok());
    match form {
        // `12:00:00.123456 <= Recv data, 7 bytes (0x7)`
        PastedForm::Curl => {
            let (arrow, what) = ["=> Send ", "<= Recv "]
                .iter()
                .find_map(|arrow| line.split_once(arrow).map(|(_, what)| (*arrow, what)))?;
            let (what, rest) = what.split_once(", ")?;
            let (count, unit) = rest.split_once(' ')?;
            (unit.starts_with("bytes (0x")).then_some(())?;
            let (to_server, is_tls) = (arrow.starts_with('='), what.starts_with("SSL"));
            Some(Header { to_server, count: count.parse().ok()?, is_tls })
        }
        // `read from 0x55 [0x56] (7 bytes => 7 (0x7))`
        PastedForm::Openssl => {
            let to_server = line.starts_with("write to 0x");
            (to_server || line.starts_with("read from 0x")).then_some(())?;
            let (_, taken) = line.split_once(" bytes => ")?;
            Some(Header { to_server, count: number(taken).unwrap_or(0), is_tls: false })
        }
        // `> 2024/05/01 12:00:00.123456  length=11 from=0 to=10`
        PastedForm::Socat => {
            let (date, rest) = line.split_once("length=")?;
            let date = date.trim_start_matches(['>', '<']).trim();
            let dated = date.bytes().all(|byte| byte.is_ascii_digit() || b"/:. ".contains(&byte));
            (dated && rest.contains(" from=") && rest.contains(" to=")).then_some(())?;
            Some(Header { to_server: !line.starts_with('<'), count: number(rest)?, is_tls: false })
        }
        _ => None,
    }
}

/// Parses a stream of tshark with both directions: what each node sent in turn, and whether it is the
/// second one. `None` for other texts.
pub(super) fn parse_both(text: &str) -> Option<Result<Vec<(bool, Pasted)>, PasteError>> {
    (recognize(text)? == PastedForm::Follow).then(|| {
        let turns = follow::parse_both(text)?;
        let pasted = |bytes| Pasted::new(PastedForm::Follow, bytes);
        Ok(turns.into_iter().map(|(second, bytes)| (second, pasted(bytes))).collect())
    })
}

/// Parses a log of one direction.
pub(super) fn parse(text: &str, form: PastedForm) -> Result<Pasted, PasteError> {
    if form == PastedForm::Follow {
        return follow::parse(text).map(|bytes| Pasted::new(form, bytes));
    }
    let mut pasted = Pasted::new(form, Vec::new());
    let mut block: Option<(Header, usize)> = None;
    let mut body = String::new();
    let mut direction = None;
    for (number, line) in text.split('\n').enumerate() {
        let Some(header) = header(line, form) else {
            if !is_note(line) {
                body.push_str(line);
            }
            body.push('\n');
            continue;
        };
        end_block(block, &body, &mut pasted)?;
        let one_way =
            header.is_tls || *direction.get_or_insert(header.to_server) == header.to_server;
        if !one_way {
            let at = Position { line: number.saturating_add(1), column: 1 };
            return Err(PasteError::at(at, PasteProblem::BothDirections));
        }
        block = Some((header, number.saturating_add(1)));
        body.clear();
    }
    end_block(block, &body, &mut pasted)?;
    Ok(pasted)
}

/// Reads the bytes of a block, which begin behind `line`.
fn end_block(
    block: Option<(Header, usize)>,
    body: &str,
    pasted: &mut Pasted,
) -> Result<(), PasteError> {
    let Some((header, line)) = block else {
        if body.trim().is_empty() {
            return Ok(());
        }
        return Err(PasteError::at(Position::START, PasteProblem::NoTransfer));
    };
    if header.is_tls {
        return Ok(());
    }
    let bytes = match pasted.form {
        PastedForm::Socat => hex::parse(body),
        _ => dump::parse(body, PastedForm::Xxd).map(|dump| dump.bytes),
    };
    let bytes = bytes.map_err(|error| error.moved_down(line))?;
    if bytes.len() != header.count {
        let problem = PasteProblem::Count { claimed: header.count, found: bytes.len() };
        return Err(PasteError::at(Position { line, column: 1 }, problem));
    }
    pasted.bytes.extend(bytes);
    Ok(())
}
