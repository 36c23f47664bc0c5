//! wss: a server with a self-signed certificate that is trusted, not trusted, or not verified.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use wiretalk::clients::{
    SessionCommand, SessionEnd, SessionError, SessionEvent, SessionOptions, run_session,
};
use wiretalk::net::{ConnectErrorKind, TlsError, TlsOptions, Transfer};
use wiretalk::wire::Side;

use crate::soon;

/// Returns a TLS acceptor for `localhost` and the file with its certificate.
pub(crate) fn acceptor(name: &str) -> (TlsAcceptor, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, made.cert.pem()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), path)
}

/// Answers 101 and echoes every byte that follows.
pub(crate) async fn mirror(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else { continue };
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").await.unwrap();
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            if stream.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
        let _ = stream.shutdown().await;
    }
}

/// Runs a session. Returns the bytes of both directions and the other events.
async fn play(
    options: SessionOptions,
    commands: &[SessionCommand],
) -> (Vec<u8>, Vec<u8>, Vec<SessionEvent>) {
    let (command_sender, inbox) = mpsc::channel(8);
    let (post, mut mail) = mpsc::channel(8);
    for command in commands {
        command_sender.try_send(command.clone()).unwrap();
    }
    let reading = async {
        let (mut sent, mut received, mut others) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(event) = mail.recv().await {
            match event {
                SessionEvent::Bytes(chunk) if chunk.transfer == Transfer::Sent => {
                    sent.extend(chunk.bytes);
                }
                SessionEvent::Bytes(chunk) => received.extend(chunk.bytes),
                other => others.push(other),
            }
        }
        (sent, received, others)
    };
    let (_command_sender, ((), events)) = (
        command_sender,
        soon(async { tokio::join!(run_session(options, inbox, post), reading) }).await,
    );
    events
}

#[tokio::test]
async fn the_plaintext_of_tls_and_its_secrets_are_reported() {
    let (acceptor, ca) = acceptor("trusted.pem");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let large = vec![7; 300_000];
    let tls = TlsOptions { ca: Some(ca), ..TlsOptions::default() };
    let options = SessionOptions { tls, ..SessionOptions::new(format!("wss://localhost:{port}/")) };
    // Half a frame, so that the session ends with the end of the stream and not with a Close.
    let half = b"\x82\xff\0\0\x01\0\0\0\0\0abcd, as it is".to_vec();
    let close = SessionCommand::Close(1000, String::new());
    let commands = [SessionCommand::Raw(half), SessionCommand::Raw(large.clone()), close];
    let (sent, received, others) = tokio::select! {
        events = play(options, &commands) => events,
        () = mirror(listener, acceptor) => unreachable!("it serves on"),
    };
    let text = String::from_utf8_lossy(&sent);
    assert!(text.starts_with("GET / HTTP/1.1\r\n"), "{text:.60}");
    let at = sent.windows(8).position(|window| window == b"as it is").unwrap();
    assert!(sent[at + 8..] == large);
    assert!(received.ends_with(&sent[at..]), "{} of {}", received.len(), sent.len());
    let [
        SessionEvent::Connected(_),
        SessionEvent::Note(how),
        SessionEvent::KeyLog(secrets),
        SessionEvent::Open,
        SessionEvent::Disconnected { by: Side::Server, is_reset: false, .. },
        SessionEvent::Disconnected { by: Side::Client, .. },
        SessionEvent::Ended(_),
    ] = others.as_slice()
    else {
        panic!("{others:?}");
    };
    assert!(how.starts_with("TLS 1.3"), "{how}");
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_TRAFFIC_SECRET_0 "] {
        assert!(secrets.lines().any(|line| line.starts_with(label)), "{label}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused_and_a_skipped_verification_is_reported() {
    let (acceptor, ca) = acceptor("unknown.pem");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let with =
        |tls| SessionOptions { tls, ..SessionOptions::new(format!("wss://127.0.0.1:{port}/")) };
    let tests = async {
        let reason = |others: &[SessionEvent]| match others.last() {
            Some(SessionEvent::Ended(Err(SessionError::Connect(error)))) => error.to_string(),
            _ => panic!("{others:?}"),
        };
        let (sent, _, others) = play(with(TlsOptions::default()), &[]).await;
        assert!(
            sent.is_empty() && reason(&others).contains("is self-signed; give it with --ca FILE"),
            "{others:?}"
        );
        let (_, _, others) =
            play(with(TlsOptions { ca: Some(ca.clone()), ..TlsOptions::default() }), &[]).await;
        assert!(reason(&others).contains("127.0.0.1"), "the name is checked: {others:?}");
        let named = TlsOptions {
            ca: Some(ca),
            server_name: Some("localhost".into()),
            ..TlsOptions::default()
        };
        let (_, _, others) = play(with(named), &[SessionCommand::HangUp]).await;
        assert!(
            matches!(others.last(), Some(SessionEvent::Ended(Ok(SessionEnd::HungUp)))),
            "{others:?}"
        );
        let (_, _, others) = play(
            with(TlsOptions { insecure: true, ..TlsOptions::default() }),
            &[SessionCommand::HangUp],
        )
        .await;
        let Some(SessionEvent::Note(warning)) = others.first() else { panic!("{others:?}") };
        assert!(warning.contains("NOT SECURE"), "{warning}");
        assert!(
            matches!(others.last(), Some(SessionEvent::Ended(Ok(SessionEnd::HungUp)))),
            "{others:?}"
        );
        let none = TlsOptions { ca: Some("/nowhere.pem".into()), ..TlsOptions::default() };
        let (_, _, others) = play(with(none), &[]).await;
        assert!(
            reason(&others).contains("/nowhere.pem") && reason(&others).contains("PEM"),
            "{others:?}"
        );
    };
    tokio::select! { () = tests => {} () = mirror(listener, acceptor) => unreachable!("it serves on") }
}

#[tokio::test]
async fn a_server_without_tls_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}/", listener.local_addr().unwrap());
    let plain = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    let ((_, _, others), ()) = tokio::join!(play(SessionOptions::new(url), &[]), plain);
    let Some(SessionEvent::Ended(Err(SessionError::Connect(error)))) = others.last() else {
        panic!("{others:?}")
    };
    assert!(matches!(error.kind, ConnectErrorKind::Tls(TlsError::NotTls)), "{error:?}");
    assert!(error.to_string().ends_with("is it a ws:// server?"), "{error}");
}
