//! The table of lanes, with as many columns as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::demos::race::parts::{bold, lane_color};
use crate::demos::race::state::{Race, RacePhase};
use crate::measure::RatioVerdict;
use crate::race::{Lane, LaneRatio, LaneStats};
use crate::stage::{self, Theme};
use crate::text;
use crate::text::units;
use crate::wire::format::group_thousands;

/// A column: its head, its width in cells, and the text of its cell for a lane.
struct LaneColumn {
    head: &'static str,
    width: usize,
    cell: fn(&LaneRow) -> String,
}

/// The input of one row.
struct LaneRow<'a> {
    stats: &'a LaneStats,
    ratio: Option<&'a LaneRatio>,
    baseline: Lane,
    payload: f64,
}

const NAME_WIDTH: usize = 17;

/// The columns, the most important first. A narrow table leaves out the last ones.
const LANE_COLUMNS: [LaneColumn; 9] = [
    LaneColumn {
        head: "p50",
        width: 9,
        cell: |row| or_dash(row, units::duration(row.stats.times.p50)),
    },
    LaneColumn { head: "ratio", width: 8, cell: ratio_cell },
    LaneColumn {
        head: "p99",
        width: 9,
        cell: |row| or_dash(row, units::duration(row.stats.times.p99)),
    },
    LaneColumn { head: "data+rest", width: 15, cell: bytes_cell },
    LaneColumn {
        head: "max",
        width: 9,
        cell: |row| or_dash(row, units::duration(row.stats.times.max)),
    },
    LaneColumn {
        head: "p90",
        width: 9,
        cell: |row| or_dash(row, units::duration(row.stats.times.p90)),
    },
    LaneColumn { head: "95 %", width: 13, cell: interval_cell },
    LaneColumn {
        head: "exch/s",
        width: 10,
        cell: |row| or_dash(row, group_thousands(row.stats.rate() as u64)),
    },
    LaneColumn { head: "CPU c+s", width: 12, cell: cpu_cell },
];
/// The order on the screen, as indices into [`LANE_COLUMNS`].
const COLUMN_ORDER: [usize; 9] = [7, 0, 5, 2, 4, 3, 8, 1, 6];
/// The column of allocations. It is the last one and needs a very wide screen.
const ALLOCATION_COLUMN: LaneColumn =
    LaneColumn { head: "alloc c+s", width: 11, cell: allocations_cell };

pub(in crate::demos::race) fn draw(
    race: &Race,
    lane_stats: &[LaneStats],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let room = usize::from(area.width).saturating_sub(NAME_WIDTH);
    let mut used = 0;
    let fits = LANE_COLUMNS.iter().take_while(|column| {
        used += column.width;
        used <= room
    });
    let fits = fits.count();
    let mut columns: Vec<&LaneColumn> = COLUMN_ORDER
        .iter()
        .filter(|&&place| place < fits)
        .map(|&place| &LANE_COLUMNS[place])
        .collect();
    let width = |columns: &[&LaneColumn]| columns.iter().map(|column| column.width).sum::<usize>();
    if fits == LANE_COLUMNS.len() && width(&columns) + ALLOCATION_COLUMN.width <= room {
        columns.push(&ALLOCATION_COLUMN);
    }
    // The bar uses the rest of the row. Below eight cells it would hardly show a difference.
    let bar = (room - width(&columns).min(room)).saturating_sub(2).min(40);
    let bar = if bar >= 8 { bar } else { 0 };
    draw_head(&columns, bar, area, buffer, theme);
    let fastest = lane_stats.iter().map(LaneStats::rate).fold(0.0, f64::max);
    for (index, stats) in lane_stats.iter().enumerate() {
        let row = LaneRow {
            stats,
            ratio: race.ratios().iter().find(|ratio| ratio.lane == stats.lane),
            baseline: race.config.baseline(),
            // An echo carries the payload in both directions.
            payload: (2 * race.config.payload * race.config.messages_per_exchange()) as f64,
        };
        draw_row(race, &row, &columns, bar, fastest, index as u16 + 1, area, buffer, theme);
    }
}

fn draw_head(columns: &[&LaneColumn], bar: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let mut head = format!("{:<NAME_WIDTH$}", "  lane");
    if bar > 0 {
        head += &format!("{:<width$}", "speed", width = bar + 2);
    }
    for LaneColumn { head: name, width, .. } in columns {
        head += &format!("{name:>width$}");
    }
    stage::draw_line(&Line::styled(head, theme.dim()), 0, area, buffer);
}

