//! The message of the selected frame, one row for each fragment.
//!
//! `joined_fragments` draws its reassembly, `rule_checks` the rules.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::payload::{hex_with_gaps, ranges_from};
use crate::demos::inspect::parts::units::format_short;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::payload_text;
use crate::demos::inspect::session::payload_text::{PayloadKind, TextBefore, Utf8State};
use crate::stage::{FieldColor, Theme};
use crate::text;
use crate::wire::{ByteLen, Fault, FragmentRole, Side, TraceRow, format};

/// The maximum number of rows that are searched for the message around a control frame.
const MAX_ROWS_SEARCHED: usize = 4096;

/// The message of the selected frame, or a frame that is not part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelectedMessage {
    pub(crate) current: usize,
    pub(crate) from: Side,
    /// The rows of the message, or the single row of a frame that is not part of one.
    pub(crate) fragments: Vec<usize>,
    /// The rows of the message, with the control frames and orphans of its direction in between.
    pub(crate) rows: Vec<usize>,
    pub(crate) message: Option<usize>,
    pub(crate) ended: bool,
}

impl SelectedMessage {
    /// Returns the message that a row is part of. For a control frame between fragments, that is
    /// the message it interrupts.
    pub(crate) fn from_row(session: &Session, current: usize) -> Self {
        let all = session.connection().trace.rows();
        let from = all[current].from();
        let part =
            |row: &usize| all[*row].from() == from && all[*row].role().message_number().is_some();
        let around = || {
            let row = (current.saturating_sub(MAX_ROWS_SEARCHED)..current).rev().find(part)?;
            // A control frame after the last fragment interrupts nothing.
            (!all[row].header().fin).then_some(row)
        };
        let root = if part(&current) { current } else { around().unwrap_or(current) };
        let fragments = session.connection().trace.message_rows(root);
        let ended = fragments.last().is_some_and(|row| all[*row].header().fin);
        let first = fragments.first().copied().unwrap_or(current);
        let last = fragments.last().copied().unwrap_or(current).max(current);
        let rows = (first..=last).filter(|row| all[*row].from() == from).collect();
        Self { current, from, fragments, rows, message: all[root].role().message_number(), ended }
    }

    pub(crate) fn name(&self) -> String {
        self.message
            .map_or_else(|| format!("frame {}", self.current), |message| format!("m{message}"))
    }

    fn other_rows(&self) -> usize {
        self.rows.len() - self.fragments.len()
    }

    /// Returns the faults of its frames and of those in between.
    pub(crate) fn faults<'a>(&self, session: &'a Session) -> &'a [Fault] {
        let index = |row: Option<&usize>| {
            row.map(|row| session.connection().trace.rows()[*row].frame_number())
        };
        let (Some(first), Some(last)) = (index(self.rows.first()), index(self.rows.last())) else {
            return &[];
        };
        let faults = session.connection().trace.faults(self.from);
        // Faults are in the order of their frames, so both ends are found by binary search.
        let start = faults.partition_point(|fault| fault.frame < first);
        let end = faults.partition_point(|fault| fault.frame <= last);
        &faults[start..end.max(start)]
    }

    fn title(&self, session: &Session) -> String {
        let all = session.connection().trace.rows();
        // Only the arrow is used, which is the same in all themes.
        let arrow = side_style(self.from, &Theme::DARK).1;
        let row = &all[self.current];
        let Some(message) = self.message else {
            let what = if row.opcode().is_control() {
                "a control frame: not part of a message"
            } else {
                "not part of a message, against the rules"
            };
            return format!("Frame {} · {arrow} · {} · {what}", self.current, row.opcode());
        };
        let count = |number: usize, what: &str| {
            format!("{number} {what}{}", if number == 1 { "" } else { "s" })
        };
        let frames = match self.fragments.len() {
            1 if self.ended => "one frame".to_owned(),
            number => count(number, "fragment"),
        };
        let between = match self.other_rows() {
            0 => String::new(),
            number => format!(", {} in between", count(number, "frame")),
        };
        let open = if self.ended { "" } else { " so far, still open" };
        let bytes: ByteLen = self.fragments.iter().map(|row| all[*row].payload_len()).sum();
        let (first, last) =
            (&all[self.fragments[0]], &all[*self.fragments.last().unwrap_or(&self.current)]);
        let took = last.completed_at().saturating_sub(session.connection().trace.started_at(first));
        let took =
            if took.is_zero() { String::new() } else { format!(" · {}", format_short(took)) };
        let kind = row.kind().or(first.kind()).map_or("", |kind| kind.name());
        let deflate = if first.is_compressed() { ", compressed" } else { "" };
        format!(
            "Message m{message} · {arrow} · {kind}{deflate} · {frames}{between}{open}{took} · {}",
            format::byte_count(bytes)
        )
    }
}

