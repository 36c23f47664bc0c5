//! Draws an exercise or a question: the task, what it is about, the answer, hints and the verdict.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::form;
use crate::demos::inspect::wrap_words;
use crate::demos::learn::form_editor::FormEditor;
use crate::demos::learn::server_trial::ServerTrial;
use crate::demos::learn::state::Learn;
use crate::demos::learn::task_page::{ReplyState, Task, TaskPage};
use crate::learn::{Exhibit, ItemKind, Judgment, section_title};
use crate::stage::{self, Theme, ViewContext};
use crate::text;

pub(in crate::demos::learn) fn draw(
    learn: &Learn,
    page: &TaskPage,
    area: Rect,
    buffer: &mut Buffer,
    context: &ViewContext,
) {
    let theme = context.theme;
    let title = title(page);
    let inner = stage::draw_panel(&title, area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let width = usize::from(body.width).max(1);
    let (mut lines, cursor) = task_lines(page, width, theme);
    let verdict_row = lines.len();
    if let Some(judgment) = &page.judgment {
        lines.extend(verdict_lines(page, judgment, width, theme));
    }
    let room = usize::from(body.height);
    let last = lines.len().saturating_sub(room);
    // The verdict is in sight first; before it, the line that is edited.
    let first = if page.judgment.is_some() {
        let verdict = verdict_row.saturating_sub(room / 3).min(last);
        (verdict + page.scrolled).min(last)
    } else if page.shows_end {
        last
    } else {
        (cursor + 2).saturating_sub(room).max(page.scrolled).min(last)
    };
    for (y, line) in (0..body.height).zip(lines.iter().skip(first)) {
        stage::draw_line(line, y, body, buffer);
    }
    let below = last - first;
    let keys = Rect { y: body.bottom(), height: inner.height.min(1), ..inner };
    stage::draw_line(&last_line(learn, page, below, context), 0, keys, buffer);
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

/// Returns the lines above the verdict, and the index of the one with the cursor.
fn task_lines(page: &TaskPage, width: usize, theme: &Theme) -> (Vec<Line<'static>>, usize) {
    let task = match &page.task {
        Task::Exercise(exercise) => &exercise.task,
        Task::Question(question) => &question.prompt,
    };
    let bold = theme.heading();
    let mut lines: Vec<Line> =
        wrap_words(task, width).into_iter().map(|line| Line::styled(line, bold)).collect();
    lines.push(Line::default());
    let exhibit_row = lines.len();
    let exhibit = exhibit_lines(page, width, theme);
    if !exhibit.is_empty() {
        lines.extend(exhibit);
        lines.push(Line::default());
    }
    let (form, cursor) = form::lines(page, width, theme);
    // The cursor of these forms is in what the task is about.
    let cursor = match &page.form {
        FormEditor::LineAndRemedy { line, .. } => exhibit_row + line,
        FormEditor::ByteAndRule { .. } => exhibit_row,
        _ => lines.len() + cursor,
    };
    lines.extend(form);
    for (number, hint) in (1..).zip(page.hints().iter().take(page.hints_shown)) {
        let text = format!("Hint {number}: {hint}");
        let style = Style::new().fg(theme.warn);
        lines.extend(wrap_words(&text, width).into_iter().map(|line| Line::styled(line, style)));
    }
    (lines, cursor)
}

/// Returns the lines of what the task is about.
fn exhibit_lines(page: &TaskPage, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Task::Exercise(exercise) = &page.task {
        match &exercise.exhibit {
            Exhibit::Bytes { from, deflate, .. } => {
                let agreed = if *deflate { ", permessage-deflate agreed on" } else { "" };
                lines.push(Line::styled(format!("The {from} sends{agreed}:"), theme.dim()));
            }
            Exhibit::Head(head) => return form::head_exhibit(page, head, theme),
            Exhibit::Code(code) => return form::code_exhibit(page, code, theme),
            Exhibit::Nothing => {}
        }
    }
    let bytes = page.bytes();
    if !bytes.is_empty() {
        lines.extend(form::byte_rows(page, bytes, width, theme));
    }
    lines
}

/// Returns the verdict: what is right, what was wrong with the answer, and why.
fn verdict_lines(
    page: &TaskPage,
    judgment: &Judgment,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let won = page.is_won();
    let (sign, color) = if won { ("✓", theme.good) } else { ("✗", theme.bad) };
    let strong = Style::new().fg(color).add_modifier(Modifier::BOLD);
    let mut lines = vec![Line::default()];
    let mut push = |text: &str, style: Style| {
        let wrapped = wrap_words(&text::sanitize(text), width);
        lines.extend(wrapped.into_iter().map(|line| Line::styled(line, style)));
    };
    push(&format!("{sign} {}", verdict(page, judgment)), strong);
    for mark in judgment.marks.iter().filter(|mark| !mark.right && !mark.remark.is_empty()) {
        push(&format!("  ✗ {}: {}", mark.part, mark.remark), Style::new().fg(theme.bad));
    }
    match &page.reply {
        None => {}
        Some(ReplyState::Waiting) => push("… waiting for the strict server", theme.dim()),
        Some(ReplyState::Done(Err(reason))) => {
            push(&format!("The strict server could not be asked: {reason}"), theme.dim());
        }
        Some(ReplyState::Done(Ok(reply))) => {
            let color = if reply.is_accepted() { theme.good } else { theme.bad };
            push(&reply.describe(), Style::new().fg(color));
            for (hex, words) in &reply.frames {
                push(&format!("  {hex}   {words}"), Style::new().fg(theme.server));
            }
        }
    }
    if let Some((outcome, provenance)) = &page.recorded {
        let shown = match &page.trial {
            Some(ServerTrial::Done(Ok(outcome))) => ("Run here:".to_owned(), outcome),
            Some(ServerTrial::Done(Err(reason))) => {
                push(&format!("Not run here: {reason}"), theme.dim());
                (format!("Recorded ({provenance}):"), outcome)
            }
            Some(ServerTrial::Running(step)) => {
                push(&format!("… {step}"), theme.dim());
                (format!("Recorded ({provenance}):"), outcome)
            }
            None => (format!("Recorded ({provenance}):"), outcome),
        };
        push(&shown.0, theme.dim());
        push(&format!("  broken: {}", shown.1.broken.sentence), Style::new().fg(theme.bad));
        push(&format!("  repaired: {}", shown.1.repaired.sentence), Style::new().fg(theme.good));
    }
    push(&judgment.why, Style::new().fg(theme.text));
    push(&judgment.source, theme.dim());
    lines
}

/// Returns the verdict; that on a wrong answer to a question names both.
fn verdict(page: &TaskPage, judgment: &Judgment) -> String {
    let given = match (&page.task, page.form.response()) {
        (Task::Question(question), Some(response)) if !judgment.right => question.shown(&response),
        _ => return judgment.verdict.clone(),
    };
    format!("you answered {given}; it is {}", judgment.verdict)
}

fn last_line(learn: &Learn, page: &TaskPage, below: usize, context: &ViewContext) -> Line<'static> {
    let theme = context.theme;
    if let Some(notice) = &learn.notice {
        let notice = text::sanitize(notice).into_owned();
        return Line::styled(notice, Style::new().fg(theme.warn));
    }
    let more = if below > 0 { format!("▼ {below} more   ") } else { String::new() };
    let score = match learn.score {
        (_, 0) => String::new(),
        (right, all) => format!("   {right} of {all} right"),
    };
    let keys = match (context.focused, &page.judgment) {
        (false, _) => "Enter: answer".to_owned(),
        (true, Some(_)) => {
            let can_inspect = page.has_bytes();
            let inspector = if can_inspect { "   i inspector" } else { "" };
            let anew = if matches!(page.task, Task::Exercise(_)) { "   g another one" } else { "" };
            let servers = if page.recorded.is_some() { "   x run both here" } else { "" };
            format!("Enter next   e try again{anew}{inspector}{servers}   Esc list{score}")
        }
        (true, None) => {
            let has_end = below > 0 || page.shows_end;
            let is_tab_free = !matches!(page.form, FormEditor::Fields { .. });
            let rest = if has_end && is_tab_free { "Tab the rest   " } else { "" };
            format!("{rest}{}   Esc list{score}", form::keys(page))
        }
    };
    Line::from(vec![
        Span::styled(more, Style::new().fg(theme.warn)),
        Span::styled(keys, theme.dim()),
    ])
}
