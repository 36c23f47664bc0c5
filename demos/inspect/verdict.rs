//! One problem explained: its bytes and bits, the rule, who refuses it, and what is answered.
//!
//! Which problem, and what the keys do with it, is said in `problems`.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Text};

use super::canvas::{Canvas, split};
use super::conn::Status;
use super::keys::fresh_key;
use super::place::{draw_frame, draw_hex};
use super::problems::{Found, Pane, Problem, found};
use super::prose::{self, labelled, short_section};
use super::state::Inspect;
use super::view::side;
use crate::wire::handshake::Problem as HeadProblem;
use crate::wire::interop::{self, Reaction};
use crate::wire::{CloseCode, FaultCode, Severity, Side, encode, format, reference};

/// The label's column of the panes.
const LABEL: usize = 9;

/// The Close that answers a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// It is ours to send: the other side broke the rule.
    pub(super) ours: bool,
    pub(super) code: u16,
    pub(super) raw: Vec<u8>,
    key: Option<[u8; 4]>,
}

/// The Close that a receiver of the fault sends; none for warnings, and where a Close was sent already.
pub(super) fn answer(inspect: &Inspect, problem: Problem) -> Option<Answer> {
    let Problem::Frame(from, number) = problem else { return None };
    let found = found(inspect, from, number)?;
    let code = found.fault.close_code()?;
    let ours = from == Side::Server;
    let key = ours.then(|| fresh_key(&found.raw(inspect).unwrap_or_default()));
    Some(Answer { ours, code, raw: encode::close_frame(code, "", key), key })
}

pub(super) fn draw(inspect: &Inspect, problem: Problem, area: Rect, canvas: &mut Canvas) {
    match problem {
        Problem::Frame(from, number) => {
            let Some(found) = found(inspect, from, number) else { return };
            let bits = area.height >= 13;
            let (bytes, rest) = split(area, if bits { 6 } else { 3 });
            draw_frame(inspect, &found, bits, bytes, canvas);
            draw_panes(inspect, problem, &found, rest, canvas);
        }
        Problem::Head(from, number) => draw_head(inspect, from, number, area, canvas),
    }
}

/// The rule, who refuses it, what is answered: side by side in height, or the one that was asked for.
fn draw_panes(inspect: &Inspect, problem: Problem, found: &Found, area: Rect, canvas: &mut Canvas) {
    let width = area.width;
    let code = found.fault.code;
    let told = told_rule(found, width, canvas);
    let refusers = told_refusers(code, area.height >= 30, width, canvas);
    let now = told_now(inspect, problem, found, width, canvas);
    let title = format!("{}, {}", code.name(), short_section(found.fault.section()));
    let cases = match interop::case_count(code) {
        0 => "Who refuses it?".to_owned(),
        1 => "Who refuses it? Measured with 1 frame that breaks this rule alone".to_owned(),
        cases => format!("Who refuses it? Measured with {cases} frames that break this rule alone"),
    };
    let heights = [refusers.len() as u16 + 1, now.len() as u16 + 1];
    if area.height >= heights[0] + heights[1] + 4 {
        let rule = (told.len() as u16 + 1).min(area.height - heights[0] - heights[1]);
        let (first, rest) = split(area, rule);
        let (second, third) = split(rest, heights[0]);
        draw_pane(&title, &told, first, canvas);
        draw_pane(&cases, &refusers, second, canvas);
        return draw_pane("What I do now", &now, third, canvas);
    }
    match inspect.problems.pane {
        Pane::Rule => draw_pane(&format!("{title} · w who refuses it"), &told, area, canvas),
        Pane::Who => draw_pane(&format!("{cases} · w what I do now"), &refusers, area, canvas),
        Pane::Now => draw_pane("What I do now · w the rule", &now, area, canvas),
    }
}

fn draw_pane(title: &str, lines: &[Line], area: Rect, canvas: &mut Canvas) {
    canvas.rule(title, area);
    prose::draw(lines, split(area, 1).1, canvas);
}

