//! The problems tab: all problems of the handshake and of both directions, in the order in which
//! they were found.
//!
//! `verdict` explains the selected problem. `wire` implements the rules.

mod head_problem;
mod location;
mod model;
mod refusers;
mod row;
mod verdict;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::clients::SessionCommand;
use crate::demos::inspect::action::{Action, ByteCursor, Place, Tab};
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::page::{
    RulesPage, abnormal_closure_page, fault_page, head_problem_page,
};
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::MAX_BYTES_SHOWN;
use crate::wire::frame::Severity;
use crate::wire::{Bits, Side, format};
pub(crate) use model::ProblemsTabState;
use model::{ProblemPane, ProblemRef, SIDES, line_of_problem, locate_fault, severity};
use row::{ProblemRow, column_titles};

/// Returns the tab's keys.
pub(crate) fn key_hints(state: &ProblemsTabState, session: &Session) -> Vec<&'static str> {
    let Some(problem) = state.selected() else {
        return session.type_hint().into_iter().collect();
    };
    let mut hints = Vec::new();
    if state.problems.len() > 1 {
        hints.push("↑↓ problem");
    }
    match problem {
        ProblemRef::Frame(from, number) => {
            if locate_fault(session, from, number).is_some_and(|found| found.row.is_some()) {
                hints.push("⏎ to the bit");
            }
            let response = verdict::close_response(session, problem, state.close_key);
            if verdict::sends_close(session, response.as_ref()) {
                hints.extend(["s send the Close", "i ignore & go on"]);
            }
            hints.push("w who refuses");
        }
        ProblemRef::Head(..) => hints.push("⏎ to the line"),
        ProblemRef::Refusal(_) => hints.push("⏎ to the Close"),
        ProblemRef::Ending => hints.push("⏎ to the last frame"),
    }
    hints.push("? why");
    hints
}

/// Updates the list, and draws a masking key for the Close that answers the problem.
pub(crate) fn follow(state: &mut ProblemsTabState, session: &mut Session) {
    model::follow(state, session.connection());
    if state.close_key.is_none() && !state.problems.is_empty() {
        // Without a key no Close is shown. `s` tries again and shows the error.
        state.close_key = session.mask_keys.draw().ok();
    }
}

/// Returns the row of the frame that the tab shows; `None` if the problem is not in a complete
/// frame.
pub(crate) fn visible_row(state: &ProblemsTabState, session: &Session) -> Option<usize> {
    match state.selected()? {
        ProblemRef::Frame(from, number) => locate_fault(session, from, number)?.row,
        ProblemRef::Refusal(_) => Some(session.connection().refusal()?.row),
        ProblemRef::Head(..) | ProblemRef::Ending => None,
    }
}

/// Returns the page of the rule that the selected problem breaks; `None` without problems.
pub(crate) fn page(state: &ProblemsTabState, session: &Session) -> Option<RulesPage> {
    match state.selected()? {
        ProblemRef::Frame(from, number) => {
            let found = locate_fault(session, from, number)?;
            Some(fault_page(found.fault, found.non_frame(session)))
        }
        ProblemRef::Head(from, number) => {
            let problem = session.connection().head_problems(from).get(number)?;
            Some(head_problem_page(problem.code, problem.hint.as_deref()))
        }
        ProblemRef::Refusal(_) => {
            session.connection().refusal().as_ref().map(verdict::refusal_page)
        }
        ProblemRef::Ending => session.connection().abnormal.as_ref().map(abnormal_closure_page),
    }
}

/// Handles a key. Returns `None` if it is not one of this tab's.
pub(crate) fn key(
    state: &mut ProblemsTabState,
    session: &mut Session,
    key: KeyEvent,
) -> Option<Vec<Action>> {
    // Without a problem the keys keep their general meaning.
    let last = state.problems.len().checked_sub(1)?;
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
        KeyCode::Char('i') => return Some(vec![toggle_ignored(state)]),
        KeyCode::Char('s') => return Some(send_close(state, session)),
        KeyCode::Enter => return Some(jump_to_problem(state, session)),
        _ => return None,
    }
    Some(Vec::new())
}

