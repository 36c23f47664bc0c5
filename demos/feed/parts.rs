//! Colours that all parts of the feed share.

use ratatui::style::Color;

use crate::feed::Transport;
use crate::stage::Theme;

/// Returns the colour of a transport.
pub(super) fn transport_color(transport: Transport, theme: &Theme) -> Color {
    match transport {
        Transport::Poll => theme.server,
        Transport::LongPoll => theme.control,
        Transport::Sse => theme.good,
        Transport::WebSocket => theme.client,
    }
}
