//! The lanes: an axis; the TCP pieces, frames and messages of each direction; control frames; and a
//! pointer to the current frame.
//!
//! Without room the least informative lanes are left out first.

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::lane_breaks;
use super::lane_order::{TimelineLane, visible_lanes};
use super::link_summary;
use super::message_span::MessageSpan;
use super::state::TimelineTabState;
use super::time_window::{CELLS_PER_DIVISION, TimeWindow};
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::units::format_short;
use crate::demos::inspect::parts::units::format_time;
use crate::demos::inspect::session::Session;
use crate::stage::Theme;
use crate::text;
use crate::wire::frame::Severity;
use crate::wire::{Opcode, Side, TraceRow};

/// The maximum number of rows that are searched for a message that is open at the edge of the
/// window.
const MAX_ROWS_SEARCHED: usize = 4096;

/// The input that all lanes share.
struct TimelinePicture<'a> {
    session: &'a Session,
    current: usize,
    window: TimeWindow,
}

pub(crate) fn draw(
    state: &TimelineTabState,
    session: &Session,
    current: usize,
    area: Rect,
    airy: bool,
    canvas: &mut Canvas,
) {
    let names: u16 = if area.width >= 90 { 18 } else { 14 };
    let Some(cells) = area.width.checked_sub(names).filter(|cells| *cells >= 8) else { return };
    let picture = TimelinePicture {
        session,
        current,
        window: TimeWindow::for_row(session, state.zoom, current, cells),
    };
    let lanes =
        visible_lanes(area.height - 2 * u16::from(airy).min(area.height), state.shows_arrivals);
    let mut rest = area;
    for lane in lanes {
        if airy
            && matches!(lane, TimelineLane::Frames(_) | TimelineLane::Control)
            && !matches!(lane, TimelineLane::Frames(Side::Client))
        {
            rest =
                split_rows(rest, u16::from(lane == TimelineLane::Control || !state.shows_arrivals))
                    .1;
        }
        let (row, below) = split_rows(rest, 1);
        rest = below;
        canvas.draw_line(
            &picture.lane_name(lane, canvas),
            0,
            Rect { width: names.min(row.width), ..row },
        );
        let row = Rect { x: row.x + names, width: cells, ..row };
        match lane {
            TimelineLane::Axis => picture.draw_axis(row, canvas),
            TimelineLane::Arrivals(from) => picture.draw_arrivals(from, row, canvas),
            TimelineLane::Frames(from) => picture.draw_frames(from, row, canvas),
            TimelineLane::Messages(from) => picture.draw_messages(from, row, canvas),
            TimelineLane::Control => picture.draw_control_frames(row, canvas),
            TimelineLane::Pointer => picture.draw_pointer(row, canvas),
        }
    }
}

/// Returns `width` cells of a lane's row from `x` on.
fn row_part(row: Rect, x: u16, width: u16) -> Rect {
    Rect { x: row.x.saturating_add(x), width, ..row }.intersection(row)
}

fn frame_color(frame: &TraceRow, theme: &Theme) -> Color {
    match frame.severity() {
        Some(Severity::Fatal) => theme.bad,
        _ if frame.opcode().is_control() => theme.control,
        _ => side_style(frame.from(), theme).0,
    }
}

