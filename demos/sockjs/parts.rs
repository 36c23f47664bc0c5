//! What several views of the demo share: colours of transports, bars, and frames in words.

use ratatui::style::{Color, Style};
use ratatui::text::Span;

use crate::clients::sockjs::SockJsState;
use crate::sockjs::Frame;
use crate::stage::Theme;
use crate::text;

/// The cells of a bar.
pub(super) const BAR_CELLS: usize = 12;

/// Returns the sign of a state, which tells without its colour, and the colour.
pub(super) fn state_sign(state: SockJsState, theme: &Theme) -> (&'static str, Color) {
    match state {
        SockJsState::Connecting => ("○", theme.dim),
        SockJsState::Open => ("●", theme.good),
        SockJsState::Closing => ("◐", theme.warn),
        SockJsState::Closed => ("✗", theme.bad),
    }
}

/// Returns a bar of [`BAR_CELLS`] cells, filled to `share` of 1.
pub(super) fn bar(share: f64, style: Style, theme: &Theme) -> [Span<'static>; 2] {
    let filled = (share.clamp(0.0, 1.0) * BAR_CELLS as f64).ceil() as usize;
    let filled = filled.min(BAR_CELLS);
    [
        Span::styled("█".repeat(filled), style),
        Span::styled("░".repeat(BAR_CELLS - filled), theme.faint()),
    ]
}

/// Returns a frame as it is written, at most that many cells of it.
pub(super) fn frame_text(frame: &Frame, cells: usize) -> String {
    let encoded = frame.encode();
    let written = text::sanitize(&encoded);
    text::ellipsize(&written, cells).into_owned()
}
