//! The message of the chosen frame: a row a fragment, how they are put together, and how the rules stand for it.
//!
//! What breaks a rule the trace has found; here it is only said beside the message.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::super::canvas::{Canvas, Target, split};
use super::super::reading::{self, Reading, Stand};
use super::super::state::Inspect;
use super::super::view::side;
use super::window::short;
use crate::stage::Theme;
use crate::text;
use crate::wire::{Code, Fault, Kind, Place, Row, Side, words};

/// Rows that are looked through for the message around a control frame.
const FAR: usize = 4096;

/// What the lower half is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    current: usize,
    from: Side,
    /// The rows of the message, or the one row that is part of none.
    fragments: Vec<usize>,
    /// The message with the control frames and strays of its direction in between.
    rows: Vec<usize>,
    message: Option<usize>,
    ended: bool,
}

impl Subject {
    /// The message that a row is part of; for a control frame the message that it interrupts, if it does.
    pub(super) fn of(inspect: &Inspect, current: usize) -> Self {
        let all = inspect.conn().trace.rows();
        let from = all[current].from();
        let part = |row: &usize| all[*row].from() == from && all[*row].place().message().is_some();
        let around = || {
            let row = (current.saturating_sub(FAR)..current).rev().find(part)?;
            (!all[row].header().fin).then_some(row)
        };
        let root = if part(&current) { current } else { around().unwrap_or(current) };
        let fragments = inspect.conn().trace.message_of(root);
        let ended = fragments.last().is_some_and(|row| all[*row].header().fin);
        let first = fragments.first().copied().unwrap_or(current);
        let last = fragments.last().copied().unwrap_or(current).max(current);
        let rows = (first..=last).filter(|row| all[*row].from() == from).collect();
        Self { current, from, fragments, rows, message: all[root].place().message(), ended }
    }

    fn name(&self) -> String {
        self.message.map_or_else(|| format!("frame {}", self.current), |message| format!("m{message}"))
    }

    fn between(&self) -> usize {
        self.rows.len() - self.fragments.len()
    }

    /// The faults of its frames, and of those in between.
    fn faults<'a>(&self, inspect: &'a Inspect) -> &'a [Fault] {
        let index = |row: Option<&usize>| row.map(|row| inspect.conn().trace.rows()[*row].index());
        let (Some(first), Some(last)) = (index(self.rows.first()), index(self.rows.last())) else {
            return &[];
        };
        let faults = inspect.conn().trace.faults(self.from);
        let start = faults.partition_point(|fault| fault.frame < first);
        let end = faults.partition_point(|fault| fault.frame <= last);
        &faults[start..end.max(start)]
    }

    fn title(&self, inspect: &Inspect) -> String {
        let all = inspect.conn().trace.rows();
        let arrow = side(self.from, &Theme::DARK).1;
        let row = &all[self.current];
        let Some(message) = self.message else {
            let what = if row.opcode().is_control() {
                "a control frame: part of no message"
            } else {
                "part of no message, against the rules"
            };
            return format!("Frame {} · {arrow} · {} · {what}", self.current, row.opcode());
        };
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let frames = match self.fragments.len() {
            1 if self.ended => "one frame".to_owned(),
            number => count(number, "fragment"),
        };
        let between = match self.between() {
            0 => String::new(),
            number => format!(", {} in between", count(number, "frame")),
        };
        let open = if self.ended { "" } else { " so far, still open" };
        let bytes: u64 =
            self.fragments.iter().fold(0, |sum, row| sum.saturating_add(all[*row].payload_len()));
        let (first, last) = (&all[self.fragments[0]], &all[*self.fragments.last().unwrap_or(&self.current)]);
        let took = last.at().saturating_sub(inspect.conn().trace.began(first));
        let took = if took.is_zero() { String::new() } else { format!(" · {}", short(took)) };
        let kind = row.kind().or(first.kind()).map_or("", |kind| kind.name());
        let deflate = if first.is_compressed() { ", compressed" } else { "" };
        format!(
            "Message m{message} · {arrow} · {kind}{deflate} · {frames}{between}{open}{took} · {}",
            words::bytes(bytes)
        )
    }
}

