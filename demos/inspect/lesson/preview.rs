//! What a step will send, below its question: the request with its changes, and the frames in hex.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::play::ScenarioPlayer;
use crate::clients::{HandshakeRequest, RequestOptions, SessionCommand};
use crate::demos::inspect::action::ByteCursor;
use crate::demos::inspect::connect_options::RequestEdits;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::colors::field_tag;
use crate::demos::inspect::parts::hex;
use crate::demos::inspect::session::Session;
use crate::inspect::BundledServer;
use crate::net::Target;
use crate::text;
use crate::wire::explain::{FrameContext, field_span};
use crate::wire::frame::encode;
use crate::wire::{AgreedExtensions, FieldSpan, Header, Side, format};

/// Returns the rows that all of it takes.
pub(super) fn row_count(player: &ScenarioPlayer, session: &Session, width: u16) -> u16 {
    if player.step().call.is_some() {
        return 2;
    }
    let request = if shows_request(player) { request_lines(player, session).len() + 1 } else { 0 };
    let frames = match &frames_of(player)[..] {
        [] => 0,
        [frame] => 1 + usize::from(hex::row_count(frame.len(), width)),
        frames => 1 + 3 * frames.len(),
    };
    u16::try_from(request + frames).unwrap_or(u16::MAX)
}

/// Whether the request is shown: if the step changes it, or sends nothing else.
fn shows_request(player: &ScenarioPlayer) -> bool {
    let step = player.step();
    let sends_nothing = player.prepared.as_deref().unwrap_or_default().is_empty();
    !step.same && (step.deflate || sends_nothing || step.request != RequestEdits::default())
}

/// Returns the frames that the step will send.
fn frames_of(player: &ScenarioPlayer) -> Vec<Vec<u8>> {
    let commands = player.prepared.iter().flatten();
    let frame = |command: &SessionCommand| match command {
        SessionCommand::Frame(header, payload) => Some(encode::frame(header, payload)),
        SessionCommand::Raw(bytes) => Some(bytes.clone()),
        _ => None,
    };
    commands.filter_map(frame).collect()
}

/// Draws what the step will send.
pub(super) fn draw(player: &ScenarioPlayer, session: &Session, area: Rect, canvas: &mut Canvas) {
    let step = player.step();
    if let Some(call) = &step.call {
        let (title, rest) = split_rows(area, 1);
        canvas.draw_divider("The program", title);
        let code = Style::new().fg(canvas.theme.text).add_modifier(Modifier::BOLD);
        return canvas.draw_line(&Line::styled(format!("  {call}"), code), 0, rest);
    }
    let frames = frames_of(player);
    let mut rest = area;
    if shows_request(player) {
        let lines = request_lines(player, session);
        let wanted = lines.len() as u16 + 1;
        // The frames need a divider and the three rows of a line of hex.
        let left = area.height.saturating_sub(if frames.is_empty() { 0 } else { 4 });
        let (request, below) = split_rows(area, wanted.min(left));
        rest = below;
        draw_request(&lines, request, canvas);
    }
    draw_frames(&frames, rest, canvas);
}

/// One line of the request, with whether the step changes it.
struct RequestLine {
    text: String,
    sign: char,
}

fn draw_request(lines: &[RequestLine], area: Rect, canvas: &mut Canvas) {
    if area.height < 2 {
        return;
    }
    let theme = canvas.theme;
    let (title, rest) = split_rows(area, 1);
    canvas.draw_divider("The request to send", title);
    let rows = usize::from(rest.height);
    let shown: Vec<&RequestLine> = if lines.len() <= rows {
        lines.iter().collect()
    } else {
        // Without room only what is special stays: the first line, and the changes.
        let special = |(number, line): &(usize, &RequestLine)| *number == 0 || line.sign != ' ';
        lines.iter().enumerate().filter(special).map(|(_, line)| line).take(rows).collect()
    };
    for (row, line) in (0..).zip(&shown) {
        let style = match line.sign {
            ' ' => theme.dim(),
            '-' => Style::new().fg(theme.bad).add_modifier(Modifier::CROSSED_OUT),
            _ => Style::new().fg(theme.warn).add_modifier(Modifier::BOLD),
        };
        let room = usize::from(rest.width).saturating_sub(2);
        let content = text::ellipsize(&line.text, room).into_owned();
        let line = Line::from(vec![
            Span::styled(format!("{} ", line.sign), style.remove_modifier(Modifier::CROSSED_OUT)),
            Span::styled(content, style),
        ]);
        canvas.draw_line(&line, row, rest);
    }
    let left_out = lines.len() - shown.len();
    if left_out > 0 && shown.len() < rows {
        let text = format!("  … and {left_out} more, as in every request");
        canvas.draw_line(&Line::styled(text, theme.dim()), shown.len() as u16, rest);
    }
}

