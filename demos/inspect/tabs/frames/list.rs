//! The list of frames, one line each, with a header that shows the filter and whether the list
//! follows.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Text};

use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::payload::{payload_preview, text_preview};
use crate::demos::inspect::parts::units::format_time;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::{ConnectionStatus, ListEntry, LostBytes};
use crate::text;
use crate::wire::decode::Resumption;
use crate::wire::frame::Severity;
use crate::wire::{ByteLen, MessageKind, Side, TraceRow, format};

/// Returns the number of rows that the list needs, at most `max_rows`: the header, the frames, and
/// a blank row.
pub(crate) fn wanted_rows(session: &Session, max_rows: u16) -> u16 {
    let trace = &session.connection().trace;
    let arriving =
        [Side::Client, Side::Server].map(|from| usize::from(trace.partial_frame(from).is_some()));
    let full = usize::from(trace.dropped_rows() > 0);
    let lost = session.connection().gaps.lost().len();
    let wanted = trace.rows().len() + lost + 2 + full + arriving.iter().sum::<usize>();
    let wanted = u16::try_from(wanted).unwrap_or(u16::MAX);
    wanted.clamp(max_rows.min(3), max_rows)
}

pub(crate) fn draw(session: &Session, current: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let filtered = session.filter.as_ref().map(|filter| filter.rows.as_slice());
    let gaps = &session.connection().gaps;
    let all = session.connection().trace.rows().len() + gaps.lost().len();
    // A filter shows frames only: what was not captured cannot pass it.
    let total = filtered.map_or(all, <[u32]>::len);
    let at = filtered.map_or_else(
        || gaps.line_of_row(current),
        |rows| rows.partition_point(|row| (*row as usize) < current),
    );
    let arriving =
        if filtered.is_none() { partial_frame_lines(session, canvas) } else { Vec::new() };
    // Of three rows or fewer none is spent on the header, unless the list is shorter.
    let all_lines = total + arriving.len();
    let header = u16::from(area.height >= 4 || usize::from(area.height) > all_lines);
    if header > 0 {
        draw_header(session, current, area, canvas);
    }
    let rows = usize::from(area.height.saturating_sub(header));
    // The frame after the current one stays visible, so that a response is seen beside its request.
    let first = (at + 2).min(all_lines).saturating_sub(rows);
    for (line, content) in arriving.iter().enumerate() {
        if let Some(row) = (total + line).checked_sub(first).filter(|row| *row < rows) {
            canvas.draw_line(content, header + row as u16, area);
        }
    }
    for (line, place) in (first..total).take(rows).enumerate() {
        let spot = Rect { y: area.y + header + line as u16, height: 1, ..area };
        let entry =
            filtered.map_or_else(|| gaps.entry(place), |rows| ListEntry::Row(rows[place] as usize));
        let number = match entry {
            ListEntry::Row(number) => number,
            ListEntry::Lost(lost) => {
                canvas.draw_line(&lost_line(lost, canvas), 0, spot);
                continue;
            }
        };
        canvas.add_target(spot, ClickTarget::Row(number));
        if number == current {
            canvas.buffer.set_style(spot, Style::new().bg(theme.selected));
        }
        let row = session.connection().trace.rows()[number];
        canvas.draw_line(&row_line(session, number, &row, number == current, canvas), 0, spot);
    }
}

