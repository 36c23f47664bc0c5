//! Counts the round trips of an exchange in each lane. The lanes' own clients and servers run over
//! pipes behind a modelled link, in paused time.

use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use super::lane_client::LaneClient;
use crate::net::paused::PausedClock;
use crate::net::{Clock, DelayedStream, LinkConditions, Stall};
use crate::race::connector::LaneConnector;
use crate::race::process::ipc::{LaneTarget, TlsTrust};
use crate::race::server::piped;
use crate::race::{Lane, LaneKind, RaceConfig};
use crate::scope::Scope;

const RTT: Duration = Duration::from_millis(60);

/// Puts the modelled link before each pipe and serves the pipe.
async fn serve(service: piped::Piped, mut pipes: mpsc::Receiver<DuplexStream>) {
    while let Some(pipe) = pipes.recv().await {
        let distance = LinkConditions { rtt: RTT, ..LinkConditions::default() };
        let (now, stall) = (PausedClock::now(), Stall::new(PausedClock::now()));
        service.serve(
            DelayedStream::<_, PausedClock>::with_clock(pipe, distance, now, stall, 1).unwrap(),
        );
    }
}

/// Returns how long the second and the third exchange take, once every kept connection is open.
async fn exchanges(lane: Lane, burst: usize) -> [Duration; 2] {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let config = RaceConfig { lanes: vec![lane], burst: Some(burst), ..RaceConfig::default() };
    let (service, certificate) = piped::Piped::new(&scope, lane, &config);
    let (pipes, inbox) = mpsc::channel(16);
    scope.spawn("serving", serve(service, inbox));
    let trust = certificate.map_or(TlsTrust::NoTls, TlsTrust::Certificate);
    let target =
        LaneTarget { host: "127.0.0.1".to_owned(), port: 9, path: "/echo".to_owned(), trust };
    let protocol: &[u8] = if lane.kind == LaneKind::Http2 { b"h2" } else { b"http/1.1" };
    let mut connector =
        LaneConnector::new(target, (lane.kind != LaneKind::Tcp).then_some(protocol)).unwrap();
    connector.pipes = Some(pipes);
    let setup = LaneClient::setup(scope.child(), lane, &config, connector).unwrap();
    let mut client = LaneClient::connect(&setup).await.unwrap();
    client.exchange().await.unwrap();
    let mut took = [Duration::ZERO; 2];
    for took in &mut took {
        client.wait_for_closes().await;
        let start = PausedClock::now();
        client.exchange().await.unwrap();
        *took = PausedClock::now() - start;
    }
    took
}

async fn assert_trips(kind: LaneKind, tls: bool, burst: usize, trips: u32) {
    let lane = Lane { kind, tls };
    assert_eq!(
        exchanges(lane, burst).await,
        [trips * RTT; 2],
        "{lane}, {burst} messages, {trips} round trips"
    );
}

/// TCP and the first exchange take 2 round trips. TLS 1.3 adds one, and a WebSocket handshake adds
/// another.
#[tokio::test(start_paused = true)]
async fn a_new_connection_costs_its_handshakes_and_a_kept_one_costs_none() {
    for tls in [false, true] {
        let more = u32::from(tls);
        for kind in [
            LaneKind::Tcp,
            LaneKind::HttpBare,
            LaneKind::HttpHyper,
            LaneKind::Http2,
            LaneKind::SsePost,
            LaneKind::Ws,
        ] {
            assert_trips(kind, tls, 1, 1).await;
        }
        assert_trips(LaneKind::HttpNew, tls, 1, 2 + more).await;
        assert_trips(LaneKind::WsNew, tls, 1, 3 + more).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ten_awaited_messages_take_ten_round_trips_and_ten_in_flight_take_one() {
    for kind in
        [LaneKind::Tcp, LaneKind::HttpBare, LaneKind::HttpHyper, LaneKind::SsePost, LaneKind::Ws]
    {
        assert_trips(kind, false, 10, 10).await;
    }
    assert_trips(LaneKind::HttpNew, false, 10, 20).await;
    for kind in [LaneKind::Http2, LaneKind::WsPipelined] {
        assert_trips(kind, false, 10, 1).await;
    }
}
