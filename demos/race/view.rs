//! What the race looks like: two lanes, the ratio in big digits, a sentence.
//!
//! It folds: without room for big digits the ratio stands in the sentence alone.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::{Phase, Race};
use crate::measure::Ratio;
use crate::race::{Figures, Lane};
use crate::stage::{self, Big, Hint, Look, Size, Theme};
use crate::text;
use crate::wire::words::grouped;

const RULES: [&str; 8] = [
    "Both lanes send the same bytes to an echo here; replies are compared.",
    "One open connection each, one exchange at a time, TCP_NODELAY.",
    "A round is 150 ms of each lane, in shuffled order, after a warm-up.",
    "The ratio is the median of the rounds' ratios of medians.",
    "Its 95 % interval is a bootstrap over the rounds.",
    "Spanning 1, or within 10 % around it, is no difference.",
    "Bytes are counted at the server's socket: all that TCP carried.",
    "Client and server have one thread each, placed by the system.",
];

pub(super) fn draw(race: &Race, area: Rect, buffer: &mut Buffer, look: &Look) {
    let title = format!("race · {} there and back · one connection each · loopback", bytes(race.payload));
    let inner = stage::panel(&title, area, buffer, look);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if race.help {
        return rules(inner, buffer, look.theme);
    }
    let lanes = figures(race);
    let side_by_side = inner.width >= 64;
    let lane_rows = if side_by_side { 4 } else { 8 };
    let [top, ratio_area, bottom] =
        Layout::vertical([Constraint::Length(lane_rows), Constraint::Fill(1), Constraint::Length(3)])
            .areas(inner);
    draw_lanes(&lanes, running(race), top, side_by_side, buffer, look.theme);
    draw_ratio(race, ratio_area, buffer, look.theme);
    draw_sentence(race, bottom, buffer, look);
}

fn figures(race: &Race) -> Vec<Figures> {
    match &race.phase {
        Phase::Running(Some(live)) | Phase::Stopped(Some(live)) => live.lanes.clone(),
        Phase::Over(outcome) => outcome.lanes.clone(),
        _ => Lane::ALL
            .map(|lane| Figures {
                lane,
                times: crate::measure::Summary::default(),
                busy: Duration::ZERO,
                bytes: None,
            })
            .to_vec(),
    }
}

fn running(race: &Race) -> Option<Lane> {
    match &race.phase {
        Phase::Running(Some(live)) => live.running,
        _ => None,
    }
}

fn ratio(race: &Race) -> Option<Ratio> {
    match &race.phase {
        Phase::Running(Some(live)) | Phase::Stopped(Some(live)) => live.ratio,
        Phase::Over(outcome) if outcome.valid() => outcome.ratio,
        _ => None,
    }
}

fn draw_lanes(
    lanes: &[Figures],
    running: Option<Lane>,
    area: Rect,
    side_by_side: bool,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let fastest = lanes.iter().map(Figures::rate).fold(0.0, f64::max);
    let parts = if side_by_side {
        Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(3).split(area)
    } else {
        Layout::vertical([Constraint::Length(4), Constraint::Length(4)]).split(area)
    };
    for (figures, part) in lanes.iter().zip(parts.iter()) {
        draw_lane(figures, running == Some(figures.lane), fastest, *part, buffer, theme);
    }
}

fn color(lane: Lane, theme: &Theme) -> Color {
    match lane {
        Lane::HttpReqwest => theme.server,
        Lane::WebSocket => theme.client,
    }
}

