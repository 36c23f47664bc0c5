//! The ratio in big digits, and beside it where the time goes, from the floor upwards. At a fixed rate: what a naive
//! clock says, beside what those have waited whose turn it was.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::view::{color, seconds, time};
use super::{Phase, Race, view};
use crate::measure::Ratio;
use crate::race::{LaneStats, LaneKind, Lane, headline, gap_breakdown};
use crate::stage::{self, Big, Size, Theme};

const NAME: usize = 16;
const VALUE: usize = 10;

pub(super) fn draw(race: &Race, figures: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    if area.height < 5 {
        return draw_short(race, figures, area, buffer, theme);
    }
    let left = if area.width >= 64 { 34.max(area.width * 2 / 5) } else { area.width };
    let parts = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).spacing(2).split(area);
    draw_ratio(race, parts[0], buffer, theme);
    if parts[1].width > 20 {
        draw_beside(race, figures, parts[1], buffer, theme);
    }
}

/// What belongs beside the ratio.
fn draw_beside(race: &Race, figures: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let bars = if race.course.rate.is_some() {
        return draw_waits(figures, area, buffer, theme);
    } else {
        ladder(figures, race.course.baseline().tls, theme).unwrap_or_else(|| ratios(race, theme))
    };
    if bars.is_empty() {
        return;
    }
    let most = bars.iter().map(|bar| bar.from + bar.length.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let room = usize::from(area.width).saturating_sub(NAME + VALUE + 1);
    for (row, bar) in bars.iter().take(area.height.into()).enumerate() {
        draw_bar(bar, room as f64 / most, room, row as u16, area, buffer, theme);
    }
}

/// A bar: where it begins and how long it is, in the unit of all of them.
struct Bar {
    name: String,
    from: f64,
    length: f64,
    value: String,
    color: Color,
}

fn draw_bar(bar: &Bar, scale: f64, room: usize, row: u16, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let (from, to) = (bar.from * scale, (bar.from + bar.length.max(0.0)) * scale);
    let (from, filled) = (from.round() as usize, (to.round() - from.round()).max(0.0) as usize);
    let mark = if filled == 0 { "▏".to_owned() } else { "█".repeat(filled.min(room)) };
    let line = Line::from(vec![
        Span::styled(format!("{:<NAME$}", bar.name), theme.dim()),
        Span::raw(" ".repeat(from.min(room))),
        Span::styled(mark, Style::new().fg(bar.color)),
    ]);
    stage::line(&line, row, Rect { width: area.width.saturating_sub(VALUE as u16), ..area }, buffer);
    view::right(&Line::styled(bar.value.clone(), Style::new().fg(theme.text)), row, area, buffer);
}

/// The floor, and each layer on it; `None` unless all of them have run.
fn ladder(figures: &[LaneStats], tls: bool, theme: &Theme) -> Option<Vec<Bar>> {
    let split = gap_breakdown(figures, tls)?;
    let middle = |kind| figures.iter().find(|of| of.lane == Lane { kind, tls })?.median;
    let (floor, ws) = (middle(LaneKind::Tcp)?, middle(LaneKind::Ws)?);
    let bar = |name: &str, from, length, color| Bar {
        name: name.to_owned(),
        from,
        length,
        value: if from > 0.0 { signed(length) } else { seconds(length) },
        color,
    };
    let mut bars = vec![
        bar(if tls { "TLS floor" } else { "TCP floor" }, 0.0, floor, theme.dim),
        bar("+ WebSocket", floor, ws - floor, theme.client),
    ];
    let mut at = ws;
    for step in gap_breakdown.layers {
        let name = if step.layer == "protocol" { "+ HTTP protocol" } else { step.layer };
        let name = if name.starts_with('+') { name.to_owned() } else { format!("+ {name}") };
        bars.push(bar(&name, at, step.cost, theme.server));
        at += step.cost.max(0.0);
    }
    Some(bars)
}

fn signed(value: f64) -> String {
    if value >= 0.0 { format!("+{}", seconds(value)) } else { seconds(value) }
}

/// Every lane's ratio to the base.
fn ratios(race: &Race, theme: &Theme) -> Vec<Bar> {
    let bar = |of: &crate::race::LaneRatio| Bar {
        name: of.lane.name(),
        from: 0.0,
        length: of.ratio.median,
        value: format!("{:.2}x", of.ratio.median),
        color: color(of.lane, theme),
    };
    race.ratios().iter().map(bar).collect()
}

/// What a naive clock says of a stalled server, and what was really waited.
fn draw_waits(figures: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let head = format!("{:<NAME$}{:>10}{:>10}{:>10}{:>10}", "", "naive p99", "max", "due p99", "max");
    stage::line(&Line::styled(head, theme.dim()), 0, area, buffer);
    for (row, of) in figures.iter().take(usize::from(area.height) - 1).enumerate() {
        let Some(naive) = of.service_times else { continue };
        let line = Line::from(vec![
            Span::styled(format!("{:<NAME$}", of.lane.name()), Style::new().fg(color(of.lane, theme))),
            Span::styled(format!("{:>10}{:>10}", time(naive.p99), time(naive.max)), theme.dim()),
            Span::styled(format!("{:>10}{:>10}", time(of.times.p99), time(of.times.max)), theme.heading()),
        ]);
        stage::line(&line, row as u16 + 1, area, buffer);
    }
}

/// The headline's ratio, as big as there is room for.
fn draw_ratio(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let Some(of) = headline(race.ratios()) else { return draw_before(race, area, buffer, theme) };
    if let Phase::Over(outcome) = &race.phase
        && !outcome.is_valid()
    {
        let told = format!("{:.2} times, but it does not count", of.ratio.median);
        return view::centered(&Line::styled(told, Style::new().fg(theme.bad)), 1, area, buffer);
    }
    let Ratio { median, low, high, .. } = of.ratio;
    let digits = if median >= 10.0 { format!("{median:.1}x") } else { format!("{median:.2}x") };
    let size = if Big::width(&digits, Size::Half) <= area.width { Size::Half } else { Size::Quarter };
    let width = Big::width(&digits, size).min(area.width);
    let spot = Rect { x: area.x + (area.width - width) / 2, width, height: 4, ..area };
    Big::new(&digits, size, theme.heading()).render(spot, buffer);
    let told = format!("{} / {}  {low:.2}–{high:.2} (95 %)", of.lane, of.baseline);
    let told =
        if told.chars().count() > area.width.into() { format!("95 %: {low:.2} to {high:.2}") } else { told };
    view::centered(&Line::styled(told, theme.dim()), 4, area, buffer);
}

fn draw_before(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let base = race.course.baseline();
    let other = race.course.lanes.iter().find(|lane| lane.kind == LaneKind::HttpReqwest);
    let other = other.or_else(|| race.course.lanes.iter().find(|&&lane| lane != base));
    match (&race.phase, other) {
        (Phase::Ready, Some(other)) => {
            view::centered(&Line::styled("How many times as long does", theme.dim()), 0, area, buffer);
            let both = format!("{} take, {} = 1?", other.name(), base.name());
            view::centered(&Line::styled(both, theme.heading()), 1, area, buffer);
            if area.height > 4 {
                view::centered(&race.bet.line(theme), 3, area, buffer);
                view::centered(&Line::styled("← → place your bet", theme.dim()), 4, area, buffer);
            }
        }
        (Phase::Running(_), _) => {
            view::centered(&Line::styled("warming up …", theme.dim()), area.height / 2, area, buffer);
        }
        _ => {}
    }
}

/// One line: the ratio, and the split if there is one.
fn draw_short(race: &Race, figures: &[LaneStats], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let Some(of) = headline(race.ratios()) else {
        return stage::line(&race.bet.line(theme), 0, area, buffer);
    };
    let mut line = Line::from(vec![
        Span::styled(format!("{:.2}x", of.ratio.median), theme.heading()),
        Span::styled(format!(" [{:.2}–{:.2}]", of.ratio.low, of.ratio.high), theme.dim()),
    ]);
    if let Some(split) = gap_breakdown(figures, race.course.baseline().tls) {
        let steps = gap_breakdown.layers.map(|step| format!("{} {}", step.layer, signed(step.cost)));
        line.push_span(format!("  {} = {}", signed(split.gap), steps.join(", ")));
    }
    stage::line(&line, 0, area, buffer);
}
