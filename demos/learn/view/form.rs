//! Draws the answer while it is made, and what the task is about where they are one.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::demos::inspect::wrap_words;
use crate::demos::learn::form_editor::FormEditor;
use crate::demos::learn::task_page::{Task, TaskPage};
use crate::demos::learn::text_line::TextLine;
use crate::learn::{AnswerForm, Exercise, Mark, RightAnswer};
use crate::stage::Theme;
use crate::text;

/// Returns the lines of the answer, and the index of the one with the cursor.
pub(super) fn lines(page: &TaskPage, width: usize, theme: &Theme) -> (Vec<Line<'static>>, usize) {
    match (&page.form, &page.task) {
        (FormEditor::Fields { lines, cursor, .. }, Task::Exercise(exercise)) => {
            (field_lines(page, exercise, lines, *cursor, theme), *cursor)
        }
        (FormEditor::Bytes(line), _) => byte_form(page, line, width, theme),
        (FormEditor::Input(line), _) => {
            (vec![input_line("your answer ▸ ", line, page.judgment.is_none(), theme)], 0)
        }
        (FormEditor::Head { lines, cursor }, _) => {
            let is_open = page.judgment.is_none();
            let line = |(index, line): (usize, &TextLine)| {
                input_line("  ", line, is_open && index == *cursor, theme)
            };
            (lines.iter().enumerate().map(line).collect(), *cursor)
        }
        (
            FormEditor::ByteAndRule { rule: chosen, .. }
            | FormEditor::LineAndRemedy { remedy: chosen, .. },
            Task::Exercise(exercise),
        ) => {
            let is_chosen = |at: usize| *chosen == Some(at);
            let part = ["rule", "remedy"].into_iter().find_map(|part| mark(page, part));
            let mark_of = |at: usize| part.filter(|_| is_chosen(at)).map(|mark| mark.right);
            let looks = OptionLooks { signs: RADIO, width, theme };
            let mark_of = |at: usize| mark_of(at).map(|right| (right, ""));
            (option_lines(choices(&exercise.form), is_chosen, mark_of, &looks), 0)
        }
        (FormEditor::Order { order, cursor, is_held, .. }, Task::Exercise(exercise)) => {
            event_lines(page, choices(&exercise.form), order, (*cursor, *is_held), width, theme)
        }
        (FormEditor::Choice { chosen, order }, Task::Question(question)) => {
            let is_chosen = |at: usize| *chosen == Some(at);
            (question_options(page, &question.answer, order, is_chosen, width, theme), 0)
        }
        (FormEditor::Several { chosen, order }, Task::Question(question)) => {
            let is_chosen = |at: usize| chosen.get(at) == Some(&true);
            (question_options(page, &question.answer, order, is_chosen, width, theme), 0)
        }
        _ => (Vec::new(), 0),
    }
}

fn choices(form: &AnswerForm) -> &[String] {
    match form {
        AnswerForm::ByteAndRule(choices)
        | AnswerForm::Order(choices)
        | AnswerForm::LineAndRemedy(choices) => choices,
        _ => &[],
    }
}

/// Returns the options of a question. After the verdict every right one has its mark, and every
/// wrong one that was chosen.
fn question_options(
    page: &TaskPage,
    answer: &RightAnswer,
    order: &[usize],
    is_chosen: impl Fn(usize) -> bool,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let (options, right) = match answer {
        RightAnswer::Choice { options, right, .. } => (options, std::slice::from_ref(right)),
        RightAnswer::Several { options, right } => (options, right.as_slice()),
        RightAnswer::Input { .. } => return Vec::new(),
    };
    let texts: Vec<String> =
        order.iter().filter_map(|option| options.get(*option).cloned()).collect();
    let is_several = matches!(answer, RightAnswer::Several { .. });
    let mark_of = |at: usize| {
        page.judgment.as_ref()?;
        let is_right = order.get(at).is_some_and(|option| right.contains(option));
        match (is_right, is_chosen(at)) {
            (true, false) if is_several => Some((false, " (missed)")),
            (false, true) if is_several => Some((false, " (wrong)")),
            (false, false) => None,
            (is_right, _) => Some((is_right, "")),
        }
    };
    let looks = OptionLooks { signs: if is_several { BOXES } else { RADIO }, width, theme };
    option_lines(&texts, &is_chosen, mark_of, &looks)
}

