//! What interrupts a lane: bytes between frames that were not captured, and the end of the
//! connection.

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

use super::time_window::TimeWindow;
use crate::demos::inspect::parts::canvas::Canvas;
use crate::demos::inspect::parts::units::format_short;
use crate::demos::inspect::session::Session;
use crate::text;
use crate::wire::{Side, format};

/// The maximum number of breaks that are drawn in one lane.
const MAX_BREAKS: usize = 256;

/// Draws the breaks of a side's lane over its frames, and how the side ended the connection.
pub(super) fn draw(
    session: &Session,
    window: TimeWindow,
    from: Side,
    row: Rect,
    canvas: &mut Canvas,
) {
    let connection = session.connection();
    let rows = connection.trace.rows();
    let shown = window.rows(rows);
    let lost = connection.gaps.lost();
    let first = lost.partition_point(|lost| lost.before_row < shown.start);
    let in_sight = lost[first..].iter().take_while(|lost| lost.before_row <= shown.end);
    for lost in in_sight.filter(|lost| lost.from == from).take(MAX_BREAKS) {
        // A gap ends where the next frame begins; the last one after the last bytes.
        let (at, is_last) = match rows.get(lost.before_row) {
            Some(next) => (connection.trace.started_at(next), false),
            // Drawn with the end.
            None if connection.ending.is_some_and(|ending| ending.by == from) => continue,
            None => (connection.last_activity(), true),
        };
        let (x, inside) = window.cell_at(at);
        if !inside {
            continue;
        }
        let label = format!("╱ {} ╱", format::byte_count(lost.len));
        let room = if is_last { row.width.saturating_sub(x + 2) } else { x };
        let label = if text::width(&label) <= usize::from(room) { label } else { "╱".to_owned() };
        let width = text::width(&label) as u16;
        // Left of the frame that follows, or right of the last one.
        let x = if is_last { x + 2 } else { x.saturating_sub(width) };
        draw_label(label, x, row, canvas.theme.warn, canvas);
    }
    draw_end(session, window, from, row, canvas);
}

/// Draws the FIN or RST of a side at its time. One that comes after the window is drawn at the
/// right edge, with the silence before it, if the window shows the last frame.
fn draw_end(session: &Session, window: TimeWindow, from: Side, row: Rect, canvas: &mut Canvas) {
    let connection = session.connection();
    let Some(ending) = connection.ending.filter(|ending| ending.by == from) else { return };
    let rows = connection.trace.rows();
    let color = if ending.is_reset { canvas.theme.bad } else { canvas.theme.text };
    let name = if ending.is_reset { "✗RST" } else { "┤FIN" };
    let lost = connection.gaps.lost().iter().rev().find(|lost| lost.from == from);
    let name = match lost.filter(|lost| lost.before_row == rows.len()) {
        Some(lost) => format!("╱ {} ╱ {name}", format::byte_count(lost.len)),
        None => name.to_owned(),
    };
    match window.cell_at(ending.at) {
        (x, true) => {
            let x = (x + 1).min(row.width.saturating_sub(text::width(&name) as u16));
            draw_label(name, x, row, color, canvas);
        }
        (_, false) if window.rows(rows).end == rows.len() => {
            let label = format!("{name} after {} ▸", format_short(ending.silence));
            let x = row.width.saturating_sub(text::width(&label) as u16);
            draw_label(label, x, row, color, canvas);
        }
        _ => {}
    }
}

fn draw_label(label: String, x: u16, row: Rect, color: Color, canvas: &mut Canvas) {
    let width = text::width(&label) as u16;
    let spot = Rect { x: row.x.saturating_add(x), width, ..row }.intersection(row);
    let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
    canvas.draw_line(&Line::styled(label, style), 0, spot);
}
