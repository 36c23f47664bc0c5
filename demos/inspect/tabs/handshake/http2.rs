//! The handshake of a WebSocket over HTTP/2 (RFC 8441): the header fields of both messages, and what
//! is wrong with them. There are no lines of a head, because HPACK has none.

use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::capture::{Http2Head, Http2WebSocket};
use crate::demos::inspect::parts::prose;
use crate::stage::Theme;
use crate::text;
use crate::wire::Side;
use crate::wire::format::byte_count;

/// The width of the names of fields in columns.
const NAME_WIDTH: usize = 28;

/// Returns the lines of a handshake.
pub(super) fn lines(handshake: &Http2WebSocket, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let stream = handshake.stream_id;
    let text = format!(
        "Stream {stream} of an HTTP/2 connection: extended CONNECT opens the WebSocket (RFC 8441), \
         and its frames are the DATA of the stream."
    );
    let mut lines = prose::labelled_paragraph("", &text, 0, width, theme.dim(), theme);
    for (from, head) in [(Side::Client, &handshake.request), (Side::Server, &handshake.response)] {
        lines.push(Line::default());
        lines.extend(message_lines(from, head.as_ref(), width, theme));
    }
    lines
}

fn message_lines(
    from: Side,
    head: Option<&Http2Head>,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let name = if from == Side::Client { "Request" } else { "Response" };
    let bold = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let Some(head) = head else {
        let text = format!("{name}: not in the capture, or it could not be decoded");
        return prose::labelled_paragraph("", &text, 0, width, theme.dim(), theme);
    };
    let title = format!("{name} · header block of {}", byte_count(head.block_len as u64));
    let mut lines = vec![Line::styled(title, bold)];
    let sanitized = |bytes: &[u8]| text::sanitize(&String::from_utf8_lossy(bytes)).into_owned();
    for (name, value) in &head.fields {
        let plain = Style::new().fg(theme.text);
        let name = format!("  {}", sanitized(name));
        lines.extend(prose::labelled_paragraph(
            &name,
            &sanitized(value),
            NAME_WIDTH.min(usize::from(width) / 2),
            width,
            plain,
            theme,
        ));
    }
    for problem in &head.validation.problems {
        let rule = problem.code.rule();
        let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
        let text = format!("{}: {}{hint}. {}", rule.name, rule.summary, rule.rationale);
        let color = if problem.is_fatal() { theme.bad } else { theme.warn };
        let style = Style::new().fg(color);
        lines.extend(prose::labelled_paragraph("✗ ", &text, 2, width, style, theme));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossterm::event::KeyCode;

    use crate::capture::ReadOptions;
    use crate::demos::inspect::testing::{assert_contains, opened_file, press, render_text};

    #[test]
    fn the_fields_of_extended_connect_are_listed() {
        let file =
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/http2-plain.pcap"));
        let mut inspect = opened_file(file, &ReadOptions::default());
        press(&mut inspect, KeyCode::Char('1'));
        // The one that was refused has most to say.
        let refused = render_text(&inspect, 120, 30);
        assert_contains(&refused, &["Stream 5 of an HTTP/2", "403", "H_CONNECT_STATUS"]);
        press(&mut inspect, KeyCode::Char('5'));
        let problems = render_text(&inspect, 120, 30);
        assert_contains(&problems, &["H_CONNECT_STATUS", "response · stream 5 of HTTP/2"]);
        press(&mut inspect, KeyCode::Char('1'));
        press(&mut inspect, KeyCode::Char('<'));
        for (width, height) in [(80, 24), (120, 30)] {
            let shown = render_text(&inspect, width, height);
            let words = ["Stream 3 of an HTTP/2", ":protocol", "websocket", ":path", "/chat"];
            assert_contains(&shown, &words);
            assert_contains(&shown, &[":status", "200"]);
        }
        press(&mut inspect, KeyCode::Char('7'));
        assert_contains(&render_text(&inspect, 140, 30), &["/chat", "/private"]);
    }
}
