//! [`Driver`]: the session once the connection stands: one loop that reads, writes and obeys, each as soon as it can.
//! None waits for another: a server that does not read is still read, and one that does not speak
//! is still spoken to.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use crate::clients::command::SessionCommand;
use crate::clients::error::{Refusal, SessionEnd, SessionError, StreamEnd};
use crate::clients::event::SessionEvent;
use crate::clients::inbound::{Inbound, InboundEvent};
use crate::clients::options::SessionOptions;
use crate::clients::random::{RandomError, masking_key};
use crate::clients::send_queue::{CloseStatus, SendQueue};
use crate::net::later;
use crate::wire::Opcode;
use crate::wire::frame::encode;

/// Commands wait while more than this is still to be sent.
const MAX_PENDING_BYTES: usize = 256 * 1024;

/// Read at once at most.
const READ_SIZE: usize = 16 * 1024;

/// How long the body of a refusal may take.
const REFUSAL_BODY_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct Driver<'a> {
    events: &'a mpsc::Sender<SessionEvent>,
    timeout: Duration,
    auto_pong: bool,
    auto_close: bool,
    inbound: Inbound,
    send_queue: SendQueue,
    phase: SessionPhase,
    deadline: Option<Instant>,
    /// The server's Close with its code.
    received_close: Option<CloseStatus>,
    /// Our Close was first.
    closed_by_us: bool,
    /// Nobody is left to ask for anything.
    commands_closed: bool,
    /// Our end of stream.
    fin: FinState,
    hung_up: bool,
    /// Nothing more can be sent: why.
    send_error: Option<io::Error>,
}

/// Where the connection stands.
#[derive(Debug, PartialEq)]
enum SessionPhase {
    Handshaking,
    Open,
    /// The server answered something else; its body may still come.
    Refused {
        reason: Refusal,
        body_left: Option<u64>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FinState {
    NotWanted,
    /// As soon as all is sent.
    Wanted,
    Sent,
}

/// What the sending side does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteStep {
    Write,
    Flush,
    Shutdown,
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        options: &SessionOptions,
        request: Vec<u8>,
        events: &'a mpsc::Sender<SessionEvent>,
    ) -> Self {
        Self {
            events,
            timeout: options.timeout,
            auto_pong: options.auto_pong,
            auto_close: options.auto_close,
            inbound: Inbound::new(),
            send_queue: SendQueue::new(request),
            phase: SessionPhase::Handshaking,
            deadline: Some(later(Instant::now(), options.timeout)),
            received_close: None,
            closed_by_us: false,
            commands_closed: false,
            fin: FinState::NotWanted,
            hung_up: false,
            send_error: None,
        }
    }

