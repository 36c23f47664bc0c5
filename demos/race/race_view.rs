//! The layout of the race: which parts there is room for.
//!
//! The lanes and the verdict are always shown. Next come the ratio in big digits with where the
//! time goes, then the cards of the two lanes that the talk compares, and last the distribution of
//! times. Before the start the question with its bet stands below the lanes instead.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::overlays;
use super::panels::{
    bet_panel, lane_cards, lane_table, latency_histogram, ratio_panel, status_lines,
};
use super::state::{Race, RaceOverlay, RacePhase};
use crate::race::RaceConfig;
use crate::stage::{self, Theme, ViewContext};
use crate::text;
use crate::text::units;
use crate::wire::format::group_thousands;

/// The height of the ratio in big digits, in rows.
const RATIO_ROWS: u16 = 5;
/// The height of the cards, in rows.
const CARD_ROWS: u16 = 4;

pub(super) fn draw(race: &Race, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    stage::draw_panel(&title(&race.config), area, buffer, context);
    let inner = stage::panel_content(area);
    match race.overlay {
        RaceOverlay::Rules(from) => return overlays::draw(from, inner, buffer, theme),
        RaceOverlay::Lanes(cursor) => {
            return overlays::draw_lane_choice(race, cursor, inner, buffer, theme);
        }
        RaceOverlay::None => {}
    }
    let layout = RaceLayout::new(race, inner);
    let lane_stats = race.lane_stats();
    draw_fairness(race, layout.fair, buffer, theme);
    lane_table::draw(race, &lane_stats, layout.table, buffer, theme);
    if race.phase == RacePhase::Ready {
        bet_panel::draw(race, layout.middle, buffer, theme);
    } else {
        lane_cards::draw(race, &lane_stats, layout.cards, buffer, theme);
        latency_histogram::draw(&lane_stats, layout.spread, buffer, theme);
        ratio_panel::draw(race, &lane_stats, layout.middle, buffer, theme);
    }
    status_lines::draw(race, layout.bottom, buffer, context);
}

/// The areas of the parts. A part without room has no rows.
struct RaceLayout {
    fair: Rect,
    cards: Rect,
    table: Rect,
    spread: Rect,
    /// The ratio, or the question before the start.
    middle: Rect,
    bottom: Rect,
}

impl RaceLayout {
    fn new(race: &Race, inner: Rect) -> Self {
        let count = race.config.lanes.len() as u16;
        // The first line, the head of the table, the lanes, and three rows for the verdict.
        let rest = inner.height.saturating_sub(2 + count + 3);
        let (mut cards, mut spread) = (0, 0);
        let mut middle = rest;
        if race.phase != RacePhase::Ready {
            // Without room for big digits the ratio is one line of text.
            middle = if rest >= RATIO_ROWS { RATIO_ROWS } else { rest.min(1) };
            spread =
                if rest >= middle + count + 2 { (rest - middle).min(2 + 3 * count) } else { 0 };
            // The cards repeat what the table says, so they come only when the distribution has its
            // room.
            let least = middle + CARD_ROWS + if spread > 0 { count + 2 } else { 0 };
            cards = if inner.width >= 72 && rest >= least { CARD_ROWS } else { 0 };
            spread = spread.min(rest - middle - cards);
        }
        // Each gap gets a blank row while there are any left.
        let mut air = rest - middle - cards - spread;
        let mut gap = || {
            let one = u16::from(air > 0);
            air -= one;
            one
        };
        let rows = [1, gap(), cards, gap(), 1 + count, gap(), spread, gap(), middle, gap()];
        let lengths = rows.map(Constraint::Length).into_iter().chain([Constraint::Min(0)]);
        let parts: [Rect; 11] = Layout::vertical(lengths).areas(inner);
        let [fair, _, cards, _, table, _, spread, _, middle, _, bottom] = parts;
        Self { fair, cards, table, spread, middle, bottom }
    }
}

/// Returns the bet that stands at a position of `area`, as an index.
pub(super) fn bet_at(race: &Race, at: Position, area: Rect) -> Option<usize> {
    bet_panel::bet_at(race, at, RaceLayout::new(race, stage::panel_content(area)).middle)
}

fn title(config: &RaceConfig) -> String {
    let connections = match config.connections {
        1 => "1 connection".to_owned(),
        count => format!("{count} connections"),
    };
    let mut title = format!(
        "race · {} · {connections} · {}",
        units::binary_bytes(config.payload as u64),
        config.describe_link()
    );
    if config.messages_per_exchange() > 1 {
        title += &format!(" · {} messages per exchange", config.messages_per_exchange());
    }
    if let Some(rate) = config.rate {
        title += &format!(" · {}/s", group_thousands(rate.into()));
    }
    title
}

