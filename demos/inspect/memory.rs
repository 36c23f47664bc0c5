//! What the inspector keeps of all its connections together, so that neither a flood nor many clients of a proxy take memory
//! without a bound.

use super::conn::{Conn, Status};
use super::state::Inspect;

/// Connections of a proxy that are listed; of those that are over the oldest go first.
const MAX_CONNS: usize = 1000;

/// Rows and payloads of all connections, in bytes: more than one alone can come to.
const MAX_MEMORY: usize = 160 << 20;

impl Inspect {
    /// The place of the connection that the proxy gave this number, which is new if it is not known.
    pub(super) fn numbered(&mut self, number: usize, name: impl FnOnce() -> String) -> usize {
        match self.conns.binary_search_by_key(&number, |conn| conn.number) {
            Ok(index) => index,
            Err(index) => {
                self.conns.insert(index, Conn { number, ..Conn::new(name()) });
                if index <= self.at {
                    self.at += 1;
                }
                self.drop_oldest(index)
            }
        }
    }

    /// Makes room in the list for the connection at `fresh`; its place afterwards.
    fn drop_oldest(&mut self, fresh: usize) -> usize {
        if self.conns.len() <= MAX_CONNS {
            return fresh;
        }
        let over = |(index, conn): &(usize, &Conn)| {
            *index != self.at && *index != fresh && matches!(conn.status, Status::Ended(_))
        };
        let Some((oldest, _)) = self.conns.iter().enumerate().find(over) else { return fresh };
        self.conns.remove(oldest);
        self.at -= usize::from(oldest < self.at);
        fresh - usize::from(oldest < fresh)
    }

    /// Holds the whole within its bound once the connection at `grown` has grown: first goes what was said in connections
    /// that are over, the oldest first, then the largest lists stop where they are.
    pub(super) fn keep_within(&mut self, grown: usize) {
        // most are small: no sum is made before one of them is not
        if self.conns[grown].memory() < MAX_MEMORY / MAX_CONNS {
            return;
        }
        let mut sum: usize = self.conns.iter().map(Conn::memory).sum();
        for (index, conn) in self.conns.iter_mut().enumerate() {
            if sum <= MAX_MEMORY {
                return;
            }
            if index != self.at && matches!(conn.status, Status::Ended(_)) {
                sum -= conn.memory();
                conn.forget();
            }
        }
        while sum > MAX_MEMORY {
            let listing = self.conns.iter_mut().filter(|conn| !conn.is_full());
            let Some(largest) = listing.max_by_key(|conn| conn.memory()) else { return };
            sum -= largest.memory();
            largest.stop_listing();
            sum += largest.memory();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::source::{Opening, Source};
    use super::super::state::Tab;
    use super::*;
    use crate::net::Target;
    use crate::proxy::{self, ProxyEvent, ProxyEventKind};
    use crate::stage::{Demo as _, Event};
    use crate::wire::Side;

    fn proxied() -> Inspect {
        let upstream = Target::parse("ws://127.0.0.1:9/").unwrap();
        let options = proxy::ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream);
        Inspect::new(Source::Proxy(Box::new(options)), Opening::default(), Tab::Frames)
    }

    fn tell(inspect: &mut Inspect, number: usize, told: ProxyEventKind) {
        inspect.update(Event::Msg(super::super::Msg::Proxy(0, ProxyEvent::Connection(number, told))));
    }

    fn open(inspect: &mut Inspect, number: usize) {
        tell(inspect, number, ProxyEventKind::Opened { peer: "127.0.0.1:1".parse().unwrap() });
    }

    fn say(inspect: &mut Inspect, number: usize, from: Side, bytes: &[u8]) {
        tell(inspect, number, ProxyEventKind::Bytes { from, at: Instant::now(), bytes: bytes.to_vec() });
    }

    #[test]
    fn of_many_connections_the_oldest_that_are_over_go() {
        let mut inspect = proxied();
        for number in 1..=MAX_CONNS + 500 {
            open(&mut inspect, number);
            // every hundredth stays open
            if number % 100 != 0 {
                tell(&mut inspect, number, ProxyEventKind::Ended(Ok("over".into())));
            }
        }
        assert_eq!(inspect.conns.len(), MAX_CONNS);
        let numbers: Vec<usize> = inspect.conns.iter().map(|conn| conn.number).collect();
        assert!(numbers.is_sorted() && numbers.contains(&1) && numbers.contains(&100), "shown, or open");
        assert_eq!(numbers.last(), Some(&(MAX_CONNS + 500)));
        say(&mut inspect, 1200, Side::Client, b"GET ");
        let found = inspect.conns.iter().find(|conn| conn.number == 1200).unwrap();
        assert_eq!(found.trace.head_bytes(Side::Client), b"GET ");
        assert_eq!(inspect.conn().number, 1, "the one that is looked at stays");
    }

    #[test]
    fn a_proxy_that_is_full_is_seen_until_there_is_room() {
        use super::super::view::tests::{holds, picture};
        let mut inspect = proxied();
        open(&mut inspect, 1);
        inspect.update(Event::Msg(super::super::Msg::Proxy(0, ProxyEvent::Full)));
        holds(
            &picture(&inspect, 100, 30),
            &["256 connections, the limit; new clients wait", "full: new clients wait"],
        );
        inspect.update(Event::Key(crossterm::event::KeyCode::Char('2').into()));
        holds(&picture(&inspect, 80, 24), &["full: new clients wait"]);
        inspect.update(Event::Msg(super::super::Msg::Proxy(0, ProxyEvent::Room)));
        let shown = picture(&inspect, 100, 30);
        holds(&shown, &["there is room for new clients again"]);
        assert!(!shown.contains("full:"), "{shown}");
    }

    #[test]
    fn floods_on_many_connections_share_one_bound() {
        use super::super::state::tests::{REQUEST, RESPONSE};
        let mut inspect = proxied();
        let frames =
            b"\x82\x7e\xff\xfa".iter().copied().chain(std::iter::repeat_n(7, 65_530)).collect::<Vec<_>>();
        let small = b"\x81\x00".repeat(32_000);
        for number in 1..=8 {
            open(&mut inspect, number);
            say(&mut inspect, number, Side::Client, REQUEST);
            say(&mut inspect, number, Side::Server, RESPONSE);
        }
        for round in 0..60 {
            for number in 1..=8 {
                say(&mut inspect, number, Side::Server, if round % 2 == 0 { &small } else { &frames });
            }
            if round == 30 {
                tell(&mut inspect, 2, ProxyEventKind::Ended(Ok("over".into())));
            }
        }
        let sum: usize = inspect.conns.iter().map(Conn::memory).sum();
        assert!(sum <= MAX_MEMORY + (8 << 20), "{sum}");
        assert!(inspect.conns.iter().any(|conn| conn.trace.dropped_rows() > 0), "and the lists say so");
    }
}