/// Returns the mark of a part of the answer.
pub(super) fn mark<'a>(page: &'a TaskPage, part: &str) -> Option<&'a Mark> {
    page.judgment.as_ref()?.marks.iter().find(|mark| mark.part == part)
}

pub(super) fn mark_style(mark: Option<&Mark>, theme: &Theme) -> Style {
    match mark {
        Some(mark) if mark.right => Style::new().fg(theme.good),
        Some(_) => Style::new().fg(theme.bad).add_modifier(Modifier::BOLD),
        None => Style::new().fg(theme.text),
    }
}

pub(super) fn mark_sign(mark: Option<&Mark>) -> &'static str {
    match mark {
        Some(mark) if mark.right => "✓ ",
        Some(_) => "✗ ",
        None => "  ",
    }
}

fn field_lines(
    page: &TaskPage,
    exercise: &Exercise,
    lines: &[TextLine],
    cursor: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let AnswerForm::Fields(fields) = &exercise.form else { return Vec::new() };
    let widest = fields.iter().map(|field| text::width(&field.label)).max().unwrap_or(0);
    let is_open = page.judgment.is_none();
    let line = |(index, (field, line)): (usize, (&crate::learn::FieldForm, &TextLine))| {
        let mark = mark(page, &field.name);
        let pad = " ".repeat(widest.saturating_sub(text::width(&field.label)));
        let label = format!("{}{pad}{} ▸ ", mark_sign(mark), field.label);
        let mut spans = vec![Span::styled(label, theme.dim())];
        spans.extend(edited(line, is_open && index == cursor, mark_style(mark, theme), theme));
        if is_open && line.text.is_empty() {
            spans.push(Span::styled(format!(" {}", field.expects), theme.faint()));
        }
        Line::from(spans)
    };
    fields.iter().zip(lines).enumerate().map(line).collect()
}

/// Returns the bytes that are typed, and what is known about them so far.
fn byte_form(
    page: &TaskPage,
    line: &TextLine,
    width: usize,
    theme: &Theme,
) -> (Vec<Line<'static>>, usize) {
    let is_open = page.judgment.is_none();
    let room = width.saturating_sub(10).max(8);
    let before = text::width(&line.text[..line.cursor]);
    // A long line is cut before the cursor.
    let hidden = before.saturating_sub(room.saturating_sub(1));
    let shown = TextLine {
        text: line.text.chars().skip(hidden).collect(),
        cursor: line.text[..line.cursor].chars().skip(hidden).map(char::len_utf8).sum(),
    };
    let mut lines = vec![input_line("bytes ▸ ", &shown, is_open, theme)];
    let Task::Exercise(exercise) = &page.task else { return (lines, 0) };
    let so_far = page.form.answer().and_then(|answer| exercise.judge_so_far(&answer));
    if let Some(so_far) = so_far.filter(|_| is_open && !line.text.trim().is_empty()) {
        let color = if so_far.is_whole { theme.good } else { theme.text };
        let reading = (so_far.reading, Style::new().fg(color));
        let problem = so_far.problem.map(|problem| format!("✗ {problem}")).unwrap_or_default();
        for (text, style) in [reading, (problem, Style::new().fg(theme.bad))] {
            let wrapped = wrap_words(&text, width).into_iter();
            lines.extend(
                wrapped.filter(|line| !line.is_empty()).map(|line| Line::styled(line, style)),
            );
        }
    }
    (lines, 0)
}

