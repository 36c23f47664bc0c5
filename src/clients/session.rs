//! One WebSocket connection to a server, with every byte reported as the socket took or gave it.
//!
//! It is built on `wire` and not on a client library, so that it goes on where a library would
//! stop: it sends what is asked for, legal or not, and reads on whatever the server does. The
//! receiver of the events interprets them.

use std::time::Instant;

use tokio::sync::mpsc;

use crate::clients::command::SessionCommand;
use crate::clients::driver::Driver;
use crate::clients::error::{Refusal, SessionEnd, SessionError};
use crate::clients::event::SessionEvent;
use crate::clients::options::SessionOptions;
use crate::clients::random::nonce;
use crate::clients::request::HandshakeRequest;
use crate::net::{ChunkSender, Route, Tap, Target, connect_by, resolve_redirect};
use crate::wire::Side;

/// The maximum number of redirects that are followed.
pub const MAX_REDIRECTS: usize = 10;

/// Opens a connection, executes commands and reports everything until the session is over.
///
/// The session ends when the server hangs up, when something fails, or with a closing handshake
/// once `commands` is closed. Dropping the future closes the socket at once.
///
/// `events` needs a capacity of at least four: sending and receiving keep one place each, even
/// while nothing is moved, and the session's own events need room beside the chunks. While `events`
/// is full, the socket waits.
pub async fn run_session(
    options: SessionOptions,
    commands: mpsc::Receiver<SessionCommand>,
    events: mpsc::Sender<SessionEvent>,
) {
    let result = connect_and_run(&options, commands, &events).await;
    // The error is ignored: without a receiver nobody needs events. The same holds below.
    let _ = events.send(SessionEvent::Ended(result)).await;
}

async fn connect_and_run(
    options: &SessionOptions,
    mut commands: mpsc::Receiver<SessionCommand>,
    events: &mpsc::Sender<SessionEvent>,
) -> Result<SessionEnd, SessionError> {
    let mut target = Target::parse(&options.url)?;
    let first = target.clone();
    let mut request = options.request.clone();
    for _ in 0..=MAX_REDIRECTS {
        // The other endpoint stands for the host of the URL, and not for every host after it.
        let connect_to = options.connect_to.as_ref().filter(|_| target.is_same_origin(&first));
        let route = Route::new(&target, connect_to, &options.proxies)?;
        let ended = run_once(&target, &route, &request, options, &mut commands, events).await;
        // Bytes that the caller made are for one server only.
        let (
            Err(SessionError::Refused(Refusal::Redirect { location, .. })),
            true,
            HandshakeRequest::Standard(standard),
        ) = (&ended, options.follow_redirects, &request)
        else {
            return ended;
        };
        let next = resolve_redirect(&target, location)?;
        let mut notes = Vec::new();
        if target.tls && !next.tls {
            notes.push(
                "the redirect leads from wss:// to ws://: what follows is not encrypted".to_owned(),
            );
        }
        if !next.is_same_origin(&target) {
            let (other, mut dropped) = standard.for_other_origin();
            if target.user_info.is_some() && next.user_info.is_none() {
                dropped.push("the user name and password of the URL".to_owned());
            }
            if !dropped.is_empty() {
                let (to, what) = (next.endpoint(), dropped.join(", "));
                notes.push(format!("not sent to {to}, which is another server: {what}"));
            }
            request = HandshakeRequest::Standard(other);
        }
        let _ = events.send(SessionEvent::Redirected { url: next.to_string() }).await;
        for note in notes {
            let _ = events.send(SessionEvent::Note(note)).await;
        }
        target = next;
    }
    Err(SessionError::TooManyRedirects(MAX_REDIRECTS, target.to_string()))
}

