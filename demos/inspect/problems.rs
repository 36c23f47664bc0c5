//! Everything that is wrong, of both directions and of the handshake, in the order in which it became certain.
//!
//! What is told about the one under the cursor is drawn by `verdict`; the rules themselves are `wire`'s.

use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Cmd;
use super::canvas::{Canvas, ClickTarget, split_rows};
use super::connection::MAX_BYTES_SHOWN;
use super::problem_row::{ProblemRow, column_titles};
use super::prose;
use super::state::{ByteCursor, Inspect, Tab};
use super::verdict;
use crate::clients::SessionCommand;
use crate::wire::frame::Severity;
use crate::wire::{Bits, Fault, Offset, Side, Trace, format};

/// The tab's keys.
pub(super) const KEY_HINT: &str =
    "↑↓ problem  ⏎ to the bit  s send the Close  i ignore & go on  w who refuses  ? why  h keys";

const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProblemRef {
    /// In that side's head: its number in the judgement.
    Head(Side, usize),
    /// In that side's frames: its number among the trace's faults.
    Frame(Side, usize),
}

/// What is told below the list where there is no room for everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ProblemPane {
    #[default]
    Rule,
    Implementations,
    Reaction,
}

/// What the tab remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct ProblemsTabState {
    problems: Vec<ProblemRef>,
    /// How many of each side's are in the list: of the heads, of the frames.
    head_counts: [usize; 2],
    frame_counts: [usize; 2],
    selected: usize,
    /// Those that the reader has put aside.
    ignored: BTreeSet<usize>,
    pub(super) pane: ProblemPane,
}

impl ProblemsTabState {
    /// The problem under the cursor.
    pub(super) fn selected(&self) -> Option<ProblemRef> {
        self.problems.get(self.selected.min(self.problems.len().saturating_sub(1))).copied()
    }
}

/// Takes what has become certain since the last time.
pub(super) fn follow(inspect: &mut Inspect) {
    let Inspect { connections: conns, connection_index: at, problems: state, .. } = inspect;
    let trace = &conns[*at].trace;
    let heads = SIDES.map(|from| trace.head(from).map_or(0, |validated| validated.validation.problems.len()));
    let frames = SIDES.map(|from| trace.faults(from).len());
    let fewer = |now: [usize; 2], then: [usize; 2]| now[0] < then[0] || now[1] < then[1];
    if fewer(heads, state.head_counts) || fewer(frames, state.frame_counts) {
        *state = ProblemsTabState { pane: state.pane, ..ProblemsTabState::default() };
    }
    let mut fresh = Vec::new();
    for (which, from) in SIDES.into_iter().enumerate() {
        state
            .problems
            .extend((state.head_counts[which]..heads[which]).map(|number| ProblemRef::Head(from, number)));
        let faults = trace.faults(from).iter().enumerate().skip(state.frame_counts[which]);
        fresh.extend(faults.map(|(number, fault)| (from, number, fault.frame, fault.detectable_after)));
    }
    if frames[0] > state.frame_counts[0] && frames[1] > state.frame_counts[1] {
        let when = |&(from, _, frame, after): &(Side, usize, usize, Offset)| {
            (row_of(trace, from, frame).unwrap_or(usize::MAX), after)
        };
        fresh.sort_by_cached_key(when);
    }
    state.problems.extend(fresh.into_iter().map(|(from, number, ..)| ProblemRef::Frame(from, number)));
    (state.head_counts, state.frame_counts) = (heads, frames);
}

/// The row of a side's frame, found by halving: of either side the numbers rise.
pub(super) fn row_of(trace: &Trace, from: Side, index: usize) -> Option<usize> {
    let rows = trace.rows();
    let (mut low, mut high) = (0, rows.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let Some(at) = (middle..high).find(|at| rows[*at].from() == from) else {
            high = middle;
            continue;
        };
        match rows[at].index() {
            found if found == index => return Some(at),
            found if found < index => low = at + 1,
            _ => high = middle,
        }
    }
    None
}

/// A fault with the frame that it is in.
pub(super) struct LocatedFault<'a> {
    pub(super) from: Side,
    pub(super) fault: &'a Fault,
    /// The row of its frame; none while that is not complete.
    pub(super) row: Option<usize>,
    /// Where its frame begins, counted like the fault's bytes.
    pub(super) frame_start: Offset,
}