    /// Runs to the end, and says why it ended.
    pub(super) async fn run(
        mut self,
        stream: impl AsyncRead + AsyncWrite,
        mut commands: mpsc::Receiver<SessionCommand>,
    ) -> Result<SessionEnd, SessionError> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut buffer = vec![0; READ_SIZE];
        let mut unflushed = false;
        while !self.hung_up {
            let step = self.next_step(unflushed);
            let takes_commands = self.phase == SessionPhase::Open
                && !self.commands_closed
                && self.send_queue.pending().len() < MAX_PENDING_BYTES;
            let deadline = self.deadline;
            // Each of these may be dropped at any moment: nothing is read or written then (and what
            // was, is counted).
            tokio::select! {
                biased;
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => return self.timed_out(),
                command = commands.recv(), if takes_commands => self.execute(command)?,
                done = write_step(&mut writer, step, self.send_queue.pending()), if step.is_some() => {
                    unflushed = step == Some(WriteStep::Write);
                    self.on_written(step, done)?;
                }
                read = reader.read(&mut buffer) => {
                    if let Some(end) = self.on_read(read, &buffer).await? {
                        return end;
                    }
                }
            }
        }
        // a peer that takes nothing more is not waited for
        let _ = timeout(Duration::from_millis(500), writer.shutdown()).await;
        Ok(SessionEnd::HungUp)
    }

    fn next_step(&self, unflushed: bool) -> Option<WriteStep> {
        match self.fin {
            _ if self.send_error.is_some() => None,
            _ if !self.send_queue.pending().is_empty() => Some(WriteStep::Write),
            _ if unflushed => Some(WriteStep::Flush),
            FinState::Wanted => Some(WriteStep::Shutdown),
            FinState::NotWanted | FinState::Sent => None,
        }
    }

    fn execute(&mut self, command: Option<SessionCommand>) -> Result<(), RandomError> {
        let frame = |opcode, payload: &[u8]| {
            Ok::<_, RandomError>(encode::single_frame(opcode, payload, Some(masking_key()?)))
        };
        let bytes = match command {
            Some(SessionCommand::Text(text)) => frame(Opcode::Text, text.as_bytes())?,
            Some(SessionCommand::Binary(payload)) => frame(Opcode::Binary, &payload)?,
            Some(SessionCommand::Ping(payload)) => frame(Opcode::Ping, &payload)?,
            Some(SessionCommand::Pong(payload)) => frame(Opcode::Pong, &payload)?,
            Some(SessionCommand::Close(code, reason)) => return self.start_close(code, &reason),
            Some(SessionCommand::Raw(bytes)) => bytes,
            Some(SessionCommand::Frame(header, payload)) => encode::frame(&header, &payload),
            Some(SessionCommand::AutoPong(on)) => {
                self.auto_pong = on;
                return Ok(());
            }
            Some(SessionCommand::AutoClose(on)) => {
                self.auto_close = on;
                return Ok(());
            }
            Some(SessionCommand::HangUp) => {
                self.hung_up = true;
                return Ok(());
            }
            None => {
                self.commands_closed = true;
                return self.start_close(1000, "");
            }
        };
        self.send_queue.enqueue(&bytes);
        Ok(())
    }

    /// Behind half a frame a Close would only be its payload; then the end of the stream has to do.
    fn start_close(&mut self, code: u16, reason: &str) -> Result<(), RandomError> {
        if self.send_queue.queued_close().is_none() {
            if self.send_queue.is_between_frames() {
                self.send_queue.enqueue(&encode::close_frame(code, reason, Some(masking_key()?)));
            } else {
                self.fin = FinState::Wanted;
            }
        }
        self.start_close_timer();
        Ok(())
    }

    fn start_close_timer(&mut self) {
        self.deadline.get_or_insert(later(Instant::now(), self.timeout));
    }

    fn on_written(
        &mut self,
        step: Option<WriteStep>,
        done: io::Result<usize>,
    ) -> Result<(), RandomError> {
        match done {
            Ok(_) if step == Some(WriteStep::Shutdown) => self.fin = FinState::Sent,
            Ok(count) => self.send_queue.advance(count),
            // What the server said before it stopped listening is still to be read.
            Err(error) => {
                self.send_error = Some(error);
                self.start_close_timer();
            }
        }
        if self.auto_pong && self.send_queue.pong_is_due() {
            self.send_queue.enqueue_pending_pong(masking_key()?);
        }
        Ok(())
    }

    /// `Some` is the end.
    async fn on_read(
        &mut self,
        read: io::Result<usize>,
        buffer: &[u8],
    ) -> Result<Option<Result<SessionEnd, SessionError>>, RandomError> {
        let count = match read {
            Ok(0) => return Ok(Some(self.stream_ended(None))),
            Err(error) => return Ok(Some(self.stream_ended(Some(error)))),
            Ok(count) => count,
        };
        let mut events = Vec::new();
        if let SessionPhase::Refused { body_left: Some(left), .. } = &mut self.phase {
            *left = left.saturating_sub(count as u64);
        }
        self.inbound.push(buffer.get(..count).unwrap_or_default(), |event| events.push(event));
        for event in events {
            self.on_inbound(event).await?;
        }
        Ok(match &self.phase {
            SessionPhase::Refused { reason, body_left: Some(0) } => {
                Some(Err(reason.clone().into()))
            }
            _ => None,
        })
    }

    async fn on_inbound(&mut self, event: InboundEvent) -> Result<(), RandomError> {
        match event {
            InboundEvent::Open => {
                self.phase = SessionPhase::Open;
                self.deadline = None;
                self.send_queue.start_frames();
                // a reader that is gone needs no events
                let _ = self.events.send(SessionEvent::Open).await;
            }
            InboundEvent::Refused(reason, left) => {
                self.phase = SessionPhase::Refused { reason, body_left: left };
                self.deadline = Some(later(Instant::now(), REFUSAL_BODY_TIMEOUT.min(self.timeout)));
            }
            InboundEvent::Ping(payload) if self.auto_pong => {
                self.send_queue.answer_ping(payload, masking_key()?);
            }
            InboundEvent::Ping(_) => {}
            InboundEvent::Close(code) => {
                if self.received_close.is_none() {
                    self.received_close = Some(CloseStatus(code));
                    self.closed_by_us = self.send_queue.queued_close().is_some();
                    self.answer_close(code)?;
                }
            }
        }
        Ok(())
    }

    /// RFC 6455 section 5.5.1: the answer usually carries the code that was received. The server
    /// hangs up then (7.1.1).
    fn answer_close(&mut self, code: Option<u16>) -> Result<(), RandomError> {
        if !self.auto_close {
            return Ok(());
        }
        if self.send_queue.is_between_frames() && self.send_queue.queued_close().is_none() {
            let body = code.map(u16::to_be_bytes);
            let body = body.as_ref().map_or(&[][..], |code| code.as_slice());
            self.send_queue.enqueue(&encode::single_frame(
                Opcode::Close,
                body,
                Some(masking_key()?),
            ));
        }
        if !self.send_queue.is_between_frames() {
            self.fin = FinState::Wanted;
        }
        self.start_close_timer();
        Ok(())
    }

    /// The server took too long.
    fn timed_out(self) -> Result<SessionEnd, SessionError> {
        let waited = self.timeout;
        Err(match (self.phase, self.received_close, self.send_error) {
            (SessionPhase::Handshaking, ..) => {
                SessionError::HandshakeTimeout { waited, unfinished: self.inbound.unfinished() }
            }
            (SessionPhase::Refused { reason, .. }, ..) => reason.into(),
            (SessionPhase::Open, Some(CloseStatus(code)), _) => {
                SessionError::HangUpTimeout { code, waited }
            }
            (SessionPhase::Open, None, Some(error)) => SessionError::Send(error),
            (SessionPhase::Open, None, None) => SessionError::CloseTimeout { waited },
        })
    }

    /// The stream ended, or broke.
    fn stream_ended(&self, error: Option<io::Error>) -> Result<SessionEnd, SessionError> {
        let how = match error {
            // TLS without its own goodbye: the end could be anybody's doing, yet a Close that came
            // says what was meant
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                StreamEnd::WithoutCloseNotify
            }
            Some(error) => StreamEnd::Broke(error),
            None => StreamEnd::HungUp,
        };
        if let SessionPhase::Refused { reason, .. } = &self.phase {
            return Err(reason.clone().into());
        }
        let unfinished = self.inbound.unfinished();
        match (self.received_close, self.send_queue.queued_close()) {
            (Some(CloseStatus(code)), Some(_)) if self.closed_by_us => {
                Ok(SessionEnd::ClosedByUs { code })
            }
            (Some(CloseStatus(code)), ours) => {
                Ok(SessionEnd::ClosedByServer { code, answered: ours.is_some() })
            }
            (None, None) if self.fin == FinState::Sent => Ok(SessionEnd::HungUpInsideFrame),
            (None, Some(_)) => Err(SessionError::CloseUnanswered { how, unfinished }),
            (None, None) => Err(SessionError::EndWithoutClose { how, unfinished }),
        }
    }
}

async fn write_step(
    writer: &mut (impl AsyncWrite + Unpin),
    step: Option<WriteStep>,
    bytes: &[u8],
) -> io::Result<usize> {
    match step {
        Some(WriteStep::Write) => writer.write(bytes).await,
        Some(WriteStep::Flush) => writer.flush().await.map(|()| 0),
        Some(WriteStep::Shutdown) => writer.shutdown().await.map(|()| 0),
        None => Ok(0),
    }
}
