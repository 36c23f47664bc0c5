//! Draws the bytes of a frame: hex, the letter of each byte's field, and the unmasked byte.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Text};

use super::canvas::{Canvas, ClickTarget};
use super::colors::{GAP_LETTER, field_tag};
use super::payload::{MISSING_DIGITS, is_missing};
use crate::demos::inspect::action::ByteCursor;
use crate::stage::Theme;
use crate::wire::frame::mask;
use crate::wire::{FieldSpan, Header};

/// A hex dump of a frame.
pub(crate) struct HexDump<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) spans: &'a [FieldSpan],
    /// The length of the header in bytes, which is where the payload begins.
    pub(crate) header_len: usize,
    /// The original bytes of a frame being edited. Bytes that differ are marked.
    pub(crate) original: Option<&'a [u8]>,
    /// The ranges of `raw` that were not captured. They are drawn without digits.
    pub(crate) missing: &'a [Range<usize>],
    /// Whether the payload is part of a compressed message, whose bytes are not characters.
    pub(crate) compressed: bool,
}

/// Returns the number of bytes per row in `width` columns.
fn bytes_per_row(width: u16) -> usize {
    (usize::from(width.saturating_sub(8)) / 3).clamp(1, 32)
}

/// Returns the number of rows for `bytes` bytes: three for each line of hex.
pub(crate) fn row_count(bytes: usize, width: u16) -> u16 {
    u16::try_from(3 * bytes.div_ceil(bytes_per_row(width)).max(1)).unwrap_or(u16::MAX)
}

impl HexDump<'_> {
    pub(crate) fn draw(&self, cursor: ByteCursor, area: Rect, canvas: &mut Canvas) {
        let plain = self.unmasked_payload();
        let per_row = bytes_per_row(area.width);
        let shown = usize::from(area.height / 3).max(1);
        let total = self.raw.len().div_ceil(per_row);
        // The row with the cursor stays in the middle, as far as the ends allow.
        let first =
            (cursor.byte / per_row).saturating_sub(shown / 2).min(total.saturating_sub(shown));
        let label = canvas.theme.faint();
        let mut rows: Vec<usize> = (first..total).take(shown).collect();
        let out_of_sight = self.gap_row_beyond(&rows, per_row);
        if let (Some(gap), Some(last)) = (out_of_sight, rows.last_mut())
            && *last != cursor.byte / per_row
        {
            *last = gap;
        }
        for (place, row) in rows.into_iter().enumerate() {
            let start = row * per_row;
            let y = place as u16 * 3;
            let at = |line: &'static str| Text::styled(line, label);
            // Another offset than that of the next row tells that rows are left out.
            let is_apart = out_of_sight == Some(row);
            let mark = if is_apart { "⋮ " } else { "  " };
            let mut lines = [
                vec![Text::styled(format!("{start:04x}{mark}"), label)],
                vec![at("      ")],
                vec![at("plain ")],
            ];
            for index in start..(start + per_row).min(self.raw.len()) {
                let cells = self.cell(index, cursor, &plain, canvas.theme);
                lines.iter_mut().zip(cells).for_each(|(line, cell)| line.push(cell));
                let x = area.x + 6 + 3 * (index - start) as u16;
                let spot = Rect { x, y: area.y + y, width: 3, height: 3 }.intersection(area);
                canvas.add_target(spot, ClickTarget::Byte(index));
            }
            for (line, offset) in lines.into_iter().zip(0..) {
                canvas.draw_line(&Line::from(line), y + offset, area);
            }
        }
    }

    /// Returns the row with the nearest bytes that were not captured, if none of these rows has any
    /// and it comes after them.
    fn gap_row_beyond(&self, rows: &[usize], per_row: usize) -> Option<usize> {
        let (first, last) = (*rows.first()?, *rows.last()?);
        let gap_rows =
            || self.missing.iter().map(|gap| gap.start / per_row..=(gap.end - 1) / per_row);
        let is_in_sight = gap_rows().any(|gap| *gap.start() <= last && *gap.end() >= first);
        if is_in_sight {
            return None;
        }
        gap_rows().map(|gap| *gap.start()).find(|row| *row > last)
    }

    /// Returns the payload as the receiver reads it.
    fn unmasked_payload(&self) -> Vec<u8> {
        let Ok(header) = Header::parse(self.raw) else { return Vec::new() };
        let payload = &self.raw[header.len()..];
        header.masking_key.map_or_else(|| payload.to_vec(), |key| mask::unmask(payload, key))
    }

    /// Returns the hex digits, the letter and the unmasked byte of one byte.
    fn cell(
        &self,
        index: usize,
        cursor: ByteCursor,
        plain: &[u8],
        theme: &Theme,
    ) -> [Text<'static>; 3] {
        let span = self.spans.iter().find(|span| span.bytes.contains(&index));
        let (letters, color) = span.map_or((" ", theme.dim), |span| field_tag(span, theme));
        let under = self.spans.iter().find(|span| span.contains(cursor.byte, cursor.bit));
        let hit = under.is_some_and(|span| span.bytes.contains(&index));
        let style = Style::new().fg(color);
        let changed =
            self.original.is_some_and(|original| original.get(index) != self.raw.get(index));
        let mut digits =
            if hit { style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED) } else { style };
        if index == cursor.byte {
            digits = digits.add_modifier(Modifier::REVERSED);
        }
        if is_missing(self.missing, index) {
            let gap = Style::new().fg(theme.warn);
            return [
                Text::styled(format!("{MISSING_DIGITS} "), digits.patch(theme.dim())),
                Text::styled(format!("{GAP_LETTER:<3}"), gap),
                Text::raw("   "),
            ];
        }
        // Editing can change the length form and the MASK bit, and with them where the payload
        // begins.
        let payload_start = if self.original.is_some() {
            Header::parse(self.raw).map_or(self.header_len, |header| header.len())
        } else {
            self.header_len
        };
        let unmasked = match index.checked_sub(payload_start).and_then(|at| plain.get(at)) {
            Some(byte @ b' '..=b'~') if !self.compressed => format!("{}  ", char::from(*byte)),
            Some(byte) => format!("{byte:02x} "),
            None => "   ".to_owned(),
        };
        let letter = if changed { "≠ " } else { &letters[..1] };
        [
            Text::styled(format!("{:02x} ", self.raw[index]), digits),
            Text::styled(
                format!("{letter:<3}"),
                if changed { Style::new().fg(theme.bad) } else { style },
            ),
            Text::styled(unmasked, Style::new().fg(theme.text)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_below_the_rows_in_sight_is_found() {
        let missing = [500..520, 580..590];
        let dump = HexDump {
            raw: &[0; 600],
            spans: &[],
            header_len: 2,
            original: None,
            missing: &missing,
            compressed: false,
        };
        assert_eq!(dump.gap_row_beyond(&[0, 1], 24), Some(20));
        for rows in [&[20, 21][..], &[19, 20], &[21], &[]] {
            assert_eq!(dump.gap_row_beyond(rows, 24), None, "{rows:?}");
        }
        assert_eq!(dump.gap_row_beyond(&[22, 23], 24), Some(24));
    }
}
