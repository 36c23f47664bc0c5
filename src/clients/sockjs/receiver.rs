//! The receiving half of a session over HTTP: requests whose answers hold frames, one after the
//! other, each as a task of the session's scope.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::{Method, Response};
use tokio::sync::mpsc;

use super::error::SockJsError;
use super::link::{Link, LinkRequest, within};
use super::options::SockJsOptions;
use super::wire_log::{Purpose, WireLog};
use crate::scope::Scope;
use crate::sockjs::{BodyContent, BodyReader, Frame, Transport};

/// The longest frame that is read, in bytes.
pub(super) const MAX_FRAME: usize = 1 << 20;

/// How long a polling request may be held. Servers answer with a heartbeat after 25 s.
const HOLD_LIMIT: Duration = Duration::from_secs(90);

/// The callback of transports that need one, as sockjs-client names them.
const CALLBACK: &str = "_jp.awiretk";

/// Something that a task of a session has to tell.
#[derive(Debug)]
pub(super) enum TaskEvent {
    /// A receiver waits for frames.
    Waiting,
    /// A frame has come.
    Frame(Frame),
    /// The answer has ended as it should.
    Ended,
    /// The receiver has failed.
    Broken(SockJsError),
    /// A second receiver got this.
    Second(Result<Frame, SockJsError>),
    /// Messages were taken.
    Taken,
    /// Messages were not taken.
    NotTaken(SockJsError),
    /// The server was asked whether the session is there.
    Probed(Result<(), SockJsError>),
}

/// A receiver, whose scope ends it.
pub(super) struct Receiver {
    pub(super) options: Arc<SockJsOptions>,
    pub(super) scope: Scope,
    pub(super) log: WireLog,
    pub(super) events: mpsc::Sender<TaskEvent>,
    /// Whether to send no further request after the one under way.
    pub(super) is_last: Arc<AtomicBool>,
}

impl Receiver {
    /// Receives until the session is closed, a request fails, or the one under way is the last.
    pub(super) async fn run(self) {
        let mut kept: Option<Link> = None;
        loop {
            match self.receive(&mut kept).await {
                Ok(is_closed) => {
                    let is_last = is_closed || self.is_last.load(Ordering::Relaxed);
                    if self.events.send(TaskEvent::Ended).await.is_err() || is_last {
                        return;
                    }
                }
                Err(error) => {
                    // Fails only if the session has ended.
                    let _ = self.events.send(TaskEvent::Broken(error)).await;
                    return;
                }
            }
        }
    }

    /// Receives one answer. Returns whether a close frame was in it.
    async fn receive(&self, kept: &mut Option<Link>) -> Result<bool, SockJsError> {
        let usable = kept.take().filter(Link::is_usable);
        let mut link = match usable {
            Some(link) => link,
            None => Link::connect(&self.options.target, &self.scope, &self.log).await?,
        };
        // Fails only if the session has ended.
        let _ = self.events.send(TaskEvent::Waiting).await;
        let mut answer = open(&mut link, &self.options, Purpose::Receive).await?;
        let mut is_closed = false;
        while let Some(frame) = answer.next_frame().await? {
            is_closed |= matches!(frame, Frame::Close { .. });
            if self.events.send(TaskEvent::Frame(frame)).await.is_err() {
                break;
            }
        }
        *kept = Some(link);
        Ok(is_closed)
    }
}

/// Opens a second receiver on the same session, and returns the first frame that it gets.
pub(super) async fn second_frame(
    options: &SockJsOptions,
    scope: &Scope,
    log: &WireLog,
) -> Result<Frame, SockJsError> {
    let mut link = Link::connect(&options.target, scope, log).await?;
    let mut answer = open(&mut link, options, Purpose::SecondReceiver).await?;
    let frame = within(options.answer_limit, answer.next_frame()).await?;
    frame.ok_or_else(|| SockJsError::Frame("the response has no frame".to_owned()))
}

/// Sends the request of a receiver and waits for the head of the answer.
async fn open(
    link: &mut Link,
    options: &SockJsOptions,
    purpose: Purpose,
) -> Result<Answer, SockJsError> {
    let transport = options.transport;
    let mut path = options.path(transport.path_part());
    if transport.needs_callback() {
        path = format!("{path}?c={CALLBACK}");
    }
    let method = if transport.method() == "POST" { Method::POST } else { Method::GET };
    let limit = if transport.is_polling() { HOLD_LIMIT } else { options.answer_limit };
    let request = LinkRequest { purpose, method, path, body: None };
    let response = within(limit, link.send(request)).await?;
    Answer::new(response, transport)
}

/// An answer with frames in it.
struct Answer {
    body: Incoming,
    reader: BodyReader,
    is_complete: bool,
}

impl Answer {
    fn new(response: Response<Incoming>, transport: Transport) -> Result<Self, SockJsError> {
        if !response.status().is_success() {
            return Err(SockJsError::Status(response.status()));
        }
        let reader = BodyReader::new(transport, MAX_FRAME);
        Ok(Self { body: response.into_body(), reader, is_complete: false })
    }

    /// Returns the next frame; `None` at the end of the answer.
    async fn next_frame(&mut self) -> Result<Option<Frame>, SockJsError> {
        loop {
            while let Some(item) = self.reader.next_item() {
                match item.content {
                    BodyContent::Prelude => {}
                    BodyContent::Frame(frame) => return Ok(Some(frame)),
                    BodyContent::Broken(error) => {
                        return Err(SockJsError::Frame(error.to_string()));
                    }
                }
            }
            if self.is_complete {
                return Ok(None);
            }
            let Some(piece) = self.body.frame().await else {
                self.is_complete = true;
                self.reader.finish();
                continue;
            };
            if let Ok(data) = piece?.into_data() {
                self.reader.push(&data);
            }
        }
    }
}
