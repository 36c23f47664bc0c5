//! Cards of the two lanes that the talk compares, side by side: the open WebSocket and an HTTP
//! client.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::demos::race::parts::{bold, draw_right_aligned, lane_color};
use crate::demos::race::state::{Race, RacePhase};
use crate::race::{LaneKind, LaneStats};
use crate::stage::{self, BAR_LEVELS, Theme};
use crate::text;
use crate::text::units;
use crate::wire::format::group_thousands;

pub(in crate::demos::race) fn draw(
    race: &Race,
    lane_stats: &[LaneStats],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    if area.is_empty() {
        return;
    }
    let base = race.config.baseline();
    // Without the HTTP client of the talk, the last lane that is not the baseline.
    let other = lane_stats
        .iter()
        .find(|stats| stats.lane.kind == LaneKind::HttpReqwest)
        .or_else(|| lane_stats.iter().rev().find(|stats| stats.lane != base));
    let pair: Vec<&LaneStats> =
        other.into_iter().chain(lane_stats.iter().find(|stats| stats.lane == base)).collect();
    let max_rate = pair.iter().map(|stats| stats.rate()).fold(0.0, f64::max);
    let parts =
        Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(3).split(area);
    for (stats, part) in pair.into_iter().zip(parts.iter()) {
        draw_card(race, stats, max_rate, *part, buffer, theme);
    }
}

fn draw_card(
    race: &Race,
    stats: &LaneStats,
    max_rate: f64,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let color = lane_color(stats.lane, theme);
    let style = bold(color);
    let running =
        matches!(&race.phase, RacePhase::Running(progress) if progress.running == Some(stats.lane));
    let rate = stats.rate();
    let speed =
        if rate > 0.0 { format!("{}/s", group_thousands(rate as u64)) } else { "–".to_owned() };
    let title = stats.lane.title();
    let room = usize::from(area.width).saturating_sub(title.len() + speed.len() + 5);
    let name = Line::from(vec![
        Span::styled(if running { "▶ " } else { "▌ " }, style),
        Span::styled(title, style),
        Span::styled(format!("  {}", text::ellipsize(stats.lane.description(), room)), theme.dim()),
    ]);
    stage::draw_line(&name, 0, area, buffer);
    draw_right_aligned(&Line::styled(speed, style), 0, area, buffer);
    let room = usize::from(area.width.saturating_sub(2));
    let filled = if max_rate > 0.0 { (rate / max_rate * room as f64).round() as usize } else { 0 };
    let bar = Line::from(vec![
        Span::raw("  "),
        Span::styled("█".repeat(filled), Style::new().fg(color)),
        Span::styled("░".repeat(room - filled.min(room)), theme.faint()),
    ]);
    stage::draw_line(&bar, 1, area, buffer);
    let shown =
        if stats.times.count > 0 { units::duration(stats.times.p50) } else { "–".to_owned() };
    let medians = Line::from(vec![
        Span::raw("  "),
        Span::styled(
            sparkline(&stats.round_medians, room.saturating_sub(14)),
            Style::new().fg(color),
        ),
    ]);
    stage::draw_line(&medians, 2, area, buffer);
    draw_right_aligned(
        &Line::styled(format!("p50 {shown}"), Style::new().fg(theme.text)),
        2,
        area,
        buffer,
    );
    let wire = stats.bytes.map_or_else(
        || "  – bytes per exchange".to_owned(),
        |(up, down)| {
            let [up, down] = [up, down].map(|bytes| group_thousands(bytes.round() as u64));
            format!("  {up} B up + {down} B down per exchange")
        },
    );
    stage::draw_line(&Line::styled(wire, theme.dim()), 3, area, buffer);
    let count = format!("{} done", group_thousands(stats.times.count));
    if usize::from(area.width) > count.len() + 38 {
        draw_right_aligned(&Line::styled(count, theme.dim()), 3, area, buffer);
    }
}

/// Returns the medians of the last rounds as a line of bars, relative to the largest. A round
/// without a median is blank.
fn sparkline(medians: &[Option<f64>], room: usize) -> String {
    let known: Vec<f64> = medians.iter().copied().flatten().collect();
    let max_median = known.iter().copied().fold(0.0, f64::max);
    let from = medians.len().saturating_sub(room);
    let height = |median: &Option<f64>| match median {
        // At least one eighth, so that a small median differs from a missing one.
        Some(median) => BAR_LEVELS[((median / max_median * 7.0).round() as usize).min(7) + 1],
        None => ' ',
    };
    medians[from..].iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_lane_is_level_and_a_missing_round_a_gap() {
        assert_eq!(sparkline(&[Some(1.0), Some(1.0), None, Some(0.5)], 10), "██ ▅");
        assert_eq!(sparkline(&[Some(1.0); 30], 5), "█████");
        assert_eq!(sparkline(&[], 5), "");
    }
}
