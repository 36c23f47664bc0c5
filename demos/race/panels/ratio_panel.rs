//! The ratio in big digits, and beside it where the time goes, from the floor upwards. At a fixed
//! rate it shows the times of a naive clock beside those that count from when exchanges were due.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use crate::demos::race::parts::{
    draw_centered, draw_right_aligned, lane_color, name_width, ratio_text,
};
use crate::demos::race::state::{Race, RacePhase};
use crate::measure::Ratio;
use crate::race::{GapLayers, Lane, LaneKind, LaneStats, LayerCost, gap_layers, headline};
use crate::stage::{self, BigText, PixelSize, Theme};
use crate::text::units;

const VALUE_WIDTH: usize = 10;

pub(in crate::demos::race) fn draw(
    race: &Race,
    lane_stats: &[LaneStats],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    if area.height < 5 {
        return draw_one_line(race, lane_stats, area, buffer, theme);
    }
    let left = if area.width >= 64 { 34.max(area.width * 2 / 5) } else { area.width };
    let parts =
        Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).spacing(2).split(area);
    draw_ratio(race, parts[0], buffer, theme);
    if parts[1].width > 20 {
        draw_bars(race, lane_stats, parts[1], buffer, theme);
    }
}

/// Draws what belongs beside the ratio.
fn draw_bars(
    race: &Race,
    lane_stats: &[LaneStats],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let bars = if race.config.rate.is_some() {
        return draw_response_times(lane_stats, area, buffer, theme);
    } else {
        cost_bars(lane_stats, race.config.baseline().tls, theme)
            .unwrap_or_else(|| ratio_bars(race, theme))
    };
    if bars.is_empty() {
        return;
    }
    let max_end =
        bars.iter().map(|bar| bar.from + bar.length.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let names = name_width(bars.iter().map(|bar| bar.name.clone())).max(16);
    let room = usize::from(area.width).saturating_sub(names + VALUE_WIDTH + 1);
    let scale = BarScale { names, room, cells: room as f64 / max_end };
    let shown = rows_with_rest(bars.len(), area.height.into());
    for (row, bar) in bars.iter().take(shown).enumerate() {
        draw_bar(bar, &scale, row as u16, area, buffer, theme);
    }
    draw_rest(bars.len() - shown, shown as u16, area, buffer, theme);
}

/// Returns how many of `count` rows are shown in `height`. The last row says how many are not.
fn rows_with_rest(count: usize, height: usize) -> usize {
    if count <= height { count } else { height.saturating_sub(1) }
}

/// Says how many lanes have no row here; the table has them all.
fn draw_rest(rest: usize, row: u16, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    if rest > 0 {
        let text = format!("{rest} more in the table above");
        stage::draw_line(&Line::styled(text, theme.dim()), row, area, buffer);
    }
}

/// The widths of the bars: the cells of the names, those of the longest bar, and the cells of one
/// unit.
struct BarScale {
    names: usize,
    room: usize,
    cells: f64,
}

/// A bar. Start and length have the same unit in all bars: seconds, or ratios.
struct CostBar {
    name: String,
    from: f64,
    length: f64,
    value: String,
    color: Color,
}

fn draw_bar(
    bar: &CostBar,
    scale: &BarScale,
    row: u16,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let BarScale { names, room, cells } = *scale;
    let (from, to) = (bar.from * cells, (bar.from + bar.length.max(0.0)) * cells);
    // Both ends are rounded, so that a bar begins where the one before it ends.
    let (from, filled) = (from.round() as usize, (to.round() - from.round()).max(0.0) as usize);
    // Even a cost of nothing gets a mark, so that its row is not taken for a missing value.
    let mark = if filled == 0 { "▏".to_owned() } else { "█".repeat(filled.min(room)) };
    let line = Line::from(vec![
        Span::styled(format!("{:<names$}", bar.name), theme.dim()),
        Span::raw(" ".repeat(from.min(room))),
        Span::styled(mark, Style::new().fg(bar.color)),
    ]);
    stage::draw_line(
        &line,
        row,
        Rect { width: area.width.saturating_sub(VALUE_WIDTH as u16), ..area },
        buffer,
    );
    draw_right_aligned(
        &Line::styled(bar.value.clone(), Style::new().fg(theme.text)),
        row,
        area,
        buffer,
    );
}

/// Returns the floor and what stands on it: WebSocket, or HTTP instead, and on HTTP its libraries.
/// `None` unless all lanes for it have run. All of it is worked out from the times p50 of the table, so
/// that the room can check it there.
fn cost_bars(lane_stats: &[LaneStats], tls: bool, theme: &Theme) -> Option<Vec<CostBar>> {
    let p50 = |kind| {
        let stats = lane_stats.iter().find(|stats| stats.lane == Lane { kind, tls })?;
        (stats.times.count > 0).then_some(stats.times.p50.as_secs_f64())
    };
    let (floor, ws, bare) = (p50(LaneKind::Tcp)?, p50(LaneKind::Ws)?, p50(LaneKind::HttpBare)?);
    let (hyper, reqwest) = (p50(LaneKind::HttpHyper)?, p50(LaneKind::HttpReqwest)?);
    // What measured faster than the one below adds no length.
    let (http_top, hyper_top) = (bare.max(floor), hyper.max(bare).max(floor));
    let bar = |name: &str, from: f64, length: f64, color| CostBar {
        name: name.to_owned(),
        from,
        length,
        value: if from > 0.0 { signed_seconds(length) } else { units::seconds(length) },
        color,
    };
    Some(vec![
        bar(if tls { "TLS floor" } else { "TCP floor" }, 0.0, floor, theme.dim),
        bar("+ WebSocket", floor, ws - floor, theme.client),
        bar("or + HTTP", floor, bare - floor, theme.server),
        bar("   + HTTP library", http_top, hyper - bare, theme.server),
        bar("   + reqwest", hyper_top, reqwest - hyper, theme.server),
    ])
}

fn signed_seconds(value: f64) -> String {
    if value >= 0.0 { format!("+{}", units::seconds(value)) } else { units::seconds(value) }
}

/// Returns the ratio of every lane to the baseline.
fn ratio_bars(race: &Race, theme: &Theme) -> Vec<CostBar> {
    let bar = |lane_ratio: &crate::race::LaneRatio| CostBar {
        name: lane_ratio.lane.name(),
        from: 0.0,
        length: lane_ratio.ratio.median,
        value: ratio_text(lane_ratio.ratio.median),
        color: lane_color(lane_ratio.lane, theme),
    };
    race.ratios().iter().map(bar).collect()
}

/// Draws the times of a naive clock beside those that count from when exchanges were due. Only the
/// latter show a stall.
fn draw_response_times(lane_stats: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let names = name_width(lane_stats.iter().map(|stats| stats.lane.name())).max(16);
    let head =
        format!("{:<names$}{:>10}{:>10}{:>10}{:>10}", "", "naive p99", "max", "due p99", "max");
    stage::draw_line(&Line::styled(head, theme.dim()), 0, area, buffer);
    let shown = rows_with_rest(lane_stats.len(), usize::from(area.height) - 1);
    draw_rest(lane_stats.len() - shown, shown as u16 + 1, area, buffer, theme);
    for (row, stats) in lane_stats.iter().take(shown).enumerate() {
        let Some(naive) = stats.service_times else { continue };
        let line = Line::from(vec![
            Span::styled(
                format!("{:<names$}", stats.lane.name()),
                Style::new().fg(lane_color(stats.lane, theme)),
            ),
            Span::styled(
                format!("{:>10}{:>10}", units::duration(naive.p99), units::duration(naive.max)),
                theme.dim(),
            ),
            Span::styled(
                format!(
                    "{:>10}{:>10}",
                    units::duration(stats.times.p99),
                    units::duration(stats.times.max)
                ),
                theme.heading(),
            ),
        ]);
        stage::draw_line(&line, row as u16 + 1, area, buffer);
    }
}

/// Draws the ratio of the headline, as large as there is room for.
fn draw_ratio(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let Some(lane_ratio) = headline(race.ratios()) else {
        if race.is_running() {
            let text = Line::styled("warming up …", theme.dim());
            draw_centered(&text, area.height / 2, area, buffer);
        }
        return;
    };
    if let RacePhase::Over(outcome) = &race.phase
        // A run that does not count gets no big digits, which the room would remember.
        && !outcome.is_valid()
    {
        let text = format!("{:.2} times, but it does not count", lane_ratio.ratio.median);
        return draw_centered(&Line::styled(text, Style::new().fg(theme.bad)), 1, area, buffer);
    }
    let Ratio { median, low, high, .. } = lane_ratio.ratio;
    let digits = ratio_text(median);
    let size = if BigText::width_in_cells(&digits, PixelSize::HalfHeight) <= area.width {
        PixelSize::HalfHeight
    } else {
        PixelSize::Quadrant
    };
    let width = BigText::width_in_cells(&digits, size).min(area.width);
    let spot = Rect { x: area.x + (area.width - width) / 2, width, height: 4, ..area };
    BigText::new(&digits, size, theme.heading()).render(spot, buffer);
    let text = format!("{} / {}  {low:.2}–{high:.2} (95 %)", lane_ratio.lane, lane_ratio.baseline);
    let text = if text.chars().count() > area.width.into() {
        format!("95 %: {low:.2} to {high:.2}")
    } else {
        text
    };
    draw_centered(&Line::styled(text, theme.dim()), 4, area, buffer);
}

/// Draws one line: the ratio, and the layers if they were measured.
fn draw_one_line(
    race: &Race,
    lane_stats: &[LaneStats],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let Some(lane_ratio) = headline(race.ratios()) else { return };
    let mut line = Line::from(vec![
        Span::styled(format!("{:.2}x", lane_ratio.ratio.median), theme.heading()),
        Span::styled(
            format!(" [{:.2}–{:.2}]", lane_ratio.ratio.low, lane_ratio.ratio.high),
            theme.dim(),
        ),
    ]);
    if let Some(GapLayers { gap, layers }) = gap_layers(lane_stats, race.config.baseline().tls) {
        let costs =
            layers.map(|LayerCost { layer, cost }| format!("{layer} {}", signed_seconds(cost)));
        line.push_span(format!("  {} = {}", signed_seconds(gap), costs.join(", ")));
    }
    stage::draw_line(&line, 0, area, buffer);
}
