//! The screens side by side: for how long each one's price has been outdated, in figures that the last row can read.
//!
//! After the end they show the mean age, which is what the verdict speaks of.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::view::{color, live};
use super::{Feed, Phase};
use crate::feed::{TransportStats, Transport};
use crate::stage::{self, Big, Size, Theme};
use crate::text;
use crate::wire::format::group_thousands;

/// A name, and four rows of figures.
pub(super) const ROWS: u16 = 5;

pub(super) fn draw(feed: &Feed, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let count = feed.course.transports.len() as u16;
    let width = area.width / count.max(1);
    for (index, way) in feed.course.transports.iter().enumerate() {
        let pane = Rect { x: area.x + index as u16 * width, width: width.saturating_sub(2), ..area };
        let standing = live(feed).and_then(|live| live.transports.get(index));
        draw_pane(*way, standing, matches!(feed.phase, Phase::Over(_)), pane, buffer, theme);
    }
}

fn draw_pane(
    way: Transport,
    standing: Option<&TransportStats>,
    over: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let strong = Style::new().fg(color(way, theme)).add_modifier(Modifier::BOLD);
    let name = Line::from(vec![Span::styled("▌ ", strong), Span::styled(way.title(), strong)]);
    stage::line(&name, 0, area, buffer);
    let Some(standing) = standing else {
        return stage::line(&Line::styled("  –", theme.dim()), 2, area, buffer);
    };
    let requests = match (standing.requests, area.width >= 40) {
        (1, true) => "1 request".to_owned(),
        (count, true) => format!("{} requests", group_thousands(count)),
        (count, false) => format!("{} req", group_thousands(count)),
    };
    let mut free = area.width.saturating_sub(name.width() as u16 + 1);
    if let Some(left) = free.checked_sub(requests.len() as u16 + 1) {
        let x = area.right() - requests.len() as u16;
        stage::line(&Line::styled(requests, strong), 0, Rect { x, width: area.right() - x, ..area }, buffer);
        free = left;
    }
    let price = standing.price.map(|price| format!(" shows {price:.2}")).unwrap_or_default();
    if price.len() as u16 <= free {
        let x = area.x + name.width() as u16 + 1;
        stage::line(&Line::raw(price), 0, Rect { x, width: area.right() - x, ..area }, buffer);
    }
    if let Some(why) = &standing.failure {
        let told = format!("✗ {}", text::sanitize(why));
        let style = Style::new().fg(theme.bad).add_modifier(Modifier::BOLD);
        return stage::line(&Line::styled(text::ellipsize(&told, area.width.into()), style), 2, area, buffer);
    }
    let shown = if over { standing.mean } else { standing.behind };
    draw_figure(shown, over, area, strong, buffer, theme);
}

/// The duration in big digits, with its unit and what it is beside the last row.
fn draw_figure(shown: Duration, over: bool, area: Rect, style: Style, buffer: &mut Buffer, theme: &Theme) {
    let ms = shown.as_millis();
    let (digits, unit) =
        if ms < 10_000 { (ms.to_string(), "ms") } else { (format!("{:.0}", shown.as_secs_f64()), "s") };
    let size = if Big::width("0000", Size::Half) + 12 <= area.width { Size::Half } else { Size::Quarter };
    let spot =
        Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(1), height: area.height - 1 };
    Big::new(&digits, size, style).render(spot, buffer);
    let x = spot.x + Big::width(&digits, size) + 1;
    let beside = Rect { x: x.min(area.right()), width: area.right().saturating_sub(x), ..spot };
    let told = match (over, beside.width) {
        (true, 8..) => "mean age",
        (false, 6..) => "behind",
        _ => "",
    };
    stage::line(&Line::styled(unit, style), 1, beside, buffer);
    stage::line(&Line::styled(told, theme.dim()), 2, beside, buffer);
}
