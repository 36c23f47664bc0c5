//! What the RFC wants of what is under the cursor, why, and what goes wrong: the page that `?` opens.
//!
//! The sentences are `wire::explain::reference`'s for frames and `head_line`'s for heads; here they are put in order.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::canvas::{Canvas, split_rows};
use super::problems::{ProblemRef, locate_fault};
use super::prose::{self, labelled_paragraph};
use super::state::{InputMode, Inspect, Tab};
use super::{accept_steps, handshake, head_line, payload_text};
use crate::stage::Theme;
use crate::wire::explain::interop;
use crate::wire::explain::reference;
use crate::wire::handshake::ProblemCode;
use crate::wire::{FaultCode, Field, Side, format};

/// The labels' column.
const LABEL_WIDTH: usize = 14;

/// Sentences are easier to read in lines that are not too long.
const MAX_LINE_WIDTH: u16 = 110;

/// A page: its title, and paragraphs with a label each.
struct RulesPage {
    title: String,
    paragraphs: Vec<(&'static str, String)>,
}

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let InputMode::Rules(row) = inspect.mode else { return };
    let theme = canvas.theme;
    let Some(page) = current_page(inspect) else {
        return canvas.draw_line(&Line::raw("There is nothing under the cursor yet."), 0, area);
    };
    let (title, body) = split_rows(area, 1);
    canvas.draw_rule(&page.title, title);
    let body = split_rows(body, u16::from(body.height > 12)).1;
    let lines = page_lines(&page, body.width.min(MAX_LINE_WIDTH), theme);
    let last = lines.len().saturating_sub(usize::from(body.height));
    let first = usize::from(row).min(last);
    prose::draw_lines(&lines[first..], body, canvas);
}

/// The page of the field under the cursor, as far as there is room: below a frame on a large screen.
pub(super) fn draw_below(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let Some(page) = field_page(inspect).filter(|_| area.height > 1) else { return };
    let (title, body) = split_rows(area, 1);
    canvas.draw_rule(&page.title, title);
    prose::draw_lines(&page_lines(&page, body.width.min(MAX_LINE_WIDTH), canvas.theme), body, canvas);
}

fn page_lines(page: &RulesPage, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (number, (label, text)) in page.paragraphs.iter().filter(|(_, text)| !text.is_empty()).enumerate() {
        let weight = if number == 0 { Modifier::BOLD } else { Modifier::empty() };
        let style = Style::new().fg(theme.text).add_modifier(weight);
        lines.extend(labelled_paragraph(label, text, LABEL_WIDTH, width, style, theme));
        lines.push(Line::default());
    }
    lines.pop();
    lines
}

fn current_page(inspect: &Inspect) -> Option<RulesPage> {
    match inspect.tab {
        Tab::Handshake => head_line_page(inspect),
        Tab::Problems => match inspect.problems.selected() {
            Some(ProblemRef::Frame(from, number)) => {
                Some(fault_page(locate_fault(inspect, from, number)?.fault.code))
            }
            Some(ProblemRef::Head(from, number)) => {
                let problem = inspect.connection().trace.head(from)?.validation.problems.get(number)?;
                Some(head_problem_page(problem.code, problem.hint.as_deref()))
            }
            None => field_page(inspect),
        },
        _ => field_page(inspect),
    }
}

/// The field under the cursor, and the rules that can be broken there.
fn field_page(inspect: &Inspect) -> Option<RulesPage> {
    let (_, spans) = inspect.bytes_under_cursor()?;
    let span = spans.get(inspect.field_under_cursor(&spans))?;
    let page = reference::for_field(span.field);
    let payload = inspect.current_frame().filter(|_| span.field == Field::Payload);
    let payload = payload.and_then(|(_, _, frame)| payload_text::readable_text(inspect, &frame));
    let mut paragraphs = vec![
        ("Here", format::escape_controls(&format!("{} = {}: {}.", page.title, span.value, span.meaning))),
        ("Reads", payload.unwrap_or_default()),
        ("The RFC", page.requirement.to_owned()),
        ("Why", page.rationale.to_owned()),
        ("The receiver", page.consequence.clone()),
        ("What breaks", page.common_cause.to_owned()),
    ];
    let label = |number| if number == 0 { "Its rules" } else { "" };
    paragraphs.extend(page.rules.iter().enumerate().map(|(number, code)| {
        (label(number), format!("{}: {} ({}).", code.name(), code.rule().summary, code.rule().section))
    }));
    Some(RulesPage { title: format!("{}, {}", page.title, page.section), paragraphs })
}

