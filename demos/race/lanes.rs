//! The lanes as a table: as many columns as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::view::{color, strong, time};
use super::{Phase, Race, view};
use crate::measure::RatioVerdict;
use crate::race::{LaneStats, Lane, LaneRatio};
use crate::stage::{self, Theme};
use crate::text;
use crate::wire::format::group_thousands;

/// A column: its head, its width, and what a lane says in it.
struct Column {
    head: &'static str,
    width: usize,
    cell: fn(&Row) -> String,
}

/// What a line of the table is made of.
struct Row<'a> {
    figures: &'a LaneStats,
    ratio: Option<&'a LaneRatio>,
    base: Lane,
    payload: f64,
}

const NAME: usize = 17;

/// In the order in which they are given up: the last ones first.
const COLUMNS: [Column; 9] = [
    Column { head: "p50", width: 9, cell: |row| measured(row, time(row.figures.times.p50)) },
    Column { head: "ratio", width: 8, cell: ratio },
    Column { head: "p99", width: 9, cell: |row| measured(row, time(row.figures.times.p99)) },
    Column { head: "data+rest", width: 15, cell: bytes },
    Column { head: "max", width: 9, cell: |row| measured(row, time(row.figures.times.max)) },
    Column { head: "p90", width: 9, cell: |row| measured(row, time(row.figures.times.p90)) },
    Column { head: "95 %", width: 13, cell: interval },
    Column {
        head: "exch/s",
        width: 10,
        cell: |row| measured(row, group_thousands(row.figures.rate() as u64)),
    },
    Column { head: "CPU c+s", width: 12, cell: cpu },
];
/// The order on the screen, as places in [`COLUMNS`].
const SHOWN: [usize; 9] = [7, 0, 5, 2, 4, 3, 8, 1, 6];
/// Allocations stand last, where there is very much room.
const ALLOCATIONS: Column = Column { head: "alloc c+s", width: 11, cell: allocations };

pub(super) fn draw(race: &Race, figures: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let room = usize::from(area.width).saturating_sub(NAME);
    let mut used = 0;
    let fits = COLUMNS.iter().take_while(|column| {
        used += column.width;
        used <= room
    });
    let fits = fits.count();
    let mut columns: Vec<&Column> =
        SHOWN.iter().filter(|&&place| place < fits).map(|&place| &COLUMNS[place]).collect();
    let width = |columns: &[&Column]| columns.iter().map(|column| column.width).sum::<usize>();
    if fits == COLUMNS.len() && width(&columns) + ALLOCATIONS.width <= room {
        columns.push(&ALLOCATIONS);
    }
    let bar = (room - width(&columns).min(room)).saturating_sub(2).min(40);
    let bar = if bar >= 8 { bar } else { 0 };
    draw_head(&columns, bar, area, buffer, theme);
    let fastest = figures.iter().map(LaneStats::rate).fold(0.0, f64::max);
    for (index, of) in figures.iter().enumerate() {
        let row = Row {
            figures: of,
            ratio: race.ratios().iter().find(|ratio| ratio.lane == of.lane),
            base: race.course.baseline(),
            payload: (2 * race.course.payload * race.course.messages_per_exchange()) as f64,
        };
        draw_row(race, &row, &columns, bar, fastest, index as u16 + 1, area, buffer, theme);
    }
}

fn draw_head(columns: &[&Column], bar: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let mut head = format!("{:<NAME$}", "  lane");
    if bar > 0 {
        head += &format!("{:<width$}", "speed", width = bar + 2);
    }
    for Column { head: name, width, .. } in columns {
        head += &format!("{name:>width$}");
    }
    stage::line(&Line::styled(head, theme.dim()), 0, area, buffer);
}

#[expect(clippy::too_many_arguments, reason = "a line of a table is where all of it comes together")]
fn draw_row(
    race: &Race,
    row: &Row,
    columns: &[&Column],
    bar: usize,
    fastest: f64,
    at: u16,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let lane = row.figures.lane;
    let style = strong(color(lane, theme));
    let failure = row.figures.failure.as_deref();
    let (mark, mark_style) = match failure {
        Some(_) => ("✗ ", strong(theme.bad)),
        None if is_running(race, lane) => ("▶ ", style),
        None => ("▌ ", style),
    };
    let mut line = Line::from(vec![
        Span::styled(mark, mark_style),
        Span::styled(format!("{:<width$}", lane.name(), width = NAME - 2), style),
    ]);
    if let Some(why) = failure {
        let room = usize::from(area.width).saturating_sub(NAME);
        let why = text::sanitize(why).into_owned();
        line.push_span(Span::styled(text::ellipsize(&why, room).into_owned(), Style::new().fg(theme.bad)));
        return stage::line(&line, at, area, buffer);
    }
    if bar > 0 {
        let rate = row.figures.rate();
        let filled = if fastest > 0.0 { (rate / fastest * bar as f64).round() as usize } else { 0 };
        line.push_span(Span::styled("█".repeat(filled), Style::new().fg(color(lane, theme))));
        line.push_span(Span::styled("░".repeat(bar - filled.min(bar)), theme.faint()));
        line.push_span(Span::raw("  "));
    }
    for Column { head, width, cell } in columns {
        let style = match *head {
            "p50" | "ratio" => Style::new().fg(theme.text).add_modifier(ratatui::style::Modifier::BOLD),
            "p90" | "p99" | "exch/s" => Style::new().fg(theme.text),
            _ => theme.dim(),
        };
        line.push_span(Span::styled(format!("{:>width$}", cell(row)), style));
    }
    stage::line(&line, at, area, buffer);
}

fn is_running(race: &Race, lane: Lane) -> bool {
    matches!(&race.phase, Phase::Running(live) if live.running == Some(lane))
}

fn measured(row: &Row, told: String) -> String {
    if row.figures.times.count == 0 { "–".to_owned() } else { told }
}

/// Payload and everything else, both ways: TCP payload as the server's socket saw it.
fn bytes(row: &Row) -> String {
    let data = if row.payload < 1e6 { row.payload.to_string() } else { view::bytes(row.payload as usize) };
    let rest = |(up, down): (f64, f64)| {
        format!("{data}+{} B", group_thousands((up + down - row.payload).round() as u64))
    };
    row.figures.bytes.map_or_else(|| "–".to_owned(), rest)
}

fn ratio(row: &Row) -> String {
    match row.ratio {
        _ if row.figures.lane == row.base => "1".to_owned(),
        None => "–".to_owned(),
        Some(of) if of.ratio.median >= 10.0 => format!("{:.1}x", of.ratio.median),
        Some(of) => format!("{:.2}x", of.ratio.median),
    }
}

fn interval(row: &Row) -> String {
    match row.ratio {
        Some(of) if of.lane != row.base => {
            let same = if of.ratio.verdict() == RatioVerdict::NoDifference { "=" } else { "" };
            format!("{:.2}–{:.2} {same:1}", of.ratio.low, of.ratio.high)
        }
        _ => String::new(),
    }
}

fn cpu(row: &Row) -> String {
    let of = row.figures.client.and_then(|of| of.cpu).zip(row.figures.server.and_then(|of| of.cpu));
    of.map_or_else(String::new, |(client, server)| format!("{:.0}+{:.0} µs", client * 1e6, server * 1e6))
}

fn allocations(row: &Row) -> String {
    let of = row
        .figures
        .client
        .and_then(|of| of.allocations)
        .zip(row.figures.server.and_then(|of| of.allocations));
    of.map_or_else(String::new, |(client, server)| format!("{client:.0}+{server:.0}"))
}