impl LocatedFault<'_> {
    /// The byte of the frame that is wrong.
    pub(super) fn byte_in_frame(&self) -> usize {
        (self.fault.byte_offset - self.frame_start).to_usize_saturating()
    }

    /// The bytes of the frame, as far as they are there and shown.
    pub(super) fn frame_bytes(&self, inspect: &Inspect) -> Option<Vec<u8>> {
        if let Some(row) = self.row {
            return inspect.frame(row).map(|frame| frame.raw().to_vec());
        }
        let have = inspect.connection().trace.partial_frame(self.from)?.have;
        let at = inspect.connection().trace.stream_offset(self.from, self.frame_start);
        inspect.connection().read(self.from, at, have.min(MAX_BYTES_SHOWN.into()).to_usize_saturating())
    }
}

/// A fault of the frames, looked up.
pub(super) fn locate_fault(inspect: &Inspect, from: Side, number: usize) -> Option<LocatedFault<'_>> {
    let fault = inspect.connection().trace.faults(from).get(number)?;
    let row = row_of(&inspect.connection().trace, from, fault.frame);
    let start = match row {
        Some(row) => inspect.connection().trace.rows()[row].offset(),
        None => inspect.connection().trace.partial_frame(from).map_or(Offset::START, |frame| frame.offset),
    };
    Some(LocatedFault { from, fault, row, frame_start: start })
}

/// The row that this tab shows, while it is open.
pub(super) fn visible_row(inspect: &Inspect) -> Option<usize> {
    match inspect.problems.selected()? {
        ProblemRef::Frame(from, number) if inspect.tab == Tab::Problems => {
            locate_fault(inspect, from, number)?.row
        }
        _ => None,
    }
}

/// Takes a key; none if it is not one of this tab's.
pub(super) fn key(inspect: &mut Inspect, key: KeyEvent) -> Option<Vec<Cmd>> {
    let last = inspect.problems.problems.len().checked_sub(1)?;
    let state = &mut inspect.problems;
    match key.code {
        KeyCode::Up => state.selected = state.selected.min(last).saturating_sub(1),
        KeyCode::Down => state.selected = (state.selected + 1).min(last),
        KeyCode::Home => state.selected = 0,
        KeyCode::End => state.selected = last,
        KeyCode::Char('w') => {
            state.pane = match state.pane {
                ProblemPane::Rule => ProblemPane::Implementations,
                ProblemPane::Implementations => ProblemPane::Reaction,
                ProblemPane::Reaction => ProblemPane::Rule,
            };
        }
        KeyCode::Char('i') => toggle_ignored(inspect),
        KeyCode::Char('s') => return Some(send_close(inspect)),
        KeyCode::Enter => jump_to_problem(inspect),
        _ => return None,
    }
    Some(Vec::new())
}

/// Goes to a problem.
pub(super) fn click(inspect: &mut Inspect, number: usize) {
    inspect.problems.selected = number;
}

/// Puts the problem aside, or takes it back, and goes on to the next.
fn toggle_ignored(inspect: &mut Inspect) {
    let state = &mut inspect.problems;
    let at = state.selected.min(state.problems.len().saturating_sub(1));
    if state.ignored.remove(&at) {
        inspect.notice = Some("no longer ignored".to_owned());
        return;
    }
    state.ignored.insert(at);
    state.selected = (at + 1).min(state.problems.len().saturating_sub(1));
    inspect.notice = Some("ignored: nothing is sent, the inspector reads on".to_owned());
}

/// Sends the Close that answers the problem, as it was shown.
fn send_close(inspect: &mut Inspect) -> Vec<Cmd> {
    let (notice, raw) =
        match inspect.problems.selected().and_then(|problem| verdict::close_response(inspect, problem)) {
            Some(response) if response.is_ours => {
                (format!("Close {} sent", response.code), Some(response.raw))
            }
            Some(_) => ("this fault is our own: to answer it is the server's part".to_owned(), None),
            None => ("there is no Close that would answer this".to_owned(), None),
        };
    let has_response = raw.is_some();
    let commands = raw.map_or_else(Vec::new, |raw| inspect.send_command(&SessionCommand::Raw(raw)));
    let unsent = has_response && commands.is_empty();
    let reason = if inspect.source.is_own_connection() {
        "the connection is over"
    } else {
        "this connection is not ours"
    };
    inspect.notice = Some(if unsent { format!("{reason}: nothing is sent") } else { notice });
    commands
}