fn input_line(prompt: &str, line: &TextLine, has_cursor: bool, theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::styled(prompt.to_owned(), theme.heading())];
    spans.extend(edited(line, has_cursor, Style::new().fg(theme.text), theme));
    Line::from(spans)
}

/// Returns a line of text with its cursor.
fn edited(line: &TextLine, has_cursor: bool, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    if !has_cursor {
        return vec![Span::styled(line.text.clone(), style)];
    }
    let (before, after) = line.text.split_at(line.cursor);
    let mut rest = after.chars();
    let under = rest.next().map_or_else(|| " ".to_owned(), |letter| letter.to_string());
    vec![
        Span::styled(before.to_owned(), style),
        Span::styled(under, theme.cursor()),
        Span::styled(rest.as_str().to_owned(), style),
    ]
}

/// The signs of an option that isn't chosen and of one that is, where one is right.
pub(super) const RADIO: [&str; 2] = ["○", "◉"];
/// Those where several are right.
pub(super) const BOXES: [&str; 2] = ["[ ]", "[x]"];

/// The looks of options.
struct OptionLooks<'a> {
    signs: [&'static str; 2],
    width: usize,
    theme: &'a Theme,
}

/// Returns options with the digits that choose them. Once there is a verdict, `mark_of` gives the
/// mark of an option and what is said behind it.
fn option_lines(
    options: &[String],
    is_chosen: impl Fn(usize) -> bool,
    mark_of: impl Fn(usize) -> Option<(bool, &'static str)>,
    &OptionLooks { signs, width, theme }: &OptionLooks,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (index, option) in options.iter().enumerate() {
        let chosen = is_chosen(index);
        let (mark, style) = match (mark_of(index), chosen) {
            (Some((true, _)), _) => {
                ("✓ ", Style::new().fg(theme.good).add_modifier(Modifier::BOLD))
            }
            (Some((false, _)), _) => {
                ("✗ ", Style::new().fg(theme.bad).add_modifier(Modifier::BOLD))
            }
            (None, true) => ("  ", theme.heading()),
            (None, false) => ("  ", Style::new().fg(theme.text)),
        };
        let first = format!("{mark}{} {}  ", signs[usize::from(chosen)], index + 1);
        let indent = text::width(&first);
        let option = format!("{option}{}", mark_of(index).map_or("", |(_, note)| note));
        let wrapped = wrap_words(&option, width.saturating_sub(indent));
        for (row, content) in wrapped.into_iter().enumerate() {
            let head = if row == 0 { first.clone() } else { " ".repeat(indent) };
            lines.push(Line::from(vec![
                Span::styled(head, theme.heading()),
                Span::styled(content, style),
            ]));
        }
    }
    lines
}

fn event_lines(
    page: &TaskPage,
    events: &[String],
    order: &[usize],
    (cursor, is_held): (usize, bool),
    width: usize,
    theme: &Theme,
) -> (Vec<Line<'static>>, usize) {
    let (mut lines, mut cursor_row) = (Vec::new(), 0);
    for (place, event) in order.iter().enumerate() {
        let mark = mark(page, &event.to_string());
        let here = page.judgment.is_none() && place == cursor;
        if here {
            cursor_row = lines.len();
        }
        let style = if here { theme.cursor() } else { mark_style(mark, theme) };
        let sign = match (here, is_held) {
            (true, true) => "⇅ ",
            (true, false) => "▶ ",
            _ => mark_sign(mark),
        };
        let text = events.get(*event).map_or("", String::as_str);
        for (row, content) in wrap_words(text, width.saturating_sub(6)).into_iter().enumerate() {
            let head = if row == 0 { format!("{sign}{}. ", place + 1) } else { " ".repeat(5) };
            lines.push(Line::from(vec![
                Span::styled(head, theme.heading()),
                Span::styled(content, style),
            ]));
        }
    }
    (lines, cursor_row)
}