fn told_rule(found: &Found, width: u16, canvas: &Canvas) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let page = reference::for_fault(found.fault.code);
    let detail = found.fault.detail.to_string();
    let here = if detail.is_empty() { page.title.to_owned() } else { format!("{}: {detail}", page.title) };
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let mut lines = labelled("  Found", &format::escape_controls(&here), LABEL, width, strong, theme);
    for (label, told) in
        [("  RFC", page.requirement), ("  Means", page.common_cause), ("  Why", page.rationale)]
    {
        if !told.is_empty() {
            lines.extend(labelled(label, told, LABEL, width, Style::new().fg(theme.text), theme));
        }
    }
    lines
}

/// What each known implementation did, a sign and its name; a line each where there is room.
fn told_refusers(code: FaultCode, roomy: bool, width: u16, canvas: &Canvas) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let answers = interop::results_for(code);
    if answers.is_empty() {
        let told = "No frame of the vectors breaks this rule alone, so who refuses it is not known.";
        return labelled("", told, 2, width, theme.dim(), theme);
    }
    let piece = |answer: &interop::InteropResult| {
        let (sign, color) = match answer.reaction() {
            Reaction::Refuses => ("✓", theme.good),
            Reaction::Accepts => ("○", theme.warn),
            Reaction::Mixed => ("◐", theme.warn),
            Reaction::NotTried => ("–", theme.dim),
        };
        let some = match answer.reaction() {
            Reaction::Mixed => format!(" {} of {}", answer.refused, answer.refused + answer.accepted),
            _ => String::new(),
        };
        let told = if roomy { answer.to_string() } else { format!("{}{some}", answer.implementation.name) };
        vec![
            Text::styled(format!("  {sign} "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
            Text::styled(told, Style::new().fg(theme.text)),
        ]
    };
    if roomy {
        return answers.iter().map(|answer| Line::from(piece(answer))).collect();
    }
    let mut lines = prose::flow(answers.iter().map(piece).collect(), width);
    let used: Vec<Reaction> = answers.iter().map(interop::InteropResult::reaction).collect();
    let legend = [
        (Reaction::Refuses, "✓ refuses it"),
        (Reaction::Accepts, "○ lets it pass"),
        (Reaction::Mixed, "◐ refuses some"),
        (Reaction::NotTried, "– was not tried"),
    ];
    let legend: Vec<&str> = legend.iter().filter(|(s, _)| used.contains(s)).map(|(_, told)| *told).collect();
    lines.push(Line::styled(format!("  {}", legend.join("   ")), theme.dim()));
    lines
}

fn told_now(
    inspect: &Inspect,
    problem: Problem,
    found: &Found,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let plain = Style::new().fg(theme.text);
    let mut lines = if let Some(answer) = answer(inspect, problem) {
        told_answer(inspect, found, &answer, width, canvas)
    } else {
        labelled("", &reference::for_fault(found.fault.code).consequence, 2, width, plain, theme)
    };
    let after = inspect.conn().trace.rows()[found.row.map_or(0, |row| row + 1)..]
        .iter()
        .take(100_000)
        .filter(|row| row.from() == found.from && row.is_after_fault())
        .count();
    if found.row.is_some() && found.fault.is_fatal() && after > 0 {
        let frames = if after == 1 { "1 frame came".to_owned() } else { format!("{after} frames came") };
        let told = format!("{frames} after it (↯ in the list): a receiver that stops here never reads them");
        lines.extend(labelled("", &told, 2, width, theme.dim(), theme));
    }
    lines
}

fn told_answer(
    inspect: &Inspect,
    found: &Found,
    answer: &Answer,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let bold = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let who = if answer.ours { "I answer" } else { "the server answers" };
    let about = CloseCode::new(answer.code);
    let mask = answer
        .key
        .map_or_else(|| "not masked".to_owned(), |key| format!("masked with {}", format::hex(&key)));
    let mut first = Line::from(vec![
        Text::styled("  1  ", bold),
        Text::styled(format!("{who}  "), Style::new().fg(theme.text)),
        Text::styled(
            format::spaced_hex(&answer.raw, 16),
            Style::new().fg(theme.good).add_modifier(Modifier::BOLD),
        ),
        Text::styled(format!("   Close {} {}, {mask}", answer.code, about.name), theme.dim()),
    ]);
    if answer.ours && inspect.conn().status == Status::Open && first.width() + 10 <= usize::from(width) {
        first.push_span(Text::styled("   s ", bold));
        first.push_span(Text::styled("sends it", theme.dim()));
    }
    let mut lines = vec![first];
    let second = if answer.ours {
        "stop reading, wait until the server closes TCP, then close (§7.1.1, §7.1.7)".to_owned()
    } else {
        what_it_did(inspect, found)
    };
    lines.extend(labelled("  2", &second, 5, width, Style::new().fg(theme.text), theme));
    lines
}

/// Whether the server has answered our fault, and how.
fn what_it_did(inspect: &Inspect, found: &Found) -> String {
    let after = found.row.map_or(inspect.conn().trace.rows().len(), |row| row + 1);
    let rows = inspect.conn().trace.rows().iter().enumerate().skip(after).take(10_000);
    let mut closes =
        rows.filter(|(_, row)| row.from() != found.from && row.opcode() == crate::wire::Opcode::Close);
    let close = closes.next().map(|(number, _)| number);
    match (close, &inspect.conn().status) {
        (Some(row), _) => {
            let told = inspect.frame(row).map_or_else(String::new, |frame| super::list::preview(&frame));
            format!("what it did: frame {row} is its Close {told}")
        }
        (None, Status::Ended(_) | Status::Read(_)) => {
            "what it did: it ended the connection without a Close".to_owned()
        }
        (None, _) => "what it did: no Close from it so far; it may have let this pass".to_owned(),
    }
}

/// A problem of a head: its line, the bytes, and what follows from it.
fn draw_head(inspect: &Inspect, from: Side, number: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let Some(opening) = inspect.conn().trace.head(from) else { return };
    let Some(problem) = opening.validation.problems.get(number) else { return };
    let (arrow, what) = (side(from, theme).1, if from == Side::Client { "request" } else { "response" });
    let raw = opening.head.as_ref().map_or(inspect.conn().trace.head_bytes(from), |head| head.raw());
    let span = problem.span.clone().filter(|span| span.start < raw.len());
    let (bytes, rest) = split(area, if span.is_some() { 3 } else { 1 });
    let place = span.as_ref().map_or_else(
        || "nothing to mark: what is wrong is that something is missing".to_owned(),
        |span| {
            format!(
                "byte 0x{:02x}: {}",
                span.start,
                format::quote(&raw[span.start..span.end.min(raw.len())], 50)
            )
        },
    );
    canvas.rule(&format!("{arrow} {what} · {place}"), bytes);
    if let Some(span) = span {
        let colors = vec![theme.text; raw.len()];
        let told = format::byte_count(span.len() as u64);
        draw_hex(raw, &colors, span.start..span.end.max(span.start + 1), &told, split(bytes, 1).1, canvas);
    }
    let rule = problem.code.rule();
    canvas.rule(&format!("{}, {}", rule.name, short_section(rule.section)), rest);
    let lines = told_head(problem, from, opening.validation.status, area.width, canvas);
    prose::draw(&lines, split(rest, 1).1, canvas);
}

fn told_head(
    problem: &HeadProblem,
    from: Side,
    status: Option<u16>,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let rule = problem.code.rule();
    let plain = Style::new().fg(theme.text);
    let mut lines =
        labelled("  Found", rule.summary, LABEL, width, plain.add_modifier(Modifier::BOLD), theme);
    if let Some(hint) = &problem.hint {
        lines.extend(labelled("  Hint", &format::escape_controls(hint), LABEL, width, plain, theme));
    }
    lines.extend(labelled("  Why", rule.rationale, LABEL, width, plain, theme));
    let now = match (problem.severity, from, status) {
        (Severity::Fatal, Side::Client, Some(status)) => {
            format!("A server refuses the request with status {status}: there is no WebSocket to close yet.")
        }
        (Severity::Fatal, Side::Client, None) => "A server hangs up: no HTTP answer makes sense.".to_owned(),
        (Severity::Fatal, Side::Server, _) => {
            "A client fails the connection: it closes TCP without a Close frame.".to_owned()
        }
        _ => "Worth knowing; the connection goes on.".to_owned(),
    };
    lines.extend(labelled("  Now", &now, LABEL, width, plain, theme));
    lines
}
