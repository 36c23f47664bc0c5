//! Draws an exercise or a question: the task, what it is about, the answer, hints and the verdict.

use std::ops::Range;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::window::{TaskParts, Window};
use super::{exhibit, form, keys, verdict};
use crate::demos::inspect::wrap_words;
use crate::demos::learn::state::Learn;
use crate::demos::learn::task_page::{Task, TaskPage};
use crate::learn::{ItemKind, section_title};
use crate::stage::{self, Theme, ViewContext};
use crate::text;

/// The part of the room that what a task is about is held in, where not all of it has room.
const HELD_PART: usize = 3;

pub(in crate::demos::learn) fn draw(
    learn: &Learn,
    page: &TaskPage,
    area: Rect,
    buffer: &mut Buffer,
    context: &ViewContext,
) {
    let theme = context.theme;
    let inner = stage::draw_panel(&title(page), area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let room = usize::from(body.height);
    let (lines, parts) = task_lines(page, usize::from(body.width).max(1), room, theme);
    let window = Window::of(&parts, page.focus, page.scrolled, room);
    let mut y = 0;
    for row in &window.held {
        if let Some(line) = lines.get(*row) {
            stage::draw_line(line, y, body, buffer);
            y += 1;
        }
    }
    if y > 0 {
        let rule = "─".repeat(body.width.into());
        stage::draw_line(&Line::styled(rule, theme.dim()), y, body, buffer);
        y += 1;
    }
    for (y, line) in (y..body.height).zip(lines.iter().skip(window.first)) {
        stage::draw_line(line, y, body, buffer);
    }
    let keys = Rect { y: body.bottom(), height: inner.height.min(1), ..inner };
    let is_cut = lines.len() > room;
    stage::draw_line(
        &last_line(learn, page, (&window, keys.width), is_cut, context),
        0,
        keys,
        buffer,
    );
}

/// Returns the option at a position, from 0, by the picture: its sign and its number begin its first
/// row, and the others are indented.
pub(in crate::demos::learn) fn option_at(
    learn: &Learn,
    page: &TaskPage,
    at: Position,
    area: Rect,
) -> Option<usize> {
    let mut buffer = Buffer::empty(area);
    draw(learn, page, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
    let inner = area.inner(Margin::new(1, 1));
    if !inner.contains(at) {
        return None;
    }
    for y in (inner.y..=at.y).rev() {
        let cells = (inner.left()..inner.right()).filter_map(|x| buffer.cell((x, y)));
        let row: String = cells.map(Cell::symbol).collect();
        let signs = form::RADIO.iter().chain(&form::BOXES);
        let mut numbers = signs.filter_map(|sign| row.trim_start().strip_prefix(sign));
        let number = numbers.find_map(|rest| rest.split_whitespace().next()?.parse().ok());
        match number {
            Some(number) => return usize::checked_sub(number, 1),
            None if row.starts_with("      ") && !row.trim().is_empty() => {}
            None => return None,
        }
    }
    None
}

fn title(page: &TaskPage) -> String {
    let section = section_title(&page.item.section);
    match page.item.kind {
        ItemKind::Exercise(kind, level) if kind.levels() > 1 => {
            format!("{section} · {} · level {level} of {}", page.item.title, kind.levels())
        }
        ItemKind::Question => section.to_owned(),
        _ => format!("{section} · {}", page.item.title),
    }
}

/// Returns all lines, and the rows of their parts.
fn task_lines(
    page: &TaskPage,
    width: usize,
    room: usize,
    theme: &Theme,
) -> (Vec<Line<'static>>, TaskParts) {
    let task = match &page.task {
        Task::Exercise(exercise) => &exercise.task,
        Task::Question(question) => &question.prompt,
    };
    let mut lines = styled(task, theme.heading(), width);
    lines.push(Line::default());
    let exhibit_row = lines.len();
    let exhibit = exhibit::lines(page, width, theme);
    if !exhibit.is_empty() {
        lines.extend(exhibit);
        lines.push(Line::default());
    }
    let key_rows = exhibit::key_lines(page, width, room / HELD_PART);
    let (form_lines, cursor) = form::lines(page, width, theme);
    let form = lines.len()..lines.len() + form_lines.len();
    let cursor = match exhibit::cursor_line(page, width) {
        Some(line) => exhibit_row + line,
        None => form.start + cursor,
    };
    lines.extend(form_lines);
    let refusal = push(&mut lines, page.refused.as_deref(), Style::new().fg(theme.bad), width);
    let mut hint = lines.len()..lines.len();
    if page.hints_shown > 0 {
        lines.push(Line::default());
    }
    for (number, text) in (1..).zip(page.hints().iter().take(page.hints_shown)) {
        let text = format!("Hint {number}: {text}");
        hint = push(&mut lines, Some(&text), Style::new().fg(theme.warn), width);
    }
    let verdict = page.judgment.as_ref().map(|judgment| {
        let row = lines.len();
        lines.extend(verdict::lines(page, judgment, width, theme));
        // A blank line stands before it.
        row + 1
    });
    let key_rows = key_rows.into_iter().map(|row| exhibit_row + row).collect();
    let len = lines.len();
    (lines, TaskParts { len, cursor, key_rows, form, refusal, hint, verdict })
}

fn styled(text: &str, style: Style, width: usize) -> Vec<Line<'static>> {
    wrap_words(text, width).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// Adds a text. Returns its rows.
fn push(
    lines: &mut Vec<Line<'static>>,
    text: Option<&str>,
    style: Style,
    width: usize,
) -> Range<usize> {
    let first = lines.len();
    if let Some(text) = text {
        lines.extend(styled(&text::sanitize(text), style, width));
    }
    first..lines.len()
}

fn last_line(
    learn: &Learn,
    page: &TaskPage,
    (window, width): (&Window, u16),
    is_cut: bool,
    context: &ViewContext,
) -> Line<'static> {
    let theme = context.theme;
    if let Some(notice) = &learn.notice {
        let notice = text::sanitize(notice).into_owned();
        return Line::styled(notice, Style::new().fg(theme.warn));
    }
    let more = more(window);
    let room = usize::from(width).saturating_sub(text::width(&more));
    let keys = match (context.focused, &page.judgment) {
        (false, _) => "Enter: answer".to_owned(),
        (true, Some(_)) => keys::fitting(&keys::after_verdict(page), room),
        (true, None) => keys::fitting(&keys::answering(page, is_cut), room),
    };
    let score = match learn.score {
        (_, 0) => String::new(),
        (right, all) => format!("   {right} of {all} right"),
    };
    let has_room = text::width(&keys) + text::width(&score) <= room;
    let keys = if has_room { keys + &score } else { keys };
    Line::from(vec![
        Span::styled(more, Style::new().fg(theme.warn)),
        Span::styled(keys, theme.dim()),
    ])
}

/// Returns how many rows there are above and below those in sight.
fn more(window: &Window) -> String {
    match (window.above(), window.below) {
        (0, 0) => String::new(),
        (0, below) => format!("▼ {below} more   "),
        (above, 0) => format!("▲ {above}   "),
        (above, below) => format!("▲ {above} ▼ {below} more   "),
    }
}
