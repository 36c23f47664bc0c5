//! Draws the comparison: the bytes of request and response, the bytes of both frames, and bars on
//! one scale.
//!
//! Headers are dim and payload is bright. For readers without colour, a bar stands between them in
//! hex, and the bars are hatched and solid.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::bet::{self, BETS};
use super::exchange_bytes::{ExchangePair, MeasuredExchange};
use super::state::{KEYS, Weigh, WeighPhase};
use crate::stage::{self, BigText, PixelSize, QuestionCard, Theme, ViewContext};
use crate::text;
use crate::wire::format::group_thousands;

const RULES_TEXT: [&str; 6] = [
    "HTTP by reqwest, WebSocket by tokio-tungstenite, to echoes in this program.",
    "The bytes are what the server's socket gave and took; each figure counts them.",
    "TCP and IP add at least 40 bytes to a packet, the same for both: not shown.",
    "The WebSocket was opened once, beforehand; its handshake is counted separately.",
    "b adds what a browser and a hardened server send; the values are made up.",
    "No moral yet: weight is not latency.",
];

pub(super) fn draw(weigh: &Weigh, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let dress = if weigh.spec.browser { "browser headers" } else { "minimal headers" };
    let title =
        format!("weigh · {} of JSON there and back · {dress}", byte_count(weigh.spec.payload));
    stage::draw_panel(&title, area, buffer, context);
    let inner = stage::panel_content(area);
    if inner.is_empty() {
        return;
    }
    if weigh.help {
        return stage::draw_rules(
            "What is counted",
            &RULES_TEXT,
            KEYS,
            inner,
            buffer,
            context.theme,
        );
    }
    match &weigh.phase {
        WeighPhase::Done(exchanges) | WeighPhase::Sending(Some(exchanges)) => {
            draw_weighed(exchanges, weigh.bet, inner, buffer, context.theme);
        }
        WeighPhase::Sending(None) => {
            draw_paragraph("sending …", inner, buffer, context.theme.dim());
        }
        WeighPhase::Failed(reason) => {
            let text = format!("Could not weigh: {}.", text::sanitize(reason));
            draw_paragraph(&text, inner, buffer, Style::new().fg(context.theme.bad));
        }
        WeighPhase::Ready => {
            with_question(weigh, context.focused, |card| card.draw(inner, buffer, context.theme));
        }
    }
}

/// Returns the bet that stands at a position of `area`, as an index.
pub(super) fn bet_at(weigh: &Weigh, at: Position, area: Rect) -> Option<usize> {
    with_question(weigh, true, |card| card.choice_at(at, stage::panel_content(area)))
}

/// Calls `f` with the question and its bet.
fn with_question<T>(weigh: &Weigh, focused: bool, f: impl FnOnce(&QuestionCard) -> T) -> T {
    let question = format!(
        "{} of JSON go there and come back. How many times more bytes does HTTP take than \
         WebSocket?",
        byte_count(weigh.spec.payload)
    );
    let notes: &[&str] = if focused {
        &["1–4 bet · Enter sends · b a browser's headers · ? what is counted"]
    } else {
        &["Enter: control the scales; then 1–4 place a bet, and Enter sends."]
    };
    let choices = stage::numbered(&BETS);
    f(&QuestionCard { question: &question, choices: &choices, chosen: weigh.bet, notes })
}

fn draw_paragraph(text: &str, area: Rect, buffer: &mut Buffer, style: Style) {
    Paragraph::new(Text::styled(text, style)).wrap(Wrap { trim: true }).render(area, buffer);
}

