//! Draws the list: sections with their items, what is done, what is due and what comes next.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::demos::learn::state::Learn;
use crate::learn::{CatalogItem, ItemKind, ItemState, section_title};
use crate::stage::{self, Theme, ViewContext};
use crate::text;

/// A row of the list.
enum Row<'a> {
    Section(&'a str),
    /// The place among the items that are shown, the item, and how far the learner has come.
    Item(usize, &'a CatalogItem, ItemState),
}

pub(in crate::demos::learn) fn draw(
    learn: &Learn,
    area: Rect,
    buffer: &mut Buffer,
    context: &ViewContext,
) {
    let theme = context.theme;
    let inner = stage::draw_panel("learn", area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    stage::draw_line(&summary(learn, theme), 0, inner, buffer);
    let rows = rows(learn);
    let body = body(inner);
    let first = first_row(learn, &rows, body);
    for (y, row) in (0..body.height).zip(rows.iter().skip(first)) {
        let line = match row {
            Row::Section(name) => Line::styled(section_title(name).to_owned(), theme.heading()),
            Row::Item(place, item, state) => {
                let is_chosen = context.focused && *place == learn.list.cursor;
                item_line(item, *state, is_chosen, theme)
            }
        };
        stage::draw_line(&line, y, body, buffer);
    }
    let below = rows.len().saturating_sub(first + usize::from(body.height));
    let last = Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner };
    stage::draw_line(&last_line(learn, below, context), 0, last, buffer);
}

/// Returns the item at a position, by its index.
pub(in crate::demos::learn) fn item_at(learn: &Learn, at: Position, area: Rect) -> Option<usize> {
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    let body = body(inner);
    if !body.contains(at) {
        return None;
    }
    let rows = rows(learn);
    match rows.get(first_row(learn, &rows, body) + usize::from(at.y - body.y)) {
        Some(Row::Item(place, ..)) => Some(*place),
        _ => None,
    }
}

fn body(inner: Rect) -> Rect {
    Rect { y: inner.y + 2, height: inner.height.saturating_sub(4), ..inner }
}

fn first_row(learn: &Learn, rows: &[Row], body: Rect) -> usize {
    let is_chosen = |row: &Row| matches!(row, Row::Item(place, ..) if *place == learn.list.cursor);
    let cursor = rows.iter().position(is_chosen).unwrap_or(0);
    stage::first_row(cursor, rows.len(), body.height.into())
}

fn rows(learn: &Learn) -> Vec<Row<'_>> {
    let (mut rows, mut section) = (Vec::new(), "");
    for (place, index) in learn.list.found.iter().enumerate() {
        let Some(item) = learn.content.catalog.items.get(*index) else { continue };
        if item.section != section {
            section = &item.section;
            rows.push(Row::Section(section));
        }
        let state = learn.states.get(*index).copied().unwrap_or(ItemState::New);
        rows.push(Row::Item(place, item, state));
    }
    rows
}

/// Returns how much is done and due.
fn summary(learn: &Learn, theme: &Theme) -> Line<'static> {
    let count = |wanted| learn.states.iter().filter(|state| **state == wanted).count();
    let (done, all) = (count(ItemState::Done), learn.states.len());
    let due = format!("   {} due again", count(ItemState::Due));
    let mut spans = vec![
        Span::styled(format!("{done} of {all} done"), theme.heading()),
        Span::styled(due, Style::new().fg(theme.warn)),
    ];
    if let Some(next) = learn.next() {
        spans.push(Span::styled(format!("   next: {}", next.title), theme.dim()));
    }
    Line::from(spans)
}

fn item_line(
    item: &CatalogItem,
    state: ItemState,
    is_chosen: bool,
    theme: &Theme,
) -> Line<'static> {
    let (mark, color) = match state {
        ItemState::New => ("·".to_owned(), theme.dim),
        ItemState::Started { won, of } => (format!("{won}/{of}"), theme.text),
        ItemState::Wrong => ("✗".to_owned(), theme.bad),
        ItemState::Due => ("↻".to_owned(), theme.warn),
        ItemState::Done => ("✓".to_owned(), theme.good),
    };
    let kind = match item.kind {
        ItemKind::Lesson(_) => "lesson",
        ItemKind::Exercise(..) => "exercise",
        ItemKind::Question => "question",
    };
    let style = if is_chosen { theme.cursor() } else { Style::new().fg(theme.text) };
    let pad = " ".repeat(5_usize.saturating_sub(text::width(&mark)));
    Line::from(vec![
        Span::styled(if is_chosen { "▶ " } else { "  " }, theme.heading()),
        Span::styled(mark, Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Span::raw(pad),
        Span::styled(format!("{kind:<9} "), theme.dim()),
        Span::styled(text::sanitize(&item.title).into_owned(), style),
    ])
}

fn last_line(learn: &Learn, below: usize, context: &ViewContext) -> Line<'static> {
    let theme = context.theme;
    let warn = |text: String| Line::styled(text, Style::new().fg(theme.warn));
    if let Some(name) = &learn.list.asks_reset {
        return warn(format!("forget the answers to {name}? y: yes · any other key: no"));
    }
    if learn.list.is_searching {
        let style = theme.heading();
        return Line::styled(format!("search ▸ {}▏", learn.list.search.text), style);
    }
    if let Some(notice) = &learn.notice {
        return warn(text::sanitize(notice).into_owned());
    }
    let more = if below > 0 { format!("▼ {below} more   ") } else { String::new() };
    let keys = if context.focused {
        "Enter open   n next   / search   a check all   ? keys"
    } else {
        "Enter: choose something to learn"
    };
    Line::styled(format!("{more}{keys}"), theme.dim())
}
