//! The responses that receive: one frame, or a stream of them.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use wiretalk_core::sockjs::session::{Attached, Detached, NextFrame, ReceiverId, ReceiverKind};
use wiretalk_core::sockjs::{Frame, Transport};

use crate::sockjs::headers::response;
use crate::sockjs::options::Options;
use crate::sockjs::session::Session;

/// Answers a request that wants to receive. `callback` is empty where a transport needs none.
pub(super) async fn receive(
    session: Session,
    transport: Transport,
    callback: String,
    options: &Options,
) -> Response {
    let kind = if transport.is_polling() { ReceiverKind::Polling } else { ReceiverKind::Streaming };
    let attached = session.attach_patiently(kind, options.takeover_grace).await;
    let body = match attached {
        Attached::Refused(frame) => {
            let farewell = transport.wrap(&frame.encode(), &callback);
            let prelude = Some(transport.prelude(&callback)).filter(|prelude| !prelude.is_empty());
            match prelude {
                Some(prelude) => chunks(stream::iter([prelude, farewell])),
                None => Body::from(farewell),
            }
        }
        Attached::Receiver(id) => {
            let limit = options.response_limit;
            let mut receiving =
                Receiving { session, id, transport, callback, left: limit, done: false };
            if transport.is_polling() {
                Body::from(receiving.next().await.unwrap_or_default())
            } else {
                let prelude = transport.prelude(&receiving.callback);
                let frames = stream::unfold(receiving, |mut receiving| async move {
                    Some((receiving.next().await?, receiving))
                });
                let prelude = stream::iter([prelude]);
                chunks(futures_util::StreamExt::chain(prelude, frames))
            }
        }
    };
    response(StatusCode::OK, transport.content_type(), body)
}

/// Returns a body of which each piece is a chunk of its own.
fn chunks(pieces: impl stream::Stream<Item = String> + Send + 'static) -> Body {
    Body::from_stream(futures_util::StreamExt::map(pieces, |piece| {
        Ok::<_, Infallible>(Bytes::from(piece))
    }))
}

/// A session's receiver. Dropped before its end, it is a connection that broke.
struct Receiving {
    session: Session,
    id: ReceiverId,
    transport: Transport,
    callback: String,
    /// The bytes that may still be sent before the response ends.
    left: usize,
    done: bool,
}

impl Receiving {
    /// Returns the next piece of the response; `None` at its end.
    async fn next(&mut self) -> Option<String> {
        if self.done {
            return None;
        }
        match self.session.next_frame(self.id).await {
            NextFrame::More(frame) => {
                let piece = self.wrap(&frame);
                self.left = self.left.saturating_sub(piece.len());
                if self.left == 0 {
                    self.done = true;
                    self.session.detach(self.id, Detached::Complete);
                }
                Some(piece)
            }
            NextFrame::Last(frame) => {
                self.done = true;
                Some(self.wrap(&frame))
            }
            NextFrame::Wait | NextFrame::Over => {
                self.done = true;
                None
            }
        }
    }

    fn wrap(&self, frame: &Frame) -> String {
        let encoded = frame.encode();
        self.session.sent(frame.messages().len(), encoded.len());
        self.transport.wrap(&encoded, &self.callback)
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if !self.done {
            self.session.detach(self.id, Detached::Interrupted);
        }
    }
}