/// Returns the lines of the request: `+` before an added one, `~` before a changed one, and `-`
/// before one that is left out.
fn request_lines(player: &ScenarioPlayer, session: &Session) -> Vec<RequestLine> {
    let step = player.step();
    let server = step.server.as_deref().unwrap_or(&player.scenario.server);
    let path = BundledServer::parse(server).map_or_else(|| "/".to_owned(), |server| server.path);
    let target = Target::parse(&format!("ws://127.0.0.1{path}")).ok();
    let bytes = |deflate| {
        let mut options: RequestOptions = session.connect_options.request.clone();
        options.deflate |= deflate;
        let standard = HandshakeRequest::Standard(options);
        target.as_ref().and_then(|target| standard.to_bytes(target, [0; 16]).ok())
    };
    let (good, changed) = (bytes(false).unwrap_or_default(), bytes(step.deflate));
    let changed = match step.request.apply_to(changed.unwrap_or_default()) {
        HandshakeRequest::Raw(bytes) => bytes,
        HandshakeRequest::Standard(_) => good.clone(),
    };
    let [good, changed] = [good, changed].map(|bytes| lines_of(&bytes));
    let name = |line: &str| line.split([':', ' ']).next().unwrap_or_default().to_lowercase();
    let mut lines = Vec::new();
    for (number, line) in changed.iter().enumerate() {
        let before = match number {
            0 => good.first(),
            _ => good.iter().skip(1).find(|before| name(before) == name(line)),
        };
        let sign = match before {
            None => '+',
            Some(before) if before != line => '~',
            Some(_) => ' ',
        };
        lines.push(RequestLine { text: describe_line(line, sign), sign });
    }
    for line in good.iter().skip(1) {
        if !changed.iter().skip(1).any(|kept| name(kept) == name(line)) {
            lines.push(RequestLine { text: line.clone(), sign: '-' });
        }
    }
    lines
}

fn lines_of(request: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(request);
    text.trim_end().split("\r\n").map(str::to_owned).collect()
}

/// Returns a line as it is shown: what is not known before the connection is made is said in words.
fn describe_line(line: &str, sign: char) -> String {
    match line.split_once(": ") {
        Some(("Host", _)) if sign == ' ' => "Host: 127.0.0.1 and the server's port".to_owned(),
        Some(("Sec-WebSocket-Key", _)) if sign == ' ' => {
            "Sec-WebSocket-Key: 16 random bytes in base64".to_owned()
        }
        _ => line.to_owned(),
    }
}

/// Draws the frames in hex, each byte in the colour of its field, and with its letter if there is
/// room.
fn draw_frames(frames: &[Vec<u8>], area: Rect, canvas: &mut Canvas) {
    let [first, others @ ..] = frames else { return };
    let (title, rest) = split_rows(area, 1);
    if others.is_empty() {
        let size = format::byte_count(first.len() as u64);
        canvas.draw_divider(&format!("The frame to send · {size}"), title);
        let rows = hex::row_count(first.len(), rest.width).min(rest.height / 3 * 3);
        return draw_hex(first, split_rows(rest, rows).0, canvas);
    }
    canvas.draw_divider(&format!("The {} frames to send", frames.len()), title);
    let has_letters = frames.len() * 3 <= usize::from(rest.height);
    let mut rest = rest;
    for (number, raw) in (1..).zip(frames) {
        let left = frames.len() + 1 - number;
        if rest.height == 1 && left > 1 {
            let text = format!("… and {left} more");
            return canvas.draw_line(&Line::styled(text, canvas.theme.dim()), 0, rest);
        }
        let (own, below) = split_rows(rest, if has_letters { 3 } else { 1 });
        if has_letters {
            draw_hex(raw, own, canvas);
        } else {
            canvas.draw_line(&hex_line(number, raw, canvas), 0, own);
        }
        rest = below;
    }
}

/// Returns a frame in one line of hex.
fn hex_line(number: usize, raw: &[u8], canvas: &Canvas) -> Line<'static> {
    let theme = canvas.theme;
    let mut line = Line::styled(format!("{number:>3}.  "), theme.faint());
    let spans = fields(raw);
    for (index, byte) in raw.iter().enumerate() {
        let span = spans.iter().find(|span| span.bytes.contains(&index));
        let color = span.map_or(theme.text, |span| field_tag(span, theme).1);
        line.push_span(Span::styled(format!("{byte:02x} "), Style::new().fg(color)));
    }
    line
}

fn fields(raw: &[u8]) -> Vec<FieldSpan> {
    field_span::field_spans(raw, FrameContext::new(Side::Client, AgreedExtensions::none()))
}

fn draw_hex(raw: &[u8], area: Rect, canvas: &mut Canvas) {
    let spans = fields(raw);
    let header_len = Header::parse(raw).map_or(raw.len(), |header| header.len());
    let picture = hex::HexDump {
        raw,
        spans: &spans,
        header_len,
        missing: &[],
        original: None,
        compressed: false,
    };
    picture.draw(ByteCursor::default(), area, canvas);
}
