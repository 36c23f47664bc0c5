//! The proxy between real sockets: it relays every byte unchanged, and intercepts frames on
//! request.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use wiretalk::net::{Target, TlsOptions};
use wiretalk::proxy::{
    ConnectionSelector, InterceptAction, ProxyCommand, ProxyError, ProxyEvent, ProxyEventKind,
    ProxyOptions, bind,
};
use wiretalk::scope::Scope;
use wiretalk::wire::Side;

use crate::{SWITCHING, UPGRADE, soon};

const A: &[u8] = &[0x81, 0x81, 1, 2, 3, 4, 0x40];
const B: &[u8] = &[0x82, 0x82, 1, 2, 3, 4, 5, 6];

/// A proxy with both peers and its command sender.
struct Rig {
    address: SocketAddr,
    behind: TcpListener,
    commands: mpsc::Sender<ProxyCommand>,
    events: mpsc::Receiver<ProxyEvent>,
    _scope: Scope,
}

async fn rig(change: impl FnOnce(ProxyOptions) -> ProxyOptions) -> Rig {
    let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Target::parse(&format!("ws://{}/", behind.local_addr().unwrap())).unwrap();
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (commands, inbox) = mpsc::channel(8);
    let (post, events) = mpsc::channel(64);
    let options = change(ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream));
    let (address, proxy) = bind(&scope, options, inbox, post).await.unwrap();
    scope.spawn("proxy", proxy);
    Rig { address, behind, commands, events, _scope: scope }
}

impl Rig {
    async fn pair(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.address).await.unwrap();
        let (server, _) = soon(self.behind.accept()).await.unwrap();
        (client, server)
    }

    async fn intercept(&self, from: Side, intercept: InterceptAction) {
        self.commands
            .send(ProxyCommand { selector: ConnectionSelector::All, from, action: intercept })
            .await
            .unwrap();
    }

    async fn until(&mut self, mut sought: impl FnMut(&ProxyEventKind) -> bool) -> ProxyEventKind {
        loop {
            if let ProxyEvent::Connection(_, events) = soon(self.events.recv()).await.unwrap()
                && sought(&events)
            {
                return events;
            }
        }
    }

    async fn waits(&mut self, frames: usize) {
        self.until(|events| matches!(events, ProxyEventKind::Held { frames: found, .. } if *found == frames))
            .await;
    }
}

async fn expect(stream: &mut TcpStream, bytes: &[u8]) {
    let mut found = vec![0; bytes.len()];
    soon(stream.read_exact(&mut found)).await.unwrap();
    assert_eq!(found, bytes);
}

