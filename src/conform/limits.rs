//! [`search`]: how large a message a server takes, found by trying.

use wiretalk_core::conformance::{Case, CaseKind, SizeLimit, echo_of_size};

use crate::clients::nonce;
use crate::conform::exchange::{Exchange, play};
use crate::conform::{ConformConfig, Finding, ServerTraits, Verdict};
use crate::wire::format::group_thousands;

/// The size that is tried first.
const FIRST: usize = 64 << 10;

/// The number of fragments that is tried first.
const FIRST_FRAGMENTS: usize = 256;

/// Finds the limit that `case` asks for. Each attempt has a connection of its own, and together they
/// are as many as it takes to double up to the bound and to halve the rest to a 64th.
pub(super) async fn search(config: &ConformConfig, case: &Case, traits: ServerTraits) -> Exchange {
    let CaseKind::Search(limit) = case.kind else {
        return without_answer("is not searched for a limit");
    };
    if !traits.has_echo {
        let finding = Finding::new(Verdict::NotApplicable, "the server does not echo");
        return Exchange::without_bytes(finding);
    }
    let mut config = config.clone();
    config.limits.max_message = config.limits.max_message.max(config.max_size);
    let mut search = SizeSearch::new(limit, &config);
    let mut refused = None;
    while let Some(size) = search.next_size() {
        let attempt = echo_of_size(limit, size, config.seed);
        let Ok(key) = nonce() else { return without_answer("there are no random numbers") };
        let Ok(exchange) = play(&config, &attempt, key, traits).await else {
            return without_answer("does not accept a connection any more");
        };
        let is_taken = !exchange.finding.verdict.is_failure();
        search.report(size, is_taken);
        if !is_taken {
            refused = Some(exchange);
        }
    }
    conclude(limit, &search, refused)
}

fn without_answer(reason: &str) -> Exchange {
    Exchange::without_bytes(Finding::new(Verdict::NoAnswer, reason))
}

fn conclude(limit: SizeLimit, search: &SizeSearch, refused: Option<Exchange>) -> Exchange {
    let unit = if limit == SizeLimit::Fragments { "fragments" } else { "bytes" };
    let number = |size: usize| format!("{} {unit}", group_thousands(size as u64));
    let taken = number(search.taken);
    let (Some(mut exchange), Some(size)) = (refused, search.refused) else {
        let reason = format!("has no limit up to {taken}, the most that was tried");
        return Exchange::without_bytes(Finding::new(Verdict::Tolerated, reason));
    };
    let code = exchange.close_code();
    let how =
        code.map_or_else(|| exchange.finding.reason.clone(), |code| format!("closes with {code}"));
    let reason = format!("takes {taken}; of {} it {how}", number(size));
    // The first size is one that every application needs.
    let verdict = match code {
        _ if search.taken == 0 => Verdict::Fail,
        Some(1009) => Verdict::Pass,
        _ => Verdict::Tolerated,
    };
    let expected = "closes a message that is too large with 1009".to_owned();
    exchange.finding = Finding { expected, ..Finding::new(verdict, reason) };
    exchange
}

/// A search for the largest size that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SizeSearch {
    first: usize,
    max: usize,
    /// The largest size that was taken; 0 if none was.
    taken: usize,
    /// The smallest size that was refused.
    refused: Option<usize>,
}

impl SizeSearch {
    fn new(limit: SizeLimit, config: &ConformConfig) -> Self {
        let (first, max) = match limit {
            SizeLimit::Frame | SizeLimit::Message => (FIRST, config.max_size),
            // A fragment takes seven bytes, and most servers some work.
            SizeLimit::Fragments => (FIRST_FRAGMENTS, config.max_size >> 8),
        };
        Self { first: first.min(max), max, taken: 0, refused: None }
    }

    /// Returns the next size to try; `None` once the limit is known to a 64th.
    fn next_size(&self) -> Option<usize> {
        match self.refused {
            None if self.taken == 0 => Some(self.first),
            None if self.taken >= self.max => None,
            None => Some(self.taken.saturating_mul(2).min(self.max)),
            Some(refused) => {
                let gap = refused.saturating_sub(self.taken);
                let is_known = gap <= (refused >> 6).max(1);
                (!is_known).then(|| self.taken.saturating_add(gap >> 1))
            }
        }
    }

    fn report(&mut self, size: usize, is_taken: bool) {
        if is_taken {
            self.taken = self.taken.max(size);
        } else {
            self.refused = Some(self.refused.map_or(size, |refused| refused.min(size)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Target;

    fn found(limit: SizeLimit, real: usize) -> (SizeSearch, usize) {
        let config = ConformConfig::new(Target::parse("ws://127.0.0.1:1/").unwrap());
        let mut search = SizeSearch::new(limit, &config);
        let mut attempts = 0;
        while let Some(size) = search.next_size() {
            attempts += 1;
            search.report(size, size <= real);
        }
        (search, attempts)
    }

    #[test]
    fn a_limit_is_found_to_a_64th_in_few_attempts() {
        for real in [1_000, 65_536, 100_000, 1 << 20, 16_000_000] {
            let (search, attempts) = found(SizeLimit::Frame, real);
            let refused = search.refused.unwrap();
            assert!(search.taken <= real && real < refused, "{search:?}");
            assert!(refused - search.taken <= (refused >> 6).max(1), "{search:?}");
            assert!(attempts <= 20, "{attempts}");
        }
        let (search, attempts) = found(SizeLimit::Frame, usize::MAX);
        assert_eq!((search.taken, search.refused, attempts), (16 << 20, None, 9));
        let (search, _) = found(SizeLimit::Fragments, 1_000);
        assert!(search.taken <= 1_000 && search.refused.unwrap() > 1_000);
    }
}