fn draw_weighed(
    exchanges: &ExchangePair,
    bet: Option<usize>,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let half = usize::from(area.width.saturating_sub(2) / 2);
    let ExchangePair { http, websocket, .. } = exchanges;
    let texts = [
        text_rows(&http.bytes.up, http.sent_header_len, half, theme),
        text_rows(&http.bytes.down, http.received_header_len, half, theme),
    ];
    let frames = [
        hex_rows(&websocket.bytes.up, websocket.sent_header_len, half, theme),
        hex_rows(&websocket.bytes.down, websocket.received_header_len, half, theme),
    ];
    let rows = |pair: &[Vec<Line>; 2]| 1 + pair.iter().map(Vec::len).max().unwrap_or(0) as u16;
    // How the bet is settled has a row of its own, even where the summary has none.
    let settled = u16::from(bet.is_some());
    let whole = rows(&texts) + rows(&frames) + settled + 4 <= area.height;
    let ruler = 3 + settled + u16::from(whole || area.height >= 16);
    let gap = u16::from(area.height >= 20);
    let left = area.height.saturating_sub(ruler + 2 * gap);
    // Frames are shown whole if there is room. If not, the text gets the larger part.
    let framed = rows(&frames).min((left * 2 / 5).max(left.saturating_sub(rows(&texts)))).min(left);
    let frames = frames.map(|rows| truncate_rows(rows, framed.saturating_sub(1).into(), theme));
    let texted = rows(&texts).min(left - framed);
    let lengths = [texted, framed, ruler].map(Constraint::Length);
    let [text_area, frame_area, ruler_area] = Layout::vertical(lengths).spacing(gap).areas(area);
    draw_pair("HTTP/1.1", ["request", "reply"], http, texts, text_area, buffer, theme);
    draw_pair("WebSocket", ["frame", "frame"], websocket, frames, frame_area, buffer, theme);
    draw_ruler(exchanges, bet, ruler_area, buffer, theme);
    let free = Rect {
        y: ruler_area.bottom(),
        height: area.bottom().saturating_sub(ruler_area.bottom()),
        ..area
    };
    draw_big(exchanges, free, buffer, theme);
}

/// Draws the totals in big digits for the last row of the audience, if there is room.
fn draw_big(pair: &ExchangePair, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let halves =
        Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(3).areas::<2>(area);
    let totals = [("HTTP/1.1", pair.http.total()), ("WebSocket", pair.websocket.total())];
    for (half, (name, total)) in halves.into_iter().zip(totals) {
        let digits = group_thousands(total as u64);
        let width = BigText::width_in_cells(&digits, PixelSize::HalfHeight);
        if half.height < 6 || width + 18 > half.width {
            return;
        }
        let spot = Rect { y: half.y + 1, height: 4, ..half };
        BigText::new(&digits, PixelSize::HalfHeight, theme.heading()).render(spot, buffer);
        let beside = Rect { x: spot.x + width + 1, width: half.width - width - 1, ..spot };
        stage::draw_line(&Line::styled("bytes there and back", theme.dim()), 2, beside, buffer);
        stage::draw_line(&Line::styled(name, theme.heading()), 1, beside, buffer);
    }
}

/// Draws both directions of an exchange side by side, each below its name and size.
fn draw_pair(
    name: &str,
    names: [&str; 2],
    exchange: &MeasuredExchange,
    rows: [Vec<Line<'static>>; 2],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let halves =
        Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2).areas::<2>(area);
    let counts = [exchange.bytes.up.len(), exchange.bytes.down.len()];
    let colors = [theme.client, theme.server];
    for (index, rows) in rows.into_iter().enumerate() {
        let half = halves[index];
        let arrow = ["▲", "▼"][index];
        let text = format!("{arrow} {name} {} · {}", names[index], byte_count(counts[index]));
        let strong = Style::new().fg(colors[index]).add_modifier(Modifier::BOLD);
        stage::draw_line(&Line::styled(text, strong), 0, half, buffer);
        let room = usize::from(half.height.saturating_sub(1));
        draw_rows(&rows, room, half, buffer, theme);
    }
}

