//! The inspector's frame: title, tabs, the line that is typed.
//!
//! What is inside the tabs is drawn by `frames` and `handshake`.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::state::{Inspect, Status, Tab};
use super::{frames, handshake};
use crate::stage::{self, Demo as _, Look, Theme};
use crate::text;
use crate::wire::Side;

pub(super) fn draw(inspect: &Inspect, area: Rect, buffer: &mut Buffer, look: &Look) {
    let address = if inspect.address.is_empty() { "bundled echo server" } else { &inspect.address };
    let inner = stage::panel(&format!("inspect · {address}"), area, buffer, look);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let [tabs, body, line] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(inner);
    draw_tabs(inspect, tabs, buffer, look.theme);
    match inspect.tab {
        Tab::Handshake => handshake::draw(inspect, body, buffer, look.theme),
        Tab::Frames => frames::draw(inspect, body, buffer, look.theme),
    }
    draw_line(inspect, line, buffer, look);
    if inspect.help {
        stage::keys("The inspector's keys", Inspect::KEYS, area, buffer, look.theme);
    }
}

/// The colour and the arrow of what a side sends.
pub(super) fn side(from: Side, theme: &Theme) -> (Color, &'static str) {
    match from {
        Side::Client => (theme.client, "C→S"),
        Side::Server => (theme.server, "S→C"),
    }
}

fn draw_tabs(inspect: &Inspect, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let tab = |name: String, tab| {
        let style =
            if inspect.tab == tab { theme.heading().add_modifier(Modifier::UNDERLINED) } else { theme.dim() };
        Span::styled(name, style)
    };
    let count = inspect.entries.len();
    let tabs = Line::from(vec![
        tab("Handshake".to_owned(), Tab::Handshake),
        Span::raw("  "),
        tab(format!("Frames ({count})"), Tab::Frames),
    ]);
    let (sign, told, color) = match &inspect.status {
        Status::Connecting => ("○", "connecting".to_owned(), theme.dim),
        Status::Open => ("●", "open".to_owned(), theme.good),
        Status::Ended(Ok(why)) => ("◌", why.clone(), theme.dim),
        Status::Ended(Err(why)) => ("✗", why.clone(), theme.bad),
    };
    stage::line(&tabs, 0, area, buffer);
    let room = usize::from(area.width).saturating_sub(tabs.width() + 2);
    let told = format!("{sign} {}", text::visible(&told));
    let told = text::shorten(&told, room);
    let width = text::width(&told) as u16;
    buffer.set_string(area.right() - width, area.y, told, Style::new().fg(color));
}

fn draw_line(inspect: &Inspect, area: Rect, buffer: &mut Buffer, look: &Look) {
    let theme = look.theme;
    let prompt = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    if !look.focused {
        let told =
            Line::styled("Enter gives the inspector the keys: type, send, look at every byte.", theme.dim());
        return stage::line(&told, 0, area, buffer);
    }
    let hint = match inspect.status {
        Status::Ended(_) => "  Enter connects anew",
        _ => "  Enter sends · Ctrl-D says goodbye · ? keys",
    };
    let room = usize::from(area.width).saturating_sub(8 + text::width(hint)).max(8);
    let typed = text::visible(&inspect.typed);
    let shown = if text::width(&typed) > room {
        format!("…{}", tail(&typed, room - 1))
    } else {
        typed.into_owned()
    };
    let line = Line::from(vec![
        Span::styled("send ▸ ", prompt),
        Span::raw(shown),
        Span::styled("▏", prompt),
        Span::styled(hint, theme.dim()),
    ]);
    stage::line(&line, 0, area, buffer);
}

/// The end of `text` in at most `cells` cells.
fn tail(text: &str, cells: usize) -> &str {
    let mut start = text.len();
    for (at, _) in text.char_indices().rev() {
        if text::width(&text[at..]) > cells {
            break;
        }
        start = at;
    }
    &text[start..]
}