/// Shows the bit in the frames, or the line in the handshake.
fn jump_to_problem(inspect: &mut Inspect) {
    match inspect.problems.selected() {
        Some(ProblemRef::Head(from, number)) => {
            let line = line_of_problem(inspect, from, number).unwrap_or(0);
            super::handshake::click(inspect, from, line);
            inspect.tab = Tab::Handshake;
        }
        Some(ProblemRef::Frame(from, number)) => {
            let Some(found) = locate_fault(inspect, from, number) else { return };
            let Some(row) = found.row else {
                inspect.notice = Some("its frame is not complete: there is no row to jump to yet".to_owned());
                return;
            };
            let bit = found.fault.bits.map_or(0, first_bit);
            let byte = found.byte_in_frame().min(MAX_BYTES_SHOWN as usize - 1);
            inspect.select_row(row);
            inspect.cursor = ByteCursor { byte, bit };
            inspect.tab = Tab::Frames;
        }
        None => {}
    }
}

fn first_bit(bits: Bits) -> u8 {
    (0..8).find(|bit| bits.contains(*bit)).unwrap_or(0)
}

/// The line of the head that a problem is in.
fn line_of_problem(inspect: &Inspect, from: Side, number: usize) -> Option<usize> {
    let validated = inspect.connection().trace.head(from)?;
    let at = validated.validation.problems.get(number)?.span.as_ref()?.start;
    let lines = validated.head.as_ref()?.lines();
    lines.iter().position(|line| at < line.line_end.end).or(lines.len().checked_sub(1))
}

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let state = &inspect.problems;
    let Some(problem) = state.selected() else { return draw_no_problems(inspect, area, canvas) };
    let most = match area.height {
        0..=9 => 2,
        10..=15 => 3,
        16..=22 => 4,
        23..=35 => 6,
        height => height / 4,
    };
    let header = u16::from(area.height >= 16);
    let rows = most.min(u16::try_from(state.problems.len()).unwrap_or(u16::MAX));
    let (list, rest) = split_rows(area, 1 + header + rows);
    canvas.draw_line(&summary(inspect, canvas), 0, list);
    let chosen = state.selected.min(state.problems.len() - 1);
    let first = (chosen + 2).min(state.problems.len()).saturating_sub(rows.into());
    let shown = first..(first + usize::from(rows)).min(state.problems.len());
    let cells: Vec<ProblemRow> = shown
        .clone()
        .filter_map(|at| Some(ProblemRow::from_problem(inspect, *state.problems.get(at)?)))
        .collect();
    let code = cells.iter().map(|cells| cells.code.len()).max().unwrap_or(0);
    if header == 1 {
        canvas.draw_line(&column_titles(code, list.width, canvas), 1, list);
    }
    for (line, (at, cells)) in shown.zip(&cells).enumerate() {
        let y = list.y + 1 + header + line as u16;
        let spot = Rect { y, height: 1, ..list }.intersection(list);
        canvas.add_target(spot, ClickTarget::Problem(at));
        if at == chosen {
            canvas.buffer.set_style(spot, Style::new().bg(canvas.theme.selected));
        }
        let line = cells.line(at == chosen, state.ignored.contains(&at), code, spot.width, canvas);
        canvas.draw_line(&line, 0, spot);
    }
    verdict::draw(inspect, problem, rest, canvas);
}

/// How much there is, and that a receiver need not find all of it.
fn summary(inspect: &Inspect, canvas: &Canvas) -> Line<'static> {
    let theme = canvas.theme;
    let list = &inspect.problems.problems;
    let fatal = list.iter().filter(|problem| severity(inspect, **problem) == Some(Severity::Fatal)).count();
    let others = list.len() - fatal;
    let mut line = Line::styled(
        format!("{fatal} fatal"),
        Style::new().fg(if fatal > 0 { theme.bad } else { theme.good }).add_modifier(Modifier::BOLD),
    );
    if others > 0 {
        let text = format!(", {others} warning{}", if others == 1 { "" } else { "s" });
        line.push_span(Span::styled(text, Style::new().fg(theme.warn)));
    }
    let lost: u64 = SIDES.map(|from| inspect.connection().trace.dropped_faults(from)).iter().sum();
    if lost > 0 {
        line.push_span(Span::styled(
            format!(", {} more not kept", format::group_thousands(lost)),
            theme.dim(),
        ));
    }
    line.push_span(Span::styled(". A receiver may stop at the first; all are listed.", theme.dim()));
    line
}

