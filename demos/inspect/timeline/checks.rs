//! How the rules about fragments stand for a message.
//!
//! What breaks a rule the trace has found; here it is only said beside the message.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::canvas::{Canvas, split};
use super::super::state::Inspect;
use super::message::Subject;
use crate::text;
use crate::wire::{FaultCode, MessageKind, Side};

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
pub(super) fn checks(inspect: &Inspect, subject: &Subject) -> Vec<Check> {
    let all = inspect.conn().trace.rows();
    let faults = subject.faults(inspect);
    let check = |applies: bool, codes: &[FaultCode], told: String, section| {
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
    let text = all[subject.fragments[0]].kind() == Some(MessageKind::Text);
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
            &[FaultCode::CtrlFragmented],
            format!("control frames may sit between fragments{which} but are never fragmented"),
            "§5.4 §5.5",
        ),
        check(
            subject.message.is_some(),
            &[FaultCode::NewDataInFragmented],
            format!("no new text or binary frame while {name} is open"),
            "§5.4",
        ),
        check(
            many,
            &[FaultCode::ContWithoutStart],
            "the first fragment names the type, the others are continuations".to_owned(),
            "§5.4",
        ),
        check(
            true,
            &[FaultCode::RsvNonzero, FaultCode::Rsv1OnControl, FaultCode::Rsv1OnContinuation],
            rsv.to_owned(),
            if deflate { "RFC 7692 §6" } else { "§5.2" },
        ),
        check(
            true,
            &[FaultCode::UnmaskedClient, FaultCode::MaskedServer, FaultCode::MaskZero, FaultCode::MaskReused],
            masked.to_owned(),
            "§5.1 §5.3",
        ),
        check(text, &[FaultCode::Utf8], "text is UTF-8 over the whole message".to_owned(), "§5.6 §8.1"),
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
pub(super) fn draw(checks: &[Check], area: Rect, canvas: &mut Canvas) {
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
        let told = text::ellipsize(&check.told, room).into_owned();
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
