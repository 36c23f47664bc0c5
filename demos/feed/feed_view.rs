//! Draws the feed: how far behind each client is, a timeline, a table, the distribution of ages, a
//! verdict.
//!
//! The verdict is always shown. The other parts are added as there is room. Before the start there is
//! the question with its bet instead.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::state::{Feed, FeedPhase};
use super::{age_histogram, age_panes, settings, stats_table, timeline_strip, verdict_text};
use crate::stage::{self, QuestionCard, Theme, ViewContext};
use crate::text;
use crate::text::units;

const RULES_TEXT: [&str; 8] = [
    "One source, one price. It moves at random moments, some of them in bursts.",
    "Each way has a server socket and a connection of its own, kept alive.",
    "The age of an event: until the client has it, or a newer one.",
    "Behind: since the first event that this screen does not show yet.",
    "Client and server share one clock: an age is one subtraction.",
    "Bytes are counted at the server's socket: all that TCP carried, handshakes too.",
    "The distance is modelled between socket and server; the bytes are real.",
    "Theory: T is the pause between a response and the next poll.",
];

pub(super) fn draw(feed: &Feed, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let config = &feed.config;
    let title = format!(
        "feed · poll pause {} · {} · events {} apart",
        units::setting(config.poll_interval),
        if config.rtt.is_zero() {
            "loopback".to_owned()
        } else {
            format!("RTT {} modelled", units::setting(config.rtt))
        },
        units::setting(config.mean_gap)
    );
    stage::draw_panel(&title, area, buffer, context);
    let inner = stage::panel_content(area);
    if inner.is_empty() {
        return;
    }
    if feed.help {
        return stage::draw_rules(
            "The rules",
            &RULES_TEXT,
            settings::KEYS,
            inner,
            buffer,
            context.theme,
        );
    }
    if matches!(feed.phase, FeedPhase::Ready) {
        return draw_question(feed, inner, buffer, context);
    }
    let layout = FeedLayout::new(inner, config.transports.len() as u16);
    draw_status(feed, layout.status, buffer, context.theme);
    if let Some(area) = layout.panes {
        age_panes::draw(feed, area, buffer, context.theme);
    }
    if let Some(area) = layout.lanes {
        timeline_strip::draw(feed, layout.panes.is_some(), area, buffer, context.theme);
    }
    if let Some(area) = layout.table {
        stats_table::draw(feed, area, buffer, context.theme);
    }
    if let Some(area) = layout.spread {
        age_histogram::draw(feed, area, buffer, context.theme);
    }
    draw_sentences(feed, layout.sentences, buffer, context.theme);
}

/// Returns the bet that stands at a position of `area`, as an index.
pub(super) fn bet_at(feed: &Feed, at: Position, area: Rect) -> Option<usize> {
    with_question(feed, true, |card| card.choice_at(at, question_area(stage::panel_content(area))))
}

/// Returns where the question stands: below the status line.
fn question_area(area: Rect) -> Rect {
    let status = u16::from(area.height > 3);
    Rect { y: area.y + status, height: area.height - status, ..area }
}

/// Draws the question with its bet, how to start, and what the signs of the timeline will mean.
fn draw_question(feed: &Feed, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let below = question_area(area);
    draw_status(feed, Rect { height: below.y - area.y, ..area }, buffer, context.theme);
    with_question(feed, context.focused, |card| card.draw(below, buffer, context.theme));
}

/// Calls `f` with the question; without a bet it says what to watch.
fn with_question<T>(feed: &Feed, focused: bool, f: impl FnOnce(&QuestionCard) -> T) -> T {
    let can_bet = verdict_text::can_bet(&feed.config);
    let (question, start, choices) = if can_bet {
        let start = if focused {
            "1–4 bet · Enter starts · ? rules and keys"
        } else {
            "Enter: control the feed; then 1–4 place a bet, and Enter starts it."
        };
        (verdict_text::question(&feed.config), start, stage::numbered(&verdict_text::BETS))
    } else {
        let start = if focused {
            "Enter starts · ? rules and keys"
        } else {
            "Enter: control the feed; Enter again starts it."
        };
        ("How old are the numbers on each screen?".to_owned(), start, Vec::new())
    };
    let notes = [start, "", "◆ something happens   ● update received   ○ asked for nothing"];
    f(&QuestionCard { question: &question, choices: &choices, chosen: feed.bet, notes: &notes })
}

/// The areas of the parts; `None` for a part without room.
#[derive(Debug, PartialEq, Eq)]
struct FeedLayout {
    status: Rect,
    panes: Option<Rect>,
    lanes: Option<Rect>,
    table: Option<Rect>,
    spread: Option<Rect>,
    sentences: Rect,
}

