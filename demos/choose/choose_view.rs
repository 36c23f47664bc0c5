//! Draws the questions, and the recommendation with its reasons and figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::figures::{HEADS, row};
use super::state::Choose;
use super::tree::{Next, Question, Recommendation};
use crate::demos::recorded_lab::{RECORDED, provenance};
use crate::stage::{self, Theme, ViewContext};
use crate::text;

/// The cells of a library's name.
const NAME_WIDTH: usize = 10;

pub(super) fn draw(choose: &Choose, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let inner = stage::draw_panel("is it for you?", area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let theme = context.theme;
    let mut content = match choose.place() {
        Some(Next::Question(_)) => {
            choose.question().map(|question| question_text(choose, question, theme))
        }
        Some(Next::Recommendation(end)) => {
            Some(recommendation_text(choose, end, inner.width.into(), theme))
        }
        None => None,
    }
    .unwrap_or_default();
    if let Some(notice) = &choose.notice {
        let notice = text::sanitize(notice).into_owned();
        content.push_line(Line::styled(notice, Style::new().fg(theme.bad)));
    }
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    Paragraph::new(content).wrap(Wrap { trim: false }).render(body, buffer);
    let keys = match (context.focused, choose.given.is_empty()) {
        (false, _) => "Enter: answer the questions.",
        (true, true) => "1–9 answer   ↑↓ Enter",
        (true, false) => "1–9 answer   ↑↓ Enter   ← back   0 begin again",
    };
    let last = Rect { y: body.bottom(), height: inner.height.min(1), ..inner };
    stage::draw_line(&Line::styled(keys, theme.dim()), 0, last, buffer);
}

/// Returns the answers so far, the question, and its answers with their keys.
fn question_text(choose: &Choose, question: &Question, theme: &Theme) -> Text<'static> {
    let mut content = Text::default();
    for (question, answer) in choose.answers() {
        content.push_line(Line::from(vec![
            Span::styled(format!("{} ", question.text), theme.dim()),
            Span::styled(answer.text.clone(), Style::new().fg(theme.text)),
        ]));
    }
    if !choose.given.is_empty() {
        content.push_line(Line::default());
    }
    content.push_line(Line::styled(question.text.clone(), theme.heading()));
    for (index, answer) in question.answers.iter().enumerate() {
        let here = choose.cursor == index;
        let style = if here { theme.cursor() } else { Style::new().fg(theme.text) };
        content.push_line(Line::from(vec![
            Span::styled(if here { "▶ " } else { "  " }, theme.heading()),
            Span::styled(format!("{}  ", index + 1), theme.heading()),
            Span::styled(answer.text.clone(), style),
        ]));
    }
    content
}

fn recommendation_text(
    choose: &Choose,
    end: &Recommendation,
    width: usize,
    theme: &Theme,
) -> Text<'static> {
    let bold = Style::new().fg(theme.good).add_modifier(Modifier::BOLD);
    let mut content = Text::from(Line::styled(format!("→ {}", end.title), bold));
    for (_, answer) in choose.answers() {
        content.push_line(Line::from(vec![
            Span::styled("  · ", theme.dim()),
            Span::styled(answer.because.clone(), Style::new().fg(theme.text)),
        ]));
    }
    content.push_line(Line::styled(format!("  {}", end.text), Style::new().fg(theme.warn)));
    if end.libraries.is_empty() {
        return content;
    }
    let column = (width.saturating_sub(NAME_WIDTH) / HEADS.len()).clamp(8, 18);
    let line = |name: &str, cells: &[String], style: Style| {
        let cells = cells.iter().map(|cell| Span::raw(format!("{cell:>column$}")));
        let name = Span::raw(format!("{name:NAME_WIDTH$}"));
        std::iter::once(name).chain(cells).collect::<Line>().style(style)
    };
    content.push_line(line("", &HEADS.map(str::to_owned), theme.dim()));
    for (index, library) in end.libraries.iter().enumerate() {
        let style = if index == 0 { theme.heading() } else { Style::new().fg(theme.text) };
        content.push_line(line(library, &row(library), style));
    }
    let note = format!("conns: time of an echo, raw TCP = 1; {}", provenance(&RECORDED));
    content.push_line(Line::styled(note, theme.faint()));
    content
}
