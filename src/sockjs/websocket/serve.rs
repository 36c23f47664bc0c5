//! The task of a WebSocket: it reads and calls the handler, writes frames, and keeps the time.

use std::sync::Arc;
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;
use wiretalk_core::sockjs::session::{
    Attached, CloseCause, Detached, NextFrame, ReceiverId, ReceiverKind, SessionClose,
    SessionMachine,
};
use wiretalk_core::sockjs::{Frame, JsString, Transport, payload};

use crate::net::Pace;
use crate::sockjs::driver::{Abandonment, finish};
use crate::sockjs::handler::AnyHandler;
use crate::sockjs::send::too_large;
use crate::sockjs::session::Session;
use crate::sockjs::websocket::accept::WebSocketProtocol;
use crate::sockjs::websocket::link::{Incoming, LinkReader, LinkWriter};
use crate::sockjs::websocket::{hixie, modern};

/// How long a client may take to answer our close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The limits for what a client sends at once.
#[derive(Clone, Copy, Debug)]
pub(in crate::sockjs) struct SocketLimits {
    /// The bytes of a message of the application.
    pub(in crate::sockjs) max_message: usize,
    /// The bytes of a message of the WebSocket, which may hold several of those.
    pub(in crate::sockjs) max_body: usize,
    /// The pace of a frame.
    pub(in crate::sockjs) pace: Pace,
}

/// Serves a WebSocket's session until its end.
pub(in crate::sockjs) async fn serve(
    session: Session,
    upgrade: OnUpgrade,
    protocol: WebSocketProtocol,
    limits: SocketLimits,
    handler: Arc<dyn AnyHandler>,
) {
    let _guard = Abandonment(session.clone());
    let kind = match session.transport() {
        Transport::RawWebSocket => ReceiverKind::RawWebSocket,
        _ => ReceiverKind::WebSocket,
    };
    // A new session has no other receiver.
    let Attached::Receiver(id) = session.attach(kind) else { return };
    let Ok(upgraded) = upgrade.await else {
        session.detach(id, Detached::Interrupted);
        return;
    };
    let socket = TokioIo::new(upgraded);
    let max = match kind {
        ReceiverKind::RawWebSocket => limits.max_message,
        _ => limits.max_body,
    };
    let served = ServedSocket { session: &session, id, limits, handler: &*handler };
    match protocol {
        WebSocketProtocol::Rfc6455 => {
            let (reader, writer) = modern::open(socket, max, limits.pace).await;
            served.run(reader, writer).await;
        }
        WebSocketProtocol::Hixie76 { key1, key2 } => {
            match hixie::open(socket, (key1, key2), max, limits.pace).await {
                Ok((reader, writer)) => served.run(reader, writer).await,
                Err(_) => session.detach(id, Detached::Interrupted),
            }
        }
    }
}

/// A WebSocket and its session.
#[derive(Clone, Copy)]
struct ServedSocket<'s> {
    session: &'s Session,
    id: ReceiverId,
    limits: SocketLimits,
    handler: &'s dyn AnyHandler,
}

impl ServedSocket<'_> {
    async fn run(self, reader: impl LinkReader, writer: impl LinkWriter) {
        let written = CancellationToken::new();
        let reading = async {
            self.read_all(reader, &written).await;
            // Whoever hung up is gone for the writer too.
            self.session.detach(self.id, Detached::Complete);
            finish(self.session, self.handler).await;
        };
        let writing = async {
            let stuck = async {
                self.session.until(SessionMachine::is_forgotten).await;
                tokio::time::sleep(CLOSE_TIMEOUT).await;
            };
            tokio::select! {
                () = self.write_all(writer) => {}
                () = stuck => {}
            }
            written.cancel();
        };
        tokio::join!(reading, writing, self.session.keep_time());
    }

    /// Reads until the end of the connection. The session is closed then.
    async fn read_all(self, mut reader: impl LinkReader, written: &CancellationToken) {
        self.handler.open(self.session).await;
        let late = async {
            written.cancelled().await;
            tokio::time::sleep(CLOSE_TIMEOUT).await;
        };
        let mut late = std::pin::pin!(late);
        loop {
            let incoming = tokio::select! {
                biased;
                // First, because a client that only sends could put it off for ever.
                () = &mut late => None,
                incoming = reader.read() => incoming,
            };
            match incoming {
                Some(Incoming::Text(text)) => self.receive(text).await,
                Some(Incoming::End(close)) if close.cause == CloseCause::Refused => {
                    // Nothing more can be read, but the client can be told.
                    self.session.close_for(close);
                    late.await;
                    return;
                }
                Some(Incoming::End(close)) if close.cause == CloseCause::Client => {
                    // What waits still goes to a client of hixie-76. To one of RFC 6455 tungstenite
                    // writes nothing but the Close that answers its own, with the next read.
                    self.session.close_for(close);
                    let answered = async { while reader.read().await.is_some() {} };
                    let done = async { tokio::join!(answered, written.cancelled()) };
                    let _ = tokio::time::timeout(CLOSE_TIMEOUT, done).await;
                    return;
                }
                Some(Incoming::End(close)) => {
                    self.session.end(close);
                    return;
                }
                None => return,
            }
        }
    }

    /// Hands a text to the handler.
    async fn receive(self, text: String) {
        let messages = match self.session.transport() {
            Transport::RawWebSocket => Ok(vec![JsString::from(text)]),
            _ => payload::read_message(text.as_bytes()),
        };
        let messages = match messages {
            Ok(messages) => messages,
            Err(error) => {
                let reason = format!("Broken JSON encoding: {error}");
                // At once, without a frame of SockJS: the client does not speak it.
                self.session.end(SessionClose::new(CloseCause::Refused, 1007, reason));
                return;
            }
        };
        if let Some(close) = too_large(&messages, self.limits.max_message) {
            self.session.close_for(close);
            return;
        }
        // What comes after a close is not handed over.
        if self.session.receive(&messages).is_ok() {
            for message in messages {
                self.handler.message(self.session, message).await;
            }
        }
    }

    /// Whether the close is told by the WebSocket alone: to a client that closed it itself, or that
    /// does not speak SockJS.
    fn is_close_silent(self) -> bool {
        self.session.close_reason().is_some_and(|close| match close.cause {
            CloseCause::Client => true,
            CloseCause::Refused => close.code == 1007,
            _ => false,
        })
    }

    /// Writes frames until the session's last one, and then the close of the WebSocket.
    async fn write_all(self, mut writer: impl LinkWriter) {
        let raw = self.session.transport() == Transport::RawWebSocket;
        loop {
            let (frame, last) = match self.session.next_frame(self.id).await {
                NextFrame::More(frame) => (frame, false),
                NextFrame::Last(frame) => (frame, true),
                NextFrame::Wait | NextFrame::Over => return,
            };
            let is_silent = raw || (last && self.is_close_silent());
            if !is_silent {
                let text = frame.encode();
                self.session.sent(frame.messages().len(), text.len());
                if writer.write(text).await.is_err() {
                    return;
                }
            }
            if raw {
                for message in frame.messages() {
                    let text = message.to_string_lossy().into_owned();
                    self.session.sent(1, text.len());
                    if writer.write(text).await.is_err() {
                        return;
                    }
                }
            }
            if let (true, Frame::Close { code, reason }) = (last, &frame) {
                writer.close(*code, reason).await;
                return;
            }
        }
    }
}
