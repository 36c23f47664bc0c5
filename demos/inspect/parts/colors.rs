//! Colours, symbols and letters with the same meaning on every tab.

use ratatui::style::Color;

use crate::stage::Theme;
use crate::wire::handshake::{CheckResult, HeadPartKind};
use crate::wire::{Field, FieldSpan, Side};

/// Returns the colour and the arrow of a direction, by its sender.
pub(crate) fn side_style(from: Side, theme: &Theme) -> (Color, &'static str) {
    match from {
        Side::Client => (theme.client, "C→S"),
        Side::Server => (theme.server, "S→C"),
    }
}

/// Returns the letter and the colour of a field. Fields that share a byte have the letter of the
/// byte and a number.
pub(crate) fn field_tag(span: &FieldSpan, theme: &Theme) -> (&'static str, Color) {
    let (letters, index) = match span.field {
        Field::Fin => ("A1", 0),
        Field::Rsv1 => ("A2", 0),
        Field::Rsv2 => ("A3", 0),
        Field::Rsv3 => ("A4", 0),
        Field::Opcode => ("A5", 0),
        Field::Mask => ("B1", 1),
        Field::Length => ("B2", 1),
        Field::ExtendedLength => ("L", 2),
        Field::MaskingKey => ("K", 3),
        Field::Payload => ("P", 4),
        Field::CloseCode => ("C", 5),
        Field::CloseReason => ("R", 6),
    };
    (letters, theme.field(index))
}

/// Returns the symbol and the colour of a check of the handshake.
pub(crate) fn result_symbol(mark: CheckResult, theme: &Theme) -> (&'static str, Color) {
    match mark {
        CheckResult::Passed => ("✓", theme.good),
        CheckResult::Failed => ("✗", theme.bad),
        CheckResult::Warned => ("!", theme.warn),
        CheckResult::Absent => ("–", theme.dim),
    }
}

/// Returns the colour of a part of a head.
pub(crate) fn head_part_color(role: HeadPartKind, theme: &Theme) -> Color {
    match role {
        HeadPartKind::Name => theme.field(0),
        HeadPartKind::Value | HeadPartKind::Target => theme.field(4),
        HeadPartKind::Method | HeadPartKind::Status => theme.text,
        HeadPartKind::LineEnd | HeadPartKind::Colon => theme.faint,
        HeadPartKind::Other => theme.bad,
        HeadPartKind::Version | HeadPartKind::Reason | HeadPartKind::Space => theme.dim,
    }
}
