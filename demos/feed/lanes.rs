//! The time line: when something happened, and when each client knew. It sweeps like the screen of a monitor in a
//! hospital: a cursor runs to the right, behind it stands the present page, before it the page before.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::view::{color, live};
use super::{Feed, Phase, words};
use crate::feed::{FeedSnapshot, TransportStats};
use crate::stage::{self, Theme};

/// The columns of the names, and of the figures at the right end.
const NAME: u16 = 11;
const FIGURE: u16 = 10;

/// The page that is swept: about ten events wide.
fn page(gap: Duration) -> Duration {
    (gap * 10).clamp(Duration::from_secs(2), Duration::from_secs(20))
}

/// Where moments stand in a strip.
struct Sweep {
    page: Duration,
    now: Duration,
    area: Rect,
}

impl Sweep {
    /// The column of a moment that is still in sight.
    fn column(&self, at: Duration) -> Option<u16> {
        let width = u128::from(self.area.width);
        if width == 0 || at > self.now {
            return None;
        }
        let column =
            |at: Duration| (at.as_nanos() % self.page.as_nanos() * width / self.page.as_nanos()) as u16;
        let pages = |at: Duration| at.as_nanos() / self.page.as_nanos();
        let (own, cursor) = (column(at), column(self.now));
        // two columns before the cursor are kept free, so that it is seen
        let old = pages(at) + 1 == pages(self.now) && own > cursor.saturating_add(2);
        (pages(at) == pages(self.now) || old).then_some(self.area.x + own)
    }
}

pub(super) fn draw(feed: &Feed, figures_elsewhere: bool, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let page = page(feed.course.mean_gap);
    let figure = if figures_elsewhere || area.width < 40 { 0 } else { FIGURE };
    let strip = Rect { x: area.x + NAME, width: area.width.saturating_sub(NAME + figure), ..area };
    stage::line(&Line::styled("server", theme.dim()), 0, area, buffer);
    for (row, way) in feed.course.transports.iter().enumerate() {
        let style = Style::new().fg(color(*way, theme));
        stage::line(&Line::styled(way.title(), style), row as u16 + 1, area, buffer);
    }
    let Some(live) = live(feed) else { return draw_legend(page, strip, buffer, theme) };
    let sweep = Sweep { page, now: live.elapsed, area: strip };
    draw_events(live, &sweep, area.height.saturating_sub(1), buffer, theme);
    for (row, standing) in live.transports.iter().enumerate() {
        let row = row as u16 + 1;
        if row >= area.height {
            return;
        }
        draw_marks(standing, row, &sweep, buffer, theme);
        if figure > 0 {
            let shown = if matches!(feed.phase, Phase::Over(_)) { standing.mean } else { standing.behind };
            let style = Style::new().fg(color(standing.transport, theme)).add_modifier(Modifier::BOLD);
            let told = format!("{:>width$}", words::time(shown), width = usize::from(figure));
            let spot = Rect { x: strip.right(), width: figure, ..area };
            stage::line(&Line::styled(told, style), row, spot, buffer);
        }
    }
    if matches!(feed.phase, Phase::Running(_))
        && let Some(x) = sweep.column(live.elapsed)
    {
        for y in area.top()..area.bottom() {
            buffer[(x, y)].set_char('▏').set_style(Style::new().fg(theme.accent));
        }
    }
}

/// The events in the server's row, and the line down from each.
fn draw_events(live: &FeedSnapshot, sweep: &Sweep, rows: u16, buffer: &mut Buffer, theme: &Theme) {
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    for x in live.recent.iter().filter_map(|at| sweep.column(*at)) {
        for row in 1..=rows {
            buffer[(x, sweep.area.y + row)].set_char('┊').set_style(theme.faint());
        }
        buffer[(x, sweep.area.y)].set_char('◆').set_style(strong);
    }
}

/// What one client heard: filled where it was news, hollow where it was not.
fn draw_marks(standing: &TransportStats, row: u16, sweep: &Sweep, buffer: &mut Buffer, theme: &Theme) {
    let y = sweep.area.y + row;
    for (sign, news) in [('○', false), ('●', true)] {
        let style = if news {
            Style::new().fg(color(standing.transport, theme)).add_modifier(Modifier::BOLD)
        } else {
            theme.dim()
        };
        let marks = standing.marks.iter().filter(|mark| mark.is_new == news);
        for x in marks.filter_map(|mark| sweep.column(mark.at)) {
            buffer[(x, y)].set_char(sign).set_style(style);
        }
    }
}

/// What the signs mean, where nothing has happened yet.
fn draw_legend(page: Duration, strip: Rect, buffer: &mut Buffer, theme: &Theme) {
    let told = format!("◆ something happens      {} from edge to edge", words::chosen(page));
    stage::line(&Line::styled(told, theme.dim()), 0, strip, buffer);
    stage::line(&Line::styled("● news arrive      ○ asked for nothing", theme.dim()), 1, strip, buffer);
}