/// Returns a line about the frames that are not listed because the list is full, and one for the
/// incomplete frame of each side.
pub(crate) fn partial_frame_lines(session: &Session, canvas: &Canvas) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let trace = &session.connection().trace;
    let full = (trace.dropped_rows() > 0).then(|| {
        let (lost, listed) = (
            format::group_thousands(trace.dropped_rows()),
            format::group_thousands(trace.rows().len() as u64),
        );
        let text = format!(
            "     … the list is full: {lost} frames came after these {listed} and are not listed"
        );
        Line::styled(text, Style::new().fg(theme.warn).add_modifier(Modifier::BOLD))
    });
    let connection = session.connection();
    let waits_for_nothing = connection.ending.is_some()
        || match connection.status {
            ConnectionStatus::Ended(_) => true,
            ConnectionStatus::FromFile(_) => session.growth.is_none_or(|growth| growth.has_ended),
            ConnectionStatus::Connecting | ConnectionStatus::Open => false,
        };
    let line = |from| {
        let frame = trace.partial_frame(from)?;
        let (color, arrow) = side_style(from, theme);
        let what =
            frame.header.map_or_else(|| "a header".to_owned(), |header| header.opcode.to_string());
        let text = match (trace.non_frame_at(from, frame.index), frame.needed) {
            (Some(found), _) => found.hint().to_owned(),
            (None, Some(needs)) if waits_for_nothing => format!(
                "{what}: {} there, {} missing",
                format::byte_count(frame.have),
                format::group_thousands(needs.more.get())
            ),
            (None, Some(needs)) => format!(
                "{what}: {} there, waiting for {} more",
                format::byte_count(frame.have),
                format::group_thousands(needs.more.get())
            ),
            (None, None) => format!("{what}: its length is impossible"),
        };
        Some(Line::from(vec![
            Text::styled("     …             ", theme.dim()),
            Text::styled(
                format!("{arrow}   "),
                Style::new().fg(color).add_modifier(Modifier::BOLD),
            ),
            Text::styled(text, Style::new().fg(theme.warn)),
        ]))
    };
    full.into_iter().chain([Side::Client, Side::Server].into_iter().filter_map(line)).collect()
}

