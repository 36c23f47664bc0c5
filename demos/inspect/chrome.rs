//! The frame of the inspector: title and tabs in the upper edge (`tab_bar`), keys and status in the
//! last row, or the input line.
//!
//! The tabs draw their own contents.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::lesson::play::StepState;
use super::lesson::view as lesson_view;
use super::overlays::mode::InputMode;
use super::overlays::{input, notes, rules};
use super::parts::canvas::{Canvas, ClickTarget, split_rows};
use super::parts::colors::side_style;
use super::parts::{hints, prose};
use super::session::Growth;
use super::session::connections::ConnectionStatus;
use super::settings::KEYS;
use super::state::Inspect;
use super::tab_bar;
use crate::inspect::InspectSource;
use crate::stage::{self, KeyHint, Theme, ViewContext};
use crate::text;
use crate::text::units::binary_bytes;
use crate::wire::Side;

pub(crate) fn draw(inspect: &Inspect, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    draw_all(inspect, area, &mut Canvas::new(buffer, context.theme), context);
    if inspect.mode == InputMode::Help {
        let keys = possible_keys(inspect);
        stage::draw_key_table("The inspector's keys", &keys, area, buffer, context.theme);
    }
}

/// Returns the click target at a position of the picture that was drawn into `area`.
pub(crate) fn click_target(inspect: &Inspect, area: Rect, at: Position) -> Option<ClickTarget> {
    let context = ViewContext { theme: &Theme::DARK, focused: true };
    // Drawing again finds the same targets, because a picture depends on the state and the area
    // only. So no state has to remember what was drawn where.
    let mut scratch = Buffer::empty(area);
    let mut canvas = Canvas::new(&mut scratch, context.theme);
    draw_all(inspect, area, &mut canvas, &context);
    canvas.target_at(at)
}

fn draw_all(inspect: &Inspect, area: Rect, canvas: &mut Canvas, context: &ViewContext) {
    let inner = stage::draw_panel("", area, canvas.buffer, context);
    tab_bar::draw(inspect, area, canvas);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let line = Rect { y: inner.y + body.height, height: inner.height.min(1), ..inner };
    draw_status_line(inspect, line, canvas, context);
    let body = match &inspect.player {
        Some(player) if inspect.mode == InputMode::Bet => {
            return lesson_view::draw_question(player, &inspect.session, body, canvas);
        }
        Some(player) => {
            let strip = lesson_view::row_count(player, body, canvas.theme);
            let (above, below) = split_rows(body, strip);
            lesson_view::draw(player, above, canvas);
            below
        }
        None => body,
    };
    match fatal_error(inspect) {
        Some(reason) => draw_fatal_error(reason, body, canvas),
        None => draw_tab(inspect, body, canvas),
    }
}

fn draw_tab(inspect: &Inspect, body: Rect, canvas: &mut Canvas) {
    match inspect.mode {
        // The frames of another step would be mistaken for the result of this one.
        InputMode::Browse if inspect.is_before_connection() => {
            let text = "Nothing is sent yet.  . sends";
            canvas.draw_line(&Line::styled(text, canvas.theme.dim()), 1, body);
        }
        InputMode::Notes(scroll) => {
            rules::draw(Some(&notes::page(&inspect.session)), scroll, body, canvas);
        }
        InputMode::Rules(scroll) => {
            rules::draw(inspect.tabs.page(&inspect.session).as_ref(), scroll, body, canvas);
        }
        _ => inspect.tabs.draw(&inspect.session, body, canvas),
    }
}

/// Returns why the connection failed before anything was received.
fn fatal_error(inspect: &Inspect) -> Option<&str> {
    let connection = inspect.session.connection();
    let silent = [Side::Client, Side::Server]
        .iter()
        .all(|from| connection.trace.head_bytes(*from).is_empty());
    match &connection.status {
        ConnectionStatus::Ended(Err(why)) if silent && connection.trace.rows().is_empty() => {
            Some(why)
        }
        _ => None,
    }
}

