//! The sending half of a session over HTTP: one request after the other, as a task.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Limited};
use hyper::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::mpsc;

use super::error::SockJsError;
use super::link::{Link, LinkRequest, within};
use super::options::SockJsOptions;
use super::receiver::TaskEvent;
use super::wire_log::{Purpose, WireLog};
use crate::scope::Scope;
use crate::sockjs::{SendRequest, Transport, payload};

/// The longest answer to a request that sends, in bytes.
const MAX_ANSWER: usize = 4096;

/// The most messages that go in one request.
const MAX_BUNDLE: usize = 16;

/// An order to the sender.
pub(super) enum SendOrder {
    Message(String),
    /// Asks whether the session is there, by sending no message.
    Probe,
}

/// A sender.
pub(super) struct Sender {
    pub(super) options: Arc<SockJsOptions>,
    pub(super) scope: Scope,
    pub(super) log: WireLog,
    pub(super) events: mpsc::Sender<TaskEvent>,
}

impl Sender {
    /// Carries out orders until there are no more. Messages that came while a request was under way
    /// go in one request, as sockjs-client does.
    pub(super) async fn run(self, mut orders: mpsc::Receiver<SendOrder>) {
        let mut kept: Option<Link> = None;
        let mut bundle = Vec::new();
        while orders.recv_many(&mut bundle, MAX_BUNDLE).await > 0 {
            let mut messages = Vec::new();
            let mut is_probe = false;
            for order in bundle.drain(..) {
                match order {
                    SendOrder::Message(text) => messages.push(text),
                    SendOrder::Probe => is_probe = true,
                }
            }
            let is_probe = is_probe && messages.is_empty();
            let purpose = if is_probe { Purpose::Probe } else { Purpose::Send };
            let sending = self.post(&mut kept, purpose, &messages);
            let event = match within(self.options.answer_limit, sending).await {
                result if is_probe => TaskEvent::Probed(result),
                Ok(()) => TaskEvent::Taken,
                Err(error) => TaskEvent::NotTaken(error),
            };
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }

    async fn post(
        &self,
        kept: &mut Option<Link>,
        purpose: Purpose,
        messages: &[String],
    ) -> Result<(), SockJsError> {
        let usable = kept.take().filter(Link::is_usable);
        let mut link = match usable {
            Some(link) => link,
            None => Link::connect(&self.options.target, &self.scope, &self.log).await?,
        };
        let (last, body) = send_request(self.options.transport, messages);
        let path = self.options.path(last.path_part());
        let request = LinkRequest { purpose, method: Method::POST, path, body: Some(body) };
        let response = link.send(request).await?;
        let status = response.status();
        // Read to its end, so that the connection can be used again.
        let read = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        if read.is_ok() {
            *kept = Some(link);
        }
        match status {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
            refused => Err(SockJsError::Status(refused)),
        }
    }
}

/// Returns the request that sends messages, with its content type and body.
fn send_request(
    transport: Transport,
    messages: &[String],
) -> (SendRequest, (&'static str, String)) {
    let messages: Vec<_> = messages.iter().map(|text| text.as_str().into()).collect();
    let array = payload::write_array(&messages);
    if transport == Transport::JsonpPolling {
        let body = format!("d={}", utf8_percent_encode(&array, NON_ALPHANUMERIC));
        (SendRequest::Jsonp, ("application/x-www-form-urlencoded", body))
    } else {
        (SendRequest::Xhr, ("text/plain", array))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_the_array_in_one_field() {
        let (request, (content_type, body)) =
            send_request(Transport::JsonpPolling, &["a b&c=\"é\"".to_owned()]);
        assert_eq!(request, SendRequest::Jsonp);
        let read = payload::read_form(Some(content_type), body.as_bytes()).unwrap();
        assert_eq!(read, ["a b&c=\"é\""]);
        let (request, (_, body)) = send_request(Transport::EventSource, &["x".to_owned()]);
        assert_eq!((request, body.as_str()), (SendRequest::Xhr, "[\"x\"]"));
    }
}
