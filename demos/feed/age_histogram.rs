//! The distribution of ages: a histogram for each transport, all on one logarithmic axis from 1 ms
//! to 10 s.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::parts::transport_color;
use super::state::Feed;
use crate::feed::AgeHistogram;
use crate::stage::{self, BAR_LEVELS, Theme};

const NAME_WIDTH: u16 = 11;
const AXIS_LABELS: [&str; 5] = ["1 ms", "10", "100", "1 s", "10 s"];

pub(super) fn draw(feed: &Feed, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let strip =
        Rect { x: area.x + NAME_WIDTH, width: area.width.saturating_sub(NAME_WIDTH), ..area };
    if strip.is_empty() {
        return;
    }
    draw_axis(area, strip, buffer, theme);
    let transports = feed.config.transports.len() as u16;
    let rows = (area.height - 1) / transports.max(1);
    for (index, transport) in feed.config.transports.iter().enumerate() {
        // Row 0 is the axis.
        let bottom = 1 + (index as u16 + 1) * rows - 1;
        let style = Style::new().fg(transport_color(*transport, theme));
        stage::draw_line(&Line::styled(transport.title(), style), bottom, area, buffer);
        for x in strip.left()..strip.right() {
            buffer[(x, area.y + bottom)].set_char('▁').set_style(theme.faint());
        }
        if let Some(stats) =
            feed.latest_snapshot().and_then(|snapshot| snapshot.transports.get(index))
        {
            let spot = Rect { y: area.y + bottom + 1 - rows, height: rows, ..strip };
            draw_bars(&column_counts(&stats.spread, strip.width), style, spot, buffer);
        }
    }
}

fn draw_axis(area: Rect, strip: Rect, buffer: &mut Buffer, theme: &Theme) {
    stage::draw_line(&Line::styled("age", theme.dim()), 0, area, buffer);
    let last = AXIS_LABELS.len() as u16 - 1;
    for (index, label) in (0..).zip(AXIS_LABELS) {
        let x = strip.x + (strip.width - 1) * index / last;
        // The last label ends at the right edge instead of beginning there.
        let x = if index == last { (x + 1).saturating_sub(label.len() as u16) } else { x };
        stage::draw_line(
            &Line::styled(label, theme.dim()),
            0,
            Rect { x, width: strip.right() - x, ..strip },
            buffer,
        );
    }
}

/// Returns the number of ages in each column. A bin that is wider than a column counts in each of
/// its columns.
fn column_counts(spread: &AgeHistogram, width: u16) -> Vec<u32> {
    let (bins, width) = (spread.bins(), usize::from(width));
    let edge = |column: usize| column * bins.len() / width;
    (0..width)
        .map(|column| {
            let (from, to) = (edge(column), edge(column + 1));
            bins[from..to.max(from + 1)].iter().sum()
        })
        .collect()
}

fn draw_bars(counts: &[u32], style: Style, area: Rect, buffer: &mut Buffer) {
    let max_count = counts.iter().copied().max().unwrap_or(0).max(1);
    let steps = u32::from(area.height) * 8;
    for (x, count) in (area.x..).zip(counts) {
        // Rounded up, so that even one sample is visible.
        let mut high = if *count == 0 { 0 } else { (count * steps).div_ceil(max_count) };
        for y in (area.top()..area.bottom()).rev() {
            let part = high.min(8);
            if part > 0 {
                buffer[(x, y)].set_char(BAR_LEVELS[part as usize]).set_style(style);
            }
            high -= part;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_age_is_counted_in_a_column_at_any_width() {
        let mut spread = AgeHistogram::default();
        for age in [1, 25, 30, 400, 9_000] {
            spread.record(Duration::from_millis(age));
        }
        for width in [1, 7, 60, 120] {
            let columns = column_counts(&spread, width);
            assert_eq!(
                (columns.len(), columns.iter().sum::<u32>()),
                (usize::from(width), 5),
                "{width}"
            );
        }
        assert!(column_counts(&spread, 240).iter().filter(|count| **count > 0).count() >= 5);
    }

    #[test]
    fn bars_are_as_high_as_their_counts() {
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        draw_bars(&[0, 1, 8, 16], Style::new(), area, &mut buffer);
        let mut expected = Buffer::with_lines(["   █", " ▁██"]);
        expected.set_style(area, Style::new());
        assert_eq!(buffer, expected);
    }
}