fn draw_fatal_error(reason: &str, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let style = Style::new().fg(theme.bad).add_modifier(Modifier::BOLD);
    let lines =
        prose::labelled_paragraph("✗", &text::sanitize(reason), 3, area.width, style, theme);
    prose::draw_lines(&lines, split_rows(area, 1).1, canvas);
}

/// Returns the state of the connection as a symbol and a word.
fn status_span(inspect: &Inspect, theme: &Theme) -> Span<'static> {
    let (sign, label, color) = match &inspect.session.connection().status {
        // What is there belongs to the step before.
        _ if inspect.is_before_connection() => ("○", "not begun".to_owned(), theme.dim),
        ConnectionStatus::Connecting
            if inspect
                .player
                .as_ref()
                .is_some_and(|player| player.step_state == StepState::Predicting) =>
        {
            ("○", "not begun".to_owned(), theme.dim)
        }
        ConnectionStatus::Connecting if inspect.session.source.is_standard_input() => {
            ("○", "waiting for standard input".to_owned(), theme.dim)
        }
        ConnectionStatus::Connecting => ("○", "connecting".to_owned(), theme.dim),
        ConnectionStatus::FromFile(label) if inspect.session.connection().assumes_deflate() => {
            ("◌", format!("read as permessage-deflate (Z) · {label}"), theme.warn)
        }
        ConnectionStatus::FromFile(label) => ("◌", label.clone(), theme.dim),
        ConnectionStatus::Open if inspect.session.proxy_commands.is_some() => {
            return proxy_status_span(inspect, theme);
        }
        ConnectionStatus::Open => ("●", "open".to_owned(), theme.good),
        ConnectionStatus::Ended(Ok(why)) => ("◌", why.clone(), theme.dim),
        ConnectionStatus::Ended(Err(why)) => ("✗", why.clone(), theme.bad),
    };
    Span::styled(format!("{sign} {}", text::sanitize(&label)), Style::new().fg(color))
}

/// Returns the state of a connection through the proxy: what is held, and which direction the keys
/// act on.
fn proxy_status_span(inspect: &Inspect, theme: &Theme) -> Span<'static> {
    let connection = inspect.session.connection();
    if connection.trace.head_bytes(Side::Client).is_empty() {
        return Span::styled("○ waiting for a client", Style::new().fg(theme.dim));
    }
    let [up, down] = connection.held_frames;
    if !inspect.session.intercepting && up + down == 0 {
        return Span::styled("● everything passes", Style::new().fg(theme.good));
    }
    let meant = side_style(inspect.session.selected_side, theme).1;
    let text = format!("❚❚ held: C→S {up}, S→C {down} · keys act on {meant}");
    Span::styled(text, Style::new().fg(theme.warn).add_modifier(Modifier::BOLD))
}

/// Returns which connection of how many is shown, and the key that lists them if the list has
/// several; nothing if there is only one.
fn which_connection(inspect: &Inspect) -> String {
    let connections = &inspect.session.connections;
    if connections.len() < 2 {
        return String::new();
    }
    let key = if connections.has_several_listed() { " (7: list)" } else { "" };
    format!("{} of {}{key} · ", connections.shown_index() + 1, connections.len())
}

