//! Draws the answer while it is made, and what the task is about where they are one.

use std::ops::Range;

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
            (option_lines(choices(&exercise.form), is_chosen, mark_of, width, theme), 0)
        }
        (FormEditor::Order { order, cursor, is_held }, Task::Exercise(exercise)) => {
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

/// Returns the keys that answer.
pub(super) fn keys(page: &TaskPage) -> &'static str {
    match &page.form {
        FormEditor::Fields { .. } => "Tab next field   Enter check   F1 hint",
        FormEditor::Bytes(_) => "type hex   Enter send it   h hint",
        FormEditor::Input(_) => "Enter check   F1 hint",
        FormEditor::Head { .. } => "Ctrl-S send it   Enter new line   Ctrl-K delete line   F1 hint",
        FormEditor::ByteAndRule { .. } => "← → byte   1–9 rule   Enter check   h hint",
        FormEditor::LineAndRemedy { .. } => "↑ ↓ line   1–9 remedy   Enter check   h hint",
        FormEditor::Order { .. } => {
            "Space pick up, ↑ ↓ move, Space put down   Enter check   h hint"
        }
        FormEditor::Choice { .. } => "1–9 choose   Enter check   h hint",
        FormEditor::Several { .. } => "1–9 choose all that apply   Enter check   h hint",
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
    let mark_of = |at: usize| {
        page.judgment.as_ref()?;
        let is_right = order.get(at).is_some_and(|option| right.contains(option));
        (is_right || is_chosen(at)).then_some(is_right)
    };
    option_lines(&texts, &is_chosen, mark_of, width, theme)
}

/// Returns the mark of a part of the answer.
fn mark<'a>(page: &'a TaskPage, part: &str) -> Option<&'a Mark> {
    page.judgment.as_ref()?.marks.iter().find(|mark| mark.part == part)
}

fn mark_style(mark: Option<&Mark>, theme: &Theme) -> Style {
    match mark {
        Some(mark) if mark.right => Style::new().fg(theme.good),
        Some(_) => Style::new().fg(theme.bad).add_modifier(Modifier::BOLD),
        None => Style::new().fg(theme.text),
    }
}

fn mark_sign(mark: Option<&Mark>) -> &'static str {
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
        let right = text::counted(so_far.right, "byte");
        let (text, style) = match &so_far.wrong {
            Some(wrong) => {
                let text = format!("{right} right so far, then: {}", wrong.remark);
                (text, Style::new().fg(theme.bad))
            }
            None if so_far.missing == 0 => {
                ("nothing is missing: Enter sends it".to_owned(), Style::new().fg(theme.good))
            }
            None => {
                let text = format!("{right} right so far, {} missing", so_far.missing);
                (text, Style::new().fg(theme.good))
            }
        };
        lines.extend(wrap_words(&text, width).into_iter().map(|line| Line::styled(line, style)));
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

/// Returns options with the digits that choose them. Once there is a verdict, `mark_of` gives the
/// mark of an option: right, wrong, or none.
fn option_lines(
    options: &[String],
    is_chosen: impl Fn(usize) -> bool,
    mark_of: impl Fn(usize) -> Option<bool>,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (index, option) in options.iter().enumerate() {
        let chosen = is_chosen(index);
        let (mark, style) = match (mark_of(index), chosen) {
            (Some(true), _) => ("✓ ", Style::new().fg(theme.good).add_modifier(Modifier::BOLD)),
            (Some(false), _) => ("✗ ", Style::new().fg(theme.bad).add_modifier(Modifier::BOLD)),
            (None, true) => ("  ", theme.heading()),
            (None, false) => ("  ", Style::new().fg(theme.text)),
        };
        let sign = if chosen { "◉" } else { "○" };
        let wrapped = wrap_words(option, width.saturating_sub(7));
        for (row, content) in wrapped.into_iter().enumerate() {
            let head =
                if row == 0 { format!("{mark}{sign} {}  ", index + 1) } else { " ".repeat(7) };
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

/// Returns the lines of a head, the one under the cursor marked.
pub(super) fn head_exhibit(page: &TaskPage, head: &str, theme: &Theme) -> Vec<Line<'static>> {
    let cursor = match &page.form {
        FormEditor::ByteAndRule { byte, .. } => Some(*byte),
        _ => None,
    };
    numbered(page, head.lines().map(str::to_owned), cursor, false, theme)
}

/// Returns the lines of code, the one under the cursor marked.
pub(super) fn code_exhibit(page: &TaskPage, code: &[String], theme: &Theme) -> Vec<Line<'static>> {
    let cursor = match &page.form {
        FormEditor::LineAndRemedy { line, .. } => Some(*line),
        _ => None,
    };
    numbered(
        page,
        code.iter().map(|line| text::expand_tabs(line, 4).into_owned()),
        cursor,
        true,
        theme,
    )
}

fn numbered(
    page: &TaskPage,
    lines: impl Iterator<Item = String>,
    cursor: Option<usize>,
    has_numbers: bool,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let line = |(index, content): (usize, String)| {
        let here = cursor == Some(index);
        let mark = mark(page, "line").or_else(|| mark(page, "byte")).filter(|_| here);
        let style = match (mark, here) {
            (None, true) => theme.cursor(),
            (mark, _) => mark_style(mark, theme),
        };
        let sign = if here && mark.is_none() { "▶ " } else { mark_sign(mark) };
        let number = if has_numbers { format!("{:>2} ", index + 1) } else { String::new() };
        Line::from(vec![
            Span::styled(format!("{sign}{number}"), theme.dim()),
            Span::styled(content, style),
        ])
    };
    lines.enumerate().map(line).collect()
}

/// Returns bytes as rows of hex with the offset of the first one. The byte under the cursor and
/// those that the verdict points at are marked.
pub(super) fn byte_rows(
    page: &TaskPage,
    bytes: &[u8],
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let per_row = if width >= 56 { 16 } else { 8 };
    let cursor = match &page.form {
        FormEditor::ByteAndRule { byte, .. } => Some(*byte),
        _ => None,
    };
    let marks = page.judgment.as_ref().map(|judgment| &judgment.marks[..]).unwrap_or_default();
    let is_in = |range: &Range<usize>, at: usize| range.contains(&at);
    let style = |at: usize| {
        let of = |right: bool| {
            let mut own = marks.iter().filter(move |mark| mark.right == right);
            own.any(|mark| mark.bytes.as_ref().is_some_and(|range| is_in(range, at)))
        };
        // Without colour a wrong byte is reversed.
        match (of(false), cursor == Some(at)) {
            (true, _) => {
                Style::new().fg(theme.bad).add_modifier(Modifier::BOLD | Modifier::REVERSED)
            }
            (false, true) => theme.cursor(),
            (false, false) if of(true) => Style::new().fg(theme.good),
            (false, false) => Style::new().fg(theme.text),
        }
    };
    let row = |(row, chunk): (usize, &[u8])| {
        let first = row * per_row;
        let mut spans = vec![Span::styled(format!("{first:4}  "), theme.dim())];
        for (index, byte) in chunk.iter().enumerate() {
            spans.push(Span::styled(format!("{byte:02x}"), style(first + index)));
            spans.push(Span::raw(if index == 7 && per_row == 16 { "  " } else { " " }));
        }
        Line::from(spans)
    };
    bytes.chunks(per_row).enumerate().map(row).collect()
}
