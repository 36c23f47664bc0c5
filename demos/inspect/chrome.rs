//! The inspector's frame: title and tabs in its upper edge, what the keys do in its lower one, the line that is typed.
//!
//! What is inside the tabs is drawn by their own files.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::canvas::{Canvas, ClickTarget, split_rows};
use super::connection::ConnectionStatus;
use super::scenario::{ScenarioPlayer, StepState};
use super::state::{InputMode, InputPurpose, Inspect, Tab};
use super::{deflate, frames, handshake, mask, problems, prose, rules, scenario, timeline};
use crate::stage::{self, Demo as _, Theme, ViewContext};
use crate::text;
use crate::wire::Side;

pub(super) fn draw(inspect: &Inspect, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    draw_all(inspect, area, &mut Canvas::new(buffer, context.theme), context);
    if inspect.mode == InputMode::Help {
        stage::draw_key_table("The inspector's keys", Inspect::KEYS, area, buffer, context.theme);
    }
}

/// What stands at a position of the picture that was drawn into `area`.
pub(super) fn click_target(inspect: &Inspect, area: Rect, at: Position) -> Option<ClickTarget> {
    let context = ViewContext { theme: &Theme::DARK, focused: true };
    let mut scratch = Buffer::empty(area);
    let mut canvas = Canvas::new(&mut scratch, context.theme);
    draw_all(inspect, area, &mut canvas, &context);
    canvas.target_at(at)
}

fn draw_all(inspect: &Inspect, area: Rect, canvas: &mut Canvas, context: &ViewContext) {
    let inner = stage::draw_panel("", area, canvas.buffer, context);
    draw_tab_bar(inspect, area, canvas);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let strip = inspect.player.as_ref().map_or(0, |player| scenario::row_count(player, inner, canvas.theme));
    let (above, inner) = split_rows(inner, strip);
    if let Some(player) = &inspect.player {
        scenario::draw(player, above, canvas);
    }
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let line = Rect { y: inner.y + body.height, height: inner.height.min(1), ..inner };
    match fatal_error(inspect) {
        Some(reason) => draw_fatal_error(reason, body, canvas),
        None => draw_tab(inspect, body, canvas),
    }
    draw_status_line(inspect, line, canvas, context);
}

fn draw_tab(inspect: &Inspect, body: Rect, canvas: &mut Canvas) {
    match inspect.tab {
        _ if inspect.mode == InputMode::Bet
            && inspect.player.as_ref().is_some_and(ScenarioPlayer::opens_new_connection) =>
        {
            canvas.draw_line(&Line::styled("Nothing is sent yet.", canvas.theme.dim()), 1, body);
        }
        _ if matches!(inspect.mode, InputMode::Rules(_)) => rules::draw(inspect, body, canvas),
        Tab::Handshake => handshake::draw(inspect, body, canvas),
        Tab::Frames => frames::draw(inspect, body, canvas),
        Tab::Mask => mask::draw(inspect, body, canvas),
        Tab::Timeline => timeline::draw(inspect, body, canvas),
        Tab::Problems => problems::draw(inspect, body, canvas),
        Tab::Deflate => deflate::draw(inspect, body, canvas),
    }
}

/// The colour and the arrow of what a side sends.
pub(super) fn side_style(from: Side, theme: &Theme) -> (Color, &'static str) {
    match from {
        Side::Client => (theme.client, "C→S"),
        Side::Server => (theme.server, "S→C"),
    }
}

/// The address and the tabs, over the upper edge of the panel; what is left of it says how the connection is.
fn draw_tab_bar(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    if area.width < 8 || area.height < 2 {
        return;
    }
    let theme = canvas.theme;
    let address = &inspect.connection().name;
    let count = |tab| match tab {
        Tab::Frames => {
            let trace = &inspect.connection().trace;
            let more = if trace.dropped_rows() > 0 { "+" } else { "" };
            match (&inspect.filter, trace.rows().len()) {
                (Some(filter), all) => format!("({}/{all}{more})", filter.rows.len()),
                (None, all) => format!("({all}{more})"),
            }
        }
        Tab::Problems if inspect.fault_count() > 0 => format!("({})", inspect.fault_count()),
        _ => String::new(),
    };
    let names: Vec<(Tab, String)> = Tab::ALL
        .iter()
        .zip(1..)
        .map(|(tab, number)| (*tab, format!(" {number} {}{} ", tab.name(), count(*tab))))
        .collect();
    let tabs = names.iter().map(|(_, name)| text::width(name)).sum::<usize>();
    // the address comes first, then the gaps between the tabs
    let wide = usize::from(area.width - 4);
    let gap = u16::from(wide >= tabs + names.len() + text::width(address) + 3);
    let room = wide.saturating_sub(tabs + names.len() * usize::from(gap));
    let mut x = area.x + 2;
    if room >= 12 {
        let title = format!(" {} ", text::ellipsize(&text::sanitize(address), room - 3));
        canvas.buffer.set_string(x, area.y, &title, theme.heading());
        x += text::width(&title) as u16 + gap;
    }
    for (tab, name) in names {
        let width = text::width(&name) as u16;
        if x + width >= area.right() {
            break;
        }
        let style = match tab {
            tab if tab == inspect.tab => theme.cursor(),
            Tab::Problems if inspect.fault_count() > 0 => {
                Style::new().fg(theme.bad).add_modifier(Modifier::BOLD)
            }
            _ => theme.dim(),
        };
        canvas.buffer.set_string(x, area.y, &name, style);
        canvas.add_target(Rect { x, y: area.y, width, height: 1 }, ClickTarget::Tab(tab));
        x += width + gap;
    }
}

