//! The bet before the first exchange: how many times the bytes of the WebSocket HTTP takes. The
//! counted bytes settle it.

use super::exchange_bytes::ExchangePair;

/// The factors to choose from.
const FACTORS: [f64; 4] = [1.0, 2.0, 4.0, 10.0];
/// The choices in words.
pub(super) const BETS: [&str; 4] = ["1x", "2x", "4x", "10x"];

/// Returns how many times as many bytes HTTP takes.
pub(super) fn ratio(pair: &ExchangePair) -> f64 {
    pair.http.total() as f64 / pair.websocket.total().max(1) as f64
}

/// Returns the index of the choice that is nearest as a factor: 2 is nearer to 2.5 than 4 is.
pub(super) fn right_bet(pair: &ExchangePair) -> usize {
    let times = ratio(pair).max(f64::MIN_POSITIVE);
    let distance = |index: usize| (FACTORS[index] / times).ln().abs();
    (0..FACTORS.len()).min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap_or(0)
}

/// Returns how the bet is settled. The right answer is always named.
pub(super) fn result_sentence(bet: usize, pair: &ExchangePair) -> String {
    let right = right_bet(pair);
    let counted = format!("{}: {:.1} times the bytes, counted.", BETS[right], ratio(pair));
    if bet == right {
        format!("✓ {counted}")
    } else {
        format!("✗ you bet {}; it is {counted}", BETS[bet])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::weigh::MeasuredExchange;
    use crate::servers::recorded::RecordedBytes;

    fn pair(http: usize, websocket: usize) -> ExchangePair {
        let of = |len| MeasuredExchange {
            bytes: RecordedBytes { up: vec![0; len], down: Vec::new() },
            ..MeasuredExchange::default()
        };
        ExchangePair {
            http: of(http),
            websocket: of(websocket),
            handshake: RecordedBytes::default(),
        }
    }

    #[test]
    fn the_nearest_factor_is_right_and_always_named() {
        assert_eq!(result_sentence(2, &pair(326, 74)), "✓ 4x: 4.4 times the bytes, counted.");
        assert_eq!(
            result_sentence(0, &pair(326, 74)),
            "✗ you bet 1x; it is 4x: 4.4 times the bytes, counted."
        );
        let right = [100, 150, 290, 700, 90_000].map(|http| right_bet(&pair(http, 100)));
        assert_eq!(right.map(|index| BETS[index]), ["1x", "2x", "4x", "10x", "10x"]);
        assert_eq!(right_bet(&pair(0, 0)), 0, "nothing was sent");
    }
}
