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
        let verdict = match (broken, applies) {
            (true, _) => RuleStatus::Broken,
            (false, true) => RuleStatus::Kept,
            (false, false) => RuleStatus::NotApplicable,
        };
        RuleCheck { status: verdict, text: message, section }
    };
    let name = selected.name();
    let control: Vec<String> =
        (selected.rows.iter().filter(|row| all[**row].opcode().is_control()))
            .take(4)
            .map(ToString::to_string)
            .collect();
    let which =
        if control.is_empty() { String::new() } else { format!(" ({})", control.join(", ")) };
    let many = selected.fragments.len() > 1;
    let text = all[selected.fragments[0]].kind() == Some(MessageKind::Text);
    let client = selected.from == Side::Client;
    let deflate = session.connection().trace.agreed().deflate.is_some();
    let rsv = if deflate {
        "RSV1 says 'compressed' on the first fragment only; control frames never have it"
    } else {
        "no extension was agreed, so RSV1 to RSV3 are 0"
    };
    let masked = if client {
        "every frame of the client has a fresh key"
    } else {
        "no frame of the server is masked"
    };
    let last = *selected.rows.last().unwrap_or(&selected.current);
    let first = selected.rows.first().copied().unwrap_or(last);
    let other = all[first..=last].iter().filter(|row| row.from() != selected.from).count();
    let mut checks = vec![
        check(
            !control.is_empty(),
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
            if deflate { "RFC 7692 §6" } else { "§5.2" },
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

/// Draws the rules, broken ones first. In one row only the numbers of kept and broken rules.
pub(crate) fn draw(checks: &[RuleCheck], area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let kept = checks.iter().filter(|check| check.status == RuleStatus::Kept).count();
    let broken = checks.iter().filter(|check| check.status == RuleStatus::Broken).count();
    let (rule, body) = split_rows(area, 1);
    let summary = match broken {
        0 => format!("Rules, live: {kept} kept"),
        _ => format!("Rules, live: {kept} kept, {broken} broken"),
    };
    canvas.draw_rule(&summary, rule);
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