/// Selects the first problem of a frame, if it has one, by its row.
pub(crate) fn select_row(state: &mut ProblemsTabState, session: &Session, row: usize) {
    model::follow(state, session.connection());
    let is_in_row = |problem: &ProblemRef| match *problem {
        ProblemRef::Frame(from, number) => {
            locate_fault(session, from, number).is_some_and(|found| found.row == Some(row))
        }
        ProblemRef::Head(..) | ProblemRef::Refusal(_) | ProblemRef::Ending => false,
    };
    if let Some(at) = state.problems.iter().position(is_in_row) {
        state.selected = at;
    }
}

/// Selects a problem.
pub(crate) fn click(state: &mut ProblemsTabState, number: usize) {
    state.selected = number;
}

/// Ignores the selected problem and goes to the next, or stops ignoring it.
fn toggle_ignored(state: &mut ProblemsTabState) -> Action {
    let at = state.selected.min(state.problems.len().saturating_sub(1));
    if state.ignored.remove(&at) {
        return Action::Notice("no longer ignored".to_owned());
    }
    state.ignored.insert(at);
    state.selected = (at + 1).min(state.problems.len().saturating_sub(1));
    Action::Notice("ignored: nothing is sent, the inspector reads on".to_owned())
}

/// Sends the Close that answers the problem, exactly as shown. Its masking key is not used again.
fn send_close(state: &mut ProblemsTabState, session: &mut Session) -> Vec<Action> {
    let notice = |text: &str| Action::Notice(text.to_owned());
    if state.close_key.is_none() {
        match session.mask_keys.draw() {
            Ok(key) => state.close_key = Some(key),
            Err(error) => return vec![Action::Notice(error)],
        }
    }
    let problem = state.selected();
    let response =
        problem.and_then(|problem| verdict::close_response(session, problem, state.close_key));
    let Some(response) = response else {
        return vec![notice("there is no Close that would answer this")];
    };
    if !response.is_ours {
        return vec![notice("this fault is ours, so the server has to answer it")];
    }
    let send = Action::Send(SessionCommand::Raw(response.raw));
    // The key is used up only if the Close is really sent. The next frame needs a fresh one (RFC
    // 6455 section 5.3).
    if session.commands.is_some() {
        state.close_key = None;
        return vec![send, Action::Notice(format!("Close {} sent", response.code))];
    }
    let reason = if session.source.is_own_connection() {
        "the connection is over"
    } else {
        "this connection is not ours"
    };
    vec![send, Action::Notice(format!("{reason}: nothing is sent"))]
}

/// Returns the actions that show the faulty bit on the frames tab, or the line on the handshake
/// tab.
fn jump_to_problem(state: &ProblemsTabState, session: &Session) -> Vec<Action> {
    match state.selected() {
        Some(ProblemRef::Head(from, number)) => {
            let line = line_of_problem(session, from, number).unwrap_or(0);
            vec![Action::MoveTo(Place::HeadLine(from, line)), Action::Show(Tab::Handshake)]
        }
        Some(ProblemRef::Frame(from, number)) => {
            let Some(found) = locate_fault(session, from, number) else { return Vec::new() };
            let Some(row) = found.row else {
                let text = "its frame is not complete: there is no row to jump to yet";
                return vec![Action::Notice(text.to_owned())];
            };
            let bit = found.fault.bits.map_or(0, first_bit);
            // Bytes beyond the limit are not shown, so the cursor cannot be there.
            let byte = found.byte_in_frame().min(MAX_BYTES_SHOWN as usize - 1);
            vec![
                Action::MoveTo(Place::Frame(row, ByteCursor { byte, bit })),
                Action::Show(Tab::Frames),
            ]
        }
        Some(ProblemRef::Refusal(_)) => {
            let row = session.connection().refusal().map_or(0, |refusal| refusal.row);
            let place = Place::Frame(row, ByteCursor::default());
            vec![Action::MoveTo(place), Action::Show(Tab::Frames)]
        }
        // The last frame is what came before the end.
        Some(ProblemRef::Ending) => match session.connection().trace.rows().len().checked_sub(1) {
            Some(last) => vec![
                Action::MoveTo(Place::Frame(last, ByteCursor::default())),
                Action::Show(Tab::Timeline),
            ],
            None => vec![Action::Notice("there was no frame before the end".to_owned())],
        },
        None => Vec::new(),
    }
}

