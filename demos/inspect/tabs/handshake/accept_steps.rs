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
use crate::wire::handshake::{AcceptValue, CheckResult, GUID, HandshakeCheck, ValidatedHead};

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

/// Returns the accept value that the server must send, if the key is known.
pub(crate) fn accept_value(session: &Session) -> Option<&AcceptValue> {
    let of = |from| session.connection().trace.head(from)?.validation.accept.as_ref();
    of(Side::Server).or_else(|| of(Side::Client))
}

/// Returns the title of the accept steps, and their lines. Steps after `at` are covered. With
/// `None` all are shown.
pub(crate) fn accept_step_lines(
    session: &Session,
    at: Option<usize>,
    width: u16,
    theme: &Theme,
) -> Option<(String, Vec<Line<'static>>)> {
    let accept = accept_value(session)?;
    let response = session.connection().trace.head(Side::Server);
    let received = response.and_then(|head| head.validation.received_accept.as_deref());
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
            CheckResult::Passed | CheckResult::Absent => row.check.name.to_owned(),
            CheckResult::Failed | CheckResult::Warned => {
                format!("{}: {}", row.check.name, row.check.finding)
            }
        };
        let style = Style::new().fg(theme.text);
        let style = if here { style.bg(theme.selected) } else { style };
        let sign = Span::styled(
            format!("  {sign}{letter} "),
            Style::new().fg(color).add_modifier(Modifier::BOLD),
        );
        vec![sign, Span::styled(text, style)]
    };
    let mut checked: Vec<&LetteredCheck> = all.iter().filter(|row| row.letter.is_some()).collect();
    // What is wrong comes first, because there may be no room for all of them.
    checked.sort_by_key(|row| match row.check.result {
        CheckResult::Failed => 0,
        CheckResult::Warned => 1,
        CheckResult::Passed | CheckResult::Absent => 2,
    });
    let mut lines = prose::flow_pieces(checked.into_iter().map(piece).collect(), width);
    // What is absent is listed once: after the response its checks cover the request's optional
    // fields too.
    let answered = session.connection().trace.head(Side::Server).is_some();
    let last = if answered { Side::Server } else { Side::Client };
    let absent: Vec<&LetteredCheck> =
        all.iter().filter(|row| row.letter.is_none() && row.from == last).collect();
    lines.extend(prose::flow_pieces(absent_pieces(&absent, theme), width));
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

/// Returns what is absent. Checks that were not made for the same reason are named together.
fn absent_pieces(absent: &[&LetteredCheck], theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let (sign, color) = result_symbol(CheckResult::Absent, theme);
    let sign =
        Span::styled(format!("  {sign} "), Style::new().fg(color).add_modifier(Modifier::BOLD));
    let same =
        |one: &&LetteredCheck, other: &&LetteredCheck| one.check.finding == other.check.finding;
    let piece = |rows: &[&LetteredCheck]| {
        let finding = rows.first().map_or("", |row| &*row.check.finding);
        let names: Vec<&str> = rows.iter().map(|row| row.check.name).collect();
        let text = match names.len() {
            1 => finding.to_owned(),
            _ => format!("{}: {finding}", names.join(", ")),
        };
        vec![sign.clone(), Span::styled(text, theme.dim())]
    };
    absent.chunk_by(same).map(piece).collect()
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