/// The columns of the table, by how much room there is.
#[derive(Clone, Copy)]
struct Columns {
    key: bool,
    wire: bool,
    /// Bytes of wire and plain.
    bytes: usize,
}

impl Columns {
    fn of(width: u16) -> Self {
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

/// The table, and what its columns mean where there is room.
pub(super) fn draw(inspect: &Inspect, subject: &Subject, area: Rect, canvas: &mut Canvas) {
    let (rule, rest) = split(area, 1);
    canvas.rule(&subject.title(inspect), rule);
    let columns = Columns::of(area.width);
    let (head, rest) = split(rest, u16::from(rest.height >= 3));
    canvas.line(&Line::styled(columns.header(), canvas.theme.faint()), 0, head);
    let rows = usize::from(rest.height);
    let chosen = subject.rows.iter().position(|row| *row == subject.current).unwrap_or(0);
    let total = subject.rows.len();
    let first = (chosen + 2).saturating_sub(rows).min(total.saturating_sub(rows)).min(chosen);
    for (line, number) in (0..).zip(subject.rows.iter().skip(first).take(rows)) {
        let spot = Rect { y: rest.y + line, height: 1, ..rest };
        canvas.spot(spot, Target::Row(*number));
        if *number == subject.current {
            canvas.buffer.set_style(spot, Style::new().bg(canvas.theme.selected));
        }
        let line = row_line(inspect, subject, *number, columns, rest.width, canvas);
        canvas.line(&line, 0, spot);
    }
    let used = (total - first).min(rows) as u16;
    if subject.fragments.len() > 1 && used < rest.height {
        let told = "        └ only the first fragment names the type; FIN = 1 ends the message    §5.4";
        canvas.line(&Line::styled(told, canvas.theme.dim()), used, rest);
    }
}

fn row_line(
    inspect: &Inspect,
    subject: &Subject,
    number: usize,
    columns: Columns,
    width: u16,
    canvas: &Canvas,
) -> Line<'static> {
    let theme = canvas.theme;
    let row = &inspect.conn().trace.rows()[number];
    let header = row.header();
    let bit = |set| if set { "1" } else { "0" };
    let kind = if header.opcode.is_control() { theme.control } else { theme.text };
    let mut line = Line::from(vec![
        Span::styled(if number == subject.current { "▶" } else { " " }, Style::new().fg(theme.accent)),
        Span::styled(format!("{number:>5}   {}   {}   ", bit(header.fin), bit(header.rsv1)), theme.dim()),
        Span::styled(
            format!("{:<2}{:<13}", format!("{:X}", header.opcode.bits()), header.opcode.to_string()),
            Style::new().fg(kind),
        ),
    ]);
    if columns.key {
        let key = header.key.map_or_else(|| "–".to_owned(), |key| words::hex(&key));
        line.push_span(Span::styled(format!("{key:<10}"), Style::new().fg(theme.field(3))));
    }
    line.push_span(Span::styled(format!("{:>6}  ", words::grouped(header.payload_len)), theme.dim()));
    let cells = 3 * columns.bytes + 2;
    let frame = inspect.frame(number);
    let bytes =
        |bytes: &[u8]| if bytes.is_empty() { "–".to_owned() } else { words::hex_row(bytes, columns.bytes) };
    if columns.wire {
        let wire = frame.as_ref().map_or_else(|| "gone".to_owned(), |frame| bytes(frame.payload_on_wire()));
        line.push_span(Span::styled(format!("{wire:<cells$}"), Style::new().fg(theme.field(4))));
    }
    let plain = frame.as_ref().map_or_else(|| "gone".to_owned(), |frame| bytes(&frame.payload()));
    line.push_span(Span::raw(format!("{plain:<cells$}")));
    let (told, good) = afterwards(inspect, subject, number, row);
    let told = text::shorten(&told, usize::from(width).saturating_sub(line.width())).into_owned();
    line.push_span(Span::styled(told, Style::new().fg(if good { theme.dim } else { theme.bad })));
    line
}

/// Where the message stands after a frame, and whether that is fine.
fn afterwards(inspect: &Inspect, subject: &Subject, number: usize, row: &Row) -> (String, bool) {
    let Some(at) = subject.fragments.iter().position(|fragment| *fragment == number) else {
        return (format!("not part of {}", subject.name()), true);
    };
    match Reading::of(row) {
        Reading::Other if row.place() == Place::Control => return ("no message".to_owned(), true),
        Reading::Other => return ("belongs nowhere".to_owned(), false),
        Reading::Binary => return (if row.header().fin { "complete ✓" } else { "goes on" }.to_owned(), true),
        Reading::Compressed => return ("judged once inflated".to_owned(), true),
        Reading::Text => {}
    }
    let Some(frame) = inspect.frame(number).filter(|frame| frame.complete) else {
        return ("too long to look at here".to_owned(), true);
    };
    let Some(carried) = reading::carried(inspect, &subject.fragments, at) else {
        return ("broken before".to_owned(), false);
    };
    let payload = frame.payload();
    match reading::after(&carried, &payload) {
        Stand::Broken(at) => (format!("broken at its byte {at} ✗"), false),
        Stand::Cut(have, of) if row.header().fin => (format!("ends after {have} of {of} bytes ✗"), false),
        Stand::Cut(have, of) => {
            let whole = payload.len().saturating_sub(usize::from(have));
            let before =
                if whole > 0 { format!("{} + ", words::quoted(&payload[..whole], 6)) } else { String::new() };
            (format!("{before}{have} of {of} bytes"), true)
        }
        Stand::Whole if row.header().fin => ("complete ✓".to_owned(), true),
        Stand::Whole => ("valid, goes on".to_owned(), true),
    }
}

/// A fragment as the reassembly sees it.
struct Piece {
    row: usize,
    payload: Vec<u8>,
    /// All of it is in `payload`.
    whole: bool,
    /// Bytes of the message after it.
    sum: u64,
}

/// Fragments that are put together on the screen.
const MOST: usize = 64;

fn pieces(inspect: &Inspect, subject: &Subject) -> Vec<Piece> {
    let mut sum = 0_u64;
    let piece = |row: &usize| {
        sum = sum.saturating_add(inspect.conn().trace.rows()[*row].payload_len());
        let frame = inspect.frame(*row);
        let whole = frame.as_ref().is_some_and(|frame| frame.complete);
        Piece { row: *row, payload: frame.map(|frame| frame.payload()).unwrap_or_default(), whole, sum }
    };
    subject.fragments.iter().take(MOST).map(piece).collect()
}

/// The fragments put together, piece by piece, and what that shows.
pub(super) fn draw_joined(inspect: &Inspect, subject: &Subject, area: Rect, canvas: &mut Canvas) {
    let (rule, body) = split(area, 1);
    if body.is_empty() {
        return canvas.rule("", rule);
    }
    canvas.rule("Reassembly", rule);
    let theme = canvas.theme;
    if subject.message.is_none() {
        let told =
            "A control frame is delivered at once and alone, also in the middle of a message (§5.4, §5.5).";
        return canvas.line(&Line::styled(format!("  {told}"), theme.dim()), 0, body);
    }
    let pieces = pieces(inspect, subject);
    let total = pieces.last().map_or(0, |piece| piece.sum).max(1);
    let text = inspect.conn().trace.rows()[subject.fragments[0]].kind() == Some(Kind::Text);
    let text = text && !inspect.conn().trace.rows()[subject.fragments[0]].is_compressed();
    let tall = body.height >= 4;
    let (mut line, mut row) = (Line::raw("  "), 0);
    for piece in &pieces {
        let full = (8 * piece.sum).div_ceil(total).min(8) as usize;
        let bar = format!("{}{}", "█".repeat(full), "▒".repeat(8 - full));
        let said = if text { words::quoted(&piece.payload, 10) } else { words::hex_row(&piece.payload, 4) };
        let color = if piece.row == subject.current { theme.accent } else { side(subject.from, theme).0 };
        let spans = [
            Span::styled(format!("{} ", piece.row), theme.dim()),
            Span::styled(bar, Style::new().fg(color)),
            Span::raw(format!(" {said}    ")),
        ];
        let width: usize = spans.iter().map(Span::width).sum();
        if line.width() > 2 && (tall || line.width() + width > body.width.into()) {
            if row + 1 >= body.height.saturating_sub(u16::from(body.height > 1)) {
                line.push_span(Span::styled("…", theme.dim()));
                break;
            }
            canvas.line(&std::mem::replace(&mut line, Line::raw("  ")), row, body);
            row += 1;
        }
        line.extend(spans);
    }
    line.push_span(whole(inspect, subject, &pieces, text, canvas));
    canvas.line(&line, row, body);
    if row + 1 < body.height {
        let told = Line::styled(format!("  {}", remark(subject, &pieces, text)), theme.dim());
        canvas.line(&told, row + 1, body);
    }
}

/// What the whole message says.
fn whole(
    inspect: &Inspect,
    subject: &Subject,
    pieces: &[Piece],
    text: bool,
    canvas: &Canvas,
) -> Span<'static> {
    let theme = canvas.theme;
    if !subject.ended {
        return Span::styled("→ still open", Style::new().fg(theme.warn));
    }
    let known = pieces.len() == subject.fragments.len() && pieces.iter().all(|piece| piece.whole);
    if !text || !known {
        return Span::styled("→ complete", Style::new().fg(theme.good));
    }
    let all: Vec<u8> = pieces.iter().flat_map(|piece| piece.payload.iter().copied().take(64)).collect();
    let broken = subject.faults(inspect).iter().any(|fault| fault.code == Code::Utf8);
    let (sign, color) = if broken { ("not UTF-8 ✗", theme.bad) } else { ("valid ✓", theme.good) };
    Span::styled(
        format!("→ {} {sign}", words::quoted(&all, 24)),
        Style::new().fg(color).add_modifier(Modifier::BOLD),
    )
}

