//! There by POST, back as an event of an open `text/event-stream` (WHATWG HTML section 9.2), with hyper on both ways.

use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;

use super::way::{Opening, same};
use crate::net::with_causes;

/// `data: ` and the line ends, or the number of an event stream: what an event has beside what was sent.
const EVENT_OVERHEAD: usize = 64;

pub(super) struct Sse {
    opening: Arc<Opening>,
    request: Request<Full<Bytes>>,
    sender: http1::SendRequest<Full<Bytes>>,
    events: Incoming,
    buffer: BytesMut,
}

impl Sse {
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        let (listener, connection) =
            http1::handshake(TokioIo::new(opening.dial.open().await?)).await.map_err(with_causes)?;
        opening.scope.spawn("event stream", async move {
            let _ = connection.await;
        });
        let (events, number) = listen(opening, listener).await?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(opening.dial.open().await?)).await.map_err(with_causes)?;
        opening.scope.spawn("event posts", async move {
            let _ = connection.await;
        });
        let mut builder = Request::post(format!("/events/{number}")).header(HOST, opening.dial.authority());
        for (name, value) in opening.headers.of_requests() {
            builder = builder.header(*name, *value);
        }
        let request = builder.body(Full::new(opening.payload.clone())).map_err(with_causes)?;
        Ok(Self { opening: opening.clone(), request, sender, events, buffer: BytesMut::new() })
    }

    /// Over when the POST is answered and its event is here.
    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        for _ in 0..self.opening.messages {
            self.sender.ready().await.map_err(with_causes)?;
            let response = self.sender.send_request(self.request.clone()).await.map_err(with_causes)?;
            if !response.status().is_success() {
                return Err(format!("the server answered {}, not 204", response.status()));
            }
            let mut answer = response.into_body();
            while let Some(frame) = answer.frame().await {
                if frame.map_err(with_causes)?.data_ref().is_some_and(|data| !data.is_empty()) {
                    return Err("the server answered a POST with more than its status".to_owned());
                }
            }
            let longest = self.opening.payload.len().saturating_add(EVENT_OVERHEAD);
            let event = event(&mut self.events, &mut self.buffer, longest).await?;
            same(&event, &self.opening.payload)?;
        }
        Ok(())
    }
}

/// Asks for the events; the first one says under which number they are posted.
async fn listen(
    opening: &Opening,
    mut sender: http1::SendRequest<Empty<Bytes>>,
) -> Result<(Incoming, String), String> {
    let mut builder = Request::get("/events").header(HOST, opening.dial.authority());
    for (name, value) in opening.headers.of_requests() {
        builder = builder.header(*name, *value);
    }
    let request = builder.body(Empty::new()).map_err(with_causes)?;
    let response = sender.send_request(request).await.map_err(with_causes)?;
    if !response.status().is_success() {
        return Err(format!("the server answered {}, not 200", response.status()));
    }
    let mut events = response.into_body();
    let number = event(&mut events, &mut BytesMut::new(), EVENT_OVERHEAD).await?;
    let number = String::from_utf8(number).map_err(with_causes)?;
    Ok((events, number))
}

/// The data of the next event, of at most `longest` bytes as it is written: what stands after `data: ` up to the empty line.
async fn event(events: &mut Incoming, buffer: &mut BytesMut, longest: usize) -> Result<Vec<u8>, String> {
    loop {
        if let Some(end) = memchr::memmem::find(buffer, b"\n\n") {
            let event = buffer.split_to(end);
            buffer.advance(2);
            let data = event.strip_prefix(b"data:").ok_or("the server sent an event without data")?;
            return Ok(data.strip_prefix(b" ").unwrap_or(data).to_vec());
        }
        if buffer.len() > longest {
            return Err(format!("the server sent an event of more than {longest} bytes"));
        }
        let frame = events.frame().await.ok_or("the server ended the event stream")?.map_err(with_causes)?;
        if let Some(data) = frame.data_ref() {
            buffer.extend_from_slice(data);
        }
    }
}
