//! The bet: how many times the bytes of the WebSocket the heaviest transport needs for one line.

use crate::sockjs::Transport;

/// The question.
pub(super) const QUESTION: &str =
    "One line, there and back: how many times WebSocket's bytes, at the most?";

/// The bets, as they are shown.
pub(super) const BETS: [&str; 4] = ["up to 3x", "up to 8x", "up to 20x", "more"];

/// The largest ratio of each bet but the last.
const LIMITS: [f64; 3] = [3.0, 8.0, 20.0];

/// Returns how a bet ended, as a sentence. `costs` are the bytes by transport.
pub(super) fn result(bet: usize, costs: &[(Transport, u64)]) -> String {
    let Some((heaviest, ratio)) = heaviest(costs) else {
        return "Without a WebSocket, there's nothing to compare it with.".to_owned();
    };
    let won = LIMITS.iter().position(|limit| ratio <= *limit).unwrap_or(LIMITS.len());
    let sign = if won == bet { '✓' } else { '✗' };
    let name = BETS.get(bet).copied().unwrap_or_default();
    format!("{sign} You bet on {name}; it is {ratio:.1}x, for {}.", heaviest.name())
}

/// Returns the heaviest transport, and its bytes divided by those of the WebSocket.
fn heaviest(costs: &[(Transport, u64)]) -> Option<(Transport, f64)> {
    let websocket = costs.iter().find(|(transport, _)| transport.is_websocket())?.1;
    let (heaviest, bytes) = costs.iter().max_by_key(|(_, bytes)| *bytes)?;
    (websocket > 0).then(|| (*heaviest, *bytes as f64 / websocket as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bet_is_settled_by_the_heaviest() {
        let costs =
            [(Transport::WebSocket, 80), (Transport::HtmlFile, 500), (Transport::XhrPolling, 900)];
        assert_eq!(result(2, &costs), "✓ You bet on up to 20x; it is 11.2x, for xhr-polling.");
        assert_eq!(result(0, &costs), "✗ You bet on up to 3x; it is 11.2x, for xhr-polling.");
        assert!(result(0, &costs[1..]).starts_with("Without a WebSocket"));
    }
}