fn first_bit(bits: Bits) -> u8 {
    (0..8).find(|bit| bits.contains(*bit)).unwrap_or(0)
}

pub(crate) fn draw(state: &ProblemsTabState, session: &Session, area: Rect, canvas: &mut Canvas) {
    let Some(problem) = state.selected() else { return draw_no_problems(session, area, canvas) };
    let max_rows = match area.height {
        0..=9 => 2,
        10..=15 => 3,
        16..=22 => 4,
        23..=35 => 6,
        height => height / 4,
    };
    let header = u16::from(area.height >= 16);
    let rows = max_rows.min(u16::try_from(state.problems.len()).unwrap_or(u16::MAX));
    let (list, rest) = split_rows(area, 1 + header + rows);
    canvas.draw_line(&summary(&state.problems, session, canvas), 0, list);
    let chosen = state.selected.min(state.problems.len() - 1);
    // The problem after the selected one stays visible.
    let first = (chosen + 2).min(state.problems.len()).saturating_sub(rows.into());
    let shown = first..(first + usize::from(rows)).min(state.problems.len());
    let cells: Vec<ProblemRow> = shown
        .clone()
        .filter_map(|at| Some(ProblemRow::from_problem(session, *state.problems.get(at)?)))
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
    verdict::draw(session, problem, state.pane, state.close_key, rest, canvas);
}

/// Returns the number of problems, with the remark that a receiver may not find all of them.
fn summary(list: &[ProblemRef], session: &Session, canvas: &Canvas) -> Line<'static> {
    let theme = canvas.theme;
    let fatal =
        list.iter().filter(|problem| severity(session, **problem) == Some(Severity::Fatal)).count();
    let others = list.len() - fatal;
    let mut line = Line::styled(
        format!("{fatal} fatal"),
        Style::new()
            .fg(if fatal > 0 { theme.bad } else { theme.good })
            .add_modifier(Modifier::BOLD),
    );
    if others > 0 {
        let text = format!(", {others} warning{}", if others == 1 { "" } else { "s" });
        line.push_span(Span::styled(text, Style::new().fg(theme.warn)));
    }
    let lost: u64 = SIDES.map(|from| session.connection().trace.dropped_faults(from)).iter().sum();
    if lost > 0 {
        line.push_span(Span::styled(
            format!(", {} more not kept", format::group_thousands(lost)),
            theme.dim(),
        ));
    }
    line.push_span(Span::styled(
        ". A receiver may stop at the first; all are listed.",
        theme.dim(),
    ));
    line
}

/// Draws that there are no problems, what that is based on, and how to cause one.
fn draw_no_problems(session: &Session, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let frames = format::group_thousands(session.connection().trace.rows().len() as u64);
    let good = Style::new().fg(theme.good).add_modifier(Modifier::BOLD);
    let trace = &session.connection().trace;
    let has_heads = SIDES.iter().any(|from| trace.head(*from).is_some());
    let is_empty = !session.has_peer() && !has_heads && trace.rows().is_empty();
    let (verdict, checked) = if is_empty {
        let nothing = "Nothing to check: no head and no frame was read.";
        (Line::styled(nothing, theme.dim()), String::new())
    } else {
        (Line::styled("✓ Nothing is wrong so far.", good), checked_text(session, &frames))
    };
    let mut lines = vec![Line::default(), verdict, Line::default()];
    for text in [
        &*checked,
        if session.has_peer() {
            "Break something and see the result, here and from the server:"
        } else {
            ""
        },
    ] {
        lines.extend(prose::labelled_paragraph("", text, 0, area.width, Style::new(), theme));
    }
    let experiments = [
        ("2 x", "flips a bit in a copy of a frame; Enter there sends it"),
        ("r", "puts any bytes on the wire: 83 80 00 00 00 00 has a reserved opcode"),
        ("r", "or 81 05 48 65 6c 6c 6f: a client's Hello without the required mask"),
    ];
    // All of these send something, which a capture cannot.
    for (key, text) in experiments.into_iter().filter(|_| session.has_peer()) {
        lines.extend(prose::labelled_paragraph(
            &format!("  {key}"),
            text,
            8,
            area.width,
            theme.dim(),
            theme,
        ));
    }
    prose::draw_lines(&lines, area, canvas);
}

