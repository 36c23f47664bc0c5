//! A planet needs root and `/dev/net/tun`; where they lack, these tests fail and say so.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::*;

const RTT: Duration = Duration::from_millis(30);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(25);
const LONG: Duration = Duration::from_secs(20);

/// The tests look at the process's descriptors, and at times: one after another.
static ALONE: Mutex<()> = Mutex::const_new(());

fn quiet() -> Scope {
    Scope::new(|panic| panic!("unexpected: {panic}"))
}

fn far() -> Distance {
    Distance { rtt: RTT, ..Distance::default() }
}

/// An echo in the server's end, until the scope ends.
fn echo(planet: &Planet, scope: &Scope) -> SocketAddr {
    let listener = planet.run_in(End::Server, || TcpListener::bind((Planet::SERVER, 0)).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    scope
        .thread("echo", |inner| async move {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                inner.spawn("connection", async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await.unwrap();
                });
            }
        })
        .unwrap();
    address
}

/// A connection from the client's end, and what it took.
fn connect(planet: &Planet, address: SocketAddr) -> (TcpStream, Duration) {
    let connecting = move || {
        let start = Instant::now();
        let stream = TcpStream::connect(address).unwrap();
        (stream, start.elapsed())
    };
    let (stream, took) = planet.run_in(End::Client, connecting).unwrap();
    stream.set_nodelay(true).unwrap();
    (stream, took)
}

fn exchange(mut stream: &TcpStream, bytes: &[u8]) -> Duration {
    let start = Instant::now();
    stream.write_all(bytes).unwrap();
    let mut back = vec![0; bytes.len()];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(back, bytes);
    start.elapsed()
}

fn assert_about(took: Duration, wanted: Duration) {
    assert!(took >= wanted && took < wanted + SLACK, "{took:?} instead of {wanted:?}");
}

/// The namespace of the thread that asks.
fn namespace() -> String {
    fs::read_link("/proc/thread-self/ns/net").unwrap().display().to_string()
}

/// The threads of this process that live in `namespace`.
fn living_in(namespace: &str) -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let lives = |path: std::path::PathBuf| {
        fs::read_link(path).is_ok_and(|link| link.display().to_string() == namespace)
    };
    threads.filter(|thread| lives(thread.path().join("ns/net"))).count()
}

/// The TUN devices that this process holds.
fn devices() -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
    let links = descriptors.filter_map(|fd| fs::read_link(fd.path()).ok());
    links.filter(|link| link.ends_with("net/tun")).count()
}

async fn until(mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, waiting).await.expect("nothing is left behind");
}

#[tokio::test]
async fn the_kernels_tcp_pays_for_the_distance() {
    let _alone = ALONE.lock().await;
    let scope = quiet();
    let planet = Planet::start(&scope, far()).unwrap();
    let address = echo(&planet, &scope);
    let (stream, connecting) = connect(&planet, address);
    assert_about(connecting, RTT);
    let first = exchange(&stream, b"first");
    assert_about(first, RTT);
    assert!(connecting + first >= 2 * RTT, "a new connection costs two round trips");
    for _ in 0..5 {
        assert_about(exchange(&stream, b"further"), RTT);
    }
}

#[tokio::test]
async fn payload_is_counted_as_it_was_sent() {
    let _alone = ALONE.lock().await;
    let scope = quiet();
    // On a machine that stands still for long, TCP sends again, and that counts again.
    let mut tries = Vec::new();
    for _ in 0..3 {
        let planet = Planet::start(&scope, far()).unwrap();
        let address = echo(&planet, &scope);
        let (stream, _) = connect(&planet, address);
        for _ in 0..3 {
            exchange(&stream, &[7; 1000]);
        }
        let Flows { to_server, to_client } = planet.counted();
        tries.push((to_server, to_client));
        assert!(to_server.payload >= 3000 && to_client.payload >= 3000);
        // SYN and ACK, three segments and acknowledgements for what came back: headers of 40 bytes at least
        assert!(to_server.packets >= 5 && to_server.bytes >= 3000 + 40 * to_server.packets, "{to_server:?}");
        if (to_server.payload, to_client.payload) == (3000, 3000) {
            return;
        }
    }
    panic!("{tries:?}");
}