/// Returns pseudo-random bytes, the same for the same seed.
fn noise(mut seed: u64, count: usize) -> Vec<u8> {
    let next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[tokio::test]
async fn every_byte_is_relayed_unchanged_in_both_directions_for_any_chunks() {
    let mut rig = rig(|options| options).await;
    let (client, server) = rig.pair().await;
    let up = [UPGRADE, &noise(1, 700_000)].concat();
    let down = [SWITCHING, &noise(2, 900_000)].concat();
    let play = async |stream: TcpStream, bytes: Vec<u8>, seed| {
        let (mut reader, mut writer) = stream.into_split();
        let write = async {
            let (mut rest, mut sizes) = (bytes.as_slice(), noise(seed, 100_000).into_iter());
            while !rest.is_empty() {
                let size = match usize::from(sizes.next().unwrap()) {
                    small @ 0..250 => 1 + small,
                    large => large * 300,
                };
                let (piece, after) = rest.split_at(size.min(rest.len()));
                writer.write_all(piece).await.unwrap();
                rest = after;
            }
            writer.shutdown().await.unwrap();
        };
        let mut all = Vec::new();
        let ((), read) = tokio::join!(write, reader.read_to_end(&mut all));
        read.unwrap();
        all
    };
    let seen = async {
        let mut seen = [Vec::new(), Vec::new()];
        while let Some(ProxyEvent::Connection(number, events)) = rig.events.recv().await {
            assert_eq!(number, 1);
            match events {
                ProxyEventKind::Bytes { from, bytes, .. } => {
                    seen[usize::from(from == Side::Server)].extend(bytes);
                }
                ProxyEventKind::Ended(reason) => {
                    reason.unwrap();
                    break;
                }
                _ => {}
            }
        }
        seen
    };
    let (at_server, at_client, seen) = soon(async {
        tokio::join!(play(server, down.clone(), 4), play(client, up.clone(), 3), seen)
    })
    .await;
    assert!(at_server == up && at_client == down, "bytes were changed");
    assert!(seen == [up, down], "the reported bytes differ from the relayed ones");
}

#[tokio::test]
async fn frames_are_held_forwarded_dropped_injected_and_released() {
    let mut rig = rig(|options| ProxyOptions { hold_client: true, ..options }).await;
    let (mut client, mut server) = rig.pair().await;
    client.write_all(&[UPGRADE, A, B, A, &B[..3]].concat()).await.unwrap();
    expect(&mut server, UPGRADE).await;
    server.write_all(&[SWITCHING, b"\x81\x02hi"].concat()).await.unwrap();
    expect(&mut client, &[SWITCHING, b"\x81\x02hi"].concat()).await;
    rig.waits(4).await;
    rig.intercept(Side::Client, InterceptAction::Forward).await;
    expect(&mut server, A).await;
    rig.intercept(Side::Client, InterceptAction::Drop).await;
    let dropped = rig.until(|events| matches!(events, ProxyEventKind::Dropped { .. })).await;
    assert!(
        matches!(dropped, ProxyEventKind::Dropped { from: Side::Client, bytes, .. } if bytes == B)
    );
    rig.intercept(Side::Client, InterceptAction::Inject(b"\x89\x80abcd".to_vec())).await;
    expect(&mut server, b"\x89\x80abcd").await;
    rig.intercept(Side::Client, InterceptAction::Release).await;
    expect(&mut server, &[A, &B[..3]].concat()).await;
    rig.intercept(Side::Client, InterceptAction::Inject(b"\x8a\x80abcd".to_vec())).await;
    client.write_all(&[&B[3..], A].concat()).await.unwrap();
    expect(&mut server, &[&B[3..], b"\x8a\x80abcd", A].concat()).await;
    rig.intercept(Side::Server, InterceptAction::Inject(b"\x81\x01!".to_vec())).await;
    expect(&mut client, b"\x81\x01!").await;
}

#[tokio::test]
async fn a_held_peer_waits_and_continues_when_released() {
    let rig = rig(|options| ProxyOptions { hold_server: true, ..options }).await;
    let (mut client, mut server) = rig.pair().await;
    client.write_all(UPGRADE).await.unwrap();
    expect(&mut server, UPGRADE).await;
    server.write_all(SWITCHING).await.unwrap();
    expect(&mut client, SWITCHING).await;
    let mut events = rig.events;
    let counting = async {
        while let Some(event) = events.recv().await {
            drop(event);
        }
    };
    let play = async {
        let frame = [&[0x82, 126, 0x40, 0][..], &noise(5, 0x4000)].concat();
        let mut sent = Vec::new();
        let limit = std::time::Duration::from_millis(300);
        while let Ok(Ok(count)) =
            tokio::time::timeout(limit, server.write(&frame[sent.len() % frame.len()..])).await
        {
            let at = sent.len() % frame.len();
            sent.extend_from_slice(&frame[at..at + count]);
            assert!(sent.len() < 64 << 20, "nothing makes it wait");
        }
        let release = ProxyCommand {
            selector: ConnectionSelector::One(1),
            from: Side::Server,
            action: InterceptAction::Release,
        };
        rig.commands.send(release).await.unwrap();
        let mut found = vec![0; sent.len()];
        soon(client.read_exact(&mut found)).await.unwrap();
        assert!(found == sent);
    };
    tokio::select! { () = play => {} () = counting => panic!("the proxy has ended") }
}

#[tokio::test]
async fn the_end_of_a_stream_and_a_reset_are_relayed() {
    let mut rig = rig(|options| options).await;
    let (mut client, mut server) = rig.pair().await;
    client.write_all(UPGRADE).await.unwrap();
    client.shutdown().await.unwrap();
    let mut all = Vec::new();
    soon(server.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all, UPGRADE);
    server.write_all(b"still open this way").await.unwrap();
    drop(server);
    let mut all = Vec::new();
    soon(client.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all, b"still open this way");
    let (client, mut server) = rig.pair().await;
    client.set_zero_linger().unwrap();
    drop(client);
    let error = soon(server.read_to_end(&mut Vec::new())).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    rig.until(|events| {
        matches!(events, ProxyEventKind::Ended(Err(ProxyError::Broken { side: Side::Client, source }))
        if source.kind() == std::io::ErrorKind::ConnectionReset)
    })
    .await;
}

#[tokio::test]
async fn without_an_upstream_server_the_client_gets_502() {
    let Rig { address, behind, events: _reports, _scope, commands: _commands } =
        rig(|options| options).await;
    drop(behind);
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(UPGRADE).await.unwrap();
    let mut answer = String::new();
    soon(client.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
    assert!(answer.contains("is a server listening there?"), "{answer}");
}

#[tokio::test]
async fn the_upstream_server_may_use_tls() {
    let (acceptor, ca) = crate::tls::acceptor("proxied.pem");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let upstream = Target::parse(&format!("wss://localhost:{port}/")).unwrap();
    let rig = rig(|options| ProxyOptions {
        upstream,
        tls: TlsOptions { ca: Some(ca), ..TlsOptions::default() },
        ..options
    })
    .await;
    let play = async {
        let mut client = TcpStream::connect(rig.address).await.unwrap();
        client.write_all(&[UPGRADE, A].concat()).await.unwrap();
        expect(&mut client, &[b"HTTP/1.1 101 Switching Protocols\r\n\r\n", A].concat()).await;
    };
    tokio::select! { () = play => {} () = crate::tls::mirror(listener, acceptor) => unreachable!("it serves on") }
}

#[tokio::test]
async fn the_proxy_listens_only_on_loopback_unless_allowed_explicitly() {
    let upstream = Target::parse("ws://127.0.0.1:9/").unwrap();
    let try_to = async |anywhere| {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let options = ProxyOptions {
            allow_remote: anywhere,
            ..ProxyOptions::new("0.0.0.0:0".parse().unwrap(), upstream.clone())
        };
        bind(&scope, options, mpsc::channel(1).1, mpsc::channel(4).0)
            .await
            .map(|(address, _)| address)
    };
    assert!(try_to(false).await.unwrap_err().to_string().contains("use 127.0.0.1"));
    try_to(true).await.unwrap();
}