/// Draws the last row: the input line, a notice, or the available keys; at its right end the state
/// of the connection.
fn draw_status_line(inspect: &Inspect, area: Rect, canvas: &mut Canvas, context: &ViewContext) {
    let theme = canvas.theme;
    if let InputMode::Input(line) = &inspect.mode {
        return input::draw(line, area, canvas);
    }
    let mut status = status_span(inspect, theme);
    if let Some(Growth { bytes, has_ended: false, .. }) = inspect.session.growth {
        status.content = format!("reading, {} · {}", binary_bytes(bytes), status.content).into();
    }
    if inspect.session.full {
        status.content = format!("full: new clients wait · {}", status.content).into();
        status.style = Style::new().fg(theme.warn).add_modifier(Modifier::BOLD);
    }
    // A long reason must leave half of the row to the keys. Which connection it is about is never
    // cut.
    let which = which_connection(inspect);
    let max_width = (usize::from(area.width) / 2).saturating_sub(text::width(&which));
    let status = Span {
        content: format!("{which}{}", fit_status(&status.content, max_width)).into(),
        ..status
    };
    let width = text::width(&status.content);
    let room = usize::from(area.width).saturating_sub(width + 2);
    let left = match &inspect.session.notice {
        Some(notice) => text::ellipsize(&text::sanitize(notice), room).into_owned(),
        None if context.focused => hints::fit(&key_hints(inspect), room),
        None => hints::fit(&["⏎: control the inspector"], room),
    };
    canvas.draw_line(&Line::styled(left, theme.dim()), 0, area);
    let x = area.right().saturating_sub(width as u16);
    canvas.draw_line(&Line::from(status), 0, Rect { x, width: area.right() - x, ..area });
}

/// Shortens a status to this number of cells, with the key that shows all of it.
fn fit_status(status: &str, cells: usize) -> String {
    let key = " (N)";
    match cells.checked_sub(text::width(key)) {
        Some(room) if text::width(status) > cells => {
            format!("{}{key}", text::ellipsize(status, room))
        }
        _ => text::ellipsize(status, cells).into_owned(),
    }
}

/// Returns the keys that do something in the current mode, the most important ones first and the one
/// that has to stay last.
fn key_hints(inspect: &Inspect) -> Vec<&'static str> {
    let session = &inspect.session;
    match &inspect.mode {
        InputMode::Copy => vec![
            "copy:  h hex",
            "t text",
            "j JSON vector",
            "c decode command",
            "s send command",
            "r Rust",
            "p Python",
        ],
        InputMode::Bet => inspect.player.as_ref().map(lesson_view::key_hints).unwrap_or_default(),
        InputMode::Edit => {
            let mut hints = vec!["edit:  0–f write", "x flip", "←→ . bit", "+ − byte"];
            if session.has_peer() {
                hints.insert(1, "⏎ SEND IT");
            }
            hints.extend(["l length", "k new key", "u undo", "q put it back"]);
            hints
        }
        InputMode::Rules(_) | InputMode::Notes(_) => vec!["↑↓ scroll", "any other key: back"],
        InputMode::Help => vec!["any key: back"],
        InputMode::Browse | InputMode::Input(_) => browse_hints(inspect),
    }
}

/// Returns the keys of the tab, with those of the proxy or the lesson before them.
fn browse_hints(inspect: &Inspect) -> Vec<&'static str> {
    let tab = inspect.tabs.key_hints(&inspect.session);
    let mut hints = Vec::new();
    if inspect.session.proxy_commands.is_some() {
        hints.extend(["H hold", "S step", "D drop", "I inject", "W side", "< >"]);
    }
    if let Some(player) = &inspect.player {
        match player.step_state {
            // Nothing of the step is there yet.
            StepState::Predicting if player.opens_new_connection() => {
                return vec![". sends", "h keys"];
            }
            StepState::Predicting => hints.push(". sends"),
            StepState::Running => {}
            StepState::Done(_) if player.is_last_step() => hints.push(", back"),
            StepState::Done(_) => hints.extend([". goes on", ", back"]),
        }
    }
    hints.extend(tab);
    hints
}