/// The columns of the table, which depend on the width.
#[derive(Clone, Copy)]
struct FragmentColumns {
    key: bool,
    wire: bool,
    /// The number of bytes shown as wire and as plain.
    bytes: usize,
}

impl FragmentColumns {
    fn for_width(width: u16) -> Self {
        match width {
            0..=69 => Self { key: false, wire: false, bytes: 3 },
            70..=89 => Self { key: false, wire: true, bytes: 3 },
            90..=139 => Self { key: true, wire: true, bytes: 4 },
            _ => Self { key: true, wire: true, bytes: 12 },
        }
    }

    fn header(self) -> String {
        let width = 3 * self.bytes + 2;
        let key = if self.key { "key       " } else { "" };
        let wire = if self.wire { format!("{:<width$}", "wire") } else { String::new() };
        format!(
            "     #  FIN RSV1  op             {key}{:>6}  {wire}{:<width$}state afterwards",
            "len", "plain"
        )
    }
}

/// Draws the table, with a remark about its columns if there is room.
pub(crate) fn draw(session: &Session, selected: &SelectedMessage, area: Rect, canvas: &mut Canvas) {
    let (divider, rest) = split_rows(area, 1);
    canvas.draw_divider(&selected.title(session), divider);
    let columns = FragmentColumns::for_width(area.width);
    let (head, rest) = split_rows(rest, u16::from(rest.height >= 3));
    canvas.draw_line(&Line::styled(columns.header(), canvas.theme.faint()), 0, head);
    let rows = usize::from(rest.height);
    let chosen = selected.rows.iter().position(|row| *row == selected.current).unwrap_or(0);
    let total = selected.rows.len();
    // The row after the selected one stays visible, and there are no blank rows below the last.
    let first = (chosen + 2).saturating_sub(rows).min(total.saturating_sub(rows)).min(chosen);
    for (line, number) in (0..).zip(selected.rows.iter().skip(first).take(rows)) {
        let spot = Rect { y: rest.y + line, height: 1, ..rest };
        canvas.add_target(spot, ClickTarget::Row(*number));
        if *number == selected.current {
            canvas.buffer.set_style(spot, Style::new().bg(canvas.theme.selected));
        }
        let line = row_line(session, selected, *number, columns, rest.width, canvas);
        canvas.draw_line(&line, 0, spot);
    }
    let used = (total - first).min(rows) as u16;
    if selected.fragments.len() > 1 && used < rest.height {
        let text =
            "        └ only the first fragment names the type; FIN = 1 ends the message    §5.4";
        canvas.draw_line(&Line::styled(text, canvas.theme.dim()), used, rest);
    }
}