impl FeedLayout {
    fn new(area: Rect, transports: u16) -> Self {
        let status = u16::from(area.height > 3);
        let words = area.height.saturating_sub(status).min(2);
        let mut left = area.height - status - words;
        let mut take = |rows: u16| {
            let fits = left >= rows;
            left -= if fits { rows } else { 0 };
            if fits { rows } else { 0 }
        };
        // With two clients the big figures matter most. With more of them the figures get small, so
        // the timeline and the table come first.
        let (lanes, panes, table);
        if transports <= 2 {
            panes = take(age_panes::PANE_ROWS);
            lanes = take(transports + 1);
            table = take(transports + 1);
        } else {
            lanes = take(transports + 1);
            table = take(transports + 1);
            panes = take(age_panes::PANE_ROWS);
        }
        let words = words + take(1);
        let spread = take(transports + 1);
        // Spare rows become blank rows between the parts first, then taller bars, then longer
        // sentences.
        let parts = [panes, lanes, table, spread].iter().filter(|rows| **rows > 0).count() as u16;
        let gap = u16::from(left > parts);
        left -= gap * (parts + 1);
        let taller = if spread > 0 { (left / transports.max(1)).min(6) * transports } else { 0 };
        left -= taller;
        let words = words + left.min(2);
        let mut y = area.y;
        let mut place = |rows: u16| {
            let rect = Rect { y, height: rows, ..area };
            y += rows + if rows > 0 { gap } else { 0 };
            (rows > 0).then_some(rect)
        };
        let status = place(status).unwrap_or(Rect { height: 0, ..area });
        let (panes, lanes, table, spread) =
            (place(panes), place(lanes), place(table), place(spread + taller));
        let words = place(words).unwrap_or(Rect { height: 0, ..area });
        Self { status, panes, lanes, table, spread, sentences: words }
    }
}

fn draw_status(feed: &Feed, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let length = feed.config.duration.as_secs();
    let mut spans = match &feed.phase {
        FeedPhase::Ready => vec![Span::styled(format!("○ ready · {length} s"), theme.dim())],
        FeedPhase::Running(None) => vec![Span::styled("▶ connecting …", strong)],
        FeedPhase::Running(Some(snapshot)) => {
            let done = snapshot.elapsed.as_secs();
            vec![Span::styled(format!("▶ {done} of {length} s"), strong)]
        }
        FeedPhase::Over(snapshot) => {
            vec![Span::styled(format!("■ {:.0} s", snapshot.elapsed.as_secs_f64()), strong)]
        }
        FeedPhase::Failed(_) => vec![Span::styled("✗ failed", Style::new().fg(theme.bad))],
    };
    if let Some(live) = feed.latest_snapshot() {
        spans.push(Span::styled(
            format!(" · {} · price {:.2}", units::count(live.events, "event"), live.price),
            theme.dim(),
        ));
    }
    // Words and not only a colour, because otherwise the silence looks like a fault.
    if !feed.running && matches!(feed.phase, FeedPhase::Running(_)) {
        let quiet = Style::new().fg(theme.warn).add_modifier(Modifier::BOLD);
        spans.push(Span::styled(" · silence: no events until you press k again", quiet));
    }
    stage::draw_line(&Line::from(spans), 0, area, buffer);
}

