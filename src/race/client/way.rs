//! A lane's connection, whichever lane it is: opened, asked for exchanges, settled when its slice is over.

use bytes::Bytes;

use super::bare::Bare;
use super::hyper::{Http2, HyperKept, HyperNew};
use super::reqwest::Reqwest;
use super::sse::Sse;
use super::tcp::Tcp;
use super::websocket::{Open, OpenAnew, Pipelined};
use crate::race::dial::Dial;
use crate::race::{Course, Headers, Kind, Lane};
use crate::scope::Scope;

/// What every connection of a lane is opened with.
pub(super) struct Opening {
    pub(super) scope: Scope,
    pub(super) lane: Lane,
    pub(super) dial: Dial,
    pub(super) payload: Bytes,
    pub(super) messages: usize,
    pub(super) headers: Headers,
    pub(super) read_buffer: usize,
    /// One client for all connections of the lane, as its documentation wants.
    pub(super) reqwest: Option<::reqwest::Client>,
}

impl Opening {
    pub(super) fn new(scope: Scope, lane: Lane, course: &Course, dial: Dial) -> Result<Self, String> {
        let reqwest = (lane.kind == Kind::HttpReqwest).then(|| Reqwest::client(&dial)).transpose()?;
        Ok(Self {
            scope,
            lane,
            dial,
            payload: course.bytes(),
            messages: course.messages(),
            headers: course.headers,
            read_buffer: course.read_buffer(),
            reqwest,
        })
    }
}

/// An open connection, or what opens one each time.
pub(super) enum Way {
    Tcp(Tcp),
    Bare(Bare),
    Kept(Box<HyperKept>),
    Reqwest(Box<Reqwest>),
    New(HyperNew),
    Http2(Box<Http2>),
    Sse(Box<Sse>),
    Open(Box<Open>),
    Pipelined(Box<Pipelined>),
    OpenAnew(OpenAnew),
}

impl Way {
    pub(super) async fn open(opening: &std::sync::Arc<Opening>) -> Result<Self, String> {
        Ok(match opening.lane.kind {
            Kind::Tcp => Self::Tcp(Tcp::open(opening).await?),
            Kind::HttpBare => Self::Bare(Bare::open(opening).await?),
            Kind::HttpHyper => Self::Kept(Box::new(HyperKept::open(opening).await?)),
            Kind::HttpReqwest => Self::Reqwest(Box::new(Reqwest::open(opening).await?)),
            Kind::HttpNew => Self::New(HyperNew::new(opening)),
            Kind::Http2 => Self::Http2(Box::new(Http2::open(opening).await?)),
            Kind::SsePost => Self::Sse(Box::new(Sse::open(opening).await?)),
            Kind::Ws => Self::Open(Box::new(Open::open(opening).await?)),
            Kind::WsPipelined => Self::Pipelined(Box::new(Pipelined::open(opening).await?)),
            Kind::WsNew => Self::OpenAnew(OpenAnew::new(opening)),
        })
    }

    /// All messages of one exchange there and back, each reply compared with what was sent.
    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        match self {
            Self::Tcp(way) => way.exchange().await,
            Self::Bare(way) => way.exchange().await,
            Self::Kept(way) => way.exchange().await,
            Self::Reqwest(way) => way.exchange().await,
            Self::New(way) => way.exchange().await,
            Self::Http2(way) => way.exchange().await,
            Self::Sse(way) => way.exchange().await,
            Self::Open(way) => way.exchange().await,
            Self::Pipelined(way) => way.exchange().await,
            Self::OpenAnew(way) => way.exchange().await,
        }
    }

    /// Waits for goodbyes that are still under way, so that they fall into their own slice.
    pub(super) async fn settle(&mut self) {
        if let Self::OpenAnew(way) = self {
            way.settle().await;
        }
    }
}

/// Whether the reply is what was sent.
pub(super) fn same(reply: &[u8], payload: &[u8]) -> Result<(), String> {
    let mut whole = Reply::new(payload);
    whole.add(reply)?;
    whole.end()
}

/// A reply that comes in pieces, compared with what was sent.
pub(super) struct Reply<'p> {
    payload: &'p [u8],
    got: usize,
    differs: bool,
}

impl<'p> Reply<'p> {
    pub(super) fn new(payload: &'p [u8]) -> Self {
        Self { payload, got: 0, differs: false }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// At the first byte too many: whoever sends more than was sent may go on for ever.
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), String> {
        let end = self.got.saturating_add(piece.len());
        let Some(wanted) = self.payload.get(self.got..end) else {
            return Err(too_long(self.payload.len()));
        };
        self.differs |= wanted != piece;
        self.got = end;
        Ok(())
    }

    /// Whether it was what was sent, all of it.
    pub(super) fn end(self) -> Result<(), String> {
        if !self.differs && self.got == self.payload.len() {
            return Ok(());
        }
        Err(format!("the reply ({} bytes) is not what was sent ({} bytes)", self.got, self.payload.len()))
    }
}

/// What a reply of more than `sent` bytes is called.
pub(super) fn too_long(sent: usize) -> String {
    format!("the reply is not what was sent: it is longer than {sent} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_refused_at_its_first_byte_too_many() {
        let mut reply = Reply::new(b"four");
        reply.add(b"fo").unwrap();
        reply.add(b"ur").unwrap();
        reply.add(b"").unwrap();
        assert_eq!(reply.add(b"!").unwrap_err(), "the reply is not what was sent: it is longer than 4 bytes");
        assert_eq!(same(b"four", b"four"), Ok(()));
        assert!(same(b"fou", b"four").unwrap_err().contains("(3 bytes)"));
        assert!(same(b"fuor", b"four").unwrap_err().contains("(4 bytes)"));
    }
}