/// What this message teaches about checking text.
fn remark(subject: &Subject, pieces: &[Piece], text: bool) -> String {
    if !text {
        return "Only text is checked for UTF-8, and only as it was before compression (§5.6, RFC 7692 §6)."
            .to_owned();
    }
    let alone: Vec<String> = (pieces.iter().filter(|piece| piece.whole))
        .filter(|piece| str::from_utf8(&piece.payload).is_err())
        .map(|piece| piece.row.to_string())
        .collect();
    match (alone.len(), subject.fragments.len()) {
        (0, 1) => "One frame, one message: nothing has to be put together.".to_owned(),
        (0, _) => "Each frame is valid alone, by chance: a character may be cut anywhere    §5.6".to_owned(),
        (_, 1) => "The frame is the message, so the text is broken for good    §8.1".to_owned(),
        (1, _) => {
            format!("Frame {} alone is not UTF-8: check the message, not the frame    §5.6 §8.1", alone[0])
        }
        (count, _) if count <= 6 => {
            format!(
                "Frames {} alone are not UTF-8: check the message, not the frame    §5.6 §8.1",
                alone.join(", ")
            )
        }
        (count, _) => format!("{count} of its frames alone are not UTF-8: check the message    §5.6 §8.1"),
    }
}

/// How a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Kept,
    Broken,
    /// There was nothing to which it applies.
    Idle,
}