#[expect(
    clippy::too_many_arguments,
    reason = "a line of a table is where all of it comes together"
)]
fn draw_row(
    race: &Race,
    row: &LaneRow,
    columns: &[&LaneColumn],
    bar: usize,
    fastest: f64,
    at: u16,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let lane = row.stats.lane;
    let style = bold(lane_color(lane, theme));
    let failure = row.stats.failure.as_deref();
    let (mark, mark_style) = match failure {
        Some(_) => ("✗ ", bold(theme.bad)),
        None if is_running(race, lane) => ("▶ ", style),
        None => ("▌ ", style),
    };
    let mut line = Line::from(vec![
        Span::styled(mark, mark_style),
        Span::styled(format!("{:<width$}", lane.name(), width = NAME_WIDTH - 2), style),
    ]);
    if let Some(reason) = failure {
        let room = usize::from(area.width).saturating_sub(NAME_WIDTH);
        let reason = text::sanitize(reason).into_owned();
        line.push_span(Span::styled(
            text::ellipsize(&reason, room).into_owned(),
            Style::new().fg(theme.bad),
        ));
        return stage::draw_line(&line, at, area, buffer);
    }
    if bar > 0 {
        let rate = row.stats.rate();
        let filled = if fastest > 0.0 { (rate / fastest * bar as f64).round() as usize } else { 0 };
        line.push_span(Span::styled("█".repeat(filled), Style::new().fg(lane_color(lane, theme))));
        line.push_span(Span::styled("░".repeat(bar - filled.min(bar)), theme.faint()));
        line.push_span(Span::raw("  "));
    }
    for LaneColumn { head, width, cell } in columns {
        let style = match *head {
            "p50" | "ratio" => {
                Style::new().fg(theme.text).add_modifier(ratatui::style::Modifier::BOLD)
            }
            "p90" | "p99" | "exch/s" => Style::new().fg(theme.text),
            _ => theme.dim(),
        };
        line.push_span(Span::styled(format!("{:>width$}", cell(row)), style));
    }
    stage::draw_line(&line, at, area, buffer);
}

fn is_running(race: &Race, lane: Lane) -> bool {
    matches!(&race.phase, RacePhase::Running(progress) if progress.running == Some(lane))
}

fn or_dash(row: &LaneRow, text: String) -> String {
    if row.stats.times.count == 0 { "–".to_owned() } else { text }
}

/// Returns the payload and all other bytes of an exchange in both directions: TCP payload, counted
/// at the server's socket.
fn bytes_cell(row: &LaneRow) -> String {
    let data = if row.payload < 1e6 {
        row.payload.to_string()
    } else {
        units::binary_bytes(row.payload as u64)
    };
    let rest = |(up, down): (f64, f64)| {
        format!("{data}+{} B", group_thousands((up + down - row.payload).round() as u64))
    };
    row.stats.bytes.map_or_else(|| "–".to_owned(), rest)
}

fn ratio_cell(row: &LaneRow) -> String {
    match row.ratio {
        _ if row.stats.lane == row.baseline => "1".to_owned(),
        None => "–".to_owned(),
        Some(lane_ratio) if lane_ratio.ratio.median >= 10.0 => {
            format!("{:.1}x", lane_ratio.ratio.median)
        }
        Some(lane_ratio) => format!("{:.2}x", lane_ratio.ratio.median),
    }
}

fn interval_cell(row: &LaneRow) -> String {
    match row.ratio {
        Some(lane_ratio) if lane_ratio.lane != row.baseline => {
            // A sign and not a colour says that there is no difference.
            let same =
                if lane_ratio.ratio.verdict() == RatioVerdict::NoDifference { "=" } else { "" };
            format!("{:.2}–{:.2} {same:1}", lane_ratio.ratio.low, lane_ratio.ratio.high)
        }
        _ => String::new(),
    }
}

fn cpu_cell(row: &LaneRow) -> String {
    let usages = row
        .stats
        .client
        .and_then(|usages| usages.cpu)
        .zip(row.stats.server.and_then(|usages| usages.cpu));
    usages.map_or_else(String::new, |(client, server)| {
        format!("{:.0}+{:.0} µs", client * 1e6, server * 1e6)
    })
}

fn allocations_cell(row: &LaneRow) -> String {
    let usage = row
        .stats
        .client
        .and_then(|usage| usage.allocations)
        .zip(row.stats.server.and_then(|usage| usage.allocations));
    usage.map_or_else(String::new, |(client, server)| format!("{client:.0}+{server:.0}"))
}
