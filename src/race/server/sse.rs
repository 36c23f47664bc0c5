//! POSTs that come back as events. `GET /events` opens an event stream whose first event is its
//! number. A POST to `/events/NUMBER` is answered with 204 and sent as an event on that stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::stream::{self, StreamExt as _};
use hyper_util::service::TowerToHyperService;
use tokio::sync::mpsc;

use crate::net::encode_event;
use crate::race::HeaderProfile;
use crate::race::config::race_config::MAX_PAYLOAD;
use crate::servers::http;

/// The open event streams.
#[derive(Clone, Default)]
pub(super) struct EventStreams {
    streams: Arc<Mutex<HashMap<u64, mpsc::Sender<String>>>>,
}

impl EventStreams {
    pub(super) fn service(&self, headers: HeaderProfile) -> TowerToHyperService<Router> {
        let router = Router::new()
            .route("/events", get(open_events))
            .route("/events/{number}", post(post_event))
            .layer(DefaultBodyLimit::max(MAX_PAYLOAD))
            .with_state(self.clone());
        TowerToHyperService::new(http::with_headers(router, headers.response_headers()))
    }

    fn open_stream(&self) -> (u64, mpsc::Receiver<String>) {
        // The bound makes a POST wait while the reader of its stream lags.
        let (sender, receiver) = mpsc::channel(64);
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // Streams whose reader is gone are removed here, so that the map stays as small as what is
        // open.
        streams.retain(|_, sender| !sender.is_closed());
        let number = streams.keys().max().map_or(1, |last| last.saturating_add(1));
        streams.insert(number, sender);
        (number, receiver)
    }

    fn find(&self, number: u64) -> Option<mpsc::Sender<String>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }
}

async fn open_events(State(events): State<EventStreams>) -> Response {
    let (number, receiver) = events.open_stream();
    let first = stream::once(async move { encode_event(&number.to_string()) });
    let rest = stream::unfold(receiver, async |mut receiver| {
        let text = receiver.recv().await?;
        Some((encode_event(&text), receiver))
    });
    http::event_stream(first.chain(rest))
}

async fn post_event(
    State(events): State<EventStreams>,
    Path(number): Path<u64>,
    body: Bytes,
) -> StatusCode {
    // An event stream is UTF-8 text (WHATWG HTML section 9.2.6), and a line break would end the
    // line of data.
    let Ok(text) = String::from_utf8(body.to_vec()) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    };
    if text.contains(['\n', '\r']) {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    match events.find(number) {
        Some(sender) if sender.send(text).await.is_ok() => StatusCode::NO_CONTENT,
        _ => StatusCode::NOT_FOUND,
    }
}