/// Says what was checked without finding a problem.
fn checked_text(session: &Session, frames: &str) -> String {
    let connection = session.connection();
    let has_heads =
        [Side::Client, Side::Server].iter().all(|from| connection.trace.head(*from).is_some());
    let heads = if has_heads || connection.http2.is_some() {
        "Both heads of the handshake and "
    } else {
        "The handshake was not seen whole; "
    };
    let lacks = if connection.gaps.all().is_empty() {
        ""
    } else {
        " What was not captured, and what depends on it, was not judged."
    };
    format!(
        "{heads}all {frames} frames were checked, each rule as soon as its last byte had arrived.\
         {lacks}"
    )
}

#[cfg(test)]
mod refusal_tests {
    use super::*;
    use crate::demos::inspect::testing::{
        HELLO, assert_contains, inspector_after, press, render_text,
    };

    #[test]
    fn a_message_that_was_too_big_is_among_the_problems() {
        let close = b"\x88\x07\x03\xf1limit";
        let (mut inspect, _inbox) =
            inspector_after(&[(Side::Client, HELLO), (Side::Server, close)]);
        inspect.show_tab(Tab::Problems);
        for (width, height) in [(80, 24), (100, 30)] {
            let shown = render_text(&inspect, width, height);
            assert_contains(&shown, &["5 Problems(1)", "1009", "too big", "\"limit\""]);
            assert!(!shown.contains("Nothing is wrong"), "{shown}");
        }
        press(&mut inspect, KeyCode::Enter);
        assert_eq!((inspect.tab(), inspect.session.selected_row), (Tab::Frames, Some(1)));
    }

