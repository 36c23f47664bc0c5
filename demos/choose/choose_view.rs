//! Draws the questions with what is still possible, and the recommendation with its reasons and
//! figures.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
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
/// The cells of a recommendation's title before figures, and those of a figure.
const TITLE_WIDTH: usize = 37;
const FIGURE_WIDTH: usize = 11;

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
    if choose.question().is_some() {
        add_possible(choose, &mut content, body, theme);
    }
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
    for index in 0..question.answers.len() {
        content.push_line(answer_line(choose, question, index, theme));
    }
    content
}

/// Returns the line of an answer, with its key.
fn answer_line(choose: &Choose, question: &Question, index: usize, theme: &Theme) -> Line<'static> {
    let here = choose.cursor == index;
    let style = if here { theme.cursor() } else { Style::new().fg(theme.text) };
    let text = question.answers.get(index).map(|answer| answer.text.clone()).unwrap_or_default();
    Line::from(vec![
        Span::styled(if here { "▶ " } else { "  " }, theme.heading()),
        Span::styled(format!("{}  ", index + 1), theme.heading()),
        Span::styled(text, style),
    ])
}

/// Returns the answer that stands at a position of `area`, as an index.
pub(super) fn answer_at(choose: &Choose, at: Position, area: Rect) -> Option<usize> {
    let context = ViewContext { theme: &Theme::DARK, focused: true };
    let question = choose.question()?;
    (0..question.answers.len()).find(|&index| {
        let line = answer_line(choose, question, index, context.theme);
        stage::clicked_span(&line, at, area, |buffer| draw(choose, area, buffer, &context))
            .is_some()
    })
}

/// Adds what the answers so far leave possible and what they rule out, as far as there is room: with
/// the lab's figures if they fit, otherwise by title.
fn add_possible(choose: &Choose, content: &mut Text<'static>, area: Rect, theme: &Theme) {
    let rows = usize::from(area.height).saturating_sub(content.lines.len());
    let possible = choose.tree.reachable(choose.place());
    let with_figures =
        usize::from(area.width) >= TITLE_WIDTH + HEADS.len() * FIGURE_WIDTH && rows > 2;
    let mut lines = vec![possible_head(with_figures, theme)];
    lines.extend(possible.iter().map(|end| possible_line(end, with_figures, theme)));
    let gone = choose.tree.recommendations.iter().filter(|end| !possible.contains(end));
    let gone: Vec<&str> = gone.map(|end| end.title.as_str()).collect();
    if !gone.is_empty() {
        lines.push(Line::styled(format!("ruled out: {}", gone.join(", ")), theme.faint()));
    }
    // A list that is cut would rule out what it does not show.
    if rows < possible.len() + 2 {
        return;
    }
    content.push_line(Line::default());
    content.extend(lines);
    if with_figures {
        content.push_line(Line::default());
        content.push_line(Line::styled(figures_note(), theme.faint()));
    }
}

fn possible_head(with_figures: bool, theme: &Theme) -> Line<'static> {
    let mut head = format!("{:TITLE_WIDTH$}", "still possible");
    if with_figures {
        head.extend(HEADS.map(|head| format!("{head:>FIGURE_WIDTH$}")));
    }
    Line::styled(head.trim_end().to_owned(), theme.dim())
}

/// Returns a recommendation with the figures of the library that its title names, if it names one.
fn possible_line(end: &Recommendation, with_figures: bool, theme: &Theme) -> Line<'static> {
    let mut line = Line::from(vec![
        Span::styled("→ ", Style::new().fg(theme.good)),
        Span::styled(end.title.clone(), Style::new().fg(theme.text)),
    ]);
    let named = end.libraries.iter().find(|library| end.title.contains(library.as_str()));
    if let (true, Some(library)) = (with_figures, named) {
        line.push_span(Span::raw(" ".repeat(TITLE_WIDTH.saturating_sub(line.width()))));
        let cells = row(library).map(|cell| Span::raw(format!("{cell:>FIGURE_WIDTH$}")));
        line.extend(cells.map(|cell| cell.style(Style::new().fg(theme.dim))));
    }
    line
}

/// Returns what the figures count, and where they come from.
fn figures_note() -> String {
    format!("conns: time of an echo, raw TCP = 1; {}", provenance(&RECORDED))
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
    content.push_line(Line::styled(figures_note(), theme.faint()));
    content
}
