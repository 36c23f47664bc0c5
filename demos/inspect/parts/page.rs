//! A page of rules: what the RFC requires of a field or a line, why, and what goes wrong without
//! it.
//!
//! The sentences come from `wire::explain::reference`. This file arranges and draws them.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::canvas::{Canvas, split_rows};
use super::prose::{self, labelled_paragraph};
use crate::inspect::AbnormalClosure;
use crate::stage::Theme;
use crate::wire::explain::NonFrame;
use crate::wire::explain::interop;
use crate::wire::explain::reference::{self, abnormal_closure};
use crate::wire::handshake::ProblemCode;
use crate::wire::{Fault, FieldSpan, format};

/// The width of the column of labels in cells.
const LABEL_WIDTH: usize = 14;

/// The maximum width of text in columns. Longer lines are harder to read.
const MAX_LINE_WIDTH: u16 = 110;

/// A page of rules: its title, and paragraphs with their labels.
pub(crate) struct RulesPage {
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<(&'static str, String)>,
}

/// Draws a page, scrolled down by `scroll` rows but not beyond its end.
pub(crate) fn draw(page: &RulesPage, scroll: u16, area: Rect, canvas: &mut Canvas) {
    let (title, body) = split_rows(area, 1);
    canvas.draw_divider(&page.title, title);
    let body = split_rows(body, u16::from(body.height > 12)).1;
    let lines = page_lines(page, body.width.min(MAX_LINE_WIDTH), canvas.theme);
    let last = lines.len().saturating_sub(usize::from(body.height));
    let first = usize::from(scroll).min(last);
    prose::draw_lines(&lines[first..], body, canvas);
}

/// Draws a page below a frame, as far as there is room.
pub(crate) fn draw_below(page: &RulesPage, area: Rect, canvas: &mut Canvas) {
    if area.height <= 1 {
        return;
    }
    let (title, body) = split_rows(area, 1);
    canvas.draw_divider(&page.title, title);
    prose::draw_lines(
        &page_lines(page, body.width.min(MAX_LINE_WIDTH), canvas.theme),
        body,
        canvas,
    );
}

/// Returns the page of a field: its value in this frame, and the rules that can be broken there.
/// `reads` is the text of the payload, empty for other fields.
pub(crate) fn field_page(span: &FieldSpan, reads: String) -> RulesPage {
    let page = reference::for_field(span.field);
    let mut paragraphs = vec![
        (
            "Here",
            format::escape_controls(&format!("{} = {}: {}.", page.title, span.value, span.meaning)),
        ),
        ("Reads", reads),
        ("The RFC", page.requirement.to_owned()),
        ("Why", page.rationale.to_owned()),
        ("The receiver", page.consequence.clone()),
        ("What breaks", page.common_cause.to_owned()),
    ];
    let label = |number| if number == 0 { "Rules" } else { "" };
    paragraphs.extend(page.rules.iter().enumerate().map(|(number, code)| {
        (
            label(number),
            format!("{}: {} ({}).", code.name(), code.rule().summary, code.rule().section),
        )
    }));
    RulesPage { title: format!("{}, {}", page.title, page.section), paragraphs }
}

fn page_lines(page: &RulesPage, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (number, (label, text)) in
        page.paragraphs.iter().filter(|(_, text)| !text.is_empty()).enumerate()
    {
        let weight = if number == 0 { Modifier::BOLD } else { Modifier::empty() };
        let style = Style::new().fg(theme.text).add_modifier(weight);
        // Folded JSON has lines of its own, which keep their indentation.
        for (row, line) in text.split('\n').enumerate() {
            let label = if row == 0 { *label } else { "" };
            let indent = LABEL_WIDTH + line.len() - line.trim_start_matches(' ').len();
            lines.extend(labelled_paragraph(label, line, indent, width, style, theme));
        }
        lines.push(Line::default());
    }
    // No blank row after the last paragraph.
    lines.pop();
    lines
}

/// Returns the page of a rule that a frame breaks. `non_frame` is what its bytes are instead, if
/// they are not a frame at all.
pub(crate) fn fault_page(fault: &Fault, non_frame: Option<NonFrame>) -> RulesPage {
    let code = fault.code;
    let page = reference::for_fault(code);
    let hint = non_frame.map(NonFrame::hint).or_else(|| fault.hint());
    let hint = hint.map_or_else(String::new, |hint| format!("{hint}."));
    let mut paragraphs = vec![
        ("Broken", format!("{}.", page.title)),
        ("Hint", hint),
        ("The RFC", page.requirement.to_owned()),
        ("Why", page.rationale.to_owned()),
        ("Usual cause", page.common_cause.to_owned()),
        ("The receiver", page.consequence),
    ];
    let label = |number| if number == 0 { "Measured" } else { "" };
    let answers = interop::results_for(code);
    paragraphs.extend(
        answers.iter().enumerate().map(|(number, answer)| (label(number), format!("{answer}."))),
    );
    RulesPage { title: format!("{}, {}", code.name(), page.section), paragraphs }
}

/// Returns the page of a connection that ended without both Closes.
pub(crate) fn abnormal_closure_page(closure: &AbnormalClosure) -> RulesPage {
    let found = format::escape_controls(&closure.how);
    let cause = closure.likely_cause();
    let paragraphs = vec![
        ("Found", format!("{found}.")),
        ("Who sees it", closure.who_sees_it()),
        ("Likely cause", cause),
        ("What helps", abnormal_closure::PAGE.remedy.to_owned()),
        ("The RFC", abnormal_closure::PAGE.requirement.to_owned()),
        ("Why", abnormal_closure::PAGE.rationale.to_owned()),
    ];
    let title = format!("{}, {}", abnormal_closure::SUMMARY, abnormal_closure::SECTION);
    RulesPage { title, paragraphs }
}

/// Returns the page of a rule that a head breaks. `hint` is what was found there.
pub(crate) fn head_problem_page(code: ProblemCode, hint: Option<&str>) -> RulesPage {
    let rule = code.rule();
    let paragraphs = vec![
        ("Broken", format!("{}.", rule.summary)),
        ("Here", hint.map_or_else(String::new, format::escape_controls)),
        ("Why", rule.rationale.to_owned()),
    ];
    RulesPage { title: format!("{}, {}", rule.name, rule.section), paragraphs }
}
