//! The status of the rules about fragments for one message.
//!
//! The trace finds the faults. This file only assigns them to rules.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::selected_message::SelectedMessage;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::session::Session;
use crate::text;
use crate::wire::{FaultCode, MessageKind, Side};

/// The status of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleStatus {
    Kept,
    Broken,
    /// There was nothing that the rule applies to.
    NotApplicable,
}

impl RuleStatus {
    fn new(broken: bool, applies: bool) -> Self {
        match (broken, applies) {
            (true, _) => Self::Broken,
            (false, true) => Self::Kept,
            (false, false) => Self::NotApplicable,
        }
    }
}

/// A rule with its status for this message and its section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleCheck {
    pub(crate) status: RuleStatus,
    pub(crate) text: String,
    pub(crate) section: &'static str,
}

/// Returns the rules about fragments, with their status from the faults of these frames.
pub(crate) fn fragment_rules(session: &Session, selected: &SelectedMessage) -> Vec<RuleCheck> {
    let all = session.connection().trace.rows();
    let faults = selected.faults(session);
    let check = |applies: bool, codes: &[FaultCode], message: String, section| {
        let broken = faults.iter().any(|fault| codes.contains(&fault.code));
        RuleCheck { status: RuleStatus::new(broken, applies), text: message, section }
    };
    let name = selected.name();
    let which = numbers_of_control_frames(session, selected);
    let many = selected.fragments.len() > 1;
    // Text that was not captured completely is not judged.
    let text = all[selected.fragments[0]].kind() == Some(MessageKind::Text)
        && !selected.fragments.iter().any(|row| all[*row].has_gap());
    let client = selected.from == Side::Client;
    let deflate = session.connection().trace.agreed().deflate.is_some();
    let (rsv, rsv_section) = reserved_bits_rule(deflate);
    let masked = if client {
        "every frame of the client has a fresh key"
    } else {
        "no frame of the server is masked"
    };
    let other = frames_of_the_other_side(session, selected);
    let mut checks = vec![
        check(
            !which.is_empty(),
            &[FaultCode::CtrlFragmented],
            format!("control frames may sit between fragments{which} but are never fragmented"),
            "§5.4 §5.5",
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
            rsv_section,
        ),
        check(
            true,
            &[
                FaultCode::UnmaskedClient,
                FaultCode::MaskedServer,
                FaultCode::MaskZero,
                FaultCode::MaskReused,
            ],
            masked.to_owned(),
            "§5.1 §5.3",
        ),
        check(
            text,
            &[FaultCode::Utf8],
            "text is UTF-8 over the whole message".to_owned(),
            "§5.6 §8.1",
        ),
        check(
            other > 0,
            // No fault can break this rule; it is listed to be learned.
            &[],
            format!(
                "directions are independent: {other} frame{} came the other way meanwhile",
                if other == 1 { "" } else { "s" }
            ),
            "§5.4",
        ),
    ];
    // A control frame is not part of a message, so the rule does not apply to it.
    if selected.message.is_some() {
        let text = format!("no new text or binary frame while {name} is open");
        checks.insert(1, check(true, &[FaultCode::NewDataInFragmented], text, "§5.4"));
    }
    // Broken rules come first, because the list may be cut off.
    checks.sort_by_key(|check| check.status != RuleStatus::Broken);
    checks
}

/// The rule about RSV1 to RSV3 and its section, with permessage-deflate agreed or not.
fn reserved_bits_rule(deflate: bool) -> (&'static str, &'static str) {
    if deflate {
        let rule =
            "RSV1 says 'compressed' on the first fragment only; control frames never have it";
        (rule, "RFC 7692 §6")
    } else {
        ("no extension was agreed, so RSV1 to RSV3 are 0", "§5.2")
    }
}

/// The numbers of the control frames between the fragments, the first four of them: ` (3, 5)`.
fn numbers_of_control_frames(session: &Session, selected: &SelectedMessage) -> String {
    let all = session.connection().trace.rows();
    let control = selected.rows.iter().filter(|row| all[**row].opcode().is_control());
    let numbers: Vec<String> = control.take(4).map(ToString::to_string).collect();
    if numbers.is_empty() { String::new() } else { format!(" ({})", numbers.join(", ")) }
}

/// How many frames the other side sent between the message's first frame and its last.
fn frames_of_the_other_side(session: &Session, selected: &SelectedMessage) -> usize {
    let all = session.connection().trace.rows();
    let last = *selected.rows.last().unwrap_or(&selected.current);
    let first = selected.rows.first().copied().unwrap_or(last);
    all[first..=last].iter().filter(|row| row.from() != selected.from).count()
}

/// Draws the rules, one a row, below a divider that says how many are kept and how many are broken.
/// In an area of one row only the divider is drawn.
pub(crate) fn draw(checks: &[RuleCheck], area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let kept = checks.iter().filter(|check| check.status == RuleStatus::Kept).count();
    let broken = checks.iter().filter(|check| check.status == RuleStatus::Broken).count();
    let (divider, body) = split_rows(area, 1);
    let summary = match broken {
        0 => format!("Rules, live: {kept} kept"),
        _ => format!("Rules, live: {kept} kept, {broken} broken"),
    };
    canvas.draw_divider(&summary, divider);
    for (row, check) in (0..).zip(checks) {
        let (sign, style) = match check.status {
            RuleStatus::Kept => ("✓", Style::new().fg(theme.good)),
            RuleStatus::Broken => ("✗", Style::new().fg(theme.bad)),
            RuleStatus::NotApplicable => ("–", theme.faint()),
        };
        let room = usize::from(body.width).saturating_sub(text::width(check.section) + 7);
        let text = text::ellipsize(&check.text, room).into_owned();
        let pad = room.min(84).saturating_sub(text::width(&text));
        let weight =
            if check.status == RuleStatus::NotApplicable { theme.dim() } else { theme.base() };
        let line = Line::from(vec![
            Span::styled(format!("  {sign} "), style),
            Span::styled(text, Style { bg: None, ..weight }),
            Span::styled(format!("{}  {}", " ".repeat(pad), check.section), theme.dim()),
        ]);
        canvas.draw_line(&line, row, body);
    }
}
