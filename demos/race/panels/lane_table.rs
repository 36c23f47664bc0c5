//! The table of lanes, with as many columns as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::demos::race::parts::{bold, lane_color, name_width, ratio_text};
use crate::demos::race::state::{PreviousResult, Race, RacePhase};
use crate::measure::RatioVerdict;
use crate::race::{Lane, LaneRatio, LaneStats};
use crate::stage::{self, Theme};
use crate::text;
use crate::text::units;
use crate::wire::format::group_thousands;

/// A column: its head, its smallest width in cells, its place from the left, and the text of its cell
/// for a lane.
struct LaneColumn {
    head: &'static str,
    width: usize,
    place: u8,
    cell: fn(&LaneRow) -> String,
}

/// The input of one row.
struct LaneRow<'a> {
    stats: &'a LaneStats,
    ratio: Option<&'a LaneRatio>,
    baseline: Lane,
    previous: Option<&'a PreviousResult>,
    payload: f64,
}

/// The columns, the most important first. A narrow table leaves out the last ones.
const LANE_COLUMNS: [LaneColumn; 11] = [
    LaneColumn {
        head: "p50",
        width: 9,
        place: 1,
        cell: |row| or_dash(row, units::duration(row.stats.times.p50)),
    },
    LaneColumn { head: "ratio", width: 8, place: 7, cell: ratio_cell },
    LaneColumn { head: BEFORE, width: 9, place: 8, cell: previous_cell },
    LaneColumn {
        head: "p99",
        width: 9,
        place: 3,
        cell: |row| or_dash(row, units::duration(row.stats.times.p99)),
    },
    LaneColumn { head: "data+rest", width: 15, place: 5, cell: bytes_cell },
    LaneColumn {
        head: "max",
        width: 9,
        place: 4,
        cell: |row| or_dash(row, units::duration(row.stats.times.max)),
    },
    LaneColumn {
        head: "p90",
        width: 9,
        place: 2,
        cell: |row| or_dash(row, units::duration(row.stats.times.p90)),
    },
    LaneColumn { head: "95 %", width: 13, place: 9, cell: interval_cell },
    LaneColumn {
        head: "exch/s",
        width: 10,
        place: 0,
        cell: |row| or_dash(row, group_thousands(row.stats.rate() as u64)),
    },
    LaneColumn { head: "CPU c+s", width: 12, place: 6, cell: cpu_cell },
    LaneColumn { head: "alloc c+s", width: 11, place: 10, cell: allocations_cell },
];

/// The head of the previous result.
const BEFORE: &str = "before";

/// A column that is shown, with its head and the width that its cells need.
struct ShownColumn {
    column: &'static LaneColumn,
    head: String,
    width: usize,
}

/// Returns the head of the previous result: with what an exchange was then, if that was something
/// else, and with a sign if that run does not count.
fn before_head(previous: &PreviousResult, messages: usize) -> String {
    let exchange = match previous.messages {
        same if same == messages => String::new(),
        1 => " (1 msg)".to_owned(),
        count => format!(" ({count} msgs)"),
    };
    let sign = if previous.is_valid { "" } else { " ✗" };
    format!("{BEFORE}{exchange}{sign}")
}

pub(in crate::demos::race) fn draw(
    race: &Race,
    lane_stats: &[LaneStats],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let rows: Vec<LaneRow> = lane_stats.iter().map(|stats| row(race, stats)).collect();
    // The mark and its gap stand before the name.
    let name_width = 2 + name_width(lane_stats.iter().map(|stats| stats.lane.name())).max(15);
    let room = usize::from(area.width).saturating_sub(name_width);
    let columns = shown_columns(&rows, race.config.messages_per_exchange(), room);
    let used: usize = columns.iter().map(|column| column.width).sum();
    // The bar uses the rest of the row. Below eight cells it would hardly show a difference.
    let bar = room.saturating_sub(used).saturating_sub(2).min(40);
    let bar = if bar >= 8 { bar } else { 0 };
    let layout = TableLayout { name_width, columns: &columns, bar };
    draw_head(&layout, area, buffer, theme);
    let fastest = lane_stats.iter().map(LaneStats::rate).fold(0.0, f64::max);
    for (index, row) in rows.iter().enumerate() {
        draw_row(race, row, &layout, fastest, index as u16 + 1, area, buffer, theme);
    }
}