/// Draws the rows below a title. If there is no room for all, the middle ones are left out, because
/// the last one is payload.
fn draw_rows(rows: &[Line<'static>], room: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    if rows.len() <= room {
        for (row, line) in (1..).zip(rows) {
            stage::draw_line(line, row, area, buffer);
        }
        return;
    }
    let shown = room.saturating_sub(2);
    for (row, line) in (1..).zip(&rows[..shown]) {
        stage::draw_line(line, row, area, buffer);
    }
    let more = format!("… {} more rows", rows.len() - room + 1);
    let row = shown as u16 + 1;
    if room > 0 {
        stage::draw_line(
            &Line::styled(more, theme.dim().add_modifier(Modifier::ITALIC)),
            row,
            area,
            buffer,
        );
    }
    if room > 1
        && let Some(last) = rows.last()
    {
        stage::draw_line(last, row + 1, area, buffer);
    }
}

/// Returns the rows of a head and its payload, with control characters made visible. A row ends at
/// the end of a line or at the edge.
fn text_rows(bytes: &[u8], head: usize, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (head, payload) = bytes.split_at(head.min(bytes.len()));
    let bright = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let mut rows: Vec<Line> = Vec::new();
    let lines = head.split_inclusive(|byte| *byte == b'\n').map(|line| (line, theme.dim()));
    for (line, style) in lines.chain([(payload, bright)]) {
        let text = String::from_utf8_lossy(line).into_owned();
        let text = text::sanitize(&text).into_owned();
        let mut rest = text.as_str();
        // The payload follows the empty line on the same row, as it does on the wire. An empty line
        // is two cells wide (␍␊).
        if let Some(last) = rows.last_mut().filter(|last| style == bright && last.width() <= 4) {
            let piece = text::prefix_within(rest, width.saturating_sub(last.width()));
            last.push_span(Span::styled(piece.to_owned(), style));
            rest = &rest[piece.len()..];
        }
        while !rest.is_empty() {
            let piece = match text::prefix_within(rest, width.max(1)) {
                // A character wider than the area is taken anyway, or the loop would not end.
                "" => rest,
                piece => piece,
            };
            rows.push(Line::styled(piece.to_owned(), style));
            rest = &rest[piece.len()..];
        }
    }
    rows
}

/// Returns the rows of a frame in hex, with a bar between header and payload.
fn hex_rows(bytes: &[u8], head: usize, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    // Three cells a byte, and two for the bar.
    let per_row = (width.saturating_sub(2) / 3).max(1);
    let bright = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let mut rows = Vec::new();
    for (row, chunk) in bytes.chunks(per_row).enumerate() {
        let mut line = Line::default();
        for (index, byte) in (row * per_row..).zip(chunk) {
            if index == head {
                line.push_span(Span::styled("│ ", Style::new().fg(theme.accent)));
            }
            let style = if index < head { theme.dim() } else { bright };
            line.push_span(Span::styled(format!("{byte:02x} "), style));
        }
        rows.push(line);
    }
    rows
}

/// Returns the first `room` rows of a frame. If there are more, the last one ends with `…`.
fn truncate_rows(mut rows: Vec<Line<'static>>, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    if rows.len() > room {
        rows.truncate(room);
        if let Some(last) = rows.last_mut() {
            last.spans.pop();
            last.push_span(Span::styled("…", theme.dim()));
        }
    }
    rows
}

