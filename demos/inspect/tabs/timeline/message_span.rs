//! A message on its lane: the span from the start of its first frame to the end of its last.

use crate::text;
use crate::wire::{FragmentRole, TraceRow, format};

/// A message on its lane, in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageSpan {
    pub(crate) message: usize,
    pub(crate) kind: &'static str,
    pub(crate) x: u16,
    pub(crate) end: u16,
    /// The number of its frames in the window.
    pub(crate) frames: u64,
    /// Whether it has a frame with FIN = 1.
    pub(crate) ended: bool,
}

impl MessageSpan {
    pub(crate) fn new(row: &TraceRow, message: usize, x: u16, end: u16) -> Self {
        let kind = row.kind().map_or("", |kind| kind.name());
        Self {
            message,
            kind,
            x,
            end,
            frames: 0,
            ended: matches!(row.role(), FragmentRole::First { .. }) && row.header().fin,
        }
    }

    /// Returns the span as a bracket with the message's name, in at most `room` cells.
    pub(crate) fn bracket_text(&self, room: u16) -> String {
        let (width, room) = (usize::from(self.end.saturating_sub(self.x)) + 1, usize::from(room));
        let close = if self.ended { "┤" } else { "╌" };
        let many = if self.frames > 1 {
            format!(", {} fragments", format::group_thousands(self.frames))
        } else {
            String::new()
        };
        let names =
            [format!(" m{} {}{many} ", self.message, self.kind), format!(" m{} ", self.message)];
        if let Some(name) = names.iter().find(|name| text::width(name) + 4 <= width) {
            return format!("├{name:─^wide$}{close}", wide = width - 2);
        }
        // Too narrow for a name inside the bracket: the number hangs below it, or only a mark is
        // left.
        let (short, close) = (format!("m{}", self.message), if self.ended { "┘" } else { "╌" });
        if text::width(&short) + 2 <= room {
            let wide = width.saturating_sub(2).max(text::width(&short));
            return text::prefix_within(&format!("└{short:─^wide$}{close}"), room).to_owned();
        }
        if width > 1 { format!("└{}{close}", "─".repeat(width - 2)) } else { "╵".to_owned() }
    }
}