fn severity(inspect: &Inspect, problem: ProblemRef) -> Option<Severity> {
    match problem {
        ProblemRef::Head(from, number) => {
            Some(inspect.connection().trace.head(from)?.validation.problems.get(number)?.severity)
        }
        ProblemRef::Frame(from, number) => {
            Some(inspect.connection().trace.faults(from).get(number)?.severity())
        }
    }
}

/// Nothing is wrong: what that rests on, and how to change it.
fn draw_no_problems(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let frames = format::group_thousands(inspect.connection().trace.rows().len() as u64);
    let good = Style::new().fg(theme.good).add_modifier(Modifier::BOLD);
    let mut lines = vec![Line::default(), Line::styled("✓ Nothing is wrong so far.", good), Line::default()];
    for text in [
        &*format!(
            "Both heads of the handshake and all {frames} frames were judged, each rule as soon as its last byte was there."
        ),
        "Break something and see it judged, here and by the server:",
    ] {
        lines.extend(prose::labelled_paragraph("", text, 0, area.width, Style::new(), theme));
    }
    for (key, text) in [
        ("2 x", "flips a bit of a frame in your hand; Enter there sends it"),
        ("r", "puts any bytes on the wire: 83 80 00 00 00 00 has an opcode that nothing defines"),
        ("r", "or 81 05 48 65 6c 6c 6f: a client's Hello without the mask that it must have"),
    ] {
        lines.extend(prose::labelled_paragraph(&format!("  {key}"), text, 8, area.width, theme.dim(), theme));
    }
    prose::draw_lines(&lines, area, canvas);
}

#[cfg(test)]
mod tests {
    use super::super::chrome::tests::render_text;
    use super::super::state::tests::{client_commands, opened, press, seen};
    use super::*;
    use crate::wire::frame::encode;
    use crate::wire::{FaultCode, Opcode};

    const BROKEN: &[u8] = &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn listed(inspect: &Inspect) -> Vec<(Side, FaultCode)> {
        let code = |problem: &ProblemRef| match *problem {
            ProblemRef::Frame(from, number) => (from, inspect.connection().trace.faults(from)[number].code),
            ProblemRef::Head(..) => panic!("{problem:?}"),
        };
        inspect.problems.problems.iter().map(code).collect()
    }

    #[test]
    fn both_directions_stand_in_the_order_in_which_they_became_certain() {
        let unmasked = encode::single_frame(Opcode::Text, b"a", None);
        let masked = encode::single_frame(Opcode::Text, b"a", Some(KEY));
        let (inspect, _inbox) =
            seen(&[(Side::Server, &masked), (Side::Client, &unmasked), (Side::Server, &[0x83, 0x00])]);
        assert_eq!(
            listed(&inspect),
            [
                (Side::Server, FaultCode::MaskedServer),
                (Side::Client, FaultCode::UnmaskedClient),
                (Side::Server, FaultCode::OpcodeReserved)
            ]
        );
    }

    #[test]
    fn what_comes_at_once_is_ordered_by_the_frames() {
        let (mut inspect, _inbox) =
            seen(&[(Side::Client, &[0x83, 0x80, 1, 2, 3, 4]), (Side::Server, &[0x83, 0x00, 0x84, 0x00])]);
        inspect.problems = ProblemsTabState::default();
        follow(&mut inspect);
        let sides: Vec<Side> = listed(&inspect).iter().map(|(from, _)| *from).collect();
        assert_eq!(sides, [Side::Client, Side::Server, Side::Server]);
        follow(&mut inspect);
        assert_eq!(inspect.problems.problems.len(), 3, "each stands there once");
    }

    #[test]
    fn a_row_is_found_by_halving() {
        let server: Vec<u8> = [0x81, 0x00].repeat(9);
        let client = encode::single_frame(Opcode::Ping, b"", Some(KEY)).repeat(2);
        let (inspect, _inbox) =
            seen(&[(Side::Client, &client), (Side::Server, &server), (Side::Client, &client)]);
        for (number, row) in inspect.connection().trace.rows().iter().enumerate() {
            assert_eq!(row_of(&inspect.connection().trace, row.from(), row.index()), Some(number));
        }
        assert_eq!(row_of(&inspect.connection().trace, Side::Client, 4), None);
        assert_eq!(row_of(&inspect.connection().trace, Side::Server, 9), None);
    }