/// Draws the totals, with bars on one scale, and below them how the bet is settled.
fn draw_ruler(
    pair: &ExchangePair,
    bet: Option<usize>,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    const VALUES_WIDTH: u16 = 44;
    let head = format!("{:<10}{:>7} {:>7} {:>8} {:>7}", "bytes", "up", "down", "total", "JSON");
    let legend = "█ JSON   ░ everything else";
    let bars = Rect {
        x: area.x + VALUES_WIDTH.min(area.width),
        width: area.width.saturating_sub(VALUES_WIDTH),
        ..area
    };
    stage::draw_line(&Line::styled(head, theme.dim()), 0, area, buffer);
    stage::draw_line(&Line::styled(legend, theme.dim()), 0, bars, buffer);
    let max_total = pair.http.total().max(pair.websocket.total()).max(1);
    let cells =
        |count: usize| (count * usize::from(bars.width)).div_ceil(max_total).min(bars.width.into());
    for (row, name, exchange) in [(1, "HTTP/1.1", &pair.http), (2, "WebSocket", &pair.websocket)] {
        let share = exchange.payload() as f64 * 100.0 / exchange.total().max(1) as f64;
        let count = |count: usize| group_thousands(count as u64);
        let figures = format!(
            "{name:<10}{:>7} {:>7} {:>8} {share:>5.0} %",
            count(exchange.bytes.up.len()),
            count(exchange.bytes.down.len()),
            count(exchange.total())
        );
        stage::draw_line(
            &Line::styled(figures, Style::new().fg(theme.text).add_modifier(Modifier::BOLD)),
            row,
            area,
            buffer,
        );
        let (all, json) = (cells(exchange.total()), cells(exchange.payload()));
        let json = json.min(all);
        let bar = Line::from(vec![
            Span::styled("█".repeat(json), Style::new().fg(theme.accent)),
            Span::styled("░".repeat(all - json), theme.dim()),
        ]);
        stage::draw_line(&bar, row, bars, buffer);
    }
    let text =
        Rect { y: area.y + 3.min(area.height), height: area.height.saturating_sub(3), ..area };
    let settled = bet.map(|bet| {
        let color = if bet == bet::right_bet(pair) { theme.good } else { theme.bad };
        let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
        Line::styled(bet::result_sentence(bet, pair), style)
    });
    let summary = Line::styled(summary(pair), Style::new().fg(theme.text));
    let lines: Vec<Line> = settled.into_iter().chain([summary]).collect();
    Paragraph::new(lines).wrap(Wrap { trim: true }).render(text, buffer);
}

fn summary(pair: &ExchangePair) -> String {
    let opened = pair.handshake.up.len() + pair.handshake.down.len();
    let times = bet::ratio(pair);
    format!("HTTP: {times:.1}x the bytes. The WebSocket's handshake, once: {}.", byte_count(opened))
}

