//! The accept value step by step, the checks of both heads, and what was negotiated.
//!
//! `wire::handshake` implements the rules. `handshake` places these parts on the tab.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::demos::inspect::parts::agreement::deflate_agreement;
use crate::demos::inspect::parts::colors::result_symbol;
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::session::Session;
use crate::stage::Theme;
use crate::text;
use crate::wire::Side;
use crate::wire::handshake::{CheckResult, GUID, HandshakeCheck, ValidatedHead};

/// The number of steps from the key to the compared accept value (RFC 6455 section 4.2.2).
pub(crate) const ACCEPT_STEP_COUNT: usize = 5;

/// A check of either head. Checks of something that is there have a letter, which also marks their
/// line.
pub(crate) struct LetteredCheck {
    pub(crate) from: Side,
    pub(crate) check: HandshakeCheck,
    pub(crate) letter: Option<char>,
}

/// Returns the checks of both heads, those of the request first.
pub(crate) fn lettered_checks(session: &Session) -> Vec<LetteredCheck> {
    let mut letters = 'a'..='z';
    let checks = [Side::Client, Side::Server].into_iter().flat_map(|from| {
        let checks =
            session.connection().trace.head(from).map(ValidatedHead::checks).unwrap_or_default();
        checks.into_iter().map(move |check| (from, check))
    });
    checks
        .map(|(from, check)| {
            let letter = if check.result == CheckResult::Absent { None } else { letters.next() };
            LetteredCheck { from, check, letter }
        })
        .collect()
}

/// Returns the title of the accept steps, and their lines. Steps after `at` are covered. With
/// `None` all are shown.
pub(crate) fn accept_step_lines(
    session: &Session,
    at: Option<usize>,
    width: u16,
    theme: &Theme,
) -> Option<(String, Vec<Line<'static>>)> {
    let validation =
        |from| session.connection().trace.head(from).map(|validated| &validated.validation);
    let response = validation(Side::Server);
    let accept = response.and_then(|validation| validation.accept.as_ref());
    let accept = accept.or_else(|| validation(Side::Client)?.accept.as_ref())?;
    let received = response.and_then(|validation| validation.received_accept.as_deref());
    let steps = accept.steps(received);
    let title = at.and_then(|at| Some((at + 1, &steps.get(at)?.note))).map_or_else(
        || "Accept: what the server must send for the key above · n step by step".to_owned(),
        |(number, note)| format!("Accept: step {number} of {ACCEPT_STEP_COUNT} · {note}"),
    );
    let mut lines = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        let here = at == Some(number);
        let covered = at.is_some_and(|at| number > at);
        // The last step compares the computed value with the received one.
        let color = match (number, received) {
            (4, Some(value)) if value == accept.value => theme.good,
            (4, Some(_)) => theme.bad,
            _ => theme.text,
        };
        let value = match number {
            _ if covered => "·".to_owned(),
            // The key with the GUID appended would not fit, so only the GUID is shown.
            1 if width < 130 => GUID.to_owned(),
            _ => step.value,
        };
        let weight = if here { Modifier::BOLD } else { Modifier::empty() };
        let mut line = Line::from(vec![
            Span::styled(if here { "▶ " } else { "  " }, Style::new().fg(theme.accent)),
            Span::styled(
                format!("{} {:<10} ", number + 1, step.name),
                Style::new().fg(theme.accent),
            ),
            Span::styled(format!("{value:<28}"), Style::new().fg(color).add_modifier(weight)),
        ]);
        let style = if number == 4 { Style::new().fg(color) } else { theme.dim() };
        if covered {
            lines.push(line);
        } else if line.width() + 3 + text::width(&step.note) <= usize::from(width) {
            line.push_span(Span::styled(format!("   {}", step.note), style));
            lines.push(line);
        } else if number + 1 < ACCEPT_STEP_COUNT || here {
            // The title already contains the note of the current step.
            lines.push(line);
        } else {
            lines.push(line);
            lines.extend(prose::labelled_paragraph("", &step.note, 15, width, style, theme));
        }
    }
    Some((title, lines))
}

/// Returns the title (`Checks 11/12`), and lines with all checks, what is absent, and what was
/// negotiated.
pub(crate) fn check_lines(
    session: &Session,
    all: &[LetteredCheck],
    cursor: (Side, usize),
    width: u16,
    theme: &Theme,
) -> (String, Vec<Line<'static>>) {
    let asked = all.iter().filter(|row| row.letter.is_some()).count();
    let kept = all.iter().filter(|row| row.check.result == CheckResult::Passed).count();
    let piece = |row: &LetteredCheck| {
        let (sign, color) = result_symbol(row.check.result, theme);
        let letter = row.letter.map_or_else(String::new, |letter| letter.to_string());
        let here = (row.from, row.check.line) == (cursor.0, Some(cursor.1));
        let text = match row.check.result {
            CheckResult::Passed => row.check.name.to_owned(),
            CheckResult::Absent => row.check.finding.clone(),
            CheckResult::Failed | CheckResult::Warned => {
                format!("{}: {}", row.check.name, row.check.finding)
            }
        };
        let style = match (here, row.check.result) {
            (true, _) => Style::new().fg(theme.text).bg(theme.selected),
            (_, CheckResult::Absent) => theme.dim(),
            _ => Style::new().fg(theme.text),
        };
        let sign = Span::styled(
            format!("  {sign}{letter} "),
            Style::new().fg(color).add_modifier(Modifier::BOLD),
        );
        vec![sign, Span::styled(text, style)]
    };
    let mut lines = prose::flow_pieces(
        all.iter().filter(|row| row.letter.is_some()).map(piece).collect(),
        width,
    );
    // What is absent is listed once: after the response its checks cover the request's optional
    // fields too.
    let answered = session.connection().trace.head(Side::Server).is_some();
    let last = if answered { Side::Server } else { Side::Client };
    let absent = all.iter().filter(|row| row.letter.is_none() && row.from == last);
    lines.extend(prose::flow_pieces(absent.map(piece).collect(), width));
    for text in agreement_lines(session) {
        lines.extend(prose::labelled_paragraph(
            "  = ",
            &text,
            4,
            width,
            Style::new().fg(theme.good),
            theme,
        ));
    }
    (format!("Checks {kept}/{asked} · RFC 6455 §4.1, §4.2"), lines)
}

/// Describes what both sides negotiated.
pub(crate) fn agreement_lines(session: &Session) -> Vec<String> {
    let Some(validated) = session.connection().trace.head(Side::Server) else { return Vec::new() };
    let protocol = validated.validation.subprotocol.as_ref();
    let protocol = protocol.map(|name| {
        let name = crate::wire::format::escape_controls(name);
        format!("subprotocol {name}: it defines what the messages mean")
    });
    protocol.into_iter().chain(deflate_agreement(session.connection().trace.agreed())).collect()
}