    #[test]
    fn the_close_that_is_shown_is_the_one_that_is_sent() {
        let (mut inspect, _inbox) = seen(&[(Side::Server, &[0x83, 0x00])]);
        inspect.tab = Tab::Problems;
        let shown = render_text(&inspect, 100, 30);
        let sent = press(&mut inspect, KeyCode::Char('s'));
        let [SessionCommand::Raw(raw)] = client_commands(&sent)[..] else { panic!("{sent:?}") };
        assert!(shown.contains(&format::spaced_hex(raw, 16)), "{shown}");
        let mut transcript =
            crate::wire::Transcript::new(Side::Client, crate::wire::AgreedExtensions::none());
        transcript.push(raw);
        assert_eq!(transcript.frames()[0].close_body(), Some((1002, Vec::new())));
        assert_eq!(transcript.faults(), []);
    }

    #[test]
    fn a_fault_of_ours_is_not_ours_to_answer() {
        let (mut inspect, _inbox) =
            seen(&[(Side::Client, &[0x81, 0x00]), (Side::Server, &[0x88, 0x02, 0x03, 0xea])]);
        inspect.tab = Tab::Problems;
        assert!(press(&mut inspect, KeyCode::Char('s')).is_empty());
        assert!(inspect.notice.as_ref().unwrap().contains("our own"), "{:?}", inspect.notice);
        let shown = render_text(&inspect, 100, 30);
        assert!(shown.contains("the server answers  88 02 03 ea"), "{shown}");
        assert!(shown.contains("frame 1 is its Close 1002"), "{shown}");
    }

    #[test]
    fn enter_jumps_to_the_bit() {
        let (mut inspect, _inbox) =
            seen(&[(Side::Client, &[0x81, 0x80, 1, 2, 3, 4]), (Side::Server, &[0x83, 0x80, 1, 2, 3, 4])]);
        inspect.tab = Tab::Problems;
        press(&mut inspect, KeyCode::Enter);
        assert_eq!((inspect.tab, inspect.current_row()), (Tab::Frames, Some(1)));
        assert_eq!(inspect.cursor, ByteCursor { byte: 0, bit: 4 });
    }

    #[test]
    fn a_problem_put_aside_is_marked_and_comes_back() {
        let (mut inspect, _inbox) = seen(&[(Side::Server, BROKEN)]);
        inspect.tab = Tab::Problems;
        press(&mut inspect, KeyCode::Char('i'));
        assert_eq!(inspect.problems.selected, 1);
        assert_eq!(
            render_text(&inspect, 100, 30).matches("ignored").count(),
            2,
            "in the list, and what was done"
        );
        press(&mut inspect, KeyCode::Up);
        press(&mut inspect, KeyCode::Char('i'));
        assert!(inspect.problems.ignored.is_empty());
    }

    #[test]
    fn the_screen_holds_place_rule_refusers_and_answer() {
        let (mut inspect, _inbox) = seen(&[(Side::Server, BROKEN)]);
        inspect.tab = Tab::Problems;
        let shown = render_text(&inspect, 100, 30);
        for part in [
            "fatal, ",
            "A receiver may stop at the first; all are listed.",
            "E_OPCODE_RESERVED",
            "knowable after 1 byte of the frame",
            "─opcode─",
            "  RFC    ",
            "  Means  ",
            "tungstenite",
            "What I do now",
            "Close 1002",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn without_room_one_pane_is_shown_and_w_turns_it() {
        let (mut inspect, _inbox) = seen(&[(Side::Server, BROKEN)]);
        inspect.tab = Tab::Problems;
        let shown = render_text(&inspect, 78, 15);
        assert!(shown.contains("Found") && !shown.contains("tungstenite"), "{shown}");
        press(&mut inspect, KeyCode::Char('w'));
        assert!(render_text(&inspect, 78, 15).contains("tungstenite"));
        press(&mut inspect, KeyCode::Char('w'));
        assert!(render_text(&inspect, 78, 15).contains("Close 1002"));
    }

    #[test]
    fn without_a_problem_it_says_what_that_rests_on() {
        let (mut inspect, _inbox) = opened();
        inspect.tab = Tab::Problems;
        let shown = render_text(&inspect, 100, 30);
        assert!(shown.contains("Nothing is wrong so far") && shown.contains("all 2 frames"), "{shown}");
    }
}
