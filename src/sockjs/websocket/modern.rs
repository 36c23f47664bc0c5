//! A WebSocket of RFC 6455, on tungstenite.

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use wiretalk_core::sockjs::session::{CloseCause, SessionClose};
use wiretalk_core::wire::CloseCode;
use wiretalk_core::wire::frame::close_code::CloseCodeStatus;
use wiretalk_core::wire::keep::endpoint::MAX_CLOSE_REASON_LEN;

use crate::net::{Pace, SocketTimes, Timed, Timeout, WebSocketLimits, close_code_for};
use crate::sockjs::websocket::link::{Incoming, LinkBroken, LinkReader, LinkWriter};

/// The number of bytes read at once. An idle session has a buffer of this size and little else.
const READ_BUFFER: usize = 1024;

/// Begins behind the handshake. A frame that comes slower than at `pace` ends the reading.
pub(super) async fn open<S: AsyncRead + AsyncWrite + Unpin + Send>(
    socket: S,
    max_message: usize,
    pace: Pace,
) -> (Reader<S>, Writer<S>) {
    let mut socket = Timed::new(socket, SocketTimes { pace, write: None });
    socket.frames_begin(&[]);
    let limits = WebSocketLimits { message: max_message, read_buffer: READ_BUFFER };
    let (sink, stream) = limits.server(socket, Vec::new()).await.split();
    (Reader { stream, max_message }, Writer { sink })
}

pub(super) struct Reader<S> {
    stream: SplitStream<WebSocketStream<Timed<S>>>,
    max_message: usize,
}

pub(super) struct Writer<S> {
    sink: SplitSink<WebSocketStream<Timed<S>>, Message>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> LinkReader for Reader<S> {
    async fn read(&mut self) -> Option<Incoming> {
        loop {
            return Some(match self.stream.next().await? {
                Ok(Message::Text(text)) => Incoming::Text(text.as_str().to_owned()),
                Ok(Message::Binary(bytes)) => match String::from_utf8(bytes.into()) {
                    Ok(text) => Incoming::Text(text),
                    Err(_) => refused(1003, "A binary message is not UTF-8"),
                },
                Ok(Message::Close(frame)) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), frame.reason.to_string())
                    });
                    Incoming::End(SessionClose::new(CloseCause::Client, code, reason))
                }
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return None,
                Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => {
                    refused(1009, &format!("A message is larger than {} bytes", self.max_message))
                }
                Err(Error::Io(error)) => match Timeout::of(&error) {
                    Some(late) if late.is_late_frame() => refused(1008, &late.to_string()),
                    _ => Incoming::End(SessionClose::interrupted()),
                },
                Err(error) => match close_code_for(&error) {
                    Some(code) => refused(code.into(), &error.to_string()),
                    None => Incoming::End(SessionClose::interrupted()),
                },
            });
        }
    }
}

fn refused(code: u16, reason: &str) -> Incoming {
    Incoming::End(SessionClose::new(CloseCause::Refused, code, reason))
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> LinkWriter for Writer<S> {
    async fn write(&mut self, text: String) -> Result<(), LinkBroken> {
        self.sink.send(Message::text(text)).await.map_err(|_| LinkBroken)
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let end = reason.floor_char_boundary(MAX_CLOSE_REASON_LEN);
        let reason = reason.get(..end).unwrap_or_default();
        // What must not be sent becomes 1000 (RFC 6455 section 7.4).
        let is_sendable = CloseCode::new(code).status == CloseCodeStatus::Sendable;
        let code = if is_sendable { code } else { 1000 };
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        let _ = self.sink.send(Message::Close(Some(frame))).await;
    }
}