/// Draws the conditions that are equal for all lanes, and on which CPUs the two ends run.
fn draw_fairness(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let config = &race.config;
    let mut spans = vec![Span::styled(config.placement.description(), Style::new().fg(theme.text))];
    if let RacePhase::Over(outcome) = &race.phase
        && outcome.placement() != config.placement.name()
    {
        spans.push(Span::styled(" was not possible: unpinned", Style::new().fg(theme.warn)));
    }
    if race.debug {
        spans.push(Span::styled(" · debug build", Style::new().fg(theme.warn)));
    }
    let headers = if config.headers == crate::race::HeaderProfile::Browser {
        "browser headers"
    } else {
        "minimal headers"
    };
    let mut line = Line::from(spans);
    for word in [headers, "same handler", "NODELAY", "shuffled pairs", "replies checked"] {
        let word = format!(" · {word}");
        // What has no room is left out whole; the rules have all of it.
        if line.width() + text::width(&word) > usize::from(area.width) {
            break;
        }
        line.push_span(Span::styled(word, theme.dim()));
    }
    stage::draw_line(&line, 0, area, buffer);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::{HistogramSummary, Ratio};
    use crate::race::{
        ExchangeCost, Lane, LaneKind, LaneRatio, LaneStats, Placement, RaceOutcome, RaceProgress,
        ratios,
    };

    fn figures(kind: LaneKind, micros: f64, bytes: (f64, f64)) -> LaneStats {
        let us = |factor: f64| Duration::from_secs_f64(micros * factor / 1e6);
        let used = Some(ExchangeCost { cpu: Some(micros * 0.4 / 1e6), allocations: Some(1.0) });
        LaneStats {
            lane: Lane::plain(kind),
            times: HistogramSummary {
                count: 10_000,
                p50: us(1.0),
                p90: us(1.2),
                p99: us(1.5),
                max: us(40.0),
            },
            median: Some(micros / 1e6),
            round_medians: vec![Some(micros / 1e6); 4],
            shares: vec![(us(0.9), 0.25), (us(1.0), 0.7), (us(4.0), 0.05)],
            running_time: us(10_000.0),
            bytes: Some(bytes),
            client: used,
            server: used,
            ..LaneStats::default()
        }
    }

    fn lanes() -> Vec<LaneStats> {
        vec![
            figures(LaneKind::Tcp, 86.6, (36.0, 36.0)),
            figures(LaneKind::HttpBare, 90.1, (98.0, 71.0)),
            figures(LaneKind::HttpHyper, 112.6, (112.0, 134.0)),
            figures(LaneKind::HttpReqwest, 133.0, (126.0, 133.0)),
            figures(LaneKind::Ws, 89.7, (38.0, 34.0)),
        ]
    }

    fn over(invalid: &[&str]) -> Race {
        let config =
            RaceConfig { placement: Placement::OwnCpus, rounds: 4, ..RaceConfig::default() };
        let (lanes, mut race) = (lanes(), Race::with_config(config.clone()));
        race.phase = RacePhase::Over(Box::new(RaceOutcome {
            ratios: ratios(&config, &lanes),
            config,
            pinned: true,
            lanes,
            invalid_because: invalid.iter().map(|&reason| reason.to_owned()).collect(),
            ..RaceOutcome::default()
        }));
        race
    }

    fn picture(race: &Race, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(race, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: false });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
                + "\n"
        })
        .collect()
    }

    #[test]
    fn a_slide_of_eighty_columns_shows_the_lanes_the_ratio_and_the_verdict() {
        assert_eq!(
            picture(&over(&[]), 76, 17),
            "\
╭ race · 32 B · 1 connection · loopback ───────────────────────────────────╮
│ each end on its own CPU · minimal headers · same handler · NODELAY       │
│   lane                 p50      p99      max      data+rest   ratio      │
│ ▌ tcp              86.6 µs   130 µs   3.5 ms         64+8 B   0.97x      │
│ ▌ http-bare        90.1 µs   135 µs   3.6 ms       64+105 B   1.00x      │
│ ▌ http-hyper        113 µs   169 µs   4.5 ms       64+182 B   1.26x      │
│ ▌ http-reqwest      133 µs   200 µs   5.3 ms       64+195 B   1.48x      │
│ ▌ ws               89.7 µs   135 µs   3.6 ms         64+8 B       1      │
│        ▗█       ▟█ ▟▀▙              TCP floor         █████      86.6 µs │
│         █      ▟▘█ ▜▄▛ ▜▖▟▘         + WebSocket            ▏     +3.1 µs │
│         █   ▄  ▀▀█▘█ █ ▗▛▙          or + HTTP              ▏     +3.5 µs │
│        ▀▀▀  ▀   ▝▀▘▝▀▘ ▀ ▝▘            + HTTP library      █    +22.5 µs │
│         95 %: 1.48 to 1.48             + reqwest            █   +20.4 µs │
│ http-reqwest takes 1.48 times as long as ws (95 % interval 1.48 to 1.48, │
│ 4 pairs); 32 bytes there and back, one connection each, loopback, each   │
│ end on its own CPU.                                                      │
╰──────────────────────────────────────────────────────────────────────────╯
"
        );
    }

    #[test]
    fn a_large_area_shows_cards_a_distribution_and_every_column() {
        let shown = picture(&over(&[]), 160, 40);
        for part in
            ["HTTP/1.1  reqwest, kept alive", "126 B up + 133 B down per exchange", "10,000 done"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        for part in [
            "one logarithmic axis",
            "│100 µs",
            "alloc c+s",
            "exch/s",
            "64+195 B",
            "53+53 µs",
            "1.48–1.48",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn a_run_that_does_not_count_has_no_big_digits() {
        let shown = picture(&over(&["ws: connection reset"]), 100, 24);
        assert!(
            shown.contains(
                "This run does not count. Enter runs it again. Why: ws: connection reset."
            ),
            "{shown}"
        );
        assert!(
            shown.contains("1.48 times, but it does not count") && !shown.contains('▟'),
            "{shown}"
        );
    }

    #[test]
    fn a_run_that_does_not_count_settles_the_bet_with_that_remark() {
        let mut race = over(&["other programs used 86 % of the CPU (limit 5 %)"]);
        race.bet.cycle(true);
        for (width, height) in [(76, 17), (100, 24)] {
            let shown = picture(&race, width, height).replace("│\n│ ", "");
            let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                shown.contains(
                    "This run does not count. Your bet was 1x; 2x would be nearest if it counted. \
                     Enter runs it again."
                ),
                "{shown}"
            );
        }
    }

    #[test]
    fn the_last_result_stays_beside_the_new_one() {
        let mut race = over(&[]);
        assert!(!picture(&race, 100, 24).contains("before"));
        race.change_setting(crossterm::event::KeyCode::Char('p'));
        let shown = picture(&race, 76, 17);
        assert!(shown.contains("ratio   before"), "{shown}");
        let row = |shown: &str, lane| {
            let row = shown.lines().find(|row| row.contains(lane)).unwrap();
            row.trim_end_matches([' ', '│']).to_owned()
        };
        assert!(row(&shown, "http-reqwest ").ends_with("–    1.48x"), "{shown}");
        assert!(row(&shown, "▌ ws ").ends_with("1        1"), "{shown}");
        // The next result stands beside it, until it becomes the last one itself.
        race.phase = over(&["ws: connection reset"]).phase;
        assert!(row(&picture(&race, 76, 17), "http-reqwest ").ends_with("1.48x    1.48x"));
        race.change_setting(crossterm::event::KeyCode::Char('p'));
        assert!(picture(&race, 76, 17).contains("before ✗"), "it does not count");
        race.change_setting(crossterm::event::KeyCode::Char('0'));
        assert!(!picture(&race, 76, 17).contains("before"), "0 goes back to the start");
    }

    #[test]
    fn a_result_of_other_exchanges_says_what_they_were() {
        let mut race = over(&[]);
        race.change_setting(crossterm::event::KeyCode::Char('b'));
        for (width, height) in [(76, 17), (100, 24)] {
            let shown = picture(&race, width, height);
            assert!(shown.contains("before (1 msg)"), "{shown}");
        }
        race.change_setting(crossterm::event::KeyCode::Char('b'));
        assert!(!picture(&race, 100, 24).contains("msg"), "the same exchange again");
        let previous = race.previous.as_mut().unwrap();
        (previous.messages, previous.is_valid) = (10, false);
        assert!(picture(&race, 100, 24).contains("before (10 msgs) ✗"));
    }

    #[test]
    fn http_has_a_stair_of_its_own_on_the_floor() {
        let mut race = over(&[]);
        let RacePhase::Over(outcome) = &mut race.phase else { panic!() };
        outcome.lanes[4] = figures(LaneKind::Ws, 160.0, (38.0, 34.0));
        let shown = picture(&race, 110, 17);
        let column = |name: &str| {
            let row = shown.lines().find(|row| row.contains(name)).unwrap();
            let after = row.split(name).nth(1).unwrap();
            after.chars().take_while(|letter| *letter == ' ').count() + name.chars().count()
        };
        assert_eq!(column("+ WebSocket"), column("or + HTTP"), "{shown}");
        assert!(shown.contains("86.6 µs") && shown.contains("+73.4 µs"), "{shown}");
    }

    #[test]
    fn the_question_stands_whole_and_in_the_middle_before_the_start() {
        let lanes = [LaneKind::HttpReqwest, LaneKind::Http2, LaneKind::WsPipelined];
        let lanes = lanes.map(Lane::plain).to_vec();
        let race =
            Race::with_config(RaceConfig { lanes, burst: Some(10), ..RaceConfig::default() });
        for (width, height) in [(76, 18), (96, 24)] {
            let shown = picture(&race, width, height);
            let question = "How many times longer than ws-pipelined does http-reqwest take?";
            let row = shown.lines().find(|row| row.contains(question)).expect(&shown);
            let blanks = |text: &str| text.chars().filter(|letter| *letter == ' ').count();
            let sides: Vec<&str> = row.split(question).collect();
            assert!(blanks(sides[0]).abs_diff(blanks(sides[1])) <= 1, "{shown}");
            assert!(shown.contains("│ 100x │"), "{shown}");
        }
    }

    #[test]
    fn names_and_numbers_keep_apart_and_what_has_no_row_is_counted() {
        let kinds = [
            LaneKind::Tcp,
            LaneKind::HttpReqwest,
            LaneKind::HttpNew,
            LaneKind::Http2,
            LaneKind::Ws,
            LaneKind::WsPipelined,
            LaneKind::WsNew,
        ];
        let mut lanes: Vec<LaneStats> =
            kinds.iter().map(|&kind| figures(kind, 50_123.0, (350_110.0, 328_550.0))).collect();
        for (factor, stats) in (1..).zip(&mut lanes) {
            stats.lane.tls = true;
            stats.round_medians = vec![Some(f64::from(factor * factor * factor) / 10.0); 4];
        }
        let config = RaceConfig {
            lanes: lanes.iter().map(|stats| stats.lane).collect(),
            payload: 32 * 1024,
            burst: Some(10),
            ..RaceConfig::default()
        };
        let mut race = Race::with_config(config.clone());
        race.phase = RacePhase::Over(Box::new(RaceOutcome {
            ratios: ratios(&config, &lanes),
            config,
            lanes,
            ..RaceOutcome::default()
        }));
        for (width, height) in [(76, 20), (96, 26), (120, 36), (156, 50)] {
            let shown = picture(&race, width, height);
            assert!(!shown.contains("+tls█") && !shown.contains("+tls░"), "{shown}");
            // Every name is followed by a blank, and no ratio is cut.
            for lane in &race.config.lanes {
                assert!(shown.contains(&format!("{lane} ")), "{lane}: {shown}");
            }
            for ratio in ["0.01x", "0.06x", "0.22x", "0.51x", "1.73x", "2.74x"] {
                assert!(shown.contains(ratio), "{ratio}: {shown}");
            }
            assert!(shown.contains("3 more in the table above"), "{shown}");
        }
        assert!(picture(&race, 156, 50).contains("350,110 B up + 328,550 B down"));
    }

    #[test]
    fn a_failed_lane_shows_the_reason_in_its_row() {
        let mut race = over(&[]);
        let mut broken = lanes();
        broken[4].failure = Some("the server's process has ended\x1b[2J".into());
        race.phase = RacePhase::Running(RaceProgress { lanes: broken, ..RaceProgress::default() });
        let shown = picture(&race, 90, 17);
        assert!(shown.contains("✗ ws             the server's process has ended␛[2J"), "{shown}");
    }

    #[test]
    fn at_a_fixed_rate_both_clocks_are_shown_side_by_side() {
        let mut race = over(&[]);
        race.config.rate = Some(500);
        let mut lanes = lanes();
        for lane in &mut lanes {
            lane.service_times =
                Some(HistogramSummary { p99: Duration::from_micros(170), ..lane.times });
            lane.times.p99 = Duration::from_millis(458);
        }
        let ratio = Ratio { median: 1.0, low: 1.0, high: 1.0, pairs: 4 };
        let stats = LaneRatio {
            lane: Lane::plain(LaneKind::HttpReqwest),
            baseline: Lane::plain(LaneKind::Ws),
            ratio,
        };
        race.phase = RacePhase::Running(RaceProgress {
            lanes,
            ratios: vec![stats],
            ..RaceProgress::default()
        });
        let shown = picture(&race, 110, 24);
        assert!(shown.contains("naive p99") && shown.contains("due p99"), "{shown}");
        assert!(shown.contains("170 µs") && shown.contains("458 ms"), "{shown}");
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let ready = Race::with_config(RaceConfig::default());
        for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (76, 15), (200, 60)] {
            picture(&ready, width, height);
            picture(&over(&[]), width, height);
            for overlay in [RaceOverlay::Rules(0), RaceOverlay::Rules(7), RaceOverlay::Lanes(3)] {
                picture(
                    &Race { overlay, ..Race::with_config(RaceConfig::default()) },
                    width,
                    height,
                );
            }
        }
    }
}
