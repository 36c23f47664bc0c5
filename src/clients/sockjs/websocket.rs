//! A session over a WebSocket: the same frames, each in a message.

use std::future::pending;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::book::Book;
use super::error::SockJsError;
use super::link::{tapped, within};
use super::options::{SockJsCommand, SockJsOptions};
use super::receiver::MAX_FRAME;
use super::report::{SockJsReport, SockJsState};
use super::wire_log::{Purpose, SocketLog};
use crate::net::{MaybeTlsStream, Tap, WebSocketLimits};
use crate::scope::Scope;
use crate::sockjs::{Frame, payload};

type Socket = WebSocketStream<Tap<MaybeTlsStream, SocketLog>>;

/// Runs the session until it has ended, or until `commands` has.
pub(super) async fn run(
    options: SockJsOptions,
    scope: &Scope,
    mut book: Book,
    commands: mpsc::Receiver<SockJsCommand>,
    report: &(impl Fn(SockJsReport) + Send),
) {
    let socket_log = SocketLog::new(book.log.clone());
    let opening = open(&options, &socket_log, Purpose::Open);
    match within(options.answer_limit, opening).await {
        Ok(socket) => {
            book.attach();
            let session = Session { options, scope, book: &mut book, socket, socket_log };
            if let Err(error) = session.run(commands, report).await {
                book.end(&format!("1006 {error}"));
            }
        }
        Err(error) => book.end(&error.to_string()),
    }
    book.detach();
    book.end("the WebSocket has ended");
    report(book.report());
}

/// Opens a WebSocket of the session.
async fn open(
    options: &SockJsOptions,
    log: &SocketLog,
    purpose: Purpose,
) -> Result<Socket, SockJsError> {
    let stream = tapped(&options.target, log).await?;
    let path = options.path(options.transport.path_part());
    log.begin(purpose, format!("GET {path}"));
    let scheme = if options.target.tls { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{path}", options.target.authority());
    Ok(WebSocketLimits::new(MAX_FRAME).client(url, stream).await?)
}

/// An open WebSocket.
struct Session<'s> {
    options: SockJsOptions,
    scope: &'s Scope,
    book: &'s mut Book,
    socket: Socket,
    socket_log: SocketLog,
}

impl Session<'_> {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<SockJsCommand>,
        report: &(impl Fn(SockJsReport) + Send),
    ) -> Result<(), SockJsError> {
        let (seconds, mut second) = mpsc::channel(1);
        let log = self.book.log.clone();
        loop {
            self.book.settle();
            report(self.book.report());
            tokio::select! {
                message = self.socket.next() => match message.transpose()? {
                    Some(Message::Text(text)) => self.read(text.as_bytes())?,
                    // tungstenite answers what wants an answer by itself.
                    Some(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => {}
                    Some(other) => {
                        return Err(SockJsError::Frame(format!("{} bytes of data", other.len())));
                    }
                    None => return Ok(()),
                },
                command = commands.recv() => match command {
                    Some(SockJsCommand::Send(text)) => self.send(text).await?,
                    Some(SockJsCommand::OpenSecondReceiver) => self.open_second(seconds.clone()),
                    // A WebSocket is its own receiver.
                    Some(SockJsCommand::Detach | SockJsCommand::Attach) => {}
                    None => return Ok(()),
                },
                () = log.changed() => {}
                Some(frame) = second.recv() => self.book.second = Some(frame),
            }
        }
    }

    fn read(&mut self, message: &[u8]) -> Result<(), SockJsError> {
        let frame = Frame::parse(message).map_err(|error| SockJsError::Frame(error.to_string()))?;
        self.book.frame(frame);
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<(), SockJsError> {
        if self.book.state != SockJsState::Open {
            return Ok(());
        }
        self.book.send(&text);
        self.socket_log.begin(Purpose::Send, String::new());
        let message = Message::text(payload::write_array(&[text.into()]));
        within(self.options.answer_limit, async {
            self.socket.send(message).await.map_err(SockJsError::from)
        })
        .await?;
        // What the socket has taken needs no answer.
        self.book.answered();
        Ok(())
    }

    /// Opens another WebSocket with the same name, which is a session of its own.
    fn open_second(&self, frames: mpsc::Sender<Frame>) {
        let (options, log) = (self.options.clone(), SocketLog::new(self.book.log.clone()));
        self.scope.spawn("sockjs second websocket", async move {
            let Ok(mut socket) = open(&options, &log, Purpose::SecondReceiver).await else {
                return;
            };
            if let Some(Ok(Message::Text(text))) = socket.next().await
                && let Ok(frame) = Frame::parse(text.as_bytes())
            {
                // Fails only if the session has ended.
                let _ = frames.send(frame).await;
            }
            // Kept open beside the first, until the session ends.
            pending::<()>().await;
        });
    }
}
