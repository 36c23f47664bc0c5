//! The two that the talk is about, side by side: the open WebSocket, and what is compared with it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::view::{color, right, strong, time};
use super::{Phase, Race};
use crate::race::{LaneStats, LaneKind};
use crate::stage::{self, LEVELS, Theme};
use crate::text;
use crate::wire::format::group_thousands;

pub(super) fn draw(race: &Race, figures: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let base = race.course.baseline();
    let other = figures
        .iter()
        .find(|of| of.lane.kind == LaneKind::HttpReqwest)
        .or_else(|| figures.iter().rev().find(|of| of.lane != base));
    let pair: Vec<&LaneStats> = other.into_iter().chain(figures.iter().find(|of| of.lane == base)).collect();
    let most = pair.iter().map(|of| of.rate()).fold(0.0, f64::max);
    let parts = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(3).split(area);
    for (of, part) in pair.into_iter().zip(parts.iter()) {
        draw_card(race, of, most, *part, buffer, theme);
    }
}

fn draw_card(race: &Race, of: &LaneStats, most: f64, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let color = color(of.lane, theme);
    let style = strong(color);
    let running = matches!(&race.phase, Phase::Running(live) if live.running == Some(of.lane));
    let rate = of.rate();
    let speed = if rate > 0.0 { format!("{}/s", group_thousands(rate as u64)) } else { "–".to_owned() };
    let title = of.lane.title();
    let room = usize::from(area.width).saturating_sub(title.len() + speed.len() + 5);
    let name = Line::from(vec![
        Span::styled(if running { "▶ " } else { "▌ " }, style),
        Span::styled(title, style),
        Span::styled(format!("  {}", text::ellipsize(of.lane.description(), room)), theme.dim()),
    ]);
    stage::line(&name, 0, area, buffer);
    right(&Line::styled(speed, style), 0, area, buffer);
    let room = usize::from(area.width.saturating_sub(2));
    let filled = if most > 0.0 { (rate / most * room as f64).round() as usize } else { 0 };
    let bar = Line::from(vec![
        Span::raw("  "),
        Span::styled("█".repeat(filled), Style::new().fg(color)),
        Span::styled("░".repeat(room - filled.min(room)), theme.faint()),
    ]);
    stage::line(&bar, 1, area, buffer);
    let shown = if of.times.count > 0 { time(of.times.p50) } else { "–".to_owned() };
    let medians = Line::from(vec![
        Span::raw("  "),
        Span::styled(heights(&of.round_medians, room.saturating_sub(14)), Style::new().fg(color)),
    ]);
    stage::line(&medians, 2, area, buffer);
    right(&Line::styled(format!("p50 {shown}"), Style::new().fg(theme.text)), 2, area, buffer);
    let wire = of.bytes.map_or_else(
        || "  – bytes an exchange".to_owned(),
        |(up, down)| format!("  {up:.0} B up + {down:.0} B down an exchange"),
    );
    stage::line(&Line::styled(wire, theme.dim()), 3, area, buffer);
    let count = format!("{} done", group_thousands(of.times.count));
    if usize::from(area.width) > count.len() + 38 {
        right(&Line::styled(count, theme.dim()), 3, area, buffer);
    }
}

/// The medians of the rounds from first to last; their middle half as high as there is room.
fn heights(medians: &[Option<f64>], room: usize) -> String {
    let known: Vec<f64> = medians.iter().copied().flatten().collect();
    let most = known.iter().copied().fold(0.0, f64::max);
    let from = medians.len().saturating_sub(room);
    let height = |median: &Option<f64>| match median {
        Some(median) => LEVELS[((median / most * 7.0).round() as usize).min(7) + 1],
        None => ' ',
    };
    medians[from..].iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_lane_is_level_and_a_missing_round_a_gap() {
        assert_eq!(heights(&[Some(1.0), Some(1.0), None, Some(0.5)], 10), "██ ▅");
        assert_eq!(heights(&[Some(1.0); 30], 5), "█████");
        assert_eq!(heights(&[], 5), "");
    }
}
