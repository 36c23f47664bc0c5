//! Colours, symbols and letters with the same meaning on every tab.

use ratatui::style::Color;

use crate::stage::{FieldColor, Theme};
use crate::wire::handshake::{CheckResult, HeadPartKind};
use crate::wire::{Field, FieldSpan, Side};

/// Returns the colour and the arrow of a direction, by its sender.
pub(crate) fn side_style(from: Side, theme: &Theme) -> (Color, &'static str) {
    match from {
        Side::Client => (theme.client, "C→S"),
        Side::Server => (theme.server, "S→C"),
    }
}

/// The letter of bytes that were not captured, in place of that of their field.
pub(crate) const GAP_LETTER: &str = "N";

/// Returns the letter and the colour of a field. Fields that share a byte have the letter of the
/// byte and a number.
pub(crate) fn field_tag(span: &FieldSpan, theme: &Theme) -> (&'static str, Color) {
    let (letters, color) = match span.field {
        Field::Fin => ("A1", FieldColor::FirstByte),
        Field::Rsv1 => ("A2", FieldColor::FirstByte),
        Field::Rsv2 => ("A3", FieldColor::FirstByte),
        Field::Rsv3 => ("A4", FieldColor::FirstByte),
        Field::Opcode => ("A5", FieldColor::FirstByte),
        Field::Mask => ("B1", FieldColor::SecondByte),
        Field::Length => ("B2", FieldColor::SecondByte),
        Field::ExtendedLength => ("L", FieldColor::ExtendedLength),
        Field::MaskingKey => ("K", FieldColor::MaskingKey),
        Field::Payload => ("P", FieldColor::Payload),
        Field::CloseCode => ("C", FieldColor::CloseCode),
        Field::CloseReason => ("R", FieldColor::CloseReason),
    };
    (letters, theme.field(color))
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

/// Returns the colour of a part of a head. A name has the colour of a frame's first byte, a value
/// that of a payload.
pub(crate) fn head_part_color(role: HeadPartKind, theme: &Theme) -> Color {
    match role {
        HeadPartKind::Name => theme.field(FieldColor::FirstByte),
        HeadPartKind::Value | HeadPartKind::Target => theme.field(FieldColor::Payload),
        HeadPartKind::Method | HeadPartKind::Status => theme.text,
        HeadPartKind::LineEnd | HeadPartKind::Colon => theme.faint,
        HeadPartKind::Other => theme.bad,
        HeadPartKind::Version | HeadPartKind::Reason | HeadPartKind::Space => theme.dim,
    }
}