/// Why there is nothing to see and never will be.
fn fatal_error(inspect: &Inspect) -> Option<&str> {
    let connection = inspect.connection();
    let silent =
        [Side::Client, Side::Server].iter().all(|from| connection.trace.head_bytes(*from).is_empty());
    match &connection.status {
        ConnectionStatus::Ended(Err(why)) if silent && connection.trace.rows().is_empty() => Some(why),
        _ => None,
    }
}

fn draw_fatal_error(reason: &str, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let style = Style::new().fg(theme.bad).add_modifier(Modifier::BOLD);
    let lines = prose::labelled_paragraph("✗", &text::sanitize(reason), 3, area.width, style, theme);
    prose::draw_lines(&lines, split_rows(area, 1).1, canvas);
}

/// How the connection is: a sign, a word and a colour.
fn status_span(inspect: &Inspect, theme: &Theme) -> Span<'static> {
    let (sign, label, color) = match &inspect.connection().status {
        ConnectionStatus::Connecting
            if inspect.player.as_ref().is_some_and(|player| player.step_state == StepState::Predicting) =>
        {
            ("○", "not begun".to_owned(), theme.dim)
        }
        ConnectionStatus::Connecting => ("○", "connecting".to_owned(), theme.dim),
        ConnectionStatus::FromFile(label) => ("◌", label.clone(), theme.dim),
        ConnectionStatus::Open if inspect.proxy_commands.is_some() => {
            return proxy_status_span(inspect, theme);
        }
        ConnectionStatus::Open => ("●", "open".to_owned(), theme.good),
        ConnectionStatus::Ended(Ok(why)) => ("◌", why.clone(), theme.dim),
        ConnectionStatus::Ended(Err(why)) => ("✗", why.clone(), theme.bad),
    };
    Span::styled(format!("{sign} {}", text::sanitize(&label)), Style::new().fg(color))
}

/// How it is with a connection through the proxy: what waits, and whose frames the keys mean.
fn proxy_status_span(inspect: &Inspect, theme: &Theme) -> Span<'static> {
    let connection = inspect.connection();
    if connection.trace.head_bytes(Side::Client).is_empty() {
        return Span::styled("○ waiting for a client", Style::new().fg(theme.dim));
    }
    let which = if inspect.connections.len() > 1 {
        format!("connection {} of {} · ", inspect.connection_index + 1, inspect.connections.len())
    } else {
        String::new()
    };
    let [up, down] = connection.held_frames;
    if !inspect.intercepting && up + down == 0 {
        return Span::styled(format!("{which}● everything passes"), Style::new().fg(theme.good));
    }
    let meant = side_style(inspect.selected_side, theme).1;
    let text = format!("{which}❚❚ held: C→S {up}, S→C {down} · keys mean {meant}");
    Span::styled(text, Style::new().fg(theme.warn).add_modifier(Modifier::BOLD))
}

/// The last line: what is typed, what was just done, or what the keys do here.
fn draw_status_line(inspect: &Inspect, area: Rect, canvas: &mut Canvas, context: &ViewContext) {
    let theme = canvas.theme;
    let hint = match &inspect.mode {
        InputMode::Input(line) => return draw_input(line, area, canvas),
        InputMode::Copy => {
            "copy:  h hex  t text  j JSON vector  c decode command  s send command  r Rust  p Python"
        }
        InputMode::Bet => "a digit bets  . does it  , back  any other key: look around",
        InputMode::Edit => {
            "edit:  0–f write  x flip  ←→ . bit  + − byte  l length  k new key  u undo  ⏎ SEND IT  q put it back"
        }
        InputMode::Rules(_) => "↑↓ scroll  any other key: back",
        _ if !context.focused => "⏎ gives the inspector the keys",
        _ => match inspect.tab {
            Tab::Handshake => handshake::KEY_HINT,
            Tab::Frames => {
                "[ ] frame  ↑↓ field  ←→ byte  x flip  e edit  m mask  ⏎ type and send  ? why  h keys"
            }
            Tab::Mask => mask::KEY_HINT,
            Tab::Timeline => timeline::KEY_HINT,
            Tab::Problems => problems::KEY_HINT,
            Tab::Deflate => deflate::KEY_HINT,
        },
    };
    let hint = inspect.notice.clone().unwrap_or_else(|| available_keys(inspect, hint));
    let hint = hint.as_str();
    let mut status = status_span(inspect, theme);
    if inspect.full {
        status.content = format!("full: new clients wait · {}", status.content).into();
        status.style = Style::new().fg(theme.warn).add_modifier(Modifier::BOLD);
    }
    let most = usize::from(area.width) / 2;
    let status = Span { content: text::ellipsize(&status.content, most).into_owned().into(), ..status };
    let width = text::width(&status.content);
    let room = usize::from(area.width).saturating_sub(width + 2);
    let left = Line::styled(text::ellipsize(&text::sanitize(hint), room).into_owned(), theme.dim());
    canvas.draw_line(&left, 0, area);
    let x = area.right().saturating_sub(width as u16);
    canvas.draw_line(&Line::from(status), 0, Rect { x, width: area.right() - x, ..area });
}