fn fault_page(code: FaultCode) -> RulesPage {
    let page = reference::for_fault(code);
    let mut paragraphs = vec![
        ("Broken", format!("{}.", page.title)),
        ("The RFC", page.requirement.to_owned()),
        ("Why", page.rationale.to_owned()),
        ("Its cause", page.common_cause.to_owned()),
        ("The receiver", page.consequence),
    ];
    let label = |number| if number == 0 { "Measured" } else { "" };
    let answers = interop::results_for(code);
    paragraphs
        .extend(answers.iter().enumerate().map(|(number, answer)| (label(number), format!("{answer}."))));
    RulesPage { title: format!("{}, {}", code.name(), page.section), paragraphs }
}

fn head_problem_page(code: ProblemCode, hint: Option<&str>) -> RulesPage {
    let rule = code.rule();
    let paragraphs = vec![
        ("Broken", format!("{}.", rule.summary)),
        ("Here", hint.map_or_else(String::new, format::escape_controls)),
        ("Why", rule.rationale.to_owned()),
    ];
    RulesPage { title: format!("{}, {}", rule.name, rule.section), paragraphs }
}

/// The line of a head under the cursor.
fn head_line_page(inspect: &Inspect) -> Option<RulesPage> {
    let (from, number) = handshake::line_under_cursor(inspect)?;
    let validated = inspect.connection().trace.head(from)?;
    let head = validated.head.as_ref()?;
    let line = head.lines().get(number)?;
    let text = format::quote(&head.raw()[line.text.clone()], 200);
    let mut paragraphs = vec![("Here", text), ("Why", head_line::purpose(head, number).to_owned())];
    let mut title =
        if from == Side::Client { "A line of the request" } else { "A line of the response" }.to_owned();
    for row in accept_steps::lettered_checks(inspect) {
        if row.from == from && row.check.line == Some(number) {
            title = format!("{}, {}", row.check.name, row.check.section);
            paragraphs.push(("Checked", format::escape_controls(&format!("{}.", row.check.finding))));
        }
    }
    for problem in &validated.validation.problems {
        let within =
            |span: &std::ops::Range<usize>| span.start >= line.text.start && span.start < line.line_end.end;
        if problem.span.as_ref().is_some_and(within) {
            let page = head_problem_page(problem.code, problem.hint.as_deref());
            paragraphs.extend(page.paragraphs);
        }
    }
    Some(RulesPage { title, paragraphs })
}

#[cfg(test)]
mod tests {
    use super::super::chrome::tests::render_text;
    use super::super::state::tests::{opened, press, seen};
    use crate::wire::Side;
    use crossterm::event::KeyCode;

    #[test]
    fn a_field_a_line_and_a_problem_have_a_page() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('?'));
        let shown = render_text(&inspect, 100, 30);
        for part in ["FIN, RFC 6455 §5.2", "The RFC", "Why", "E_CTRL_FRAGMENTED"] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
        press(&mut inspect, KeyCode::Esc);
        press(&mut inspect, KeyCode::Char('1'));
        press(&mut inspect, KeyCode::Down);
        press(&mut inspect, KeyCode::Char('?'));
        assert!(render_text(&inspect, 100, 30).contains("Many names can share one address"));
        let (mut inspect, _inbox) = seen(&[(Side::Server, &[0x83, 0x00])]);
        press(&mut inspect, KeyCode::Char('5'));
        press(&mut inspect, KeyCode::Char('?'));
        let shown = render_text(&inspect, 100, 30);
        assert!(shown.contains("E_OPCODE_RESERVED") && shown.contains("Measured"), "{shown}");
    }

    #[test]
    fn a_page_scrolls_to_its_end_and_no_further() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('?'));
        let top = render_text(&inspect, 78, 15);
        for _ in 0..200 {
            press(&mut inspect, KeyCode::Down);
        }
        let end = render_text(&inspect, 78, 15);
        assert!(top != end && end.contains("W_EMPTY_FRAGMENT"), "{end}");
    }
}
