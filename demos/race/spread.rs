//! The times of all lanes on one logarithmic axis: where most of them are, and how far the tail goes.
//! At a fixed rate each lane is there twice: from when its exchanges were due, and from when they really began.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::view::{color, time};
use crate::race::LaneStats;
use crate::stage::{self, LEVELS, Theme};

const NAME: usize = 17;
/// From the lower end of a bucket to the next one: the eighth root of 2.
const BUCKET: f64 = 1.090_507_732_665_257_7;
/// A share that is there at all is seen, however small.
const LEAST: f64 = 1e-9;

/// A line of the picture.
struct Strip<'a> {
    name: String,
    shares: &'a [(Duration, f64)],
    color: Color,
}

pub(super) fn draw(figures: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let strips = strips(figures, theme);
    let title = "times of exchanges, one logarithmic axis; height: share of samples";
    stage::rule(title, Rect { height: 1, ..area }, buffer, theme);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let all = || strips.iter().flat_map(|strip| strip.shares.iter().map(|(low, _)| low.as_secs_f64()));
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let columns = usize::from(area.width).saturating_sub(NAME + 1);
    if high <= 0.0 || columns < 10 || strips.is_empty() {
        return;
    }
    let axis = Axis { low: low.ln(), high: (high * 1.1).ln(), columns };
    let rows = (body.height.saturating_sub(1) / strips.len() as u16).clamp(1, 4);
    for (index, strip) in strips.iter().enumerate() {
        let top = index as u16 * rows;
        if top + rows < body.height {
            let area = Rect { y: body.y + top, height: rows, ..body };
            draw_strip(strip, &axis, area, buffer);
        }
    }
    let at = (strips.len() as u16 * rows).min(body.height.saturating_sub(1));
    stage::line(&ticks(&axis, theme), at, body, buffer);
}

fn strips<'a>(figures: &'a [LaneStats], theme: &Theme) -> Vec<Strip<'a>> {
    let mut strips = Vec::new();
    for of in figures {
        let color = color(of.lane, theme);
        let due = of.service_times.is_some();
        let name = if due { format!("{} due", of.lane) } else { of.lane.name() };
        strips.push(Strip { name, shares: &of.shares, color });
        if due {
            strips.push(Strip { name: "  naive".to_owned(), shares: &of.service_time_shares, color });
        }
    }
    strips
}

/// From the shortest to the longest time, in logarithms of seconds.
struct Axis {
    low: f64,
    high: f64,
    columns: usize,
}

impl Axis {
    fn column(&self, time: f64) -> usize {
        let at = (time.ln() - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        ((at * self.columns as f64) as usize).min(self.columns - 1)
    }
}

fn draw_strip(strip: &Strip, axis: &Axis, area: Rect, buffer: &mut Buffer) {
    // a bucket is an eighth of a doubling: it may be wider than a column, and then fills all of them
    let mut sums = vec![0.0_f64; axis.columns];
    for (low, share) in strip.shares {
        let from = axis.column(low.as_secs_f64());
        let to = axis.column(low.as_secs_f64() * BUCKET).max(from + 1);
        sums[from..to.min(axis.columns)].iter_mut().for_each(|sum| *sum += share);
    }
    let most = sums.iter().copied().fold(LEAST, f64::max);
    let levels = usize::from(area.height) * 8;
    let style = Style::new().fg(strip.color);
    stage::line(&Line::styled(strip.name.clone(), style), area.height - 1, area, buffer);
    for row in 0..area.height {
        let below = usize::from(area.height - 1 - row) * 8;
        let cells: String = sums
            .iter()
            .map(|&sum| {
                // the square root: a tail of one in a thousand is still to be seen
                let level = ((sum / most).sqrt() * levels as f64).ceil() as usize;
                LEVELS[level.saturating_sub(below).min(8)]
            })
            .collect();
        let area = Rect { x: area.x + NAME as u16, width: area.width.saturating_sub(NAME as u16), ..area };
        stage::line(&Line::styled(cells, style), row, area, buffer);
    }
}

/// A mark at 1, 2 and 5 of each decade, as far as they do not touch.
fn ticks(axis: &Axis, theme: &Theme) -> Line<'static> {
    let mut text = " ".repeat(NAME);
    let mut free = 0;
    for decade in -7..3 {
        for step in [1.0, 2.0, 5.0] {
            let at: f64 = step * 10_f64.powi(decade);
            if at.ln() < axis.low || at.ln() > axis.high {
                continue;
            }
            let column = axis.column(at);
            let label = format!("│{}", time(Duration::from_secs_f64(at)).replace(".0 ", " "));
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
