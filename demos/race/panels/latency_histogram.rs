//! The distribution of times of all lanes on one logarithmic axis: where most of them are, and how
//! far the tail reaches. At a fixed rate each lane is shown twice: with times counted from when its
//! exchanges were due, and from when they began.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::demos::race::parts::{lane_color, name_width};
use crate::race::{BUCKETS_PER_OCTAVE, LaneStats};
use crate::stage::{self, BAR_LEVELS, Theme};
use crate::text::units;

/// The smallest share that the scale can have as its maximum, so that nothing is divided by zero.
const MIN_SHARE: f64 = 1e-9;

/// The distribution of one lane and clock.
struct HistogramStrip<'a> {
    name: String,
    shares: &'a [(Duration, f64)],
    color: Color,
}

pub(in crate::demos::race) fn draw(
    lane_stats: &[LaneStats],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    if area.is_empty() {
        return;
    }
    let strips = lane_strips(lane_stats, theme);
    let title = "times of exchanges, one logarithmic axis; height: share of samples";
    stage::draw_divider(title, Rect { height: 1, ..area }, buffer, theme);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let all =
        || strips.iter().flat_map(|strip| strip.shares.iter().map(|(low, _)| low.as_secs_f64()));
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let names = name_width(strips.iter().map(|strip| strip.name.clone())).max(17);
    let columns = usize::from(area.width).saturating_sub(names + 1);
    if high <= 0.0 || columns < 10 || strips.is_empty() {
        return;
    }
    // A tenth more at the upper end, so that the last bucket has room.
    let axis = LogAxis { low: low.ln(), high: (high * 1.1).ln(), names, columns };
    let rows = (body.height.saturating_sub(1) / strips.len() as u16).clamp(1, 4);
    for (index, strip) in strips.iter().enumerate() {
        let top = index as u16 * rows;
        if top + rows < body.height {
            let area = Rect { y: body.y + top, height: rows, ..body };
            draw_strip(strip, &axis, area, buffer);
        }
    }
    let at = (strips.len() as u16 * rows).min(body.height.saturating_sub(1));
    stage::draw_line(&tick_line(&axis, theme), at, body, buffer);
}

fn lane_strips<'a>(lane_stats: &'a [LaneStats], theme: &Theme) -> Vec<HistogramStrip<'a>> {
    let mut strips = Vec::new();
    for stats in lane_stats {
        let color = lane_color(stats.lane, theme);
        let due = stats.service_times.is_some();
        let name = if due { format!("{} due", stats.lane) } else { stats.lane.name() };
        strips.push(HistogramStrip { name, shares: &stats.shares, color });
        if due {
            strips.push(HistogramStrip {
                name: "  naive".to_owned(),
                shares: &stats.service_time_shares,
                color,
            });
        }
    }
    strips
}

/// The axis: natural logarithms of the shortest and longest time in seconds, the cells of the names
/// before it, and the width in columns.
struct LogAxis {
    low: f64,
    high: f64,
    names: usize,
    columns: usize,
}

impl LogAxis {
    fn column(&self, time: f64) -> usize {
        let at = (time.ln() - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        ((at * self.columns as f64) as usize).min(self.columns - 1)
    }
}

fn draw_strip(strip: &HistogramStrip, axis: &LogAxis, area: Rect, buffer: &mut Buffer) {
    // The ratio of the ends of a bucket: an octave is a doubling.
    let bucket_ratio = f64::from(BUCKETS_PER_OCTAVE).recip().exp2();
    // A bucket may be wider than a column and then fills several of them.
    let mut sums = vec![0.0_f64; axis.columns];
    for (low, share) in strip.shares {
        let from = axis.column(low.as_secs_f64());
        let to = axis.column(low.as_secs_f64() * bucket_ratio).max(from + 1);
        sums[from..to.min(axis.columns)].iter_mut().for_each(|sum| *sum += share);
    }
    let max_share = sums.iter().copied().fold(MIN_SHARE, f64::max);
    let levels = usize::from(area.height) * 8;
    let style = Style::new().fg(strip.color);
    stage::draw_line(&Line::styled(strip.name.clone(), style), area.height - 1, area, buffer);
    for row in 0..area.height {
        let below = usize::from(area.height - 1 - row) * 8;
        let cells: String = sums
            .iter()
            .map(|&sum| {
                // The square root makes a tail of one in a thousand visible.
                let level = ((sum / max_share).sqrt() * levels as f64).ceil() as usize;
                BAR_LEVELS[level.saturating_sub(below).min(8)]
            })
            .collect();
        let area = Rect {
            x: area.x + axis.names as u16,
            width: area.width.saturating_sub(axis.names as u16),
            ..area
        };
        stage::draw_line(&Line::styled(cells, style), row, area, buffer);
    }
}

/// Returns the ticks at 1, 2 and 5 of each decade, as far as they do not touch.
fn tick_line(axis: &LogAxis, theme: &Theme) -> Line<'static> {
    let mut text = " ".repeat(axis.names);
    let mut free = 0;
    // From 100 ns to 500 s.
    for decade in -7..3 {
        for step in [1.0, 2.0, 5.0] {
            let at: f64 = step * 10_f64.powi(decade);
            if at.ln() < axis.low || at.ln() > axis.high {
                continue;
            }
            let column = axis.column(at);
            let label =
                format!("│{}", units::duration(Duration::from_secs_f64(at)).replace(".0 ", " "));
            if column >= free && column + label.chars().count() <= axis.columns {
                text += &" ".repeat(column - free);
                free = column + label.chars().count() + 1;
                text += &label;
                text.push(' ');
            }
        }
    }
    Line::from(Span::styled(text, theme.dim()))
}