    #[test]
    fn a_farewell_is_no_problem_and_a_broken_rule_is_listed_once() {
        for close in
            [&b"\x88\x02\x03\xe8"[..], b"\x88\x02\x03\xe9", b"\x88\x00", b"\x88\x02\x0f\xa0"]
        {
            let (inspect, _inbox) =
                inspector_after(&[(Side::Client, HELLO), (Side::Server, close)]);
            assert_eq!(inspect.session.fault_count(), 0, "{close:02x?}");
        }
        // Opcode 3, and its 1002.
        let sent: [(Side, &[u8]); 2] =
            [(Side::Client, &[0x83, 0x80, 1, 2, 3, 4]), (Side::Server, b"\x88\x02\x03\xea")];
        let (inspect, _inbox) = inspector_after(&sent);
        assert_eq!(inspect.session.fault_count(), 1);
        // The same code for what breaks no rule.
        let sent = [(Side::Client, HELLO), (Side::Server, &b"\x88\x02\x03\xea"[..])];
        let (inspect, _inbox) = inspector_after(&sent);
        assert_eq!(inspect.session.fault_count(), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::model::row_of;
    use super::*;
    use crate::capture::ConnectionEnd;
    use crate::clients::{SessionError, SessionEvent, StreamEnd};
    use crate::demos::inspect::messages::Msg;
    use crate::demos::inspect::session::mask_key::MaskKeySource;
    use crate::demos::inspect::state::Inspect;
    use crate::demos::inspect::testing::{
        Captured, REQUEST, RESPONSE, assert_contains, client_commands, inspector_after, opened,
        opened_capture, press, render_text,
    };
    use crate::net::{Chunk, Transfer};
    use crate::stage::{Demo as _, DemoEvent};
    use crate::wire::frame::encode;
    use crate::wire::{FaultCode, Opcode, Side};
    use std::time::Instant;

    const BROKEN: &[u8] = &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn listed(inspect: &Inspect) -> Vec<(Side, FaultCode)> {
        let code = |problem: &ProblemRef| match *problem {
            ProblemRef::Frame(from, number) => {
                (from, inspect.session.connection().trace.faults(from)[number].code)
            }
            ProblemRef::Head(..) | ProblemRef::Refusal(_) | ProblemRef::Ending => {
                panic!("{problem:?}")
            }
        };
        inspect.tabs.problems.problems.iter().map(code).collect()
    }

    #[test]
    fn problems_of_both_directions_are_listed_in_the_order_in_which_they_were_found() {
        let unmasked = encode::single_frame(Opcode::Text, b"a", None);
        let masked = encode::single_frame(Opcode::Text, b"a", Some(KEY));
        let (inspect, _inbox) = inspector_after(&[
            (Side::Server, &masked),
            (Side::Client, &unmasked),
            (Side::Server, &[0x83, 0x00]),
        ]);
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
    fn problems_found_at_once_are_ordered_by_their_frames() {
        let (mut inspect, _inbox) = inspector_after(&[
            (Side::Client, &[0x83, 0x80, 1, 2, 3, 4]),
            (Side::Server, &[0x83, 0x00, 0x84, 0x00]),
        ]);
        inspect.tabs.problems = ProblemsTabState::default();
        follow(&mut inspect.tabs.problems, &mut inspect.session);
        let sides: Vec<Side> = listed(&inspect).iter().map(|(from, _)| *from).collect();
        assert_eq!(sides, [Side::Client, Side::Server, Side::Server]);
        follow(&mut inspect.tabs.problems, &mut inspect.session);
        assert_eq!(inspect.tabs.problems.problems.len(), 3, "each stands there once");
    }

    #[test]
    fn a_row_is_found_by_binary_search() {
        let server: Vec<u8> = [0x81, 0x00].repeat(9);
        let client = encode::single_frame(Opcode::Ping, b"", Some(KEY)).repeat(2);
        let (inspect, _inbox) = inspector_after(&[
            (Side::Client, &client),
            (Side::Server, &server),
            (Side::Client, &client),
        ]);
        for (number, row) in inspect.session.connection().trace.rows().iter().enumerate() {
            assert_eq!(
                row_of(&inspect.session.connection().trace, row.from(), row.frame_number()),
                Some(number)
            );
        }
        assert_eq!(row_of(&inspect.session.connection().trace, Side::Client, 4), None);
        assert_eq!(row_of(&inspect.session.connection().trace, Side::Server, 9), None);
    }

    #[test]
    fn the_shown_close_is_the_one_that_is_sent() {
        let (mut inspect, _inbox) = inspector_after(&[(Side::Server, &[0x83, 0x00])]);
        inspect.show_tab(Tab::Problems);
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

    fn sent_raw(inspect: &mut Inspect) -> Vec<u8> {
        let sent = press(inspect, KeyCode::Char('s'));
        match client_commands(&sent)[..] {
            [SessionCommand::Raw(raw)] => raw.clone(),
            _ => panic!("{sent:?}"),
        }
    }

    #[test]
    fn the_same_close_sent_twice_is_masked_with_two_keys() {
        let (mut inspect, _inbox) = inspector_after(&[(Side::Server, &[0x83, 0x00])]);
        inspect.session.mask_keys = MaskKeySource::System;
        inspect.show_tab(Tab::Problems);
        let (first, second) = (sent_raw(&mut inspect), sent_raw(&mut inspect));
        let shown = render_text(&inspect, 100, 30);
        assert_eq!(first[..2], second[..2], "the same frame");
        assert_ne!(first[2..6], second[2..6], "RFC 6455 section 5.3: a fresh key for each frame");
        let third = sent_raw(&mut inspect);
        assert!(
            shown.contains(&format::spaced_hex(&third, 16)),
            "and each is shown before it is sent\n{shown}"
        );
    }

    #[test]
    fn without_random_numbers_no_close_is_sent_and_the_reason_is_shown() {
        let (mut inspect, _inbox) = inspector_after(&[]);
        inspect.session.mask_keys = MaskKeySource::Failing;
        let at = Instant::now();
        let chunk = Chunk { at, transfer: Transfer::Received, bytes: vec![0x83, 0x00] };
        inspect.update(DemoEvent::Msg(Msg::Session(SessionEvent::Bytes(chunk))));
        inspect.show_tab(Tab::Problems);
        assert!(press(&mut inspect, KeyCode::Char('s')).is_empty());
        let notice = inspect.session.notice.as_deref().unwrap();
        assert!(notice.contains("the system gives no random numbers"), "{notice}");
    }

    #[test]
    fn our_own_fault_is_not_answered_by_us() {
        let (mut inspect, _inbox) = inspector_after(&[
            (Side::Client, &[0x81, 0x00]),
            (Side::Server, &[0x88, 0x02, 0x03, 0xea]),
        ]);
        inspect.show_tab(Tab::Problems);
        assert!(press(&mut inspect, KeyCode::Char('s')).is_empty());
        assert!(
            inspect.session.notice.as_ref().unwrap().contains("this fault is ours"),
            "{:?}",
            inspect.session.notice
        );
        let shown = render_text(&inspect, 100, 30);
        assert!(shown.contains("the server must answer  88 02 03 ea"), "{shown}");
        assert!(shown.contains("frame 1 is its Close 1002"), "{shown}");
    }

    #[test]
    fn enter_jumps_to_the_bit() {
        let (mut inspect, _inbox) = inspector_after(&[
            (Side::Client, &[0x81, 0x80, 1, 2, 3, 4]),
            (Side::Server, &[0x83, 0x80, 1, 2, 3, 4]),
        ]);
        inspect.show_tab(Tab::Problems);
        press(&mut inspect, KeyCode::Enter);
        assert_eq!((inspect.tab(), inspect.session.current_row()), (Tab::Frames, Some(1)));
        assert_eq!(inspect.session.cursor, ByteCursor { byte: 0, bit: 4 });
    }

    #[test]
    fn an_ignored_problem_is_marked_and_can_be_restored() {
        let (mut inspect, _inbox) = inspector_after(&[(Side::Server, BROKEN)]);
        inspect.show_tab(Tab::Problems);
        press(&mut inspect, KeyCode::Char('i'));
        assert_eq!(inspect.tabs.problems.selected, 1);
        assert_eq!(
            render_text(&inspect, 100, 30).matches("ignored").count(),
            2,
            "in the list, and what was done"
        );
        press(&mut inspect, KeyCode::Up);
        press(&mut inspect, KeyCode::Char('i'));
        assert!(inspect.tabs.problems.ignored.is_empty());
    }

    #[test]
    fn a_large_area_shows_location_rule_implementations_and_reaction() {
        let (mut inspect, _inbox) = inspector_after(&[(Side::Server, BROKEN)]);
        inspect.show_tab(Tab::Problems);
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
            "What the receiver must do",
            "Close 1002",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn without_room_one_pane_is_shown_and_w_switches_it() {
        let (mut inspect, _inbox) = inspector_after(&[(Side::Server, BROKEN)]);
        inspect.show_tab(Tab::Problems);
        let shown = render_text(&inspect, 78, 15);
        assert!(shown.contains("Found") && !shown.contains("tungstenite"), "{shown}");
        press(&mut inspect, KeyCode::Char('w'));
        assert!(render_text(&inspect, 78, 15).contains("tungstenite"));
        press(&mut inspect, KeyCode::Char('w'));
        assert!(render_text(&inspect, 78, 15).contains("Close 1002"));
    }

    #[test]
    fn without_a_problem_the_tab_shows_what_was_checked() {
        let (mut inspect, _inbox) = opened();
        inspect.show_tab(Tab::Problems);
        let shown = render_text(&inspect, 100, 30);
        assert!(
            shown.contains("Nothing is wrong so far") && shown.contains("all 2 frames"),
            "{shown}"
        );
    }

    /// Opens a capture with a message of the client and these frames, which the server ends after a
    /// minute of silence.
    fn ended(frames: &[(Side, &[u8])], end: ConnectionEnd) -> Inspect {
        let hello = encode::single_frame(Opcode::Text, b"last words", Some(KEY));
        let mut sent = vec![
            (Side::Client, Captured::Bytes(REQUEST)),
            (Side::Server, Captured::Bytes(RESPONSE)),
            (Side::Client, Captured::Bytes(&hello)),
        ];
        sent.extend(frames.iter().map(|(from, bytes)| (*from, Captured::Bytes(bytes))));
        let mut inspect = opened_capture(&sent, Some(end));
        inspect.show_tab(Tab::Problems);
        inspect
    }

    #[test]
    fn an_end_without_a_close_is_a_problem_with_its_cause() {
        let inspect = ended(&[], ConnectionEnd::Reset(Side::Server));
        assert_eq!(inspect.session.fault_count(), 1);
        assert_contains(
            &render_text(&inspect, 110, 30),
            &[
                "0 fatal, 1 warning",
                "NO_CLOSE   1006  no Close: applications see code 1006",
                "the server reset the connection (RST) after 60.0 s without data",
                "both applications see code 1006",
                "nginx (proxy_read_timeout)",
                "Send a ping from either side",
                "5 Problems(1)",
            ],
        );
        assert_contains(&render_text(&inspect, 80, 24), &["RST by server after 60.0 s, no Close"]);
    }

    #[test]
    fn a_close_of_one_side_only_names_who_sees_1006_and_of_both_is_no_problem() {
        let close = encode::close_frame(1000, "", Some([9, 8, 7, 6]));
        let answer = encode::close_frame(1000, "", None);
        let one = ended(&[(Side::Client, &close)], ConnectionEnd::Closed(Side::Server));
        let closure = one.session.connection().abnormal.clone().unwrap();
        assert!(closure.how.ends_with("after a Close of the client only"), "{}", closure.how);
        let who = closure.who_sees_it();
        assert!(who.ends_with("the client got none and sees 1006."), "{who}");
        assert_contains(
            &render_text(&one, 110, 30),
            &["NO_CLOSE", "Only the client sent a Close."],
        );
        let both = ended(
            &[(Side::Client, &close), (Side::Server, &answer)],
            ConnectionEnd::Closed(Side::Server),
        );
        assert_eq!(both.session.fault_count(), 0);
        assert_contains(&render_text(&both, 110, 30), &["Nothing is wrong so far"]);
    }

    #[test]
    fn a_connection_that_is_still_open_is_no_problem_nor_is_a_close_that_may_be_lost() {
        let sent = [
            (Side::Client, Captured::Bytes(REQUEST)),
            (Side::Server, Captured::Bytes(RESPONSE)),
            (Side::Server, Captured::Bytes(b"\x81\x03one")),
        ];
        let open = opened_capture(&sent, None);
        assert_eq!(open.session.fault_count(), 0);
        let lost = sent.into_iter().chain([(Side::Server, Captured::Missing(30))]);
        let lost: Vec<_> = lost.collect();
        let lost = opened_capture(&lost, Some(ConnectionEnd::Closed(Side::Server)));
        assert_eq!(lost.session.fault_count(), 0, "a Close may be among the 30 bytes");
    }

    #[test]
    fn our_own_connection_that_breaks_is_a_problem_too() {
        let (mut inspect, _inbox) = opened();
        let error = SessionError::EndWithoutClose { how: StreamEnd::HungUp, unfinished: None };
        inspect.update(DemoEvent::Msg(Msg::Session(SessionEvent::Ended(Err(error)))));
        inspect.show_tab(Tab::Problems);
        assert_contains(
            &render_text(&inspect, 110, 30),
            &["NO_CLOSE", "the server hung up without a Close"],
        );
    }

    #[test]
    fn http_in_place_of_a_frame_is_named_and_no_close_code_is_read_out_of_it() {
        let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        for inspect in [ended(&[(Side::Server, http)], ConnectionEnd::Closed(Side::Server)), {
            let (mut live, _inbox) = inspector_after(&[(Side::Server, http)]);
            live.show_tab(Tab::Problems);
            live
        }] {
            let mut inspect = inspect;
            let shown = render_text(&inspect, 120, 40);
            assert_contains(&shown, &["E_RSV_NONZERO", "Hint", "this is an HTTP response"]);
            press(&mut inspect, KeyCode::Char('?'));
            assert_contains(&render_text(&inspect, 120, 40), &["this is an HTTP response"]);
            press(&mut inspect, KeyCode::Esc);
            inspect.show_tab(Tab::Frames);
            let shown = render_text(&inspect, 120, 40);
            assert!(!shown.contains("21584") && !shown.contains("close code"), "{shown}");
        }
    }
}
