//! The panes of the clients side by side: for how long each one's price has been outdated, in
//! figures that the last row of the audience can read.
//!
//! After the end they show the mean age, which the verdict is about.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::parts::transport_color;
use super::state::{Feed, FeedPhase};
use crate::feed::{Transport, TransportStats};
use crate::stage::{self, BigText, PixelSize, Theme};
use crate::text::{self, units};
use crate::wire::format::group_thousands;

/// The height of a pane in rows: a name, and four rows of big digits.
pub(super) const PANE_ROWS: u16 = 5;

pub(super) fn draw(feed: &Feed, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let count = feed.config.transports.len() as u16;
    let width = area.width / count.max(1);
    for (index, transport) in feed.config.transports.iter().enumerate() {
        let pane =
            Rect { x: area.x + index as u16 * width, width: width.saturating_sub(2), ..area };
        let stats = feed.latest_snapshot().and_then(|snapshot| snapshot.transports.get(index));
        draw_pane(*transport, stats, matches!(feed.phase, FeedPhase::Over(_)), pane, buffer, theme);
    }
}

fn draw_pane(
    transport: Transport,
    stats: Option<&TransportStats>,
    over: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let strong = Style::new().fg(transport_color(transport, theme)).add_modifier(Modifier::BOLD);
    let name =
        Line::from(vec![Span::styled("▌ ", strong), Span::styled(transport.title(), strong)]);
    stage::draw_line(&name, 0, area, buffer);
    let Some(stats) = stats else {
        return stage::draw_line(&Line::styled("  –", theme.dim()), 2, area, buffer);
    };
    let requests = match (stats.requests, area.width >= 40) {
        (1, true) => "1 request".to_owned(),
        (count, true) => format!("{} requests", group_thousands(count)),
        (count, false) => format!("{} req", group_thousands(count)),
    };
    let mut free = area.width.saturating_sub(name.width() as u16 + 1);
    // The number of requests comes first, the price only if there is still room: the requests are
    // what the bet is about.
    if let Some(left) = free.checked_sub(requests.len() as u16 + 1) {
        let x = area.right() - requests.len() as u16;
        stage::draw_line(
            &Line::styled(requests, strong),
            0,
            Rect { x, width: area.right() - x, ..area },
            buffer,
        );
        free = left;
    }
    let price = stats.price.map(|price| format!(" shows {price:.2}")).unwrap_or_default();
    if price.len() as u16 <= free {
        let x = area.x + name.width() as u16 + 1;
        stage::draw_line(&Line::raw(price), 0, Rect { x, width: area.right() - x, ..area }, buffer);
    }
    if let Some(reason) = &stats.failure {
        let text = format!("✗ {}", text::sanitize(&reason.to_string()));
        let style = Style::new().fg(theme.bad).add_modifier(Modifier::BOLD);
        return stage::draw_line(
            &Line::styled(text::ellipsize(&text, area.width.into()), style),
            2,
            area,
            buffer,
        );
    }
    let shown = if over { stats.mean } else { stats.behind };
    draw_big_duration(shown, over, area, strong, buffer, theme);
}

/// Draws the duration in big digits, with its unit and meaning beside it.
fn draw_big_duration(
    shown: Duration,
    over: bool,
    area: Rect,
    style: Style,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    // After the end the figure is that of the table and of the verdict. Before, it moves all the time,
    // and a fraction could not be read.
    let ms = (shown.as_secs_f64() * 1e3).round();
    let (digits, unit) = match units::age(shown).split_once(' ') {
        Some((figure, unit)) if over => (figure.replace(',', ""), unit.to_owned()),
        // At most four digits fit the pane.
        _ if ms < 10_000.0 => (format!("{ms:.0}"), "ms".to_owned()),
        _ => (format!("{:.0}", shown.as_secs_f64()), "s".to_owned()),
    };
    // Chosen for four digits whatever is shown, so that the size does not jump with the value.
    let size = if BigText::width_in_cells("0000", PixelSize::HalfHeight) + 12 <= area.width {
        PixelSize::HalfHeight
    } else {
        PixelSize::Quadrant
    };
    let spot = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(1),
        height: area.height - 1,
    };
    BigText::new(&digits, size, style).render(spot, buffer);
    let x = spot.x + BigText::width_in_cells(&digits, size) + 1;
    let beside = Rect { x: x.min(area.right()), width: area.right().saturating_sub(x), ..spot };
    let label = match (over, beside.width) {
        (true, 8..) => "mean age",
        (false, 6..) => "behind",
        _ => "",
    };
    stage::draw_line(&Line::styled(unit, style), 1, beside, buffer);
    stage::draw_line(&Line::styled(label, theme.dim()), 2, beside, buffer);
}