fn row<'a>(race: &'a Race, stats: &'a LaneStats) -> LaneRow<'a> {
    LaneRow {
        stats,
        ratio: race.ratios().iter().find(|ratio| ratio.lane == stats.lane),
        baseline: race.config.baseline(),
        previous: race.previous.as_ref(),
        // An echo carries the payload in both directions.
        payload: (2 * race.config.payload * race.config.messages_per_exchange()) as f64,
    }
}

/// Returns the columns that fit into `room` cells, in their order on the screen. A column is as wide
/// as its widest cell and a blank, so none runs into its neighbour.
fn shown_columns(rows: &[LaneRow], messages: usize, room: usize) -> Vec<ShownColumn> {
    let previous = rows.iter().find_map(|row| row.previous);
    let head = |column: &LaneColumn| match column.head {
        BEFORE => previous.map(|previous| before_head(previous, messages)),
        head => Some(head.to_owned()),
    };
    let mut used = 0;
    let mut shown: Vec<ShownColumn> = LANE_COLUMNS
        .iter()
        .filter_map(|column| {
            let head = head(column)?;
            let cells = rows.iter().map(|row| text::width(&(column.cell)(row)));
            let widest = cells.chain([text::width(&head)]).max().unwrap_or(0) + 1;
            Some(ShownColumn { column, head, width: column.width.max(widest) })
        })
        .take_while(|column| {
            used += column.width;
            used <= room
        })
        .collect();
    shown.sort_by_key(|shown| shown.column.place);
    shown
}

/// The widths of a table: the names, the columns, and the bar, which may have none.
struct TableLayout<'a> {
    name_width: usize,
    columns: &'a [ShownColumn],
    bar: usize,
}

fn draw_head(layout: &TableLayout, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let TableLayout { name_width, columns, bar } = *layout;
    let mut head = format!("{:<name_width$}", "  lane");
    if bar > 0 {
        head += &format!("{:<width$}", "speed", width = bar + 2);
    }
    for ShownColumn { head: text, width, .. } in columns {
        head += &format!("{text:>width$}");
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
    layout: &TableLayout,
    fastest: f64,
    at: u16,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let TableLayout { name_width, columns, bar } = *layout;
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
        Span::styled(format!("{:<width$}", lane.name(), width = name_width - 2), style),
    ]);
    if let Some(reason) = failure {
        let room = usize::from(area.width).saturating_sub(name_width);
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
    for ShownColumn { column, width, .. } in columns {
        let style = match column.head {
            "p50" | "ratio" => {
                Style::new().fg(theme.text).add_modifier(ratatui::style::Modifier::BOLD)
            }
            "p90" | "p99" | "exch/s" => Style::new().fg(theme.text),
            BEFORE => theme.faint(),
            _ => theme.dim(),
        };
        line.push_span(Span::styled(format!("{:>width$}", (column.cell)(row)), style));
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
        group_thousands(row.payload as u64)
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
        Some(lane_ratio) => ratio_text(lane_ratio.ratio.median),
    }
}

/// Returns the ratio of the lane in the previous result.
fn previous_cell(row: &LaneRow) -> String {
    let ratio = row
        .previous
        .and_then(|previous| previous.ratios.iter().find(|ratio| ratio.lane == row.stats.lane));
    match ratio {
        None => "–".to_owned(),
        Some(lane_ratio) if lane_ratio.lane == lane_ratio.baseline => "1".to_owned(),
        Some(lane_ratio) => ratio_text(lane_ratio.ratio.median),
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
