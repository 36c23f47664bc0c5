//! Draws the demo: the bet or the line, the transports, the session under the cursor, the client that
//! falls back, the keys. Where there is room, the bytes of the cursor's lane stand beside.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::bet::{BETS, QUESTION};
use super::state::{KEYS, Mode, Phase, SockJs};
use super::{bytes_view, fall_back_view, lanes_view, session_view};
use crate::stage::{self, Theme, ViewContext};
use crate::text::{self, units};

/// The cells that the tables need.
const TABLES_WIDTH: u16 = 88;

/// The cells that the bytes need to stand beside them.
const MIN_BYTES_WIDTH: u16 = 60;

const RULES_TEXT: [&str; 6] = [
    "The server is ours, on loopback, with the timers that the title names; the protocol's are 25 s \
     and 5 s.",
    "Bytes are what the client's sockets gave and took, HTTP heads and frame headers included; TCP's \
     are not.",
    "\"The line\" counts both ways, and the request that waits for the next one.",
    "Requests carry only what HTTP requires: a browser adds a few hundred bytes to each.",
    "x makes the server answer 404 for a transport and ends its connections. Sending stays.",
    "The fallback client has the order and the time limits of sockjs-client 1.6.1. Unlike it, \
     sockjs-client leaves reconnecting to the page.",
];

pub(super) fn draw(demo: &SockJs, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let spare = area.width.saturating_sub(TABLES_WIDTH);
    let beside = (spare >= MIN_BYTES_WIDTH).then_some(Rect {
        x: area.x.saturating_add(TABLES_WIDTH),
        width: spare,
        ..area
    });
    if let (Mode::Bytes(back), None) = (&demo.mode, beside) {
        return bytes_view::draw(demo, *back, area, buffer, context);
    }
    let width = if beside.is_some() { TABLES_WIDTH } else { area.width };
    draw_tables(demo, Rect { width, ..area }, buffer, context);
    if let Some(beside) = beside {
        let back = if let Mode::Bytes(back) = demo.mode { back } else { 0 };
        bytes_view::draw(demo, back, beside, buffer, context);
    }
}

/// Returns the bet that stands at a position of `area`, as an index.
pub(super) fn bet_at(demo: &SockJs, at: Position, area: Rect) -> Option<usize> {
    let context = ViewContext { theme: &Theme::DARK, focused: true };
    let line = stage::choices_line(&BETS, demo.bet, context.theme);
    stage::clicked_choice(&line, at, area, |buffer| draw(demo, area, buffer, &context))
}

fn draw_tables(demo: &SockJs, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let inner = stage::draw_panel(&title(demo), area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if inner.is_empty() {
        return;
    }
    if demo.mode == Mode::Rules {
        return stage::draw_rules("The rules", &RULES_TEXT, KEYS, inner, buffer, theme);
    }
    let last = Rect { y: inner.bottom() - 1, height: 1, ..inner };
    stage::draw_line(&keys_line(demo, context), 0, last, buffer);
    let mut rest = Rect { height: inner.height - 1, ..inner };
    let head = if demo.can_bet() { 2 } else { 1 };
    draw_head(demo, take_rows(&mut rest, head), buffer, theme);
    lanes_view::draw(demo, take_rows(&mut rest, lanes_view::ROWS), buffer, theme);
    if rest.height > session_view::ROWS + 4 {
        take_rows(&mut rest, 1);
    }
    session_view::draw(demo, take_rows(&mut rest, session_view::ROWS), buffer, theme);
    if rest.height > 3 {
        take_rows(&mut rest, 1);
    }
    fall_back_view::draw(demo, rest, buffer, theme);
}

/// Takes up to `rows` rows off the top of an area.
fn take_rows(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let taken = Rect { height: rows, ..*rest };
    *rest = Rect { y: rest.y + rows, height: rest.height - rows, ..*rest };
    taken
}

fn title(demo: &SockJs) -> String {
    let (heartbeat, timeout) = (demo.config.heartbeat, demo.config.session_timeout);
    let at = match &demo.phase {
        Phase::Running(handle) => handle.address.as_str(),
        Phase::Ready | Phase::Starting | Phase::Failed(_) => "our server",
    };
    let (heartbeat, timeout) = (units::setting(heartbeat), units::setting(timeout));
    format!("sockjs · {at} · heartbeat {heartbeat}, timeout {timeout} (usual 25, 5)")
}

fn draw_head(demo: &SockJs, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let line = match (&demo.mode, &demo.phase) {
        (Mode::Typing(line), _) => Line::from(vec![
            Span::styled("line: ", theme.heading()),
            Span::styled(format!("{}▏", text::sanitize(line)), strong),
        ]),
        (_, Phase::Failed(reason)) => {
            let reason = format!("The server could not be started: {}.", text::sanitize(reason));
            Line::styled(reason, Style::new().fg(theme.bad))
        }
        (_, Phase::Ready) => {
            draw_bets(demo, area, buffer, theme);
            Line::styled(QUESTION, strong)
        }
        _ => match demo.bet_result() {
            Some(result) => {
                let color = if result.starts_with('✓') { theme.good } else { theme.warn };
                Line::styled(result, Style::new().fg(color).add_modifier(Modifier::BOLD))
            }
            None => Line::from(vec![
                Span::styled("there and back: ", theme.dim()),
                Span::styled(format!("“{}”", text::sanitize(&demo.line)), strong),
            ]),
        },
    };
    stage::draw_line(&line, 0, area, buffer);
}

fn draw_bets(demo: &SockJs, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    stage::draw_line(&stage::choices_line(&BETS, demo.bet, theme), 1, area, buffer);
}

fn keys_line(demo: &SockJs, context: &ViewContext) -> Line<'static> {
    let keys = match (context.focused, &demo.mode, &demo.phase) {
        (false, ..) => "Enter: control the demo.",
        (true, Mode::Typing(_), _) => "Enter sends it over every transport   Esc back",
        (true, _, Phase::Ready) => {
            "1–4 your bet   Space starts and sends a line   t type one   ? rules"
        }
        (true, ..) => "Space line  t type  ⏎ bytes  x take  2 second  d detach  c close  r  ?",
    };
    Line::styled(keys, context.theme.dim())
}
