//! What an exchange of each lane costs over a distance, in round trips: the lanes' own clients and servers, with pipes
//! for sockets, in a time that passes only while all wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use super::way::{Opening, Way};
use crate::net::paused::PausedClock;
use crate::net::{Clock, Distance, Line, Stall};
use crate::race::dial::Dial;
use crate::race::order::{Goal, Trust};
use crate::race::server::piped;
use crate::race::{Course, Kind, Lane};
use crate::scope::Scope;

const RTT: Duration = Duration::from_millis(60);

/// Puts the distance before each pipe, and serves it.
async fn serve(service: piped::Piped, mut pipes: mpsc::Receiver<DuplexStream>) {
    while let Some(pipe) = pipes.recv().await {
        let distance = Distance { rtt: RTT, ..Distance::default() };
        let (now, stall) = (PausedClock::now(), Stall::since(PausedClock::now()));
        service.serve(Line::<_, PausedClock>::with_clock(pipe, distance, now, stall, 1).unwrap());
    }
}

/// How long the second and the third exchange take, once everything that is kept is open.
async fn exchanges(lane: Lane, burst: usize) -> [Duration; 2] {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let course = Course { lanes: vec![lane], burst: Some(burst), ..Course::default() };
    let (service, certificate) = piped::Piped::new(&scope, lane, &course);
    let (pipes, inbox) = mpsc::channel(16);
    scope.spawn("serving", serve(service, inbox));
    let trust = certificate.map_or(Trust::Plain, Trust::Certificate);
    let goal = Goal { host: "127.0.0.1".to_owned(), port: 9, path: "/echo".to_owned(), trust };
    let protocol: &[u8] = if lane.kind == Kind::Http2 { b"h2" } else { b"http/1.1" };
    let mut dial = Dial::new(goal, (lane.kind != Kind::Tcp).then_some(protocol)).unwrap();
    dial.pipes = Some(pipes);
    let opening = Arc::new(Opening::new(scope.child(), lane, &course, dial).unwrap());
    let mut way = Way::open(&opening).await.unwrap();
    way.exchange().await.unwrap();
    let mut took = [Duration::ZERO; 2];
    for took in &mut took {
        way.settle().await;
        let start = PausedClock::now();
        way.exchange().await.unwrap();
        *took = PausedClock::now() - start;
    }
    took
}

async fn assert_trips(kind: Kind, tls: bool, burst: usize, trips: u32) {
    let lane = Lane { kind, tls };
    assert_eq!(
        exchanges(lane, burst).await,
        [trips * RTT; 2],
        "{lane}, {burst} messages, {trips} round trips"
    );
}

/// TCP and its first exchange take 2 round trips, within TLS 1.3 one more, and a WebSocket's handshake one more still.
#[tokio::test(start_paused = true)]
async fn a_new_connection_costs_its_handshakes_and_a_kept_one_nothing() {
    for tls in [false, true] {
        let more = u32::from(tls);
        for kind in [Kind::Tcp, Kind::HttpBare, Kind::HttpHyper, Kind::Http2, Kind::SsePost, Kind::Ws] {
            assert_trips(kind, tls, 1, 1).await;
        }
        assert_trips(Kind::HttpNew, tls, 1, 2 + more).await;
        assert_trips(Kind::WsNew, tls, 1, 3 + more).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ten_awaited_are_ten_round_trips_and_ten_in_flight_are_one() {
    for kind in [Kind::Tcp, Kind::HttpBare, Kind::HttpHyper, Kind::SsePost, Kind::Ws] {
        assert_trips(kind, false, 10, 10).await;
    }
    assert_trips(Kind::HttpNew, false, 10, 20).await;
    for kind in [Kind::Http2, Kind::WsPipelined] {
        assert_trips(kind, false, 10, 1).await;
    }
}