#[tokio::test]
async fn a_bandwidth_takes_its_time_and_tcp_lives_with_the_router_that_drops() {
    let _alone = ALONE.lock().await;
    let scope = quiet();
    // 2 MiB in 1/4 s
    let distance = Distance { rtt: RTT, jitter: RTT / 10, bandwidth: Some(64 << 20) };
    let planet = Planet::start(&scope, distance).unwrap();
    let address = echo(&planet, &scope);
    let (stream, _) = connect(&planet, address);
    stream.set_nonblocking(true).unwrap();
    let mut stream = tokio::net::TcpStream::from_std(stream).unwrap();
    let all: Vec<u8> = (0..2 << 20).map(|at| (at * 31 + at / 251) as u8).collect();
    let (mut read, mut write) = stream.split();
    let mut back = vec![0; all.len()];
    let start = Instant::now();
    let both = async { tokio::join!(write.write_all(&all), read.read_exact(&mut back)) };
    let (sent, got) = timeout(LONG, both).await.unwrap();
    sent.unwrap();
    got.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
    assert!(back == all);
}

#[tokio::test]
async fn jobs_run_in_their_namespace_and_children_are_born_there() {
    let _alone = ALONE.lock().await;
    let scope = quiet();
    let planet = Planet::start(&scope, far()).unwrap();
    let server = planet.run_in(End::Server, namespace).unwrap();
    let client = planet.run_in(End::Client, namespace).unwrap();
    assert!(server != client && server != namespace() && client != namespace());
    let child = || Command::new("readlink").arg("/proc/self/ns/net").output().unwrap().stdout;
    assert_eq!(String::from_utf8(planet.run_in(End::Client, child).unwrap()).unwrap().trim(), client);
    let spawned = || {
        let mut command = tokio::process::Command::new("readlink");
        command.arg("/proc/self/ns/net").stdout(std::process::Stdio::piped()).spawn().unwrap()
    };
    let child = planet.run_in(End::Server, spawned).unwrap();
    let output = timeout(LONG, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), server);
}

#[tokio::test]
async fn nothing_is_left_when_the_scope_ends_or_the_planet_is_dropped() {
    let _alone = ALONE.lock().await;
    for dropped in [false, true] {
        // The planets of other tests have been dropped; their threads may be about to end.
        until(|| devices() == 0).await;
        let scope = quiet();
        let planet = Planet::start(&scope, far()).unwrap();
        let server = planet.run_in(End::Server, namespace).unwrap();
        let client = planet.run_in(End::Client, namespace).unwrap();
        assert_eq!((living_in(&server), living_in(&client), devices()), (1, 1, 2));
        if dropped {
            drop(planet);
        } else {
            scope.cancel();
            timeout(LONG, scope.closed()).await.expect("all threads end");
            assert!(planet.run_in(End::Server, || ()).unwrap_err().contains("the server's end"));
        }
        timeout(LONG, scope.closed()).await.expect("all threads end");
        // The kernel takes a thread off its list a moment after it has ended.
        until(|| (living_in(&server), living_in(&client), devices()) == (0, 0, 0)).await;
    }
}

#[tokio::test]
async fn a_job_that_panics_is_told_and_others_do_not_hang() {
    let _alone = ALONE.lock().await;
    let scope = Scope::new(|_| {});
    let planet = Planet::start(&scope, far()).unwrap();
    let error = planet.run_in(End::Client, || panic!("out of cheese")).unwrap_err();
    assert!(error.contains("the client's end"), "{error}");
    assert!(planet.run_in(End::Client, || ()).is_err());
    planet.run_in(End::Server, || ()).expect("the other end lives on");
}

#[tokio::test]
async fn an_ended_scope_makes_no_network() {
    let scope = quiet();
    scope.cancel();
    assert!(Planet::start(&scope, far()).unwrap_err().contains("scope has ended"));
}