/// A rule, how it stands for this message, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) verdict: Verdict,
    pub(super) told: String,
    pub(super) section: &'static str,
}

/// The rules that concern fragments, judged by the faults of these very frames.
pub(super) fn rules(inspect: &Inspect, subject: &Subject) -> Vec<Check> {
    let all = inspect.conn().trace.rows();
    let faults = subject.faults(inspect);
    let check = |applies: bool, codes: &[Code], told: String, section| {
        let broken = faults.iter().any(|fault| codes.contains(&fault.code));
        let verdict = match (broken, applies) {
            (true, _) => Verdict::Broken,
            (false, true) => Verdict::Kept,
            (false, false) => Verdict::Idle,
        };
        Check { verdict, told, section }
    };
    let name = subject.name();
    let control: Vec<String> = (subject.rows.iter().filter(|row| all[**row].opcode().is_control()))
        .take(4)
        .map(ToString::to_string)
        .collect();
    let which = if control.is_empty() { String::new() } else { format!(" ({})", control.join(", ")) };
    let many = subject.fragments.len() > 1;
    let text = all[subject.fragments[0]].kind() == Some(Kind::Text);
    let client = subject.from == Side::Client;
    let deflate = inspect.conn().trace.agreed().deflate.is_some();
    let rsv = if deflate {
        "RSV1 says 'compressed' on the first fragment only; control frames never have it"
    } else {
        "no extension was agreed, so RSV1 to RSV3 are 0"
    };
    let masked =
        if client { "every frame of the client has a fresh key" } else { "no frame of the server is masked" };
    let last = *subject.rows.last().unwrap_or(&subject.current);
    let first = subject.rows.first().copied().unwrap_or(last);
    let other = all[first..=last].iter().filter(|row| row.from() != subject.from).count();
    let mut checks = vec![
        check(
            !control.is_empty(),
            &[Code::CtrlFragmented],
            format!("control frames may sit between fragments{which} but are never fragmented"),
            "§5.4 §5.5",
        ),
        check(
            subject.message.is_some(),
            &[Code::NewDataInFragmented],
            format!("no new text or binary frame while {name} is open"),
            "§5.4",
        ),
        check(
            many,
            &[Code::ContWithoutStart],
            "the first fragment names the type, the others are continuations".to_owned(),
            "§5.4",
        ),
        check(
            true,
            &[Code::RsvNonzero, Code::Rsv1OnControl, Code::Rsv1OnContinuation],
            rsv.to_owned(),
            if deflate { "RFC 7692 §6" } else { "§5.2" },
        ),
        check(
            true,
            &[Code::UnmaskedClient, Code::MaskedServer, Code::MaskZero, Code::MaskReused],
            masked.to_owned(),
            "§5.1 §5.3",
        ),
        check(text, &[Code::Utf8], "text is UTF-8 over the whole message".to_owned(), "§5.6 §8.1"),
        check(
            other > 0,
            &[],
            format!(
                "directions are independent: {other} frame{} came the other way meanwhile",
                if other == 1 { "" } else { "s" }
            ),
            "§5.4",
        ),
    ];
    checks.sort_by_key(|check| check.verdict != Verdict::Broken);
    checks
}

