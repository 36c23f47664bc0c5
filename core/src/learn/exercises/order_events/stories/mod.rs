//! The connections whose events are put in order, several for each level.

mod closing;
mod messages;
mod parts;
mod silence;

use crate::learn::draws::Draws;
use crate::learn::exercises::order_events::event::Story;

type BuildStory = fn(&mut Draws) -> Story;

/// The stories of each level.
static LEVELS: [&[BuildStory]; 3] = [
    &[
        messages::ping_between_fragments,
        messages::second_message_waits,
        messages::two_directions,
        messages::opening_handshake,
    ],
    &[
        closing::client_closes,
        closing::server_goes_away,
        closing::close_within_a_message,
        closing::server_refuses_a_message,
        closing::server_is_silent,
    ],
    &[silence::half_open, silence::resume, silence::same_request_twice],
];

/// Draws a story of a level.
pub(super) fn draw(level: u8, draws: &mut Draws) -> Story {
    let of_level = LEVELS[usize::from(level).saturating_sub(1).min(2)];
    let build = draws.pick(of_level).copied().unwrap_or(messages::ping_between_fragments);
    build(draws)
}
