//! Sends by POST and receives the same data as an event of an open `text/event-stream` (WHATWG HTML
//! section 9.2), with hyper in both directions.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;

use super::reply::check_reply;
use super::setup::LaneSetup;
use crate::net::EventReader;
use crate::race::error::LaneError;

/// How many bytes an event may have besides its payload: `data: ` and line ends. It is also the
/// limit for the first event, which holds only the stream's number.
const EVENT_OVERHEAD: usize = 64;

pub(super) struct SsePost {
    setup: Arc<LaneSetup>,
    request: Request<Full<Bytes>>,
    sender: http1::SendRequest<Full<Bytes>>,
    events: Incoming,
    reader: EventReader,
}

impl SsePost {
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let (listener, connection) =
            http1::handshake(TokioIo::new(setup.connector.connect().await?)).await?;
        // Errors are ignored in both tasks: the exchange that waits for a response gets them too.
        setup.scope.spawn("event stream", async move {
            let _ = connection.await;
        });
        let (events, number) = open_event_stream(setup, listener).await?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(setup.connector.connect().await?)).await?;
        setup.scope.spawn("event posts", async move {
            let _ = connection.await;
        });
        let mut builder =
            Request::post(format!("/events/{number}")).header(HOST, setup.connector.authority());
        for (name, value) in setup.headers.request_headers() {
            builder = builder.header(*name, *value);
        }
        let request = builder.body(Full::new(setup.payload.clone()))?;
        Ok(Self { setup: setup.clone(), request, sender, events, reader: EventReader::default() })
    }

    /// An exchange is complete when the POST is answered and its event has arrived.
    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        for _ in 0..self.setup.messages {
            self.sender.ready().await?;
            let response = self.sender.send_request(self.request.clone()).await?;
            if !response.status().is_success() {
                return Err(LaneError::Status { found: response.status(), expected: 204 });
            }
            // Draining the empty body lets hyper reuse the connection. A body is refused, because
            // it may never end.
            let mut answer = response.into_body();
            while let Some(frame) = answer.frame().await {
                if frame?.data_ref().is_some_and(|data| !data.is_empty()) {
                    return Err(LaneError::PostWithBody);
                }
            }
            let longest = self.setup.payload.len().saturating_add(EVENT_OVERHEAD);
            let event = next_event(&mut self.events, &mut self.reader, longest).await?;
            check_reply(&event, &self.setup.payload)?;
        }
        Ok(())
    }
}

/// Opens an event stream. Its first event is the number under which events are posted to it.
async fn open_event_stream(
    setup: &LaneSetup,
    mut sender: http1::SendRequest<Empty<Bytes>>,
) -> Result<(Incoming, String), LaneError> {
    let mut builder = Request::get("/events").header(HOST, setup.connector.authority());
    for (name, value) in setup.headers.request_headers() {
        builder = builder.header(*name, *value);
    }
    let request = builder.body(Empty::new())?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        return Err(LaneError::Status { found: response.status(), expected: 200 });
    }
    let mut events = response.into_body();
    let number = next_event(&mut events, &mut EventReader::default(), EVENT_OVERHEAD).await?;
    let number = String::from_utf8(number)?;
    Ok((events, number))
}

/// Returns the data of the next event, which may have at most `longest` bytes as encoded.
async fn next_event(
    events: &mut Incoming,
    reader: &mut EventReader,
    longest: usize,
) -> Result<Vec<u8>, LaneError> {
    loop {
        if let Some(event) = reader.next_event(longest)? {
            return event.data.ok_or(LaneError::EventWithoutData);
        }
        let frame = events.frame().await.ok_or(LaneError::EventStreamEnded)??;
        if let Some(data) = frame.data_ref() {
            reader.push(data);
        }
    }
}
