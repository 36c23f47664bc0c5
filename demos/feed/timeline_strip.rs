//! The timeline: when events happened, and when each client learned of them. It sweeps like a heart
//! monitor: a cursor moves to the right; left of it is the current page, right of it the rest of
//! the page before.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::parts::transport_color;
use super::state::{Feed, FeedPhase};
use crate::feed::{FeedSnapshot, TransportStats};
use crate::stage::{self, Theme};
use crate::text::units;

/// The width of the names in columns.
const NAME_WIDTH: u16 = 11;
/// The width of the figures at the right end in columns.
const VALUE_WIDTH: u16 = 10;

/// Returns the time that one page covers: about ten events, within 2 to 20 s.
fn sweep_period(gap: Duration) -> Duration {
    (gap * 10).clamp(Duration::from_secs(2), Duration::from_secs(20))
}

/// Maps moments to columns of a strip.
struct SweepScale {
    period: Duration,
    now: Duration,
    area: Rect,
}

impl SweepScale {
    /// Returns the column of a moment; `None` if it is no longer visible.
    fn column(&self, at: Duration) -> Option<u16> {
        let width = u128::from(self.area.width);
        if width == 0 || at > self.now {
            return None;
        }
        let column = |at: Duration| {
            (at.as_nanos() % self.period.as_nanos() * width / self.period.as_nanos()) as u16
        };
        let pages = |at: Duration| at.as_nanos() / self.period.as_nanos();
        let (own, cursor) = (column(at), column(self.now));
        // Two columns right of the cursor stay blank, so that the cursor stands out.
        let old = pages(at) + 1 == pages(self.now) && own > cursor.saturating_add(2);
        (pages(at) == pages(self.now) || old).then_some(self.area.x + own)
    }
}

pub(super) fn draw(
    feed: &Feed,
    values_elsewhere: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let page = sweep_period(feed.config.mean_gap);
    let figure = if values_elsewhere || area.width < 40 { 0 } else { VALUE_WIDTH };
    let strip = Rect {
        x: area.x + NAME_WIDTH,
        width: area.width.saturating_sub(NAME_WIDTH + figure),
        ..area
    };
    stage::draw_line(&Line::styled("server", theme.dim()), 0, area, buffer);
    for (row, transport) in feed.config.transports.iter().enumerate() {
        let style = Style::new().fg(transport_color(*transport, theme));
        stage::draw_line(&Line::styled(transport.title(), style), row as u16 + 1, area, buffer);
    }
    let Some(snapshot) = feed.latest_snapshot() else {
        return draw_legend(page, strip, buffer, theme);
    };
    let sweep = SweepScale { period: page, now: snapshot.elapsed, area: strip };
    draw_events(snapshot, &sweep, area.height.saturating_sub(1), buffer, theme);
    for (row, stats) in snapshot.transports.iter().enumerate() {
        let row = row as u16 + 1;
        if row >= area.height {
            return;
        }
        draw_marks(stats, row, &sweep, buffer, theme);
        if figure > 0 {
            let shown =
                if matches!(feed.phase, FeedPhase::Over(_)) { stats.mean } else { stats.behind };
            let style = Style::new()
                .fg(transport_color(stats.transport, theme))
                .add_modifier(Modifier::BOLD);
            let text = format!("{:>width$}", units::age(shown), width = usize::from(figure));
            let spot = Rect { x: strip.right(), width: figure, ..area };
            stage::draw_line(&Line::styled(text, style), row, spot, buffer);
        }
    }
    if matches!(feed.phase, FeedPhase::Running(_))
        && let Some(x) = sweep.column(snapshot.elapsed)
    {
        for y in area.top()..area.bottom() {
            buffer[(x, y)].set_char('▏').set_style(Style::new().fg(theme.accent));
        }
    }
}

/// Draws the events in the server's row, with a line down from each.
fn draw_events(
    snapshot: &FeedSnapshot,
    sweep: &SweepScale,
    rows: u16,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    for x in snapshot.recent.iter().filter_map(|at| sweep.column(*at)) {
        for row in 1..=rows {
            buffer[(x, sweep.area.y + row)].set_char('┊').set_style(theme.faint());
        }
        buffer[(x, sweep.area.y)].set_char('◆').set_style(strong);
    }
}

/// Draws the responses that one client received: filled if they were news, hollow if not.
fn draw_marks(
    stats: &TransportStats,
    row: u16,
    sweep: &SweepScale,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let y = sweep.area.y + row;
    // News is drawn last: where both fall into one column, it counts.
    for (sign, news) in [('○', false), ('●', true)] {
        let style = if news {
            Style::new().fg(transport_color(stats.transport, theme)).add_modifier(Modifier::BOLD)
        } else {
            theme.dim()
        };
        let marks = stats.marks.iter().filter(|mark| mark.is_new == news);
        for x in marks.filter_map(|mark| sweep.column(mark.at)) {
            buffer[(x, y)].set_char(sign).set_style(style);
        }
    }
}

/// Draws the legend, while there are no events yet.
fn draw_legend(page: Duration, strip: Rect, buffer: &mut Buffer, theme: &Theme) {
    let text = format!("◆ something happens      {} across", units::setting(page));
    stage::draw_line(&Line::styled(text, theme.dim()), 0, strip, buffer);
    stage::draw_line(
        &Line::styled("● update received      ○ asked for nothing", theme.dim()),
        1,
        strip,
        buffer,
    );
}
