//! What the RFC wants of what is under the cursor, why, and what goes wrong: the page that `?` opens.
//!
//! The sentences are `wire::reference`'s for frames and `headline`'s for heads; here they are put in order.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::canvas::{Canvas, split};
use super::problems::{Problem, found};
use super::prose::{self, labelled};
use super::state::{Inspect, Mode, Tab};
use super::{handshake, headline, proof, reading};
use crate::stage::Theme;
use crate::wire::handshake::ProblemCode;
use crate::wire::{FaultCode, Field, Side, format, interop, reference};

/// The labels' column.
const LABEL: usize = 14;

/// Sentences are easier to read in lines that are not too long.
const WIDEST: u16 = 110;

/// A page: its title, and paragraphs with a label each.
struct Page {
    title: String,
    told: Vec<(&'static str, String)>,
}

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let Mode::Rules(row) = inspect.mode else { return };
    let theme = canvas.theme;
    let Some(page) = page(inspect) else {
        return canvas.line(&Line::raw("There is nothing under the cursor yet."), 0, area);
    };
    let (title, body) = split(area, 1);
    canvas.rule(&page.title, title);
    let body = split(body, u16::from(body.height > 12)).1;
    let lines = lines(&page, body.width.min(WIDEST), theme);
    let last = lines.len().saturating_sub(usize::from(body.height));
    let first = usize::from(row).min(last);
    prose::draw(&lines[first..], body, canvas);
}

/// The page of the field under the cursor, as far as there is room: below a frame on a large screen.
pub(super) fn draw_below(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let Some(page) = of_field(inspect).filter(|_| area.height > 1) else { return };
    let (title, body) = split(area, 1);
    canvas.rule(&page.title, title);
    prose::draw(&lines(&page, body.width.min(WIDEST), canvas.theme), body, canvas);
}

fn lines(page: &Page, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (number, (label, told)) in page.told.iter().filter(|(_, told)| !told.is_empty()).enumerate() {
        let weight = if number == 0 { Modifier::BOLD } else { Modifier::empty() };
        let style = Style::new().fg(theme.text).add_modifier(weight);
        lines.extend(labelled(label, told, LABEL, width, style, theme));
        lines.push(Line::default());
    }
    lines.pop();
    lines
}

fn page(inspect: &Inspect) -> Option<Page> {
    match inspect.tab {
        Tab::Handshake => of_line(inspect),
        Tab::Problems => match inspect.problems.chosen() {
            Some(Problem::Frame(from, number)) => Some(of_fault(found(inspect, from, number)?.fault.code)),
            Some(Problem::Head(from, number)) => {
                let problem = inspect.conn().trace.head(from)?.validation.problems.get(number)?;
                Some(of_head(problem.code, problem.hint.as_deref()))
            }
            None => of_field(inspect),
        },
        _ => of_field(inspect),
    }
}

/// The field under the cursor, and the rules that can be broken there.
fn of_field(inspect: &Inspect) -> Option<Page> {
    let (_, spans) = inspect.under()?;
    let span = spans.get(inspect.field(&spans))?;
    let page = reference::for_field(span.field);
    let said = inspect.shown().filter(|_| span.field == Field::Payload);
    let said = said.and_then(|(_, _, frame)| reading::told(inspect, &frame));
    let mut told = vec![
        ("Here", format::escape_controls(&format!("{} = {}: {}.", page.title, span.value, span.meaning))),
        ("Reads", said.unwrap_or_default()),
        ("The RFC", page.requirement.to_owned()),
        ("Why", page.rationale.to_owned()),
        ("The receiver", page.consequence.clone()),
        ("What breaks", page.common_cause.to_owned()),
    ];
    let label = |number| if number == 0 { "Its rules" } else { "" };
    told.extend(page.rules.iter().enumerate().map(|(number, code)| {
        (label(number), format!("{}: {} ({}).", code.name(), code.rule().summary, code.rule().section))
    }));
    Some(Page { title: format!("{}, {}", page.title, page.section), told })
}

fn of_fault(code: FaultCode) -> Page {
    let page = reference::for_fault(code);
    let mut told = vec![
        ("Broken", format!("{}.", page.title)),
        ("The RFC", page.requirement.to_owned()),
        ("Why", page.rationale.to_owned()),
        ("Its cause", page.common_cause.to_owned()),
        ("The receiver", page.consequence),
    ];
    let label = |number| if number == 0 { "Measured" } else { "" };
    let answers = interop::results_for(code);
    told.extend(answers.iter().enumerate().map(|(number, answer)| (label(number), format!("{answer}."))));
    Page { title: format!("{}, {}", code.name(), page.section), told }
}

fn of_head(code: ProblemCode, hint: Option<&str>) -> Page {
    let rule = code.rule();
    let told = vec![
        ("Broken", format!("{}.", rule.summary)),
        ("Here", hint.map_or_else(String::new, format::escape_controls)),
        ("Why", rule.rationale.to_owned()),
    ];
    Page { title: format!("{}, {}", rule.name, rule.section), told }
}

/// The line of a head under the cursor.
fn of_line(inspect: &Inspect) -> Option<Page> {
    let (from, number) = handshake::cursor(inspect)?;
    let opening = inspect.conn().trace.head(from)?;
    let head = opening.head.as_ref()?;
    let line = head.lines().get(number)?;
    let text = format::quote(&head.raw()[line.text.clone()], 200);
    let mut told = vec![("Here", text), ("Why", headline::purpose(head, number).to_owned())];
    let mut title =
        if from == Side::Client { "A line of the request" } else { "A line of the response" }.to_owned();
    for row in proof::lettered(inspect) {
        if row.from == from && row.check.line == Some(number) {
            title = format!("{}, {}", row.check.name, row.check.section);
            told.push(("Checked", format::escape_controls(&format!("{}.", row.check.finding))));
        }
    }
    for problem in &opening.validation.problems {
        let within =
            |span: &std::ops::Range<usize>| span.start >= line.text.start && span.start < line.line_end.end;
        if problem.span.as_ref().is_some_and(within) {
            let page = of_head(problem.code, problem.hint.as_deref());
            told.extend(page.told);
        }
    }
    Some(Page { title, told })
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{opened, press, seen};
    use super::super::view::tests::picture;
    use crate::wire::Side;
    use crossterm::event::KeyCode;

    #[test]
    fn a_field_a_line_and_a_problem_have_a_page() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('?'));
        let shown = picture(&inspect, 100, 30);
        for part in ["FIN, RFC 6455 §5.2", "The RFC", "Why", "E_CTRL_FRAGMENTED"] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
        press(&mut inspect, KeyCode::Esc);
        press(&mut inspect, KeyCode::Char('1'));
        press(&mut inspect, KeyCode::Down);
        press(&mut inspect, KeyCode::Char('?'));
        assert!(picture(&inspect, 100, 30).contains("Many names can share one address"));
        let (mut inspect, _inbox) = seen(&[(Side::Server, &[0x83, 0x00])]);
        press(&mut inspect, KeyCode::Char('5'));
        press(&mut inspect, KeyCode::Char('?'));
        let shown = picture(&inspect, 100, 30);
        assert!(shown.contains("E_OPCODE_RESERVED") && shown.contains("Measured"), "{shown}");
    }

    #[test]
    fn a_page_scrolls_to_its_end_and_no_further() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('?'));
        let top = picture(&inspect, 78, 15);
        for _ in 0..200 {
            press(&mut inspect, KeyCode::Down);
        }
        let end = picture(&inspect, 78, 15);
        assert!(top != end && end.contains("W_EMPTY_FRAGMENT"), "{end}");
    }
}
