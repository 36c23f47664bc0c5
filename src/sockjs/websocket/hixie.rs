//! A WebSocket of 2010, draft-hixie-76. The second half of its handshake comes behind the upgrade.

use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf,
};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};
use wiretalk_core::sockjs::hixie76::{self, HixieEvent, HixieReader};
use wiretalk_core::sockjs::session::{CloseCause, SessionClose};

use crate::sockjs::websocket::link::{Incoming, LinkBroken, LinkReader, LinkWriter};

/// How long the last 8 bytes of the handshake may take.
const NONCE_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of bytes read at once.
const READ_BUFFER: usize = 1024;

/// Finishes the handshake. A frame may take `frame_timeout`.
pub(super) async fn open<S: AsyncRead + AsyncWrite + Send>(
    socket: S,
    (key1, key2): (u32, u32),
    max_message: usize,
    frame_timeout: Duration,
) -> io::Result<(Reader<S>, Writer<S>)> {
    let (mut read, mut write) = tokio::io::split(socket);
    let mut nonce = [0; hixie76::NONCE];
    timeout(NONCE_TIMEOUT, read.read_exact(&mut nonce)).await??;
    write.write_all(&hixie76::challenge_response(key1, key2, nonce)).await?;
    write.flush().await?;
    let reader = Reader {
        read,
        buffer: Box::new([0; READ_BUFFER]),
        frames: HixieReader::new(max_message),
        frame_timeout,
        late: None,
        ended: false,
    };
    Ok((reader, Writer { write }))
}

pub(super) struct Reader<S> {
    read: ReadHalf<S>,
    buffer: Box<[u8; READ_BUFFER]>,
    frames: HixieReader,
    frame_timeout: Duration,
    /// When the frame that is arriving is late.
    late: Option<Instant>,
    ended: bool,
}

pub(super) struct Writer<S> {
    write: WriteHalf<S>,
}

impl<S: AsyncRead + AsyncWrite + Send> Reader<S> {
    /// Reads into the buffer, while the frame that has begun is in time.
    async fn read_more(&mut self) -> Result<io::Result<usize>, Elapsed> {
        if self.frames.is_within_frame() && self.late.is_none() {
            self.late = Instant::now().checked_add(self.frame_timeout);
        }
        let reading = self.read.read(&mut self.buffer[..]);
        match self.late {
            Some(late) => timeout_at(late, reading).await,
            None => Ok(reading.await),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send> LinkReader for Reader<S> {
    async fn read(&mut self) -> Option<Incoming> {
        if self.ended {
            return None;
        }
        loop {
            let end = match self.frames.next_event() {
                Ok(Some(HixieEvent::Text(text))) => {
                    self.late = None;
                    return Some(Incoming::Text(text));
                }
                Ok(Some(HixieEvent::Closing)) => SessionClose::new(CloseCause::Client, 1005, ""),
                Err(error) => SessionClose::new(CloseCause::Refused, 1002, error.to_string()),
                Ok(None) => match self.read_more().await {
                    Ok(Ok(count @ 1..)) => {
                        self.frames.push(self.buffer.get(..count).unwrap_or_default());
                        continue;
                    }
                    Ok(Ok(0) | Err(_)) => SessionClose::interrupted(),
                    Err(_) => {
                        let seconds = self.frame_timeout.as_secs_f32();
                        let reason = format!("a frame did not arrive within {seconds} s");
                        SessionClose::new(CloseCause::Refused, 1008, reason)
                    }
                },
            };
            self.ended = true;
            return Some(Incoming::End(end));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send> LinkWriter for Writer<S> {
    async fn write(&mut self, text: String) -> Result<(), LinkBroken> {
        let mut frame = Vec::with_capacity(text.len().saturating_add(2));
        hixie76::push_frame(&mut frame, &text);
        self.write.write_all(&frame).await.map_err(|_| LinkBroken)?;
        self.write.flush().await.map_err(|_| LinkBroken)
    }

    async fn close(&mut self, _code: u16, _reason: &str) {
        // The draft's close has neither.
        let _ = self.write.write_all(&hixie76::CLOSING).await;
        let _ = self.write.flush().await;
    }
}