/// Returns the keys that do something with this source: nothing is sent to a capture, and only a
/// proxy holds frames.
fn possible_keys(inspect: &Inspect) -> Vec<KeyHint> {
    let source = &inspect.session.source;
    let is_file = matches!(source, InspectSource::File(..));
    let is_possible = |hint: &&KeyHint| match hint.keys {
        "Enter  r" | "p  P  c" => source.is_own_connection(),
        "Ctrl-D  Ctrl-R" => !source.is_standard_input(),
        "H S D I W" => inspect.session.proxy_commands.is_some(),
        ".  ," => inspect.player.is_some(),
        "Z" => is_file,
        _ => true,
    };
    let in_capture = |hint: &KeyHint| match hint.keys {
        "Ctrl-D  Ctrl-R" => KeyHint { keys: "Ctrl-R", about: "read the file again" },
        "x  e" => KeyHint { about: "flip the bit, edit the frame: in a copy of it", ..*hint },
        "problems  Enter s w i" => {
            KeyHint { keys: "problems  Enter w i", about: "to the bit; who rejects it; ignore" }
        }
        _ => *hint,
    };
    let possible = KEYS.iter().filter(is_possible);
    possible.map(|hint| if is_file { in_capture(hint) } else { *hint }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    use crossterm::event::KeyCode;

    use crate::demos::inspect::action::Tab;
    use crate::demos::inspect::messages::{Msg, ProxyCommandSender};
    use crate::demos::inspect::testing::{
        REQUEST, RESPONSE, assert_contains, inspector_after, opened, press, render_text,
    };
    use crate::inspect::{InspectConfig, InspectSource};
    use crate::net::Target;
    use crate::proxy::{ProxyEvent, ProxyEventKind, ProxyOptions};
    use crate::stage::{Demo as _, DemoEvent};

    fn looking_into(source: InspectSource) -> Inspect {
        Inspect::new(&InspectConfig::new(source), Tab::Frames)
    }

    #[test]
    fn a_capture_offers_no_key_that_sends() {
        let mut inspect = looking_into(InspectSource::File(
            "x.pcapng".into(),
            crate::capture::ReadOptions::default(),
        ));
        let at = Instant::now();
        for (from, bytes) in
            [(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Server, b"\x81\x01a")]
        {
            inspect.session.connections.shown_mut().push(from, at, bytes);
        }
        for tab in Tab::ALL {
            inspect.show_tab(tab);
            let shown = render_text(&inspect, 160, 40);
            for offer in ["type and send", "send the Close", "on the wire:", "Enter there sends it"]
            {
                assert!(!shown.contains(offer), "{offer:?} on {tab:?}\n{shown}");
            }
        }
        press(&mut inspect, KeyCode::Char('h'));
        let shown = render_text(&inspect, 160, 40);
        for offer in ["type and send", "Ping", "Close", "reconnect", "proxy:", "lesson:"] {
            assert!(!shown.contains(offer), "{offer:?} is among the keys\n{shown}");
        }
        assert_contains(&shown, &["read the file again", "any key: back"]);
        press(&mut inspect, KeyCode::Esc);
        press(&mut inspect, KeyCode::Char('2'));
        press(&mut inspect, KeyCode::Char('x'));
        let shown = render_text(&inspect, 160, 40);
        assert_contains(
            &shown,
            &["Editing a copy of frame 0, changed", "nothing is sent", "q put it back"],
        );
        assert!(!shown.contains("SEND IT") && !shown.contains("until Enter"), "{shown}");
        press(&mut inspect, KeyCode::Enter);
        assert_contains(
            &render_text(&inspect, 160, 40),
            &["this is a capture: there is no one to send to"],
        );
    }

    #[test]
    fn a_row_of_keys_offers_what_is_possible_and_no_part_of_a_key() {
        let (mut inspect, _inbox) = inspector_after(&[]);
        for tab in [Tab::Frames, Tab::Mask, Tab::Timeline, Tab::Deflate, Tab::Problems] {
            inspect.show_tab(tab);
            let shown = render_text(&inspect, 100, 30);
            assert_contains(&shown, &["⏎ type and send  h keys "]);
            assert!(!shown.contains("[ ] frame") && !shown.contains("send the Close"), "{shown}");
        }
        let (mut inspect, _inbox) = opened();
        for (width, row) in [
            (80, "[ ] frame  ↑↓ field  ←→ byte  ⏎ type and send  x flip  h keys"),
            (60, "[ ] frame  ↑↓ field  ←→ byte  h keys"),
        ] {
            assert_contains(&render_text(&inspect, width, 24), &[row]);
        }
        press(&mut inspect, KeyCode::Char('h'));
        let shown = render_text(&inspect, 160, 40);
        assert_contains(&shown, &["any key: back", "send a Close; reconnect"]);
        assert!(!shown.contains("proxy:") && !shown.contains("lesson:"), "{shown}");
    }

    #[test]
    fn a_proxy_without_a_client_shows_where_to_point_one() {
        let upstream = Target::parse("ws://127.0.0.1:9/").unwrap();
        let options = ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream);
        let mut inspect = looking_into(InspectSource::Proxy(Box::new(options)));
        let (commands, _inbox) = tokio::sync::mpsc::channel(1);
        let up =
            Msg::ProxyUp("127.0.0.1:19311".into(), Instant::now(), ProxyCommandSender(commands));
        inspect.update(DemoEvent::Msg(up));
        for tab in [Tab::Frames, Tab::Mask, Tab::Timeline, Tab::Deflate] {
            inspect.show_tab(tab);
            let text = "No client yet: point it at ws://127.0.0.1:19311/";
            assert_contains(&render_text(&inspect, 100, 30), &[text]);
        }
    }

    /// A second client is shown once the first one is gone, unless somebody looks at a frame of it.
    #[test]
    fn a_proxy_goes_over_to_the_next_client() {
        for looks_at_a_frame in [false, true] {
            let upstream = Target::parse("ws://127.0.0.1:9/").unwrap();
            let options = ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream);
            let mut inspect = looking_into(InspectSource::Proxy(Box::new(options)));
            let event =
                |number, kind| DemoEvent::Msg(Msg::Proxy(ProxyEvent::Connection(number, kind)));
            let opened = |number: u16| {
                let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 5000 + number));
                event(number.into(), ProxyEventKind::Opened { peer })
            };
            inspect.update(opened(1));
            for (from, bytes) in
                [(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Server, b"\x81\x01a")]
            {
                let bytes = bytes.to_vec();
                let at = Instant::now();
                inspect.update(event(1, ProxyEventKind::Bytes { from, at, bytes }));
            }
            inspect.update(opened(2));
            let shown = |inspect: &Inspect| inspect.session.connection().name.clone();
            assert!(shown(&inspect).starts_with("127.0.0.1:5001 "), "{}", shown(&inspect));
            if looks_at_a_frame {
                press(&mut inspect, KeyCode::Home);
            }
            inspect.update(event(1, ProxyEventKind::Ended(Ok(()))));
            inspect.update(opened(3));
            let client = if looks_at_a_frame { "127.0.0.1:5001 " } else { "127.0.0.1:5003 " };
            assert!(shown(&inspect).starts_with(client), "{}", shown(&inspect));
            assert_contains(
                &render_text(&inspect, 100, 30),
                &["a client connected: 127.0.0.1:5003"],
            );
        }
    }

    #[test]
    fn without_a_frame_the_keys_to_press_are_shown() {
        let (inspect, _inbox) = inspector_after(&[]);
        assert_contains(
            &render_text(&inspect, 100, 30),
            &["No frames yet. 1: the handshake · Enter: send a text"],
        );
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let broken: &[u8] =
            &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        let (plain, _inbox) = opened();
        let (odd, _inbox) =
            inspector_after(&[(Side::Client, &[0x01, 0x80, 1, 2, 3, 4]), (Side::Server, broken)]);
        let (empty, _inbox) = inspector_after(&[]);
        for mut inspect in [plain, odd, empty] {
            for (width, height) in [(0, 0), (1, 1), (4, 3), (20, 6), (40, 13), (80, 17), (200, 60)]
            {
                for tab in Tab::ALL {
                    inspect.show_tab(tab);
                    for mode in
                        [InputMode::Browse, InputMode::Rules(1), InputMode::Help, InputMode::Copy]
                    {
                        inspect.mode = mode;
                        render_text(&inspect, width, height);
                    }
                }
            }
        }
    }
}
