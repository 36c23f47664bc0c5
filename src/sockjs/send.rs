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
    if let Some(close) = too_large(&messages, options.max_message) {
        let sentence = close.reason.clone();
        session.close_for(close);
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, sentence);
    }
    let closed = || refusal(StatusCode::NOT_FOUND, "this session is closed");
    let Some(inbox) = session.inbox().filter(|_| session.close_reason().is_none()) else {
        return closed();
    };
    if !messages.is_empty() {
        let room = match timeout(options.body_timeout, inbox.reserve()).await {
            Ok(Ok(room)) => room,
            Ok(Err(_)) => return closed(),
            Err(_) => {
                let busy = "this session's application is too busy to take messages";
                return refusal(StatusCode::SERVICE_UNAVAILABLE, busy);
            }
        };
        // Whoever has room is waited for after a close: what is counted here is handed over.
        if session.receive(&messages).is_err() {
            return closed();
        }
        let (handled, taken) = oneshot::channel();
        room.send(Batch { messages, handled, share });
        // What the handler answers to it should be there before the client asks for it.
        if let Ok(Err(_)) = timeout(options.handled_wait, taken).await {
            // The handler panicked, or the server ends.
            return refusal(StatusCode::NOT_FOUND, "this session is gone");
        }
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

/// Returns the close for a message of more than `limit` bytes, if there is one.
pub(super) fn too_large(messages: &[JsString], limit: usize) -> Option<SessionClose> {
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

#[cfg(test)]
mod tests {
    use std::sync::Weak;
    use std::time::Duration;

    use tokio::sync::mpsc;
    use tokio::task::yield_now;
    use wiretalk_core::sockjs::Transport;
    use wiretalk_core::sockjs::session::{SessionLimits, SessionMachine};

    use super::*;
    use crate::sockjs::counters::Counters;
    use crate::sockjs::driver::drive;
    use crate::sockjs::handler::Handler;
    use crate::sockjs::registry::Registry;
    use crate::sockjs::session::Opening;

    /// A session with an inbox of one batch.
    fn session() -> (Session, mpsc::Receiver<Batch>) {
        let (inbox, batches) = mpsc::channel(1);
        let opening = Opening {
            number: 0,
            name: None,
            transport: Transport::XhrPolling,
            peer: None,
            inbox: Some(inbox),
            counters: Arc::new(Counters::default()),
            home: Weak::<Registry>::new(),
        };
        let machine = |now| SessionMachine::new(SessionLimits::default(), now);
        (Session::new(opening, machine), batches)
    }

    async fn deliver_one(session: &Session) -> StatusCode {
        let options = Options { handled_wait: Duration::from_secs(9), ..Options::default() };
        let messages = vec![JsString::from("x")];
        deliver(session.clone(), SendRequest::Xhr, (messages, None), &options).await.status()
    }

    fn away() -> SessionClose {
        SessionClose::new(CloseCause::Application, 3000, "away")
    }

    /// A handler that passes on the messages.
    struct Passing(mpsc::Sender<JsString>);

    impl Handler for Passing {
        async fn message(&self, _: &Session, message: JsString) {
            self.0.send(message).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_nobody_takes_is_answered_404() {
        let (session, mut batches) = session();
        let dropping = async { drop(batches.recv().await) };
        let (status, ()) = tokio::join!(deliver_one(&session), dropping);
        assert_eq!(status, StatusCode::NOT_FOUND);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_room_when_the_session_closes_is_refused_and_not_counted() {
        let (session, mut batches) = session();
        let (handled, _) = oneshot::channel();
        let first = Batch { messages: Vec::new(), handled, share: None };
        session.inbox().unwrap().try_send(first).unwrap();
        let closing = async {
            yield_now().await;
            assert_eq!(session.counts().received, 0, "it waits");
            session.close_for(away());
            batches.recv().await.unwrap();
        };
        let (status, ()) = tokio::join!(deliver_one(&session), closing);
        assert_eq!((status, session.counts().received), (StatusCode::NOT_FOUND, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_accepted_before_the_close_reaches_the_handler() {
        let (session, batches) = session();
        let (sender, mut passed) = mpsc::channel(1);
        let room = session.inbox().unwrap().reserve_owned().await.unwrap();
        let accepting = async {
            session.close_for(away());
            for _ in 0..9 {
                yield_now().await;
            }
            let (handled, taken) = oneshot::channel();
            room.send(Batch { messages: vec!["x".into()], handled, share: None });
            let taken = timeout(Duration::from_secs(1), taken).await;
            assert_eq!(taken, Ok(Ok(())), "it is handed over");
            assert_eq!(passed.recv().await, Some("x".into()));
        };
        tokio::join!(drive(session.clone(), batches, Arc::new(Passing(sender))), accepting);
    }
}
