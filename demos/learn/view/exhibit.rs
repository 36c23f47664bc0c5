//! Draws what a task is about, and finds its lines that hints and the verdict are about.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::form::{mark, mark_sign, mark_style};
use crate::demos::learn::form_editor::FormEditor;
use crate::demos::learn::task_page::{Task, TaskPage};
use crate::learn::{Answer, Exhibit};
use crate::stage::Theme;
use crate::text;

/// Returns the lines of what the task is about.
pub(super) fn lines(page: &TaskPage, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Task::Exercise(exercise) = &page.task {
        match &exercise.exhibit {
            Exhibit::Bytes { from, deflate, .. } => {
                let agreed = if *deflate { ", permessage-deflate agreed on" } else { "" };
                lines.push(Line::styled(format!("The {from} sends{agreed}:"), theme.dim()));
            }
            Exhibit::Head(head) => return head_lines(page, head, theme),
            Exhibit::Response { key, head } => {
                lines.push(Line::styled(format!("The response to the key {key}:"), theme.dim()));
                lines.extend(head_lines(page, head, theme));
                return lines;
            }
            Exhibit::Code(code) => return code_lines(page, code, theme),
            Exhibit::Nothing => {}
        }
    }
    let bytes = page.bytes();
    if !bytes.is_empty() {
        lines.extend(byte_rows(page, bytes, width, theme));
    }
    lines
}

/// Returns the indexes of at most `most` of these lines: all of them, or those that hold what is
/// pointed at.
pub(super) fn key_lines(page: &TaskPage, width: usize, most: usize) -> Vec<usize> {
    let exhibit = match &page.task {
        Task::Exercise(exercise) => Some(&exercise.exhibit),
        Task::Question(_) => None,
    };
    match (exhibit, &page.form) {
        (Some(Exhibit::Code(_)), FormEditor::LineAndRemedy { line, .. }) => {
            let mut lines: Vec<usize> = std::iter::once(*line).chain(right_line(page)).collect();
            lines.sort_unstable();
            lines.dedup();
            lines
        }
        (Some(Exhibit::Response { head, .. }), _) => {
            let count = head.lines().count() + 1;
            if count <= most {
                return (0..count).collect();
            }
            let wrong = page.judgment.iter().flat_map(|judgment| &judgment.marks);
            let starts = wrong.filter_map(|mark| mark.bytes.as_ref().map(|range| range.start));
            let line_of = |byte: usize| head[..byte.min(head.len())].matches('\n').count() + 1;
            let mut rows: Vec<usize> = starts.map(line_of).take(most).collect();
            rows.dedup();
            rows
        }
        (Some(Exhibit::Head(head)), _) => {
            let count = head.lines().count();
            let is_key = |(_, line): &(usize, &str)| count <= most || line.starts_with("Sec-Web");
            head.lines().enumerate().filter(is_key).map(|(row, _)| row).take(most).collect()
        }
        _ => {
            // A line with the sender stands before the bytes of an exercise.
            let before = usize::from(exhibit.is_some());
            let per_row = bytes_per_row(width);
            let count = page.bytes().len().div_ceil(per_row);
            let mut rows: Vec<usize> = if count <= most {
                (0..count).collect()
            } else {
                pointed_at(page).into_iter().map(|byte| byte / per_row).take(most).collect()
            };
            rows.sort_unstable();
            rows.dedup();
            rows.into_iter().map(|row| row + before).collect()
        }
    }
}

/// Returns the line of code that had to be chosen, once there is a verdict.
fn right_line(page: &TaskPage) -> Option<usize> {
    let Task::Exercise(exercise) = &page.task else { return None };
    page.judgment.as_ref()?;
    match exercise.solution() {
        Answer::LineAndRemedy { line, .. } => Some(line),
        _ => None,
    }
}

/// Returns the bytes that the verdict, the cursor and the hints that are shown point at, the most
/// important first.
fn pointed_at(page: &TaskPage) -> Vec<usize> {
    let marks = page.judgment.iter().flat_map(|judgment| &judgment.marks);
    let wrong = marks.filter(|mark| !mark.right);
    let mut bytes: Vec<usize> =
        wrong.filter_map(|mark| mark.bytes.as_ref().map(|range| range.start)).collect();
    if let FormEditor::ByteAndRule { place, .. } = &page.form {
        bytes.push(*place);
    }
    for hint in page.hints().iter().take(page.hints_shown).rev() {
        bytes.extend(hint.split("byte ").skip(1).filter_map(leading_number));
    }
    if bytes.is_empty() {
        bytes.push(0);
    }
    bytes
}

fn leading_number(text: &str) -> Option<usize> {
    text.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Returns the line that holds the byte, the line or the field under the cursor of an answer that is
/// made in the exhibit.
pub(super) fn cursor_line(page: &TaskPage, width: usize) -> Option<usize> {
    match (&page.form, page.bytes().is_empty()) {
        (FormEditor::LineAndRemedy { line, .. }, _) => Some(*line),
        (FormEditor::ByteAndRule { place, .. }, true) => Some(place + 1),
        (FormEditor::ByteAndRule { place, .. }, false) => Some(place / bytes_per_row(width) + 1),
        _ => None,
    }
}

fn bytes_per_row(width: usize) -> usize {
    if width >= 56 { 16 } else { 8 }
}

/// Returns the lines of a head, the one under the cursor marked.
fn head_lines(page: &TaskPage, head: &str, theme: &Theme) -> Vec<Line<'static>> {
    let cursor = match &page.form {
        FormEditor::ByteAndRule { place, .. } => Some(*place),
        _ => None,
    };
    let shown = |line: &str| if line.is_empty() { "(blank line)" } else { line }.to_owned();
    numbered(page, head.lines().map(shown), cursor, false, theme)
}

/// Returns the lines of code, the one under the cursor marked.
fn code_lines(page: &TaskPage, code: &[String], theme: &Theme) -> Vec<Line<'static>> {
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
fn byte_rows(page: &TaskPage, bytes: &[u8], width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let per_row = bytes_per_row(width);
    let cursor = match &page.form {
        FormEditor::ByteAndRule { place, .. } => Some(*place),
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