fn draw_sentences(feed: &Feed, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let mut text = Text::default();
    match &feed.phase {
        FeedPhase::Ready | FeedPhase::Running(None) => {}
        FeedPhase::Running(Some(snapshot)) => {
            let mut message = verdict_text::verdict(snapshot, &feed.config);
            if message.is_empty() {
                message.push("Watch how old the numbers are, not the price.".to_owned());
            }
            text.push_line(verdict_text::sentences_that_fit(&message, area.width, area.height));
        }
        FeedPhase::Over(live) => {
            let mut message = verdict_text::verdict(live, &feed.config);
            let settled = verdict_text::bet_result(feed.bet, live, &feed.config);
            let room = area.height.saturating_sub(u16::from(settled.is_some()));
            if let Some(settled) = settled {
                let color = match settled.chars().next() {
                    Some('✓') => theme.good,
                    Some('✗') => theme.bad,
                    _ => theme.warn,
                };
                text.push_line(Line::styled(
                    settled,
                    Style::new().fg(color).add_modifier(Modifier::BOLD),
                ));
            }
            if message.is_empty() {
                message.push("Too little has happened for a verdict.".to_owned());
            }
            text.push_line(Line::styled(
                verdict_text::sentences_that_fit(&message, area.width, room),
                strong,
            ));
        }
        FeedPhase::Failed(reason) => {
            let message = format!("The feed cannot start: {reason}.");
            text.push_line(Line::styled(
                text::sanitize(&message).into_owned(),
                Style::new().fg(theme.bad),
            ));
        }
    }
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::demos::feed::tests::{open, snapshot};
    use crate::feed::TransportError;

    fn picture(feed: &Feed, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(feed, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: false });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
                + "\n"
        })
        .collect()
    }

    fn running(transports: &str) -> Feed {
        let feed = open(transports);
        let snapshot = snapshot(&feed.config.transports);
        Feed { phase: FeedPhase::Running(Some(Box::new(snapshot))), ..feed }
    }

    #[test]
    fn two_clients_during_a_run() {
        assert_eq!(
            picture(&running("poll, ws"), 78, 16),
            "\
╭ feed · poll pause 1 s · RTT 50 ms modelled · events 700 ms apart ──────────╮
│ ▶ 6 of 30 s · 3 events · price 42.07                                       │
│ ▌ poll  shows 42.03           6 req  ▌ WebSocket  shows 42.03      1 req   │
│  ▗█  ▟▀▜▖▟▀▜▖▟▀▜▖                     ▟▀▜▖                                 │
│   █  █▗█▌█▗█▌█▗█▌ ms                  █▗█▌ ms                              │
│   █  █▛▐▌█▛▐▌█▛▐▌ behind              █▛▐▌ behind                          │
│  ▀▀▀ ▝▀▀ ▝▀▀ ▝▀▀                      ▝▀▀                                  │
│ server              ◆            ◆                      ◆        ▏         │
│ poll                ┊   ●        ┊    ●                 ┊        ▏         │
│ WebSocket           ●            ●                      ●        ▏         │
│             mean age    oldest              theory  requests  B/event      │
│ poll          540 ms  1,080 ms    T/2+RTT = 550 ms         6      333      │
│ WebSocket      25 ms     50 ms       RTT/2 = 25 ms         1      333      │
│ Push is 22x fresher than polling with a pause of 1 s: 25 ms against 540    │
│ ms, mean age. Polling asked 6 times, 2 for nothing; push asked once.       │
╰────────────────────────────────────────────────────────────────────────────╯
"
        );
    }

    #[test]
    fn four_transports_after_a_run() {
        let feed = running("ws, sse, long, poll");
        let snapshot = feed.latest_snapshot().unwrap().clone();
        let feed = Feed { phase: FeedPhase::Over(Box::new(snapshot)), bet: Some(1), ..feed };
        let shown = picture(&feed, 78, 16);
        assert!(shown.contains("✓ You bet on up to 9; it was 6 to 1 after 6 s."), "{shown}");
        assert!(shown.contains("Push is 22x fresher than polling with a pause of 1 s"), "{shown}");
        let large = picture(&feed, 120, 36);
        assert!(
            large.contains("SSE ties WebSocket")
                && large.contains("1 ms")
                && large.contains("mean age"),
            "{large}"
        );
    }

    #[test]
    fn a_failed_transport_shows_the_reason_and_the_others_stay() {
        let mut feed = running("ws, sse, long, poll");
        let FeedPhase::Running(Some(snapshot)) = &mut feed.phase else { panic!() };
        snapshot.transports[1].failure = Some(Arc::new(TransportError::Body(
            "the server closed \u{1b}[31mthe connection".into(),
        )));
        let shown = picture(&feed, 78, 16);
        assert!(shown.contains("SSE        ✗ the server closed ␛[31mthe connection"), "{shown}");
        assert!(shown.contains("long poll      25 ms"), "{shown}");
    }

    #[test]
    fn the_bet_is_shown_before_the_start() {
        let feed = Feed { bet: Some(2), ..open("ws, poll") };
        let shown = picture(&feed, 78, 16);
        assert!(shown.contains("In 30 s, how many polling requests per push request?"), "{shown}");
        assert!(shown.contains("║▶3 10 to 29 ║"), "{shown}");
        assert!(!shown.contains("–  "), "no empty panes: {shown}");
        let alone = picture(&open("ws"), 78, 16);
        assert!(!alone.contains("how many polling") && alone.contains("How old"), "{alone}");
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        for transports in ["ws", "poll, ws", "ws, sse, long, poll"] {
            for (width, height) in
                [(0, 0), (1, 1), (3, 2), (12, 4), (20, 5), (40, 12), (78, 16), (200, 60)]
            {
                picture(&open(transports), width, height);
                picture(&running(transports), width, height);
                picture(&Feed { help: true, ..open(transports) }, width, height);
            }
        }
        for width in 0..30 {
            for height in 0..30 {
                picture(&running("ws, sse, long, poll"), width, height);
            }
        }
    }
}
