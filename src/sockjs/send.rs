//! The requests that send: a body with messages, which go to the handler.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;
use wiretalk_core::sockjs::session::{CloseCause, SessionClose};
use wiretalk_core::sockjs::{JsString, PayloadError, SendRequest, payload};

use crate::sockjs::headers::{closing_refusal, refusal, text};
use crate::sockjs::options::Options;
use crate::sockjs::session::{Batch, Session};

/// Answers a request that brings messages.
pub(super) async fn send(
    session: Session,
    kind: SendRequest,
    request: Request,
    options: &Options,
    held: &Arc<Semaphore>,
) -> Response {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.map(str::to_owned);
    let (body, share) = match read_body(request, options, held).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let messages = match kind {
        SendRequest::Xhr => payload::read_array(&body),
        SendRequest::Jsonp => payload::read_form(content_type.as_deref(), &body),
    };
    drop(body);
    match messages {
        Ok(messages) => deliver(session, kind, (messages, share), options).await,
        Err(error @ PayloadError::Missing) => refusal(StatusCode::INTERNAL_SERVER_ERROR, error),
        Err(PayloadError::Broken(place)) => {
            let sentence = format!("{}\n{place}", PayloadError::Broken(place.clone()));
            refusal(StatusCode::INTERNAL_SERVER_ERROR, sentence)
        }
    }
}

async fn deliver(
    session: Session,
    kind: SendRequest,
    (messages, share): (Vec<JsString>, Option<OwnedSemaphorePermit>),
    options: &Options,
) -> Response {
    if let Some(close) = too_large(&messages, options) {
        let sentence = close.reason.clone();
        session.close_for(close);
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, sentence);
    }
    let inbox = session.inbox();
    let Some(inbox) = inbox.filter(|_| session.receive(&messages).is_ok()) else {
        return refusal(StatusCode::NOT_FOUND, "this session is closed");
    };
    let (handled, taken) = oneshot::channel();
    if !messages.is_empty() {
        match timeout(options.body_timeout, inbox.send(Batch { messages, handled, share })).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return refusal(StatusCode::NOT_FOUND, "this session is closed"),
            Err(_) => {
                let busy = "this session's application is too busy to take messages";
                return refusal(StatusCode::SERVICE_UNAVAILABLE, busy);
            }
        }
        // What the handler answers to it should be there before the client asks for it.
        let _ = timeout(options.handled_wait, taken).await;
    }
    match kind {
        SendRequest::Xhr => {
            let mut response = text(StatusCode::NO_CONTENT, "");
            *response.body_mut() = Body::empty();
            response
        }
        SendRequest::Jsonp => text(StatusCode::OK, "ok"),
    }
}

/// Returns the close for a message that is too large, if there is one.
pub(super) fn too_large(messages: &[JsString], options: &Options) -> Option<SessionClose> {
    let limit = options.max_message;
    messages.iter().any(|message| message.len() > limit).then(|| {
        let reason = format!("A message is larger than {limit} bytes");
        SessionClose::new(CloseCause::Refused, 1009, reason)
    })
}

/// A body, and its share of the bytes that the service may hold.
type Held = (Vec<u8>, Option<OwnedSemaphorePermit>);

/// Reads a body within its limits of size and time.
async fn read_body(
    request: Request,
    options: &Options,
    held: &Arc<Semaphore>,
) -> Result<Held, Response> {
    // Before a byte of it is read, so that a peer that sent Expect: 100-continue need not send it.
    if declared_length(request.headers()).is_some_and(|length| length > options.max_body as u64) {
        return Err(body_too_large(options));
    }
    let collected = timeout(options.body_timeout, collect(request.into_body(), options, held));
    collected.await.unwrap_or_else(|_| {
        let seconds = options.body_timeout.as_secs_f32();
        let sentence = format!("the body did not arrive within {seconds} s");
        Err(closing_refusal(StatusCode::REQUEST_TIMEOUT, sentence))
    })
}

async fn collect(
    mut body: Body,
    options: &Options,
    held: &Arc<Semaphore>,
) -> Result<Held, Response> {
    let (mut bytes, mut share) = (Vec::new(), None::<OwnedSemaphorePermit>);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let sentence = format!("the body cannot be read: {error}");
            closing_refusal(StatusCode::BAD_REQUEST, sentence)
        })?;
        let data = frame.into_data().unwrap_or_default();
        if bytes.len().saturating_add(data.len()) > options.max_body {
            return Err(body_too_large(options));
        }
        // Bytes that were only announced take no share: whoever sends slowly blocks nobody.
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let Ok(more) = held.clone().try_acquire_many_owned(size) else {
            let sentence = "this server holds as many bytes for its applications as it may; try \
                            again later";
            return Err(closing_refusal(StatusCode::SERVICE_UNAVAILABLE, sentence));
        };
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, share))
}

fn body_too_large(options: &Options) -> Response {
    let sentence = format!("the body is larger than {} bytes", options.max_body);
    closing_refusal(StatusCode::PAYLOAD_TOO_LARGE, sentence)
}

/// Reads the body of a request that should have none, so that the end of its connection is seen.
pub(super) async fn skip_body(body: Body, options: &Options) -> Result<(), Response> {
    if body.is_end_stream() {
        return Ok(());
    }
    let body = Limited::new(body, MAX_SKIPPED);
    if let Ok(Ok(_)) = timeout(options.body_timeout, body.collect()).await {
        return Ok(());
    }
    let sentence = "a request that receives has no body, or a short one";
    Err(closing_refusal(StatusCode::PAYLOAD_TOO_LARGE, sentence))
}

/// The bytes of a body that has no meaning.
const MAX_SKIPPED: usize = 16 << 10;

fn declared_length(headers: &HeaderMap<HeaderValue>) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
