//! One problem explained: its bytes and bits, the rule, who refuses it, and what is answered.
//!
//! Which problem, and what the keys do with it, is said in `problems`.

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Text};

use super::canvas::{Canvas, split};
use super::conn::Status;
use super::frames::tie;
use super::keys::fresh_key;
use super::problems::{Found, Pane, Problem, found};
use super::prose::{self, labelled, short_section};
use super::state::Inspect;
use super::view::side;
use crate::wire::handshake::Problem as HeadProblem;
use crate::wire::peers::{self, Standing};
use crate::wire::{CloseCode, Code, Field, Severity, Side, Span, encode, rules, span, words};

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
    Some(Answer { ours, code, raw: encode::close(code, "", key), key })
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

/// The bytes around the place, the place itself marked, and the bits of its byte.
fn draw_frame(inspect: &Inspect, found: &Found, bits: bool, area: Rect, canvas: &mut Canvas) {
    let Some(raw) = found.raw(inspect).filter(|raw| !raw.is_empty()) else {
        canvas.rule("The bytes of this frame are not in memory any more", area);
        return;
    };
    let context = found.row.and_then(|row| inspect.frame(row)).map(|frame| frame.context);
    let deflate = inspect.conn().trace.agreed().deflate.is_some();
    let context = context.unwrap_or_else(|| span::Context::new(found.from, deflate));
    let spans = span::spans(&raw, context);
    let at = usize::try_from(found.byte()).unwrap_or(usize::MAX);
    let arrow = side(found.from, canvas.theme).1;
    let number =
        found.row.map_or_else(|| "A frame that is not complete".to_owned(), |row| format!("Frame {row}"));
    let field = spans.iter().find(|span| holds(span, found, at)).map_or("", |span| span.field.name());
    let title = format!("{number} · {arrow} · {} · byte 0x{at:02x}, {field}", words::bytes(raw.len() as u64));
    canvas.rule(title.trim_end_matches(", "), area);
    let below = split(area, 1).1;
    let certain = found.fault.detectable_after.saturating_sub(found.start);
    let mark = format!("knowable after {} of the frame", words::bytes(certain));
    let cell = |index: usize| {
        let color = spans.iter().find(|span| span.bytes.contains(&index));
        color.map_or(canvas.theme.dim, |span| tie(span, canvas.theme).1)
    };
    let colors: Vec<Color> = (0..raw.len()).map(cell).collect();
    draw_hex(&raw, &colors, at..at.saturating_add(1), &mark, below, canvas);
    if bits {
        draw_bits(&raw, &spans, found, at, split(below, 2).1, canvas);
    }
}

fn holds(span: &Span, found: &Found, at: usize) -> bool {
    let bit = (0..8).find(|bit| found.fault.bits.is_some_and(|bits| bits.contains(*bit)));
    span.contains(at, bit.unwrap_or(span.bits.start))
}

/// One row of hex with the bytes of `place` in it, and below these a mark with words.
fn draw_hex(
    raw: &[u8],
    colors: &[Color],
    place: std::ops::Range<usize>,
    told: &str,
    area: Rect,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let per_row = (usize::from(area.width.saturating_sub(8)) / 3).clamp(1, 32);
    let start = place.start.min(raw.len().saturating_sub(1)) / per_row * per_row;
    let end = (start + per_row).min(raw.len());
    let mut hex = Line::styled(format!("  {start:04x}  "), theme.faint());
    for index in start..end {
        let color = colors.get(index).copied().unwrap_or(theme.text);
        let style = Style::new().fg(color);
        let style = if place.contains(&index) {
            style.add_modifier(Modifier::BOLD | Modifier::REVERSED)
        } else {
            style
        };
        hex.push_span(Text::styled(format!("{:02x}", raw[index]), style));
        hex.push_span(Text::raw(" "));
    }
    if end < raw.len() {
        hex.push_span(Text::styled("…", theme.dim()));
    }
    canvas.line(&hex, 0, area);
    let marked = place.end.clamp(start, end).saturating_sub(place.start.max(start)).max(1);
    let left = 8 + 3 * (place.start.max(start) - start);
    let sign = "▔".repeat(3 * marked - 1);
    let bad = Style::new().fg(theme.bad);
    let fits = left + 3 * marked + told.chars().count() <= usize::from(area.width);
    let line = if fits {
        Line::styled(format!("{}{sign} {told}", " ".repeat(left)), bad)
    } else {
        Line::styled(format!("{told:>before$} {sign}", before = left.saturating_sub(1)), bad)
    };
    canvas.line(&line, 1, area);
}