fn draw_lane(figures: &Figures, running: bool, fastest: f64, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let color = color(figures.lane, theme);
    let strong = Style::new().fg(color).add_modifier(Modifier::BOLD);
    let mark = if running { "▶ " } else { "▌ " };
    let rate = figures.rate();
    let speed = if rate > 0.0 { format!("{}/s", grouped(rate as u64)) } else { "–".to_owned() };
    let used = figures.lane.title().len() + speed.len() + 5;
    let about = text::shorten(figures.lane.about(), usize::from(area.width).saturating_sub(used));
    let name = Line::from(vec![
        Span::styled(mark, strong),
        Span::styled(figures.lane.title(), strong),
        Span::styled(format!("  {about}"), theme.dim()),
    ]);
    stage::line(&name, 0, area, buffer);
    right(&Line::styled(speed, strong), 0, area, buffer);

    let room = usize::from(area.width.saturating_sub(2));
    let filled = if fastest > 0.0 { (rate / fastest * room as f64).round() as usize } else { 0 };
    let bar = Line::from(vec![
        Span::raw("  "),
        Span::styled("█".repeat(filled), Style::new().fg(color)),
        Span::styled("░".repeat(room - filled.min(room)), theme.faint()),
    ]);
    stage::line(&bar, 1, area, buffer);

    let times = &figures.times;
    let shown = |duration: Duration| if times.count > 0 { time(duration) } else { "–".to_owned() };
    let mut percentiles = Line::from(vec![
        Span::styled("  p50 ", theme.dim()),
        Span::styled(shown(times.p50), Style::new().fg(theme.text).add_modifier(Modifier::BOLD)),
        Span::styled("  p99 ", theme.dim()),
        Span::raw(shown(times.p99)),
    ]);
    let longest = format!("  max {}", shown(times.max));
    if percentiles.width() + text::width(&longest) <= area.width.into() {
        percentiles.push_span(Span::styled(longest, theme.dim()));
    }
    stage::line(&percentiles, 2, area, buffer);
    let wire = match figures.bytes {
        Some((up, down)) => format!("  {up:.0} B up + {down:.0} B down an exchange"),
        None => "  – bytes an exchange".to_owned(),
    };
    stage::line(&Line::styled(wire, theme.dim()), 3, area, buffer);
    let count = format!("{} done", grouped(times.count));
    if usize::from(area.width) > text::width(&count) + 36 {
        right(&Line::styled(count, theme.dim()), 3, area, buffer);
    }
}

/// The ratio, as big as there is room for.
fn draw_ratio(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let Some(ratio) = ratio(race) else { return draw_before(race, area, buffer, theme) };
    let digits = format!("{:.2}x", ratio.median);
    let interval = format!("95 % interval {:.2} to {:.2}, {} pairs", ratio.low, ratio.high, ratio.pairs);
    let style = theme.heading();
    let (size, rows) = match (area.height, Big::width(&digits, Size::Half) + 4 <= area.width) {
        (7.., true) => (Some(Size::Half), 4),
        (5.., _) => (Some(Size::Quarter), 4),
        _ => (None, 1),
    };
    let width = size.map_or(digits.len() as u16, |size| Big::width(&digits, size));
    let top = area.height.saturating_sub(rows + 1) / 2;
    let spot = Rect {
        x: area.x + area.width.saturating_sub(width) / 2,
        y: area.y + top,
        width: width.min(area.width),
        height: rows.min(area.height),
    };
    match size {
        Some(size) => Big::new(&digits, size, style).render(spot, buffer),
        None => stage::line(&Line::styled(digits, style), 0, spot, buffer),
    }
    centered(&Line::styled(interval, theme.dim()), top + rows, area, buffer);
}

fn draw_before(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let told = match &race.phase {
        Phase::Ready => "How many times as long does REST take? Place your bets.",
        Phase::Running(_) => "warming up …",
        _ => return,
    };
    centered(&Line::styled(told, theme.dim()), area.height / 2, area, buffer);
}

fn draw_sentence(race: &Race, area: Rect, buffer: &mut Buffer, look: &Look) {
    let theme = look.theme;
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let (told, style) = match &race.phase {
        Phase::Ready if look.focused => {
            ("Enter starts the race.  1 2 3 choose the payload.  ? shows the rules.".to_owned(), theme.dim())
        }
        Phase::Ready => ("Enter gives the race the keys, Enter again starts it.".to_owned(), theme.dim()),
        Phase::Running(live) => {
            let round = live.as_ref().map_or(0, |live| live.round);
            return progress(round, race.rounds, area, buffer, theme);
        }
        Phase::Stopped(_) => ("Stopped. Enter starts anew.".to_owned(), theme.dim()),
        Phase::Over(outcome) if outcome.valid() => (outcome.sentence(), strong),
        Phase::Over(outcome) => (outcome.sentence(), Style::new().fg(theme.bad)),
        Phase::Failed(why) => (format!("The race cannot start: {why}."), Style::new().fg(theme.bad)),
    };
    let told = text::visible(&told).into_owned();
    Paragraph::new(Text::styled(told, style)).wrap(Wrap { trim: true }).render(area, buffer);
}

fn progress(round: usize, rounds: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let label = format!("round {round} of {rounds}  ");
    let room = usize::from(area.width).saturating_sub(label.len());
    let done = room * round / rounds.max(1);
    let line = Line::from(vec![
        Span::styled(label, theme.dim()),
        Span::styled("━".repeat(done), Style::new().fg(theme.accent)),
        Span::styled("─".repeat(room - done), theme.faint()),
    ]);
    stage::line(&line, 1, area, buffer);
}