fn byte_count(count: usize) -> String {
    crate::wire::format::byte_count(count as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::weigh::ExchangeSpec;
    use crate::servers::recorded::RecordedBytes;

    fn weigh(phase: WeighPhase) -> Weigh {
        let spec = ExchangeSpec { payload: 9, browser: false };
        Weigh { spec, phase, bet: None, help: false }
    }

    fn weighed() -> Box<ExchangePair> {
        let http = RecordedBytes {
            up: b"POST /echo HTTP/1.1\r\nhost: a\x1b[2J\r\n\r\n{\"age\":7}".to_vec(),
            down: b"HTTP/1.1 200 OK\r\n\r\n{\"age\":7}".to_vec(),
        };
        let frames = RecordedBytes {
            up: vec![0x81, 0x89, 0x37, 0xfa, 0x21, 0x3d, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            down: [&[0x81, 9][..], b"{\"age\":7}"].concat(),
        };
        let handshake = RecordedBytes { up: vec![b'x'; 160], down: vec![b'y'; 129] };
        let (http, websocket) = (
            MeasuredExchange::from_http(http).unwrap(),
            MeasuredExchange::from_websocket(frames).unwrap(),
        );
        Box::new(ExchangePair { http, websocket, handshake })
    }

    fn picture(weigh: &Weigh, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(weigh, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: false });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
                + "\n"
        })
        .collect()
    }

    #[test]
    fn both_exchanges_on_the_scales() {
        assert_eq!(
            picture(&weigh(WeighPhase::Done(weighed())), 78, 16),
            r#"╭ weigh · 9 bytes of JSON there and back · minimal headers ──────────────────╮
│ ▲ HTTP/1.1 request · 45 bytes         ▼ HTTP/1.1 reply · 28 bytes          │
│ POST /echo HTTP/1.1␍␊                 HTTP/1.1 200 OK␍␊                    │
│ host: a␛[2J␍␊                         ␍␊{"age":7}                          │
│ ␍␊{"age":7}                                                                │
│ ▲ WebSocket frame · 15 bytes          ▼ WebSocket frame · 11 bytes         │
│ 81 89 37 fa 21 3d │ 01 02 03 04 05    81 09 │ 7b 22 61 67 65 22 3a 37 7d   │
│ 06 07 08 09                                                                │
│ bytes          up    down    total    JSON  █ JSON   ░ everything else     │
│ HTTP/1.1       45      28       73    25 %  ████████░░░░░░░░░░░░░░░░░░░░░░ │
│ WebSocket      15      11       26    69 %  ████████░░░                    │
│ HTTP: 2.8x the bytes. The WebSocket's handshake, once: 289 bytes.          │
│                                                                            │
│                                                                            │
│                                                                            │
╰────────────────────────────────────────────────────────────────────────────╯
"#
        );
    }

    #[test]
    fn the_bet_is_asked_before_the_exchange_and_settled_by_it() {
        let asked = picture(&Weigh { bet: Some(1), ..weigh(WeighPhase::Ready) }, 78, 15);
        for part in ["How many times more bytes", "║▶2 2x ║", "then 1–4 place a bet"] {
            assert!(asked.contains(part), "{part}: {asked}");
        }
        for (width, height) in [(78, 15), (78, 16), (96, 22)] {
            let done = Weigh { bet: Some(0), ..weigh(WeighPhase::Done(weighed())) };
            let shown = picture(&done, width, height);
            let settled = "✗ you bet 1x; it is 2x: 2.8 times the bytes, counted.";
            assert!(shown.contains(settled), "{shown}");
            let won = picture(&Weigh { bet: Some(1), ..done }, width, height);
            assert!(won.contains("✓ 2x: 2.8 times the bytes, counted."), "{won}");
        }
    }

    #[test]
    fn header_and_payload_differ_in_weight_as_well() {
        let theme = &Theme::DARK;
        let rows = text_rows(b"GET /\r\n\r\n{}", 9, 20, theme);
        let text: Vec<_> = rows.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["GET /␍␊", "␍␊{}"]);
        assert!(rows[1].spans[1].style.add_modifier.contains(Modifier::BOLD));
        let rows = hex_rows(&[0x81, 2, b'{', b'}'], 2, 40, theme);
        assert_eq!(rows[0].to_string(), "81 02 │ 7b 7d ");
        let narrow: Vec<_> = text_rows("é".repeat(5).as_bytes(), 0, 2, theme)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(narrow, ["éé", "éé", "é"]);
    }

    #[test]
    fn rows_without_room_are_counted() {
        let mut long = weighed();
        long.http.bytes.up.extend(std::iter::repeat_n(b'a', 4_000));
        let shown = picture(&weigh(WeighPhase::Sending(Some(long))), 78, 16);
        assert!(shown.contains("more rows") && shown.contains("4,0"), "{shown}");
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        for phase in [
            WeighPhase::Ready,
            WeighPhase::Sending(None),
            WeighPhase::Done(weighed()),
            WeighPhase::Failed("no".into()),
        ] {
            for (width, height) in
                [(0, 0), (1, 1), (3, 2), (7, 9), (20, 5), (40, 12), (78, 16), (200, 60)]
            {
                picture(&weigh(phase.clone()), width, height);
                picture(&Weigh { help: true, ..weigh(phase.clone()) }, width, height);
            }
        }
        for width in 0..30 {
            for height in 0..30 {
                picture(&weigh(WeighPhase::Done(weighed())), width, height);
            }
        }
    }
}
