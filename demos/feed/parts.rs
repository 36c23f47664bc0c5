//! How things look in every part of the feed.

use ratatui::style::Color;

use crate::feed::Transport;
use crate::stage::Theme;

/// The colour of a way.
pub(super) fn transport_color(transport: Transport, theme: &Theme) -> Color {
    match transport {
        Transport::Poll => theme.server,
        Transport::LongPoll => theme.control,
        Transport::Sse => theme.good,
        Transport::WebSocket => theme.client,
    }
}