fn rules(area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let mut text = Text::default();
    text.push_line(Line::styled("The rules", theme.heading()));
    for rule in RULES {
        text.push_line(Line::from(vec![Span::styled("• ", Style::new().fg(theme.accent)), Span::raw(rule)]));
    }
    let keys = <Race as stage::Demo>::KEYS.iter().map(|Hint { keys, about }| format!("{keys}: {about}"));
    text.push_line(Line::styled(keys.collect::<Vec<_>>().join("   "), theme.dim()));
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

fn right(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    let width = (content.width() as u16).min(area.width);
    stage::line(content, row, Rect { x: area.right() - width, width, ..area }, buffer);
}

fn centered(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    let free = area.width.saturating_sub(content.width() as u16) / 2;
    stage::line(content, row, Rect { x: area.x + free, width: area.width - free, ..area }, buffer);
}

/// A duration in three digits and the unit that fits.
fn time(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    match micros {
        ..100.0 => format!("{micros:.1} µs"),
        ..1_000.0 => format!("{micros:.0} µs"),
        ..100_000.0 => format!("{:.1} ms", micros / 1e3),
        ..1_000_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} B"),
        _ if count.is_multiple_of(1024) => format!("{} KiB", count / 1024),
        _ => format!("{} B", grouped(count as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Summary;
    use crate::race::{Course, Live, Outcome};

    fn figures(lane: Lane, micros: u64, bytes: (f64, f64)) -> Figures {
        let us = Duration::from_micros;
        let times =
            Summary { count: 12_345, p50: us(micros), p90: us(micros), p99: us(2 * micros), max: us(4_130) };
        Figures { lane, times, busy: us(micros) * 12_345, bytes: Some(bytes) }
    }

    fn race(phase: Phase) -> Race {
        Race { payload: 32, rounds: 15, run: 1, phase, help: false }
    }

    fn picture(race: &Race, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(race, area, &mut buffer, &Look { theme: &Theme::DARK, focused: false });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n"
        })
        .collect()
    }

    fn lanes() -> Vec<Figures> {
        vec![figures(Lane::HttpReqwest, 133, (126.0, 133.0)), figures(Lane::WebSocket, 90, (38.0, 34.0))]
    }

    #[test]
    fn a_race_under_way() {
        let live = Live { round: 5, running: Some(Lane::WebSocket), lanes: lanes(), ratio: None };
        assert_eq!(
            picture(&race(Phase::Running(Some(live))), 80, 12),
            "\
╭ race · 32 B there and back · one connection each · loopback ─────────────────╮
│ ▌ REST  reqwest, kept alive   7,518/s   ▶ WebSocket  tokio-tungste… 11,111/s │
│   ████████████████████████░░░░░░░░░░░     ██████████████████████████████████ │
│   p50 133 µs  p99 266 µs  max 4.1 ms      p50 90.0 µs  p99 180 µs            │
│   126 B up + 133 B down an exchange       38 B up + 34 B down an exchange    │
│                                                                              │
│                                 warming up …                                 │
│                                                                              │
│                                                                              │
│ round 5 of 15  ━━━━━━━━━━━━━━━━━━━━───────────────────────────────────────── │
│                                                                              │
╰──────────────────────────────────────────────────────────────────────────────╯
"
        );
    }

    #[test]
    fn the_end_says_how_many_times_and_under_which_conditions() {
        let ratio = Some(Ratio { median: 1.47, low: 1.45, high: 1.49, pairs: 15 });
        let outcome =
            Outcome { course: Course::default(), lanes: lanes(), ratio, invalid_because: Vec::new() };
        let shown = picture(&race(Phase::Over(outcome.clone())), 90, 18);
        assert!(shown.contains("REST takes 1.47 times as long as WebSocket"), "{shown}");
        assert!(shown.contains("95 % interval 1.45 to 1.49, 15 pairs"), "{shown}");
        assert!(shown.contains('█'), "big digits: {shown}");
        let failed = Outcome { invalid_because: vec!["ws: connection reset".into()], ..outcome };
        let shown = picture(&race(Phase::Over(failed)), 90, 18);
        assert!(shown.contains("does not count: ws: connection reset") && !shown.contains("1.47"), "{shown}");
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (200, 60)] {
            picture(&race(Phase::Ready), width, height);
            picture(&race(Phase::Running(None)), width, height);
            picture(&Race { help: true, ..race(Phase::Ready) }, width, height);
        }
    }

    #[test]
    fn figures_have_the_unit_that_fits() {
        let us = Duration::from_micros;
        assert_eq!(
            [time(us(90)), time(us(133)), time(us(4_130)), time(us(2_500_000))],
            ["90.0 µs", "133 µs", "4.1 ms", "2.5 s"]
        );
        assert_eq!([bytes(32), bytes(65_536), bytes(1_500)], ["32 B", "64 KiB", "1,500 B"]);
    }
}
