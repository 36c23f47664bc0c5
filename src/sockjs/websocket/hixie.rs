//! A WebSocket of 2010, draft-hixie-76. The second half of its handshake comes behind the upgrade.

use std::io;
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf,
};
use tokio::time::{Instant, timeout, timeout_at};
use wiretalk_core::sockjs::hixie76::{self, HixieEvent, HixieReader};
use wiretalk_core::sockjs::session::{CloseCause, SessionClose};

use crate::net::{Pace, Progress, Timeout};
use crate::sockjs::websocket::link::{Incoming, LinkBroken, LinkReader, LinkWriter};

/// How long the last 8 bytes of the handshake may take.
const NONCE_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of bytes read at once.
const READ_BUFFER: usize = 1024;

/// Finishes the handshake. A frame that comes slower than at `pace` ends the reading.
pub(super) async fn open<S: AsyncRead + AsyncWrite + Send>(
    socket: S,
    (key1, key2): (u32, u32),
    max_message: usize,
    pace: Pace,
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
        pace,
        progress: None,
        ended: false,
    };
    Ok((reader, Writer { write }))
}

pub(super) struct Reader<S> {
    read: ReadHalf<S>,
    buffer: Box<[u8; READ_BUFFER]>,
    frames: HixieReader,
    pace: Pace,
    /// The frame that is arriving.
    progress: Option<Progress>,
    ended: bool,
}

pub(super) struct Writer<S> {
    write: WriteHalf<S>,
}

impl<S: AsyncRead + AsyncWrite + Send> Reader<S> {
    /// Reads into the buffer. A frame that has begun must proceed at the pace.
    async fn read_more(&mut self) -> io::Result<usize> {
        let unfinished = self.frames.unfinished_len();
        if unfinished == 0 {
            return self.read.read(&mut self.buffer[..]).await;
        }
        let begin = || Progress::begin(unfinished, Instant::now());
        let progress = self.progress.get_or_insert_with(begin);
        let reading = self.read.read(&mut self.buffer[..]);
        let Ok(read) = timeout_at(progress.deadline(self.pace), reading).await else {
            // The byte that ends it is missing for certain.
            return Err(progress.timeout(self.pace, 1).into());
        };
        let count = read?;
        progress.add(count, Instant::now());
        Ok(count)
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
                    self.progress = None;
                    return Some(Incoming::Text(text));
                }
                Ok(Some(HixieEvent::Closing)) => SessionClose::new(CloseCause::Client, 1005, ""),
                Err(error) => SessionClose::new(CloseCause::Refused, 1002, error.to_string()),
                Ok(None) => match self.read_more().await {
                    Ok(count @ 1..) => {
                        self.frames.push(self.buffer.get(..count).unwrap_or_default());
                        continue;
                    }
                    Ok(0) => SessionClose::interrupted(),
                    Err(error) => match Timeout::of(&error) {
                        Some(late) => {
                            SessionClose::new(CloseCause::Refused, 1008, late.to_string())
                        }
                        None => SessionClose::interrupted(),
                    },
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

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;

    const PACE: Pace = Pace { still: Duration::from_secs(10), min_rate: 100 };

    async fn opened() -> (Reader<DuplexStream>, DuplexStream) {
        let (server, mut peer) = duplex(1 << 12);
        peer.write_all(b"Tm[K T2u").await.unwrap();
        let (reader, writer) = open(server, (155_712_099, 173_347_027), 8_000, PACE).await.unwrap();
        // Half of the stream: the peer sees its end once the reader is gone too.
        drop(writer);
        (reader, peer)
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_in_pace_may_take_as_long_as_it_needs_and_a_slow_one_is_refused() {
        let (mut reader, mut peer) = opened().await;
        let in_pace = async {
            sleep(PACE.still * 10).await;
            peer.write_all(b"\x00").await.unwrap();
            for _ in 0..5 {
                sleep(Duration::from_secs(9)).await;
                peer.write_all(&[b'a'; 1_000]).await.unwrap();
            }
            peer.write_all(b"\xFF\x00").await.unwrap();
        };
        let (read, ()) = tokio::join!(reader.read(), in_pace);
        let Some(Incoming::Text(text)) = read else { panic!("refused") };
        assert_eq!(text.len(), 5_000);
        let began = Instant::now();
        let dribbling = async {
            while peer.write_all(b"a").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        };
        let read = tokio::select! {
            read = reader.read() => read,
            () = dribbling => panic!("the stream ended"),
        };
        let Some(Incoming::End(close)) = read else { panic!("no end") };
        assert_eq!((close.cause, close.code), (CloseCause::Refused, 1008));
        assert_eq!(
            close.reason,
            "a frame came at less than 100 bytes a second, and at least 1 bytes are missing"
        );
        assert_eq!(began.elapsed().as_secs(), 10);
    }
}
