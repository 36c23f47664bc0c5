//! The HTTP exchanges of a connection before the opening of its WebSocket, or without one.

use std::time::Duration;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::demos::inspect::parts::units::format_time;
use crate::demos::inspect::session::Session;
use crate::stage::Theme;
use crate::text;
use crate::text::units::{count, group_thousands};
use crate::wire::handshake::HttpExchange;

/// The columns of a line that are kept for what follows the target of its request.
const RESULT_WIDTH: usize = 48;

/// Returns at most `max_rows` lines: how many exchanges there were, and the last of them. Empty if
/// there were none.
pub(super) fn lines(
    session: &Session,
    max_rows: usize,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let log = session.connection().trace.exchanges();
    let kept = log.all();
    if kept.is_empty() || max_rows == 0 {
        return Vec::new();
    }
    let all = count(kept.len() as u64 + log.dropped(), "HTTP exchange");
    let is_opened = !session.head_lines().is_empty();
    let place = if is_opened { "before the opening of the WebSocket" } else { "" };
    // The last ones are nearest to the opening.
    let first = kept.len().saturating_sub(max_rows - 1);
    let earlier = match first {
        0 => String::new(),
        hidden => format!(" · {} earlier not shown", group_thousands(hidden as u64)),
    };
    let dropped = match log.dropped() {
        0 => String::new(),
        dropped => format!(" · the last {} not kept", group_thousands(dropped)),
    };
    let title = format!("{all} {place}");
    let title = format!("{}{earlier}{dropped}", title.trim_end());
    let title = text::ellipsize(&title, width.into()).into_owned();
    let rest = kept[first..].iter().map(|(at, exchange)| line(*at, exchange, width, theme));
    std::iter::once(Line::styled(title, theme.dim())).chain(rest).collect()
}

/// Returns a line such as `  GET /app.js → 200 · 54 bytes ↑ 1,234 bytes ↓ · at 1.200 ms`.
fn line(at: Duration, exchange: &HttpExchange, width: u16, theme: &Theme) -> Line<'static> {
    let request = match &exchange.request {
        Some(request) => format!("{} {}", request.method, request.target),
        // A 1xx before the final response (RFC 9110 section 15.2).
        None if exchange.status.is_some_and(|status| status < 200) => "interim response".to_owned(),
        None => "response without a request".to_owned(),
    };
    let room = usize::from(width).saturating_sub(RESULT_WIDTH + 2);
    let request = text::ellipsize(&text::sanitize(&request), room.max(12)).into_owned();
    let (status, color) = match exchange.status {
        Some(status @ 400..) => (status.to_string(), theme.warn),
        Some(status) => (status.to_string(), theme.text),
        None => ("no response".to_owned(), theme.warn),
    };
    let cut = if exchange.status.is_some() && !exchange.is_complete { ", cut off" } else { "" };
    let sizes = format!(
        " · {} ↑ {} ↓{cut} · at {}",
        group_thousands(exchange.request_len.get()),
        group_thousands(exchange.response_len.get()),
        format_time(at)
    );
    Line::from(vec![
        Span::styled(format!("  {request}"), Style::new().fg(theme.text)),
        Span::styled(" → ", theme.dim()),
        Span::styled(status, Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Span::styled(sizes, theme.dim()),
    ])
}

#[cfg(test)]
mod tests {
    use crate::demos::inspect::action::Tab;
    use crate::demos::inspect::testing::{
        REQUEST, RESPONSE, assert_contains, inspector_after_handshake, render_text,
    };

    const GET: &[u8] = b"GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n";
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn exchanges_before_the_opening_are_listed_above_it() {
        let request = [GET, GET, REQUEST].concat();
        let response = [OK, NOT_FOUND, RESPONSE].concat();
        let (mut inspect, _inbox) = inspector_after_handshake(&request, &response, &[]);
        inspect.show_tab(Tab::Handshake);
        for (width, height) in [(80, 24), (100, 30)] {
            assert_contains(
                &render_text(&inspect, width, height),
                &[
                    "2 HTTP exchanges before the opening of the WebSocket",
                    "GET /app.js → 200 · 33 ↑ 40 ↓ · at 0.512 ms",
                    "GET /app.js → 404 · 33 ↑ 45 ↓ · at 0.512 ms",
                    "C→S  request · 140 bytes",
                ],
            );
        }
    }

    #[test]
    fn of_many_exchanges_the_last_ones_are_shown() {
        let request = [GET.repeat(40), REQUEST.to_vec()].concat();
        let response = [OK.repeat(39), NOT_FOUND.to_vec(), RESPONSE.to_vec()].concat();
        let (mut inspect, _inbox) = inspector_after_handshake(&request, &response, &[]);
        inspect.show_tab(Tab::Handshake);
        let shown = render_text(&inspect, 100, 30);
        assert_contains(
            &shown,
            &["40 HTTP exchanges before the opening", "earlier not shown", "→ 404"],
        );
        assert!(shown.matches("→ 200").count() < 6, "{shown}");
    }

    #[test]
    fn a_connection_without_a_websocket_is_called_ordinary_http() {
        let (mut inspect, _inbox) = inspector_after_handshake(&GET.repeat(2), OK, &[]);
        inspect.show_tab(Tab::Handshake);
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["Ordinary HTTP", "1 HTTP exchange", "GET /app.js → 200"]);
        assert!(!shown.contains("Nothing has been received yet"), "{shown}");
    }
}