/// The tab's keys, without those that make no sense here, and with those that do.
fn available_keys(inspect: &Inspect, tab: &str) -> String {
    if matches!(inspect.mode, InputMode::Browse) && !inspect.source.is_own_connection() {
        let tab = tab.replace("⏎ type and send  ", "").replace("⏎ type and send", "");
        let proxy =
            inspect.proxy_commands.is_some().then_some("H hold  S step  D drop  I put in  W whose  < >  ");
        return format!("{}{tab}", proxy.unwrap_or_default());
    }
    let done = inspect.player.as_ref().is_some_and(|player| matches!(player.step_state, StepState::Done(_)));
    if done && inspect.mode == InputMode::Browse {
        format!(". goes on  , back  {tab}")
    } else {
        tab.to_owned()
    }
}

fn draw_input(line: &super::state::InputLine, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let prompt = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let (name, hint) = match line.purpose {
        InputPurpose::Send => ("send ▸ ", "⏎ sends a text · Esc back"),
        InputPurpose::Hex => ("raw bytes in hex ▸ ", "⏎ puts them on the wire as they are · Esc back"),
        InputPurpose::Filter => ("filter ▸ ", "for example  op=close && len<9   ⏎ applies · Esc back"),
        InputPurpose::Inject => ("put in, in hex ▸ ", "⏎ goes before the next frame · Esc back"),
        InputPurpose::Search => ("search ▸ ", "in unmasked text, or 0x… · ⏎ finds · Esc back"),
    };
    if let Some(reason) = &line.error {
        let above = Rect { y: area.y.saturating_sub(1), ..area };
        canvas.buffer.set_style(above, Style::reset());
        let pad = " ".repeat(area.width.into());
        canvas.draw_line(&Line::styled(pad, theme.base()), 0, above);
        canvas.draw_line(
            &Line::styled(format!("✗ {}", text::sanitize(reason)), Style::new().fg(theme.bad)),
            0,
            above,
        );
    }
    let room = usize::from(area.width).saturating_sub(text::width(name) + 3).max(8);
    let typed = text::sanitize(&line.text);
    let shown = if text::width(&typed) > room {
        format!("…{}", suffix(&typed, room - 1))
    } else {
        typed.into_owned()
    };
    let spare = room.saturating_sub(text::width(&shown));
    let hint = if text::width(hint) <= spare { hint } else { "" };
    let line = Line::from(vec![
        Span::styled(name, prompt),
        Span::raw(shown),
        Span::styled("▏  ", prompt),
        // the hint goes before what is typed does
        Span::styled(hint, theme.dim()),
    ]);
    canvas.draw_line(&line, 0, area);
}

/// The end of `text` in at most `cells` cells.
fn suffix(text: &str, cells: usize) -> &str {
    let mut start = text.len();
    for (at, _) in text.char_indices().rev() {
        if text::width(&text[at..]) > cells {
            break;
        }
        start = at;
    }
    &text[start..]
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::state::tests::{opened, seen};
    use super::*;

    /// The inspector as text, row by row.
    pub(in super::super) fn render_text(inspect: &Inspect, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(inspect, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
        let row = |cells: &[ratatui::buffer::Cell]| {
            let (mut shown, mut x) = (String::new(), 0);
            while let Some(cell) = cells.get(x) {
                shown += cell.symbol();
                // a wide sign covers the next cell too
                x += text::width(cell.symbol()).max(1);
            }
            shown.trim_end().to_owned() + "\n"
        };
        buffer.content.chunks(width.max(1).into()).map(row).collect()
    }

    /// Each of these stands in the picture.
    #[track_caller]
    pub(in super::super) fn assert_contains(shown: &str, parts: &[&str]) {
        for part in parts {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let broken: &[u8] = &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        let (plain, _inbox) = opened();
        let (odd, _inbox) = seen(&[(Side::Client, &[0x01, 0x80, 1, 2, 3, 4]), (Side::Server, broken)]);
        let (empty, _inbox) = seen(&[]);
        for mut inspect in [plain, odd, empty] {
            for (width, height) in [(0, 0), (1, 1), (4, 3), (20, 6), (40, 13), (80, 17), (200, 60)] {
                for tab in Tab::ALL {
                    inspect.tab = tab;
                    for mode in [InputMode::Browse, InputMode::Rules(1), InputMode::Help, InputMode::Copy] {
                        inspect.mode = mode;
                        render_text(&inspect, width, height);
                    }
                }
            }
        }
    }
}