/// The rules, the broken ones first; in one row only how many hold.
pub(super) fn draw_rules(checks: &[Check], area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let kept = checks.iter().filter(|check| check.verdict == Verdict::Kept).count();
    let broken = checks.iter().filter(|check| check.verdict == Verdict::Broken).count();
    let (rule, body) = split(area, 1);
    let summary = match broken {
        0 => format!("Rules, live: {kept} kept"),
        _ => format!("Rules, live: {kept} kept, {broken} broken"),
    };
    canvas.rule(&summary, rule);
    for (row, check) in (0..).zip(checks) {
        let (sign, style) = match check.verdict {
            Verdict::Kept => ("✓", Style::new().fg(theme.good)),
            Verdict::Broken => ("✗", Style::new().fg(theme.bad)),
            Verdict::Idle => ("–", theme.faint()),
        };
        let room = usize::from(body.width).saturating_sub(text::width(check.section) + 7);
        let told = text::shorten(&check.told, room).into_owned();
        let pad = room.min(84).saturating_sub(text::width(&told));
        let weight = if check.verdict == Verdict::Idle { theme.dim() } else { theme.base() };
        let line = Line::from(vec![
            Span::styled(format!("  {sign} "), style),
            Span::styled(told, Style { bg: None, ..weight }),
            Span::styled(format!("{}  {}", " ".repeat(pad), check.section), theme.dim()),
        ]);
        canvas.line(&line, row, body);
    }
}