impl TimelinePicture<'_> {
    fn rows(&self) -> &[TraceRow] {
        self.session.connection().trace.rows()
    }

    fn lane_name(&self, lane: TimelineLane, canvas: &Canvas) -> Line<'static> {
        let theme = canvas.theme;
        let of = |from, what: &'static str| {
            let (color, arrow) = side_style(from, theme);
            let arrow = Span::styled(
                format!("{arrow} "),
                Style::new().fg(color).add_modifier(Modifier::BOLD),
            );
            Line::from(vec![arrow, Span::styled(what, theme.dim())])
        };
        match lane {
            TimelineLane::Axis => {
                Line::styled(format!("{}/div", format_short(self.window.division())), theme.dim())
            }
            TimelineLane::Arrivals(from) => of(from, "TCP pieces"),
            TimelineLane::Frames(from) => of(from, "frames"),
            TimelineLane::Messages(from) => of(from, "messages"),
            TimelineLane::Control => Line::styled("    control", theme.dim()),
            TimelineLane::Pointer => {
                Line::styled(format!("0 = {}", format_time(self.window.start())), theme.faint())
            }
        }
    }

    fn draw_axis(&self, row: Rect, canvas: &mut Canvas) {
        let theme = canvas.theme;
        for number in 0..=u64::from(self.window.cells()) / CELLS_PER_DIVISION {
            let x = (number * CELLS_PER_DIVISION) as u16;
            let label = if number == 0 {
                "0".to_owned()
            } else {
                format_short(self.window.division() * number as u32)
            };
            canvas.draw_line(
                &Line::styled(format!("╷{label}"), theme.dim()),
                0,
                row_part(row, x, CELLS_PER_DIVISION as u16),
            );
        }
    }

    /// Draws the arrivals of bytes. A higher bar means more bytes.
    fn draw_arrivals(&self, from: Side, row: Rect, canvas: &mut Canvas) {
        let arrivals = self.session.connection().trace.arrivals().all();
        // Arrivals are in order of time, so those before the window are skipped by binary search.
        let first = arrivals.partition_point(|arrival| arrival.time() < self.window.start());
        let mut bytes = vec![0_u64; self.window.cells().into()];
        for arrival in &arrivals[first..] {
            match self.window.cell_at(arrival.time()) {
                (x, true) if arrival.from() == from => {
                    bytes[usize::from(x)] += arrival.size().get();
                }
                (_, true) => {}
                (_, false) => break,
            }
        }
        let color = side_style(from, canvas.theme).0;
        for (x, bytes) in (0..).zip(bytes).filter(|(_, bytes)| *bytes > 0) {
            // Logarithmic steps, so that one large piece does not hide small ones.
            let sign = match bytes {
                0..=15 => "▁",
                16..=127 => "▂",
                128..=1023 => "▄",
                1024..=16_383 => "▆",
                _ => "█",
            };
            canvas.draw_line(&Line::styled(sign, Style::new().fg(color)), 0, row_part(row, x, 1));
        }
    }

    fn draw_frames(&self, from: Side, row: Rect, canvas: &mut Canvas) {
        let all = self.rows();
        let mut marks = Vec::new();
        for x in 0..self.window.cells() {
            let own = self.window.rows_in(all, x);
            let is_own = |row: &usize| all[*row].from() == from;
            let Some(first) = own.clone().find(is_own) else { continue };
            let count = own.clone().filter(is_own).count();
            // Of several frames in one cell, the selected one is shown.
            let here = own.contains(&self.current) && all[self.current].from() == from;
            marks.push((x, if here { self.current } else { first }, count));
        }
        for (number, (x, row_number, count)) in marks.iter().copied().enumerate() {
            let frame = &all[row_number];
            let (start, _) = self.window.cell_at(self.session.connection().trace.started_at(frame));
            // The line from a frame's start must not cover the mark before it.
            let free = number.checked_sub(1).map_or(0, |before| marks[before].0 + 1);
            let start = start.max(free).min(x);
            let color = frame_color(frame, canvas.theme);
            if start < x {
                let way = format!("╶{}", "─".repeat(usize::from(x - start - 1)));
                canvas.draw_line(
                    &Line::styled(way, Style::new().fg(color)),
                    0,
                    row_part(row, start, x - start),
                );
            }
            let room = marks.get(number + 1).map_or(self.window.cells(), |next| next.0) - x;
            self.draw_frame_mark(row_number, count, row_part(row, x, room), canvas);
        }
        lane_breaks::draw(self.session, self.window, from, row, canvas);
    }

    /// Draws the symbol of a frame, with its number if there is room.
    fn draw_frame_mark(&self, number: usize, count: usize, spot: Rect, canvas: &mut Canvas) {
        let frame = &self.rows()[number];
        let sign = match frame.severity() {
            Some(Severity::Fatal) => "✗",
            _ if frame.has_gap() => "◌",
            _ if frame.header().fin => "■",
            _ => "□",
        };
        let more = if count > 1 { format!("{number}+{}", count - 1) } else { number.to_string() };
        let label = [more, number.to_string(), String::new()].into_iter();
        let label = label
            .map(|label| format!("{sign}{label}"))
            .find(|label| text::width(label) < spot.width.into());
        let label = label.unwrap_or_else(|| sign.to_owned());
        let style = Style::new().fg(frame_color(frame, canvas.theme));
        let chosen = number == self.current;
        let style =
            if chosen { style.add_modifier(Modifier::BOLD | Modifier::REVERSED) } else { style };
        let spot = Rect { width: spot.width.min(text::width(&label) as u16), ..spot };
        canvas.add_target(spot, ClickTarget::Row(number));
        canvas.draw_line(&Line::styled(label, style), 0, spot);
    }

    fn draw_messages(&self, from: Side, row: Rect, canvas: &mut Canvas) {
        let spans = self.message_spans(from);
        let color = side_style(from, canvas.theme).0;
        let own = self.rows().get(self.current).filter(|own| own.from() == from);
        let chosen = own.and_then(|own| own.role().message_number());
        for (number, span) in spans.iter().enumerate() {
            let next =
                spans.get(number + 1).map_or(self.window.cells(), |next| next.x.max(span.x + 1));
            let style = Style::new().fg(color);
            let style = if chosen == Some(span.message) {
                style.add_modifier(Modifier::BOLD)
            } else {
                style
            };
            let label = span.bracket_text(next - span.x);
            canvas.draw_line(&Line::styled(label, style), 0, row_part(row, span.x, next - span.x));
        }
    }

    /// Returns the messages in the window. Of several that begin and end in one cell, only the
    /// first.
    fn message_spans(&self, from: Side) -> Vec<MessageSpan> {
        let all = self.rows();
        let shown = self.window.rows(all);
        let of = |row: &TraceRow| row.role().message_number().filter(|_| row.from() == from);
        let mut spans: Vec<MessageSpan> = Vec::new();
        // A message that began before the window starts at its left edge.
        let before = (shown.start.saturating_sub(MAX_ROWS_SEARCHED)..shown.start)
            .rev()
            .find(|row| of(&all[*row]).is_some());
        if let Some(row) = before.map(|row| &all[row]).filter(|row| !row.header().fin) {
            spans.push(MessageSpan::new(row, of(row).unwrap_or(0), 0, 0));
        }
        for row in &all[shown.clone()] {
            let Some(message) = of(row) else { continue };
            let (end, _) = self.window.cell_at(row.completed_at());
            let ended = row.header().fin;
            match spans.last_mut() {
                Some(last) if last.message == message => {
                    (last.end, last.ended, last.frames) = (end, ended, last.frames + 1);
                }
                Some(last) if last.end == end && last.ended && ended => {}
                _ => {
                    let (start, _) =
                        self.window.cell_at(self.session.connection().trace.started_at(row));
                    spans.push(MessageSpan {
                        ended,
                        frames: 1,
                        ..MessageSpan::new(row, message, start, end)
                    });
                }
            }
        }
        // A message that is still open reaches to the latest frame.
        if let Some(last) = spans.last_mut().filter(|last| !last.ended) {
            let latest = all.last().map_or(0, |row| self.window.cell_at(row.completed_at()).0);
            last.end = last.end.max(latest);
        }
        spans
    }

    /// Draws the control frames, each Pong with the Ping that it answers.
    fn draw_control_frames(&self, row: Rect, canvas: &mut Canvas) {
        let all = self.rows();
        let shown = self.window.rows(all);
        // The Ping of a visible Pong may lie before the window.
        let pairs = link_summary::ping_pong_pairs(
            self.session,
            shown.start.saturating_sub(MAX_ROWS_SEARCHED)
                ..shown.end.min(shown.start + MAX_ROWS_SEARCHED),
        );
        let mut free = 0;
        let is_control = |row: &TraceRow| row.opcode().is_control() && !row.is_non_frame();
        for number in shown.filter(|number| is_control(&all[*number])) {
            let frame = &all[number];
            let (x, _) = self.window.cell_at(frame.completed_at());
            let label = match frame.opcode() {
                Opcode::Pong => match pairs.iter().find(|pair| pair.pong == number) {
                    Some(pair) => {
                        let took =
                            frame.completed_at().saturating_sub(all[pair.ping].completed_at());
                        format!("{number} pong of {}, {}", pair.ping, format_short(took))
                    }
                    None => format!("{number} pong, unsolicited"),
                },
                Opcode::Close => {
                    let code = self.session.frame(number).and_then(|frame| frame.close_body());
                    format!(
                        "{number} close{}",
                        code.map_or(String::new(), |(code, _)| format!(" {code}"))
                    )
                }
                opcode => format!("{number} {opcode}"),
            };
            let width = text::width(&label) as u16;
            // A label that would overlap the one before it, or the right edge, is left out.
            if x < free
                || x + width > self.window.cells() && x > 0 && width > self.window.cells() - x
            {
                continue;
            }
            free = x + width + 2;
            let spot = row_part(row, x, width);
            canvas.add_target(spot, ClickTarget::Row(number));
            canvas.draw_line(&Line::styled(label, Style::new().fg(canvas.theme.control)), 0, spot);
        }
    }

    fn draw_pointer(&self, row: Rect, canvas: &mut Canvas) {
        let Some(frame) = self.rows().get(self.current) else { return };
        let (x, inside) = self.window.cell_at(frame.completed_at());
        if !inside {
            return;
        }
        let follows = if self.session.selected_row.is_none() { ", follows" } else { "" };
        let (_, arrow) = side_style(frame.from(), canvas.theme);
        let label = format!(
            "frame {} {arrow} at {}{follows}",
            self.current,
            format_time(frame.completed_at())
        );
        let width = text::width(&label) as u16 + 2;
        let style = Style::new().fg(canvas.theme.accent);
        // Near the right edge the label stands left of its mark.
        if x + width <= self.window.cells() {
            canvas.draw_line(
                &Line::styled(format!("▲ {label}"), style),
                0,
                row_part(row, x, width),
            );
        } else {
            let start = (x + 1).saturating_sub(width);
            canvas.draw_line(
                &Line::styled(format!("{label} ▲"), style),
                0,
                row_part(row, start, width),
            );
        }
    }
}