/// Returns the line of bytes between two frames that were not captured.
fn lost_line(lost: LostBytes, canvas: &Canvas) -> Line<'static> {
    let theme = canvas.theme;
    let (color, arrow) = side_style(lost.from, theme);
    let unit = match lost.unframed_in {
        Some(Resumption::Head) => "an HTTP message",
        Some(Resumption::Frame) => "a frame",
        None => "an HTTP message or a frame",
    };
    let lacks = match (lost.len, lost.unframed) {
        (ByteLen::ZERO, ByteLen::ZERO) => "what was sent before is not captured".to_owned(),
        (ByteLen::ZERO, inside) => {
            format!("{} of {unit} that began before", format::byte_count(inside))
        }
        (missing, ByteLen::ZERO) => format!("{} not captured here", format::byte_count(missing)),
        (missing, inside) => format!(
            "{} not captured here, then {} within {unit}",
            format::byte_count(missing),
            format::byte_count(inside)
        ),
    };
    Line::from(vec![
        Text::styled("     ◌             ", Style::new().fg(theme.warn)),
        Text::styled(format!("{arrow}   "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Text::styled(lacks, Style::new().fg(theme.warn)),
    ])
}

/// Draws the names of the columns, the filter, and whether the list follows new frames.
fn draw_header(session: &Session, current: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let names = "     #       time  way   FIN opcode        key            len  says";
    canvas.draw_line(&Line::styled(names, theme.faint()), 0, area);
    let newer = session.rows_behind();
    let count = format::group_thousands(newer as u64);
    let behind = |key: &str| format!("at #{current}, {count} newer: {key}");
    let (label, sign, color) = match (newer, session.selected_row) {
        (0, None) => ("● follows".to_owned(), "●", theme.good),
        (0, Some(_)) => ("❚❚ paused · End follows".to_owned(), "❚❚", theme.warn),
        // Of an exchange the client's frame is followed.
        (1.., None) => (format!("● follows ours, {count} newer"), "●", theme.good),
        // `End` would stay here.
        (1.., Some(_)) if session.shows_followed_row() => (behind("]"), "]", theme.warn),
        (1.., Some(_)) => (behind("End"), "End", theme.warn),
    };
    let filter = session.filter.as_ref().map(|filter| {
        let trace = &session.connection().trace;
        let (passed, all) = (filter.rows.len(), trace.rows().len());
        let progress = filter.progress(trace).map_or_else(String::new, |done| format!(", {done}"));
        format!(
            "{}: {} of {}{progress} · ",
            filter.text,
            format::group_thousands(passed as u64),
            format::group_thousands(all as u64)
        )
    });
    let filter = filter.as_deref().map(text::sanitize).unwrap_or_default();
    // Without room the words go first, then the names of the columns. The filter is always shown,
    // because it hides frames.
    let room = usize::from(area.width).saturating_sub(text::width(names) + 1);
    let short =
        if color == theme.warn && newer > 0 { format!("{count} newer") } else { sign.into() };
    let label = [&*label, &*short, sign].map(|label| format!("{filter}{label}"));
    let fits = label.iter().find(|label| text::width(label) <= room);
    let label = match fits {
        Some(label) => label.clone(),
        None if filter.is_empty() => sign.to_owned(),
        None => text::ellipsize(&label[2], usize::from(area.width)).into_owned(),
    };
    let width = (text::width(&label) as u16).min(area.width);
    let spot = Rect { x: area.right() - width, width, height: 1, ..area };
    canvas.draw_line(&Line::styled(label, Style::new().fg(color)), 0, spot);
}

fn row_line(
    session: &Session,
    number: usize,
    row: &TraceRow,
    chosen: bool,
    canvas: &Canvas,
) -> Line<'static> {
    let theme = canvas.theme;
    let (color, arrow) = side_style(row.from(), theme);
    let header = row.header();
    let kind = if header.opcode.is_control() { theme.control } else { theme.text };
    let key = header.masking_key.map_or_else(|| "–".to_owned(), |key| format::hex(&key));
    let opcode = if row.is_non_frame() {
        "no frame".to_owned()
    } else if row.is_compressed() {
        format!("{} z", header.opcode)
    } else {
        header.opcode.to_string()
    };
    let opcode = text::ellipsize(&opcode, 13).into_owned();
    let mut line = Line::from(vec![
        Text::styled(if chosen { "▶" } else { " " }, Style::new().fg(theme.accent)),
        Text::styled(format!("{number:>5} {:>10}  ", format_time(row.completed_at())), theme.dim()),
        Text::styled(format!("{arrow}   "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Text::raw(if header.fin { "1   " } else { "0   " }),
        Text::styled(format!("{opcode:<14}"), Style::new().fg(kind)),
        Text::styled(format!("{key:<9}"), theme.dim()),
        Text::styled(
            format!("{:>9}  ", format::group_thousands(row.payload_len().get())),
            theme.dim(),
        ),
    ]);
    match row.severity() {
        Some(Severity::Fatal) => line.push_span(Text::styled("✗ ", Style::new().fg(theme.bad))),
        Some(_) => line.push_span(Text::styled("! ", Style::new().fg(theme.warn))),
        None if row.is_after_fault() => line.push_span(Text::styled("↯ ", theme.dim())),
        None => {}
    }
    if row.has_gap() {
        let missing = format::byte_count(session.connection().missing_len(row));
        let text = format!("◌ {missing} not captured ");
        line.push_span(Text::styled(text, Style::new().fg(theme.warn)));
    }
    if let Some(disposition) = session.connection().proxy_disposition(row) {
        line.push_span(Text::styled(format!("{disposition} "), Style::new().fg(theme.warn)));
    }
    let inflated = session.connection().trace.inflated_preview(row);
    match (inflated, session.frame(number)) {
        (Some(data), _) if row.kind() == Some(MessageKind::Text) => {
            line.push_span(Text::raw(text_preview(data)));
        }
        (Some(data), _) => line.push_span(Text::raw(format::spaced_hex(data, 24))),
        // The header is text, too.
        (None, Some(frame)) if row.is_non_frame() => {
            line.push_span(Text::raw(format::quote(frame.raw(), 120)));
        }
        (None, Some(frame)) => {
            // The bytes mean nothing to a reader, so they are not to look like what was sent.
            if row.is_compressed() && row.payload_len() > ByteLen::ZERO {
                line.push_span(Text::styled("not inflated: ", theme.faint()));
            }
            line.push_span(Text::raw(payload_preview(&frame)));
        }
        (None, None) => {}
    }
    line
}

#[cfg(test)]
mod tests {
    use crate::demos::inspect::testing::{
        HELLO, assert_contains, inspector_after, opened, press, render_text,
    };
    use crate::wire::Side;
    use crossterm::event::KeyCode;

    /// A server that pushes: the list follows it, or says how far behind it is.
    #[test]
    fn the_list_follows_pushes_or_says_how_many_are_newer() {
        let mut sent: Vec<(Side, &[u8])> =
            vec![(Side::Client, HELLO), (Side::Server, b"\x81\x05Hello")];
        sent.extend([(Side::Server, &b"\x81\x04tick"[..]); 30]);
        let (mut inspect, _inbox) = inspector_after(&sent);
        for (width, height) in [(100, 30), (160, 40)] {
            let shown = render_text(&inspect, width, height);
            assert_contains(&shown, &["● follows", "▶   31", "Frame 31 ·"]);
            press(&mut inspect, KeyCode::Home);
            assert_contains(
                &render_text(&inspect, width, height),
                &["at #0, 31 newer: End", "▶    0"],
            );
            press(&mut inspect, KeyCode::Char(']'));
            assert_contains(&render_text(&inspect, width, height), &["at #1, 30 newer: End"]);
            press(&mut inspect, KeyCode::End);
            assert_contains(&render_text(&inspect, width, height), &["● follows", "▶   31"]);
        }
        press(&mut inspect, KeyCode::Char(' '));
        assert_contains(&render_text(&inspect, 100, 30), &["❚❚ paused · End follows"]);
    }

    #[test]
    fn a_hello_is_followed_beside_its_echo_and_not_beyond() {
        let echoed = [(Side::Client, HELLO), (Side::Server, &b"\x81\x05Hello"[..])];
        let (mut inspect, _inbox) = inspector_after(&echoed);
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["● follows ours, 1 newer", "▶    0"]);
        press(&mut inspect, KeyCode::Char(' '));
        assert_contains(&render_text(&inspect, 100, 30), &["at #0, 1 newer: ]", "▶    0"]);
        assert_contains(&render_text(&inspect, 80, 24), &["says  1 newer"]);
        let more = [&echoed[..], &[(Side::Server, &b"\x81\x01a"[..])]].concat();
        let (inspect, _inbox) = inspector_after(&more);
        assert_contains(&render_text(&inspect, 100, 30), &["● follows", "▶    2"]);
    }

    #[test]
    fn json_is_readable_in_the_list_and_folded_on_the_page() {
        let json = br#"{"n":31,"price":42.31,"tags":["a","b"]}"#;
        let frame = [&[0x81, json.len() as u8][..], json].concat();
        let (mut inspect, _inbox) = inspector_after(&[(Side::Server, &frame)]);
        let shown = render_text(&inspect, 110, 30);
        assert_contains(&shown, &[r#"  {"n":31,"price":42.31,"tags":["a","b"]}"#]);
        assert!(!shown.lines().nth(2).unwrap().contains('\\'), "{shown}");
        inspect.session.cursor.byte = 5;
        press(&mut inspect, KeyCode::Char('?'));
        let page = render_text(&inspect, 110, 40);
        let lines: Vec<&str> = page.lines().collect();
        let first = lines.iter().position(|line| line.contains("Reads")).unwrap();
        let column = |line: &str| line.chars().position(|letter| "{}\"]".contains(letter)).unwrap();
        let brace = column(lines[first]);
        for (row, text, indent) in [
            (1, "\"n\": 31,", 2),
            (3, "\"tags\": [", 2),
            (4, "\"a\",", 4),
            (6, "]", 2),
            (7, "}", 0),
        ] {
            let line = lines[first + row];
            assert!(line.contains(text), "{text}: {line}\n{page}");
            assert_eq!(column(line), brace + indent, "{line}\n{page}");
        }
    }

    #[test]
    fn an_active_filter_is_shown_and_hides_other_frames() {
        let (mut inspect, _inbox) = opened();
        assert_contains(&render_text(&inspect, 100, 30), &["● follows"]);
        press(&mut inspect, KeyCode::Char('f'));
        for letter in "from=server".chars() {
            press(&mut inspect, KeyCode::Char(letter));
        }
        press(&mut inspect, KeyCode::Enter);
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["from=server: 1 of 2 · ●", "▶    1"]);
        assert!(!shown.contains("     0   0.600 ms"), "{shown}");
        let small = render_text(&inspect, 78, 15);
        assert_contains(&small, &["2 Frames(1/2)", "FIN opcode        key"]);
    }
}
