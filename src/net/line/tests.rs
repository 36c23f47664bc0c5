//! A line between real sockets: its times, its order, its ends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::*;

const RTT: Duration = Duration::from_millis(40);
/// What a time may lack that was not taken before the server accepted, or before the stall began.
const EARLY: Duration = Duration::from_millis(3);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(20);

fn far() -> Distance {
    Distance { rtt: RTT, ..Distance::default() }
}

/// A client and the line before the server's socket.
async fn pair(distance: Distance, stall: &Stall) -> (TcpStream, Line<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, Line::new(server, distance, Instant::now(), stall.clone(), 1).unwrap())
}

/// Gives everything back until the end of the stream, then ends too.
async fn echo(mut line: Line<TcpStream>) {
    let mut buf = vec![0; 64 << 10];
    while let Ok(count @ 1..) = line.read(&mut buf).await {
        line.write_all(&buf[..count]).await.unwrap();
        line.flush().await.unwrap();
    }
    line.shutdown().await.unwrap();
}

async fn exchange(client: &mut TcpStream, bytes: &[u8]) -> Duration {
    let start = Instant::now();
    client.write_all(bytes).await.unwrap();
    let mut back = vec![0; bytes.len()];
    client.read_exact(&mut back).await.unwrap();
    assert_eq!(back, bytes);
    start.elapsed()
}

/// Runs `client` beside an echo server behind `line`.
async fn beside_echo<R>(line: Line<TcpStream>, client: impl Future<Output = R>) -> R {
    let both = async { tokio::join!(echo(line), client).1 };
    timeout(LONG, both).await.expect("nothing hangs")
}

fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 31 + at / 251) as u8).collect()
}

fn assert_about(took: Duration, wanted: Duration) {
    assert!(took >= wanted && took < wanted + SLACK, "{took:?} instead of {wanted:?}");
}