fn row_line(
    session: &Session,
    selected: &SelectedMessage,
    number: usize,
    columns: FragmentColumns,
    width: u16,
    canvas: &Canvas,
) -> Line<'static> {
    let theme = canvas.theme;
    let row = &session.connection().trace.rows()[number];
    let header = row.header();
    let bit = |set| if set { "1" } else { "0" };
    let kind = if header.opcode.is_control() { theme.control } else { theme.text };
    let mut line = Line::from(vec![
        Span::styled(
            if number == selected.current { "▶" } else { " " },
            Style::new().fg(theme.accent),
        ),
        Span::styled(
            format!("{number:>5}   {}   {}   ", bit(header.fin), bit(header.rsv1)),
            theme.dim(),
        ),
        Span::styled(
            format!(
                "{:<2}{:<13}",
                format!("{:X}", header.opcode.bits()),
                header.opcode.to_string()
            ),
            Style::new().fg(kind),
        ),
    ]);
    if columns.key {
        let key = header.masking_key.map_or_else(|| "–".to_owned(), |key| format::hex(&key));
        line.push_span(Span::styled(
            format!("{key:<10}"),
            Style::new().fg(theme.field(FieldColor::MaskingKey)),
        ));
    }
    line.push_span(Span::styled(
        format!("{:>6}  ", format::group_thousands(header.payload_len.get())),
        theme.dim(),
    ));
    let cells = 3 * columns.bytes + 2;
    let frame = session.frame(number);
    let missing =
        frame.as_ref().map(|frame| ranges_from(frame.missing(), header.len())).unwrap_or_default();
    let bytes = |bytes: &[u8]| {
        if bytes.is_empty() {
            "–".to_owned()
        } else {
            hex_with_gaps(bytes, &missing, columns.bytes)
        }
    };
    if columns.wire {
        let wire = frame
            .as_ref()
            .map_or_else(|| "gone".to_owned(), |frame| bytes(frame.payload_on_wire()));
        line.push_span(Span::styled(
            format!("{wire:<cells$}"),
            Style::new().fg(theme.field(FieldColor::Payload)),
        ));
    }
    let plain = frame.as_ref().map_or_else(|| "gone".to_owned(), |frame| bytes(&frame.payload()));
    line.push_span(Span::raw(format!("{plain:<cells$}")));
    let (text, good) = state_after(session, selected, number, row);
    let text = text::ellipsize(&text, usize::from(width).saturating_sub(line.width())).into_owned();
    line.push_span(Span::styled(text, Style::new().fg(if good { theme.dim } else { theme.bad })));
    line
}

/// Returns the state of the message after a frame, and whether it is valid.
fn state_after(
    session: &Session,
    selected: &SelectedMessage,
    number: usize,
    row: &TraceRow,
) -> (String, bool) {
    let Some(at) = selected.fragments.iter().position(|fragment| *fragment == number) else {
        return (format!("not part of {}", selected.name()), true);
    };
    match PayloadKind::from_row(row) {
        PayloadKind::Other if row.role() == FragmentRole::Control => {
            return ("no message".to_owned(), true);
        }
        PayloadKind::Other => return ("belongs nowhere".to_owned(), false),
        PayloadKind::Binary if !row.has_gap() => {
            return (if row.header().fin { "complete ✓" } else { "goes on" }.to_owned(), true);
        }
        PayloadKind::Compressed if !row.has_gap() => {
            return ("checked once inflated".to_owned(), true);
        }
        PayloadKind::Compressed | PayloadKind::Binary | PayloadKind::Text => {}
    }
    if row.has_gap() {
        let missing = format::byte_count(session.connection().missing_len(row));
        return (format!("{missing} not captured"), true);
    }
    let Some(frame) = session.frame(number).filter(|frame| frame.complete) else {
        return ("too long to look at here".to_owned(), true);
    };
    let carried = match payload_text::text_before(session, &selected.fragments, at) {
        TextBefore::Partial(carried) => carried,
        TextBefore::Invalid => return ("invalid before".to_owned(), false),
        TextBefore::Unknown => return ("not known: bytes before are missing".to_owned(), true),
    };
    let payload = frame.payload();
    match payload_text::utf8_state_after(&carried, &payload) {
        Utf8State::Invalid(at) => (format!("invalid at its byte {at} ✗"), false),
        // A text message must not end inside a character (RFC 6455 section 8.1).
        Utf8State::Partial(have, of) if row.header().fin => {
            (format!("ends after {have} of {of} bytes ✗"), false)
        }
        Utf8State::Partial(have, of) => {
            let whole = payload.len().saturating_sub(usize::from(have));
            let before = if whole > 0 {
                format!("{} + ", format::quote(&payload[..whole], 6))
            } else {
                String::new()
            };
            (format!("{before}{have} of {of} bytes"), true)
        }
        // Only bytes that were captured are pushed, so nothing is unknown here.
        Utf8State::Unknown => ("not known".to_owned(), true),
        Utf8State::Complete if row.header().fin => ("complete ✓".to_owned(), true),
        Utf8State::Complete => ("valid, goes on".to_owned(), true),
    }
}
