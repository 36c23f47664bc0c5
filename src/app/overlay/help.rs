//! The help: the keys in force, in as many pages as the screen needs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Clear, Widget as _};

use crate::app::steering::{KeyBinding, KeyMap, StageAction};
use crate::stage::{self, KeyHint, Theme};
use crate::text;

/// The columns between the keys of the help and what they do.
const GAP: usize = 2;

/// A row of the help: the keys, and what they do.
type HelpRow = (String, String);

/// Returns the pages of the help for an area. `demos` are the keys of the slide's demos.
pub(crate) fn help_pages(map: &KeyMap, demos: &[&[KeyHint]], area: Rect) -> Vec<Vec<HelpRow>> {
    let mut groups = vec![stage_rows(map)];
    for keys in demos {
        let title = (String::new(), "while the demo has the keyboard:".to_owned());
        let rows = keys.iter().map(|hint| (hint.keys.to_owned(), hint.about.to_owned()));
        groups.push(std::iter::once(title).chain(rows).collect());
    }
    // The frame, and a blank row within it above and below.
    let room = usize::from(area.height.saturating_sub(4)).max(1);
    let mut pages: Vec<Vec<HelpRow>> = Vec::new();
    for group in groups {
        match pages.last_mut() {
            Some(page) if page.len() + 1 + group.len() <= room => {
                page.push(HelpRow::default());
                page.extend(group);
            }
            // The rows of a group are spread evenly over its pages.
            _ => {
                let count = group.len().div_ceil(room).max(1);
                let rows = group.len().div_ceil(count).max(1);
                pages.extend(group.chunks(rows).map(<[HelpRow]>::to_vec));
            }
        }
    }
    pages
}

fn stage_rows(map: &KeyMap) -> Vec<HelpRow> {
    let row = |(binding, keys): (&KeyBinding, &[_])| {
        if keys.is_empty() {
            return None;
        }
        let mut names = names_of(keys);
        if binding.action == StageAction::GoTo {
            names += " 12 Enter";
        }
        Some((names, binding.about.to_owned()))
    };
    map.rows().filter_map(row).collect()
}

fn names_of(keys: &[impl ToString]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Draws page `page` of the help in a frame in the middle of `area`. `more` is the key for the next
/// one.
pub(crate) fn draw_help(
    pages: &[Vec<HelpRow>],
    page: usize,
    more: &str,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let rows = || pages.iter().flatten();
    let left = rows().map(|row| text::width(&row.0)).max().unwrap_or(0);
    let right = rows().map(|row| text::width(&row.1)).max().unwrap_or(0);
    let highest = pages.iter().map(Vec::len).max().unwrap_or(0);
    let (width, height) = ((left + right + GAP + 6) as u16, highest as u16 + 4);
    let frame = area.centered(
        Constraint::Length(width.min(area.width)),
        Constraint::Length(height.min(area.height)),
    );
    Clear.render(frame, buffer);
    buffer.set_style(frame, Style::new().fg(theme.text).bg(theme.panel));
    let title = match pages.len() {
        0 | 1 => " Keys ".to_owned(),
        count if page + 1 < count => format!(" Keys {}/{count}: {more} for more ", page + 1),
        count => format!(" Keys {}/{count} ", page + 1),
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_type(BorderType::Rounded)
        .border_style(Style::new().fg(theme.accent))
        .title(Line::styled(title, theme.heading()));
    let inner = block.inner(frame);
    block.render(frame, buffer);
    for (row, (keys, about)) in pages.get(page).into_iter().flatten().enumerate() {
        let pad = left.saturating_sub(text::width(keys));
        let style = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
        let line = Line::from(vec![
            Span::raw(" ".repeat(2 + pad)),
            Span::styled(keys.clone(), style),
            Span::raw(" ".repeat(GAP)),
            Span::raw(about.clone()),
        ]);
        stage::draw_line(&line, row as u16 + 1, inner, buffer);
    }
}