#[tokio::test]
async fn the_first_exchange_costs_two_round_trips_and_each_further_one() {
    let (mut client, line) = pair(far(), &Stall::default()).await;
    beside_echo(line, async move {
        let first = exchange(&mut client, b"first").await;
        assert!(first + EARLY >= 2 * RTT && first < 2 * RTT + SLACK, "{first:?}");
        for _ in 0..5 {
            assert_about(exchange(&mut client, b"further").await, RTT);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_waits_first_pays_the_handshake_only() {
    let (mut client, line) = pair(far(), &Stall::default()).await;
    beside_echo(line, async move {
        sleep(2 * RTT).await;
        assert_about(exchange(&mut client, b"late").await, RTT);
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_in_one_go_arrives_in_one_round_trip() {
    let (mut client, line) = pair(far(), &Stall::default()).await;
    beside_echo(line, async move {
        exchange(&mut client, b"first").await;
        assert_about(exchange(&mut client, &pattern(100_000)).await, RTT);
    })
    .await;
}

#[tokio::test]
async fn jitter_keeps_order_and_lies_around_the_round_trip() {
    let distance = Distance { jitter: Duration::from_millis(20), ..far() };
    let (mut client, line) = pair(distance, &Stall::default()).await;
    beside_echo(line, async move {
        exchange(&mut client, b"first").await;
        let mut took = Vec::new();
        for _ in 0..12 {
            took.push(exchange(&mut client, b"further").await);
        }
        took.sort();
        assert!(
            took[0] >= Duration::from_millis(20) && took[11] < Duration::from_millis(60) + SLACK,
            "{took:?}"
        );
        assert!(took[11] > took[0] + Duration::from_millis(3), "{took:?}");
        let (mut read, mut write) = client.split();
        let all = pattern(3000);
        let mut back = vec![0; all.len()];
        let sending = async {
            for piece in all.chunks(10) {
                write.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let ((), got) = tokio::join!(sending, read.read_exact(&mut back));
        got.unwrap();
        assert_eq!(back, all);
    })
    .await;
}

#[tokio::test]
async fn a_bandwidth_takes_its_time() {
    // 1 MiB in 1/8 s
    let distance = Distance { bandwidth: Some(64 << 20), ..Distance::default() };
    let (mut client, mut line) = pair(distance, &Stall::default()).await;
    let all = pattern(1 << 20);
    let start = Instant::now();
    let mut first = None;
    let receiving = async {
        let mut back = vec![0; all.len()];
        client.read_exact(&mut back[..1]).await.unwrap();
        first = Some(start.elapsed());
        client.read_exact(&mut back[1..]).await.unwrap();
        back
    };
    let sending = async {
        line.write_all(&all).await.unwrap();
        line.shutdown().await.unwrap();
    };
    let (back, ()) = timeout(LONG, async { tokio::join!(receiving, sending) }).await.unwrap();
    let took = start.elapsed();
    assert!(back == all);
    assert!(took >= Duration::from_millis(125) && took < Duration::from_millis(250), "{took:?}");
    assert!(first.unwrap() < Duration::from_millis(60), "it comes in bit by bit, the first after {first:?}");
}

#[tokio::test]
async fn nothing_is_lost_both_ways_at_once() {
    let distance = Distance { jitter: Duration::from_millis(5), ..far() };
    let (mut client, line) = pair(distance, &Stall::default()).await;
    let all = pattern(24 << 20);
    let back = beside_echo(line, async {
        let (mut read, mut write) = client.split();
        let sending = async {
            write.write_all(&all).await.unwrap();
            write.shutdown().await.unwrap();
        };
        let mut back = Vec::new();
        let ((), got) = tokio::join!(sending, read.read_to_end(&mut back));
        got.unwrap();
        back
    })
    .await;
    assert!(back == all, "{} of {} bytes", back.len(), all.len());
}

#[tokio::test]
async fn halves_in_two_tasks_wake_each_other() {
    let (client, line) = pair(far(), &Stall::default()).await;
    let (mut read, mut write) = tokio::io::split(line);
    let (mut from_server, mut to_server) = client.into_split();
    let all = pattern(12 << 20);
    let scope = crate::scope::Scope::new(|panic| panic!("{panic}"));
    let sent = all.clone();
    // The server's halves and the client's, each a task of its own, none of which waits for another.
    scope.spawn("server writes", async move {
        write.write_all(&sent).await.unwrap();
        write.shutdown().await.unwrap();
    });
    let sent = all.clone();
    scope.spawn("client writes", async move {
        to_server.write_all(&sent).await.unwrap();
        to_server.shutdown().await.unwrap();
    });
    let (mut at_server, mut at_client) = (Vec::new(), Vec::new());
    let both = async {
        let (a, b) = tokio::join!(read.read_to_end(&mut at_server), from_server.read_to_end(&mut at_client));
        (a.unwrap(), b.unwrap())
    };
    timeout(LONG, both).await.expect("nothing hangs");
    assert!(at_server == all && at_client == all);
}

#[tokio::test]
async fn a_write_waits_when_too_much_is_on_the_way() {
    let distance = Distance { rtt: Duration::from_hours(1), ..Distance::default() };
    let (_client, mut line) = pair(distance, &Stall::default()).await;
    let all = pattern(5 << 20);
    let mut taken = 0;
    let writing = async {
        while taken < all.len() {
            taken += line.write(&all[taken..]).await.unwrap();
        }
    };
    timeout(Duration::from_millis(200), writing).await.expect_err("not all of it has room");
    assert!((3 << 20..=4 << 20).contains(&taken), "{taken}");
}

#[tokio::test]
async fn small_chunks_are_bounded_by_what_they_take_of_memory() {
    let distance = Distance { rtt: Duration::from_hours(1), ..Distance::default() };
    let (_client, mut line) = pair(distance, &Stall::default()).await;
    let mut count = 0;
    while let Ok(taken) = timeout(Duration::from_millis(200), line.write(b"x")).await {
        count += taken.unwrap();
    }
    assert!((10_000..100_000).contains(&count), "{count}");
}

#[tokio::test]
async fn shutdown_delivers_all_and_then_the_end() {
    let (mut client, mut line) = pair(far(), &Stall::default()).await;
    let all = pattern(1 << 20);
    let start = Instant::now();
    let sending = async {
        line.write_all(&all).await.unwrap();
        line.flush().await.unwrap();
        assert!(start.elapsed() < RTT / 2, "it has left, that is all");
        line.shutdown().await.unwrap();
        assert!(start.elapsed() >= RTT / 2);
        assert_eq!(line.write(b"more").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    };
    let mut back = Vec::new();
    let (got, ()) =
        timeout(LONG, async { tokio::join!(client.read_to_end(&mut back), sending) }).await.unwrap();
    got.unwrap();
    assert!(back == all);
}

#[tokio::test]
async fn the_clients_end_travels_behind_its_bytes_and_stays() {
    let (mut client, mut line) = pair(far(), &Stall::default()).await;
    let start = Instant::now();
    client.write_all(b"bye").await.unwrap();
    client.shutdown().await.unwrap();
    let mut got = Vec::new();
    timeout(LONG, line.read_to_end(&mut got)).await.unwrap().unwrap();
    assert_eq!(got, b"bye");
    assert!(start.elapsed() + EARLY >= RTT * 3 / 2);
    assert_eq!(line.read(&mut [0; 9]).await.unwrap(), 0, "and again");
    assert_eq!(line.read(&mut [0; 9]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_reset_is_told_to_both() {
    let (client, mut line) = pair(far(), &Stall::default()).await;
    line.write_all(b"unread").await.unwrap();
    sleep(RTT).await;
    line.flush().await.unwrap();
    client.readable().await.unwrap();
    // Closed with unread bytes, it resets.
    drop(client);
    let error = timeout(LONG, line.read(&mut [0; 9])).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(line.read(&mut [0; 9]).await.unwrap(), 0, "after that it is at its end");
    let writing = async {
        loop {
            if let Err(error) = line.write_all(b"into the void").await {
                return error;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, writing).await.expect("a write tells it");
    timeout(LONG, line.shutdown()).await.expect("and a shutdown does not wait").unwrap();
}

#[tokio::test]
async fn dropped_midway_it_closes_the_socket_and_nothing_more_comes() {
    let (mut client, mut line) = pair(far(), &Stall::default()).await;
    line.write_all(b"never seen").await.unwrap();
    drop(line);
    let mut got = Vec::new();
    timeout(LONG, client.read_to_end(&mut got)).await.unwrap().unwrap();
    assert!(got.is_empty());
}

#[tokio::test]
async fn a_stall_holds_and_lets_go_with_a_distance_and_without() {
    for distance in [Distance::default(), far()] {
        let stall = Stall::default();
        let (mut client, line) = pair(distance, &stall).await;
        beside_echo(line, async move {
            exchange(&mut client, b"first").await;
            let hold = Duration::from_millis(150);
            stall.begin(hold);
            let took = exchange(&mut client, b"held").await;
            assert!(took + EARLY >= hold + distance.rtt / 2, "{took:?} at {distance:?}");
            assert!(took < hold + distance.rtt / 2 + SLACK, "{took:?} at {distance:?}");
            let took = exchange(&mut client, b"let go").await;
            assert!(took < distance.rtt + SLACK, "{took:?} at {distance:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_stall_that_is_made_longer_holds_longer() {
    let stall = Stall::default();
    let (mut client, line) = pair(Distance::default(), &stall).await;
    beside_echo(line, async move {
        stall.begin(Duration::from_millis(40));
        let exchanging = async {
            let took = exchange(&mut client, b"held").await;
            assert!(took >= Duration::from_millis(100), "{took:?}");
            drop(client);
        };
        let lengthening = async {
            sleep(Duration::from_millis(20)).await;
            stall.begin(Duration::from_millis(100));
        };
        tokio::join!(exchanging, lengthening);
    })
    .await;
}

#[tokio::test]
async fn without_a_distance_it_is_the_socket() {
    let (mut client, mut line) = pair(Distance::default(), &Stall::default()).await;
    assert!(line.road.is_none() && line.is_write_vectored());
    let bufs = [&b"a"[..], b"bc"].map(IoSlice::new);
    assert_eq!(line.write_vectored(&bufs).await.unwrap(), 3);
    let mut got = [0; 3];
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"abc");
    assert!(line.alarm.is_none());
}

#[tokio::test]
async fn a_vectored_write_goes_the_way_as_one() {
    let (mut client, mut line) = pair(far(), &Stall::default()).await;
    let bufs = [&b"a"[..], b"", b"bc"].map(IoSlice::new);
    assert_eq!(line.write_vectored(&bufs).await.unwrap(), 3);
    assert_eq!(line.write(b"").await.unwrap(), 0);
    line.shutdown().await.unwrap();
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"abc");
}