/// The bits of the byte, their fields below, those that break the rule reversed.
fn draw_bits(raw: &[u8], spans: &[Span], found: &Found, at: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let Some(byte) = raw.get(at) else { return };
    let mut lines = ["  bit   ", "        ", "        "].map(|label| Line::styled(label, theme.faint()));
    let mut bit = 0;
    while bit < 8 {
        let span = spans.iter().find(|span| span.contains(at, bit));
        let (end, name, color) = span.map_or((bit + 1, "", theme.dim), |span| {
            (span.bits.end, short_name(span.field), tie(span, theme).1)
        });
        for number in bit..end {
            let hit = found.fault.bits.is_none_or(|bits| bits.contains(number));
            let style = Style::new().fg(if hit { theme.bad } else { color });
            let digit = if byte & 0x80 >> number == 0 { "0" } else { "1" };
            let digit = if hit {
                Text::styled(digit, style.add_modifier(Modifier::BOLD | Modifier::REVERSED))
            } else {
                Text::styled(digit, style)
            };
            lines[0].push_span(Text::styled(format!("{number:<5}"), theme.faint()));
            lines[1].spans.extend([digit, Text::raw("    ")]);
        }
        let wide = usize::from(end - bit) * 5;
        let name = if wide <= 5 {
            format!("{name:<5}")
        } else {
            format!("└{name:─^width$}┘ ", width = wide - 6)
        };
        lines[2].push_span(Text::styled(name, Style::new().fg(color)));
        bit = end;
    }
    let value = format!("  = 0x{byte:02x}, bit 0 is the first on the wire");
    lines[1].push_span(Text::styled(value, theme.dim()));
    prose::draw(&lines, area, canvas);
}

fn short_name(field: Field) -> &'static str {
    match field {
        Field::Length | Field::ExtendedLength => "length",
        field => field.name(),
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
    let cases = match peers::cases(code) {
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
    let page = rules::of_fault(found.fault.code);
    let detail = found.fault.detail.to_string();
    let here = if detail.is_empty() { page.title.to_owned() } else { format!("{}: {detail}", page.title) };
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let mut lines = labelled("  Found", &words::harmless(&here), LABEL, width, strong, theme);
    for (label, told) in [("  RFC", page.wants), ("  Means", page.cause), ("  Why", page.why)] {
        if !told.is_empty() {
            lines.extend(labelled(label, told, LABEL, width, Style::new().fg(theme.text), theme));
        }
    }
    lines
}

/// What each known implementation did, a sign and its name; a line each where there is room.
fn told_refusers(code: Code, roomy: bool, width: u16, canvas: &Canvas) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let answers = peers::on(code);
    if answers.is_empty() {
        let told = "No frame of the vectors breaks this rule alone, so who refuses it is not known.";
        return labelled("", told, 2, width, theme.dim(), theme);
    }
    let piece = |answer: &peers::Answer| {
        let (sign, color) = match answer.standing() {
            Standing::Refuses => ("✓", theme.good),
            Standing::Accepts => ("✗", theme.bad),
            Standing::Differs => ("◐", theme.warn),
            Standing::Untried => ("–", theme.dim),
        };
        let some = match answer.standing() {
            Standing::Differs => format!(" {} of {}", answer.refused, answer.refused + answer.accepted),
            _ => String::new(),
        };
        let told = if roomy { answer.to_string() } else { format!("{}{some}", answer.peer.name) };
        vec![
            Text::styled(format!("  {sign} "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
            Text::styled(told, Style::new().fg(theme.text)),
        ]
    };
    if roomy {
        return answers.iter().map(|answer| Line::from(piece(answer))).collect();
    }
    let mut lines = prose::flow(answers.iter().map(piece).collect(), width);
    let used: Vec<Standing> = answers.iter().map(peers::Answer::standing).collect();
    let legend = [
        (Standing::Refuses, "✓ refuses it"),
        (Standing::Accepts, "✗ lets it pass"),
        (Standing::Differs, "◐ refuses some"),
        (Standing::Untried, "– was not tried"),
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
    let mut lines = match answer(inspect, problem) {
        Some(answer) => told_answer(inspect, found, &answer, width, canvas),
        None => {
            let now = rules::of_fault(found.fault.code).now;
            labelled("", &now, 2, width, plain, theme)
        }
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
    let mask =
        answer.key.map_or_else(|| "not masked".to_owned(), |key| format!("masked with {}", words::hex(&key)));
    let mut first = Line::from(vec![
        Text::styled("  1  ", bold),
        Text::styled(format!("{who}  "), Style::new().fg(theme.text)),
        Text::styled(
            words::hex_row(&answer.raw, 16),
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
        (None, Status::Ended(_)) => "what it did: it ended the connection without a Close".to_owned(),
        (None, _) => "what it did: no Close from it so far; it may have let this pass".to_owned(),
    }
}

/// A problem of a head: its line, the bytes, and what follows from it.
fn draw_head(inspect: &Inspect, from: Side, number: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let Some(opening) = inspect.conn().trace.opening(from) else { return };
    let Some(problem) = opening.judgement.problems.get(number) else { return };
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
                words::quoted(&raw[span.start..span.end.min(raw.len())], 50)
            )
        },
    );
    canvas.rule(&format!("{arrow} {what} · {place}"), bytes);
    if let Some(span) = span {
        let colors = vec![theme.text; raw.len()];
        let told = words::bytes(span.len() as u64);
        draw_hex(raw, &colors, span.start..span.end.max(span.start + 1), &told, split(bytes, 1).1, canvas);
    }
    let rule = problem.code.rule();
    canvas.rule(&format!("{}, {}", rule.name, short_section(rule.section)), rest);
    let lines = told_head(problem, from, opening.judgement.status, area.width, canvas);
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
    let mut lines = labelled("  Found", rule.what, LABEL, width, plain.add_modifier(Modifier::BOLD), theme);
    if let Some(hint) = &problem.hint {
        lines.extend(labelled("  Hint", &words::harmless(hint), LABEL, width, plain, theme));
    }
    lines.extend(labelled("  Why", rule.why, LABEL, width, plain, theme));
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