/// Runs one connection to its end.
async fn run_once(
    target: &Target,
    route: &Route,
    request: &HandshakeRequest,
    options: &SessionOptions,
    commands: &mut mpsc::Receiver<SessionCommand>,
    events: &mpsc::Sender<SessionEvent>,
) -> Result<SessionEnd, SessionError> {
    let request = request.to_bytes(target, nonce()?)?;
    if target.tls && options.tls.insecure {
        let warning = "NOT SECURE: the server's certificate is not checked, so anyone in between \
                       can read and change everything";
        let _ = events.send(SessionEvent::Note(warning.to_owned())).await;
    }
    if let Some(detour) = route.detour(target) {
        let _ = events.send(SessionEvent::Note(detour)).await;
    }
    let stream = connect_by(route, target, &options.tls, options.timeout).await?;
    if let Ok(peers) = stream.addresses() {
        let _ = events.send(SessionEvent::Connected(peers)).await;
    }
    if let Some(summary) = stream.tls_summary() {
        let _ = events.send(SessionEvent::Note(summary)).await;
        // Taken once the handshake is over: by then TLS 1.3 has derived all its traffic secrets.
        let _ = events.send(SessionEvent::KeyLog(options.tls.key_log.take())).await;
    }
    let tap = Tap::new(stream, ChunkSender::new(events, SessionEvent::Bytes));
    let ended = Driver::new(options, target.tls, request, events).run(tap, commands).await;
    // The socket is closed by now, so we have ended the connection if the server has not.
    let (by, is_reset, at) = (Side::Client, false, Instant::now());
    let _ = events.send(SessionEvent::Disconnected { by, is_reset, at }).await;
    ended
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's peer needs no backlog")]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::clients::{StreamEnd, UnfinishedRead};
    use crate::net::Chunk;
    use crate::net::{ConnectErrorKind, Transfer};
    use crate::scope::Scope;
    use crate::servers::{Ports, ServerBundle};
    use crate::wire::Header;
    use crate::wire::handshake::ServerPolicy;
    use crate::wire::handshake::pair::{HandshakeEvent, HandshakePair};
    use crate::wire::{AgreedExtensions, Opcode, Side, Sides, Transcript};

    const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

    /// Everything that a session reported.
    struct Played {
        handshake: HandshakePair,
        frames: Sides<Transcript>,
        all: Vec<SessionEvent>,
    }

    impl Played {
        fn transcript(&self, side: Side) -> &Transcript {
            &self.frames[side]
        }

        #[track_caller]
        fn end(&self) -> SessionEnd {
            let Some(SessionEvent::Ended(Ok(end))) = self.all.last() else {
                panic!("{:?}", self.all)
            };
            *end
        }

        #[track_caller]
        fn error(&self) -> &SessionError {
            let Some(SessionEvent::Ended(Err(error))) = self.all.last() else {
                panic!("{:?}", self.all)
            };
            error
        }
    }

    /// Runs a session with `commands` and returns everything that it reported. The command channel
    /// stays open until the end.
    async fn play(options: SessionOptions, commands: &[SessionCommand]) -> Played {
        let (command_sender, inbox) = mpsc::channel(16);
        let (sender, mut mail) = mpsc::channel(8);
        for command in commands {
            command_sender.try_send(command.clone()).unwrap();
        }
        let reading = async {
            let mut handshake = HandshakePair::new(ServerPolicy::default());
            let mut frames = Sides::each(|side| Transcript::new(side, AgreedExtensions::none()));
            let mut all = Vec::new();
            while let Some(event) = mail.recv().await {
                if let SessionEvent::Bytes(chunk) = &event {
                    let from =
                        if chunk.transfer == Transfer::Sent { Side::Client } else { Side::Server };
                    let mut rest = &chunk.bytes[..];
                    while let Some(event) = handshake.next_event(from, &mut rest) {
                        if let HandshakeEvent::Open(upgraded) = event {
                            frames.client.push(&upgraded.client_bytes);
                        }
                    }
                    frames[from].push(rest);
                }
                all.push(event);
            }
            drop(command_sender);
            Played { handshake, frames, all }
        };
        tokio::join!(run_session(options, inbox, sender), reading).1
    }

    /// Returns options with a timeout that no slow machine exceeds. A test that wants it to pass
    /// pauses the clock once everything before it has happened. Nothing is then left to wait for,
    /// so the clock advances to the deadline.
    fn with_long_timeout(url: String) -> SessionOptions {
        SessionOptions { timeout: Duration::from_mins(1), ..SessionOptions::new(url) }
    }

    /// Runs a session against a server for one connection, which reads the request, answers 101 and
    /// then runs `peer`.
    async fn run_against(
        options: impl FnOnce(SessionOptions) -> SessionOptions,
        commands: &[SessionCommand],
        peer: impl AsyncFnOnce(&mut TcpStream),
    ) -> Played {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(ANSWER).await.unwrap();
            peer(&mut stream).await;
        };
        tokio::join!(play(options(with_long_timeout(url)), commands), serve).0
    }

    #[tokio::test]
    async fn every_byte_is_reported_from_the_handshake_to_both_closes() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let servers = ServerBundle::start(&scope, Ports::default(), None);
        let url = servers.ready().await.unwrap().websocket_url();
        let close = SessionCommand::Close(1000, "bye".into());
        let played = play(
            SessionOptions::new(url),
            &[SessionCommand::Text("Hello".into()), SessionCommand::Ping(b"?".into()), close],
        )
        .await;
        assert_eq!(played.end(), SessionEnd::ClosedByUs { code: Some(1000) });
        assert!(played.handshake.head(Side::Server).unwrap().validation.problems.is_empty());
        for side in [Side::Client, Side::Server] {
            let transcript = played.transcript(side);
            assert_eq!(transcript.messages()[0].text(), Some("Hello"));
            assert_eq!(
                transcript.frames().last().unwrap().close_body(),
                Some((1000, b"bye".to_vec()))
            );
            assert_eq!(transcript.faults(), []);
        }
        assert_eq!(played.transcript(Side::Server).frames()[1].header.opcode, Opcode::Pong);
        let keys: Vec<_> = played
            .transcript(Side::Client)
            .frames()
            .iter()
            .map(|frame| frame.header.masking_key.unwrap())
            .collect();
        assert!(keys[0] != keys[1] && keys[1] != keys[2], "{keys:?}");
    }

    #[tokio::test]
    async fn an_illegal_frame_is_sent_and_its_answer_reported() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let servers = ServerBundle::start(&scope, Ports::default(), None);
        let url = servers.ready().await.unwrap().websocket_url();
        let unmasked = Header::new(Opcode::Text, 2);
        let played =
            play(SessionOptions::new(url), &[SessionCommand::Frame(unmasked, b"hi".into())]).await;
        assert_eq!(played.transcript(Side::Client).frames()[0].raw(), b"\x81\x02hi");
        assert_eq!(played.transcript(Side::Server).frames()[0].close_body().unwrap().0, 1002);
        assert_eq!(played.end(), SessionEnd::ClosedByServer { code: Some(1002), answered: true });
    }

    #[tokio::test]
    async fn pings_and_a_close_are_answered_or_ignored_as_configured() {
        let peer = async |stream: &mut TcpStream| {
            stream.write_all(b"\x89\x01a\x89\x01b\x88\x02\x03\xe9").await.unwrap();
            stream.shutdown().await.unwrap();
            stream.read_to_end(&mut Vec::new()).await.unwrap();
        };
        let played = run_against(|options| options, &[], peer).await;
        let replies: Vec<_> = played
            .transcript(Side::Client)
            .frames()
            .iter()
            .map(crate::wire::Frame::payload)
            .collect();
        assert_eq!(replies, [b"a".to_vec(), b"b".to_vec(), vec![0x03, 0xe9]]);
        let quiet = |options| SessionOptions { auto_pong: false, auto_close: false, ..options };
        let played = run_against(quiet, &[], peer).await;
        assert!(played.transcript(Side::Client).frames().is_empty());
        assert_eq!(played.end(), SessionEnd::ClosedByServer { code: Some(1001), answered: false });
    }

    #[tokio::test]
    async fn a_refusal_is_reported_and_its_bytes_are_kept() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let servers = ServerBundle::start(&scope, Ports::default(), None);
        let played = play(
            SessionOptions::new(format!("ws://{}/nowhere", servers.ready().await.unwrap().http)),
            &[],
        )
        .await;
        let error = played.error();
        assert!(
            matches!(error, SessionError::Refused(Refusal::Status(status)) if status == "404"),
            "{error:?}"
        );
        assert!(played.handshake.head_bytes(Side::Server).starts_with(b"HTTP/1.1 404"));
    }

    #[tokio::test]
    async fn the_longest_timeout_does_not_overflow() {
        let peer = async |stream: &mut TcpStream| {
            stream.read_exact(&mut [0; 8]).await.unwrap();
            stream.write_all(b"\x88\x02\x03\xe8").await.unwrap();
        };
        let with_long_timeout = |options| SessionOptions { timeout: Duration::MAX, ..options };
        let played =
            run_against(with_long_timeout, &[SessionCommand::Close(1000, String::new())], peer)
                .await;
        assert_eq!(played.end(), SessionEnd::ClosedByUs { code: Some(1000) });
    }

    #[tokio::test]
    async fn every_end_is_reported_with_its_cause() {
        let stall = async |stream: &mut TcpStream| stream.write_all(b"\x82\x0aabc").await.unwrap();
        let played = run_against(|options| options, &[], stall).await;
        let SessionError::EndWithoutClose { how: StreamEnd::HungUp, unfinished } = played.error()
        else {
            panic!("{:?}", played.error())
        };
        assert_eq!(*unfinished, Some(UnfinishedRead::InFrame { missing: 7_u64.into() }));

        let deaf = async |stream: &mut TcpStream| {
            // Our Close has two bytes of header, four of key and two of payload. Otherwise the
            // stream ends.
            if stream.read_exact(&mut [0; 8]).await.is_ok() {
                tokio::time::pause();
                let _ = stream.read_to_end(&mut Vec::new()).await;
                tokio::time::resume();
            }
        };
        let played =
            run_against(|options| options, &[SessionCommand::Close(1000, String::new())], deaf)
                .await;
        let minute = Duration::from_mins(1);
        assert!(
            matches!(played.error(), SessionError::CloseTimeout { waited, .. } if *waited == minute)
        );

        let played = run_against(
            |options| options,
            &[SessionCommand::Raw(b"\x81\xff".into()), SessionCommand::Close(1000, String::new())],
            deaf,
        )
        .await;
        assert_eq!(played.end(), SessionEnd::HungUpInsideFrame);
        assert_eq!(played.transcript(Side::Client).byte_count(), 2, "no Close within a frame");

        let played = run_against(|options| options, &[SessionCommand::HangUp], deaf).await;
        assert_eq!(played.end(), SessionEnd::HungUp);
    }

    #[tokio::test]
    async fn a_broken_connection_and_a_refused_one_are_reported() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = async {
            let (mut peer, _) = listener.accept().await.unwrap();
            peer.write_all(b"HTTP/1.1 101 Switching").await.unwrap();
            let _ = peer.read_exact(&mut [0; 64]).await;
        };
        let (played, ()) =
            tokio::join!(play(with_long_timeout(format!("ws://{address}/")), &[]), cut);
        let broken = matches!(
            played.error(),
            SessionError::NoResponse { beginning: Some(line), .. } if line == "HTTP/1.1 101 Switching"
        );
        assert!(broken, "{:?}", played.error());
        let silent = async {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(peer.read_u8().await.unwrap());
            }
            tokio::time::pause();
            let _ = peer.read_to_end(&mut Vec::new()).await;
            tokio::time::resume();
        };
        let (played, ()) =
            tokio::join!(play(with_long_timeout(format!("ws://{address}/")), &[]), silent);
        let late = matches!(
            played.error(),
            SessionError::HandshakeTimeout { unfinished: Some(UnfinishedRead::BeforeResponse), .. }
        );
        assert!(late, "{:?}", played.error());
        drop(listener);
        let played = play(with_long_timeout(format!("ws://{address}/")), &[]).await;
        let SessionError::Connect(error) = played.error() else { panic!("{:?}", played.error()) };
        assert!(matches!(error.kind, ConnectErrorKind::Refused(_)), "{error:?}");
        let sentence = format!(
            "could not connect to ws://{address}/: connection refused; is a server listening \
             there?"
        );
        assert_eq!((played.all.len(), error.to_string()), (1, sentence));
    }

    #[tokio::test]
    async fn a_flood_is_slowed_by_a_slow_reader_and_an_unread_peer_stops_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let flood = async {
            let (mut peer, _) = listener.accept().await.unwrap();
            peer.write_all(ANSWER).await.unwrap();
            let pings = [0x89, 0x02, 1, 2].repeat(4096);
            let mut sent = 0;
            // The peer reads nothing, not even our pongs, until we take no more of its bytes.
            while let Ok(Ok(count)) =
                tokio::time::timeout(Duration::from_millis(300), peer.write(&pings)).await
            {
                sent += count;
            }
            (peer, sent)
        };
        let (command_sender, inbox) = mpsc::channel(4);
        let (sender, mut mail) = mpsc::channel(8);
        command_sender.try_send(SessionCommand::Binary(vec![0; 1 << 24])).unwrap();
        let mut running = Box::pin(run_session(SessionOptions::new(url), inbox, sender));
        let (peer, sent) = tokio::select! { ended = &mut running => panic!("{ended:?}"), flooded = flood => flooded };
        assert!(sent > 100_000, "{sent}");
        let mut received = 0;
        while received < sent + ANSWER.len() {
            let event = tokio::select! { () = &mut running => panic!("it ended"), event = mail.recv() => event };
            if let Some(SessionEvent::Bytes(Chunk {
                transfer: Transfer::Received, bytes, ..
            })) = event
            {
                received += bytes.len();
            }
        }
        assert_eq!(received, sent + ANSWER.len());
        drop(peer);
    }

    #[tokio::test]
    async fn garbage_causes_no_panic() {
        let garbage: Vec<u8> =
            (0_u32..200_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for start in 0..8 {
            let peer = async |stream: &mut TcpStream| {
                let _ = stream.write_all(&garbage[start * 1000..]).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            };
            let played = run_against(|options| options, &[], peer).await;
            let count: usize = played
                .all
                .iter()
                .map(|event| match event {
                    SessionEvent::Bytes(chunk) if chunk.transfer == Transfer::Received => {
                        chunk.bytes.len()
                    }
                    _ => 0,
                })
                .sum();
            assert!(count > 16_000, "{count} bytes, {:?}", played.all.last());
        }
    }

    /// Answers requests with redirects to `location`, each on a connection of its own, and returns
    /// them.
    async fn redirect(listener: &TcpListener, location: &str, times: usize) -> Vec<String> {
        let mut requests = Vec::new();
        for _ in 0..times {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let head =
                format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            requests.push(String::from_utf8(request).unwrap());
        }
        requests
    }

    #[tokio::test]
    async fn a_redirect_is_followed_without_the_credentials_of_the_first_server() {
        let (first, second) = (
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let elsewhere = second.local_addr().unwrap();
        let request = crate::clients::RequestOptions {
            headers: vec![("Cookie".into(), "a=b".into()), ("X-Mine".into(), "c".into())],
            ..Default::default()
        };
        let options = SessionOptions {
            request: HandshakeRequest::Standard(request),
            follow_redirects: true,
            ..with_long_timeout(format!("ws://me:pw@{}/", first.local_addr().unwrap()))
        };
        let location = format!("http://{elsewhere}/there");
        let serve = async {
            let asked = redirect(&first, &location, 1).await;
            let (mut stream, _) = second.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(ANSWER).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
            [asked.concat(), String::from_utf8(request).unwrap()]
        };
        let (played, [asked, then]) = tokio::join!(play(options, &[SessionCommand::HangUp]), serve);
        assert_eq!(played.end(), SessionEnd::HungUp);
        assert!(asked.contains("Cookie: a=b") && asked.contains("Authorization: Basic"), "{asked}");
        assert!(
            then.starts_with("GET /there HTTP/1.1\r\n") && then.contains("X-Mine: c"),
            "{then}"
        );
        assert!(!then.contains("Cookie") && !then.contains("Authorization"), "{then}");
        let redirected = played.all.iter().filter_map(|event| match event {
            SessionEvent::Redirected { url } => Some(url.clone()),
            _ => None,
        });
        assert_eq!(redirected.collect::<Vec<_>>(), [format!("ws://{elsewhere}/there")]);
        let note = played.all.iter().find_map(|event| match event {
            SessionEvent::Note(note) => Some(note.as_str()),
            _ => None,
        });
        let expected = format!(
            "not sent to {elsewhere}, which is another server: Cookie, the user name and password \
             of the URL"
        );
        assert_eq!(note, Some(expected.as_str()));
    }

    #[tokio::test]
    async fn redirects_are_counted_and_reported_if_they_are_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let (played, _) =
            tokio::join!(play(with_long_timeout(url.clone()), &[]), redirect(&listener, "/x", 1));
        let sentence = "the server answered 302, not 101 Switching Protocols: it redirects to /x; \
                        --follow goes there";
        assert_eq!(played.error().to_string(), sentence);
        let follow = SessionOptions { follow_redirects: true, ..with_long_timeout(url) };
        let (played, asked) =
            tokio::join!(play(follow, &[]), redirect(&listener, "/x", MAX_REDIRECTS + 1));
        assert_eq!(asked.len(), 11);
        assert!(matches!(played.error(), SessionError::TooManyRedirects(10, _)));
    }

    #[tokio::test]
    async fn another_endpoint_is_dialled_for_the_name_of_the_url() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = SessionOptions {
            connect_to: Some(crate::net::HostPort::parse(&address.to_string()).unwrap()),
            ..with_long_timeout("ws://name.invalid/".to_owned())
        };
        let (played, asked) = tokio::join!(play(options, &[]), redirect(&listener, "/", 1));
        assert!(asked[0].contains("\r\nHost: name.invalid\r\n"), "{asked:?}");
        let Some(SessionEvent::Note(note)) = played.all.first() else { panic!("{:?}", played.all) };
        assert_eq!(*note, format!("connecting to {address} instead of name.invalid:80"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_unix_socket_is_a_server_too() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let url = format!("ws+unix:{}:/chat", socket.display());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(ANSWER).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
            String::from_utf8(request).unwrap()
        };
        let (played, asked) =
            tokio::join!(play(with_long_timeout(url), &[SessionCommand::HangUp]), serve);
        assert!(asked.starts_with("GET /chat HTTP/1.1\r\nHost: localhost\r\n"), "{asked}");
        assert_eq!(played.end(), SessionEnd::HungUp);
    }
}
