//! [`Driver`]: a session after the connection is open, as one loop that reads, writes and executes
//! commands, each as soon as possible. None of these waits for another: a server that does not read
//! is still read from, and one that sends nothing still gets data.

mod inbound;
mod send_queue;

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use crate::clients::command::SessionCommand;
use crate::clients::driver::inbound::{Inbound, InboundEvent};
use crate::clients::driver::send_queue::{CloseStatus, SendQueue};
use crate::clients::error::{Refusal, SessionEnd, SessionError, StreamEnd};
use crate::clients::event::SessionEvent;
use crate::clients::options::SessionOptions;
use crate::clients::random::{RandomError, masking_key};
use crate::net::{WriteStep, add_clamped, is_reset, write_step};
use crate::wire::frame::encode;
use crate::wire::{Opcode, Side};

/// Commands wait while more bytes than this are still to be sent.
const MAX_PENDING_BYTES: usize = 256 * 1024;

/// The maximum number of bytes read at once.
const READ_SIZE: usize = 16 * 1024;

/// How long the body of a refusal may take.
const REFUSAL_BODY_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct Driver<'a> {
    events: &'a mpsc::Sender<SessionEvent>,
    timeout: Duration,
    /// Whether the connection uses TLS.
    tls: bool,
    auto_pong: bool,
    auto_close: bool,
    inbound: Inbound,
    send_queue: SendQueue,
    phase: SessionPhase,
    deadline: Option<Instant>,
    /// The code of the server's first Close.
    received_close: Option<CloseStatus>,
    /// Whether our Close was sent first.
    closed_by_us: bool,
    /// Whether the command channel is closed.
    commands_closed: bool,
    /// The state of our end of stream.
    fin: FinState,
    hung_up: bool,
    /// The error after which nothing can be sent any more.
    send_error: Option<io::Error>,
}

/// The phase of the connection.
#[derive(Debug, PartialEq)]
enum SessionPhase {
    Handshaking,
    Open,
    /// The server refused the handshake. The body of its response may still arrive.
    Refused {
        reason: Refusal,
        body_left: Option<u64>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FinState {
    /// It has not been requested.
    NotWanted,
    /// It is sent as soon as everything else is.
    Wanted,
    Sent,
}

impl<'a> Driver<'a> {
    /// Creates the driver of a connection, which uses TLS or not, and sends `request` first.
    pub(super) fn new(
        options: &SessionOptions,
        tls: bool,
        request: Vec<u8>,
        events: &'a mpsc::Sender<SessionEvent>,
    ) -> Self {
        Self {
            events,
            timeout: options.timeout,
            tls,
            auto_pong: options.auto_pong,
            auto_close: options.auto_close,
            inbound: Inbound::new(),
            send_queue: SendQueue::new(request),
            phase: SessionPhase::Handshaking,
            deadline: Some(add_clamped(Instant::now(), options.timeout)),
            received_close: None,
            closed_by_us: false,
            commands_closed: false,
            fin: FinState::NotWanted,
            hung_up: false,
            send_error: None,
        }
    }

    /// Runs the session to its end and returns why it ended.
    pub(super) async fn run(
        mut self,
        stream: impl AsyncRead + AsyncWrite,
        commands: &mut mpsc::Receiver<SessionCommand>,
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
            // Every branch is cancellation-safe: dropping it means that nothing was read or
            // written, and what was is accounted for.
            tokio::select! {
                biased;
                // The deadline comes first, because a server that floods us with data must not
                // postpone it.
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    if self.write_was_reset() {
                        self.report_disconnect(Side::Server, true).await;
                    }
                    return self.timed_out();
                }
                command = commands.recv(), if takes_commands => self.execute(command)?,
                done = write_step(&mut writer, step, self.send_queue.pending()),
                    if step.is_some() =>
                {
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
        // The error is ignored: a peer that takes nothing more must not hold up the end.
        let _ = timeout(Duration::from_millis(500), writer.shutdown()).await;
        Ok(SessionEnd::HungUp)
    }

    fn next_step(&self, unflushed: bool) -> Option<WriteStep> {
        match self.fin {
            // With `send_error`, reading goes on, because the server may have sent its reason
            // before.
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
                // A closed channel means that the user is done, which calls for an orderly end.
                self.commands_closed = true;
                return self.start_close(1000, "");
            }
        };
        self.send_queue.enqueue(&bytes);
        Ok(())
    }

    /// Sends a Close. In the middle of a frame it would become part of that frame's payload, so
    /// there the stream is ended instead.
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
        self.deadline.get_or_insert(add_clamped(Instant::now(), self.timeout));
    }

    fn on_written(
        &mut self,
        step: Option<WriteStep>,
        done: io::Result<usize>,
    ) -> Result<(), RandomError> {
        match done {
            Ok(_) if step == Some(WriteStep::Shutdown) => self.fin = FinState::Sent,
            Ok(count) => self.send_queue.advance(count),
            // What the server sent before it stopped reading is still to be read.
            Err(error) => {
                self.send_error = Some(error);
                self.start_close_timer();
            }
        }
        // A pong may have waited for room in the queue.
        if self.auto_pong && self.send_queue.pong_is_due() {
            self.send_queue.enqueue_pending_pong(masking_key()?);
        }
        Ok(())
    }

    /// Handles bytes or the end of the stream. Returns how the session ended, if it did.
    async fn on_read(
        &mut self,
        read: io::Result<usize>,
        buffer: &[u8],
    ) -> Result<Option<Result<SessionEnd, SessionError>>, RandomError> {
        let error = match read {
            Ok(0) => None,
            Err(error) => Some(error),
            Ok(count) => return self.on_bytes(buffer.get(..count).unwrap_or_default()).await,
        };
        let was_reset = error.as_ref().is_some_and(is_reset) || self.write_was_reset();
        self.report_disconnect(Side::Server, was_reset).await;
        Ok(Some(self.stream_ended(error)))
    }

    /// Whether writing showed that the server has reset the connection. Reading may then give its end
    /// only.
    fn write_was_reset(&self) -> bool {
        self.send_error.as_ref().is_some_and(is_reset)
    }

    /// Reports that a side has ended the connection.
    async fn report_disconnect(&self, by: Side, is_reset: bool) {
        let at = std::time::Instant::now();
        // The error is ignored: without a receiver nobody needs events.
        let _ = self.events.send(SessionEvent::Disconnected { by, is_reset, at }).await;
    }

    async fn on_bytes(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<Result<SessionEnd, SessionError>>, RandomError> {
        // A head that drips is not cut while it makes progress; its length is bounded.
        if self.phase == SessionPhase::Handshaking {
            self.deadline = Some(add_clamped(Instant::now(), self.timeout));
        }
        let mut events = Vec::new();
        if let SessionPhase::Refused { body_left: Some(left), .. } = &mut self.phase {
            *left = left.saturating_sub(bytes.len() as u64);
        }
        self.inbound.push(bytes, |event| events.push(event));
        for event in events {
            self.on_inbound(event).await?;
        }
        // The whole body of a refusal is awaited, so that the user sees it.
        Ok(match &self.phase {
            SessionPhase::Refused { reason, body_left: Some(0) } => {
                Some(Err(self.inbound.explain(reason.clone()).into()))
            }
            _ => None,
        })
    }

    async fn on_inbound(&mut self, event: InboundEvent) -> Result<(), RandomError> {
        match event {
            InboundEvent::Open => {
                self.phase = SessionPhase::Open;
                // An open connection may be silent for any time.
                self.deadline = None;
                self.send_queue.start_frames();
                // The error is ignored: without a receiver nobody needs events.
                let _ = self.events.send(SessionEvent::Open).await;
            }
            InboundEvent::Refused(reason, left) => {
                self.phase = SessionPhase::Refused { reason, body_left: left };
                // The body only explains the status, so it gets little time.
                self.deadline =
                    Some(add_clamped(Instant::now(), REFUSAL_BODY_TIMEOUT.min(self.timeout)));
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

    /// Answers a Close. The answer usually carries the received code (RFC 6455 section 5.5.1).
    /// After it the server closes the connection (section 7.1.1).
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
        // The Close cannot be sent in the middle of a frame, so the end of the stream has to do.
        if !self.send_queue.is_between_frames() {
            self.fin = FinState::Wanted;
        }
        self.start_close_timer();
        Ok(())
    }

    /// Returns the error for the timeout that has passed.
    fn timed_out(self) -> Result<SessionEnd, SessionError> {
        let (waited, unfinished) = (self.timeout, self.inbound.unfinished());
        Err(match (self.phase, self.received_close, self.send_error) {
            (SessionPhase::Handshaking, ..) => {
                SessionError::HandshakeTimeout { waited, unfinished }
            }
            (SessionPhase::Refused { reason, .. }, ..) => self.inbound.explain(reason).into(),
            (SessionPhase::Open, Some(CloseStatus(code)), _) => {
                SessionError::HangUpTimeout { code, waited }
            }
            (SessionPhase::Open, None, Some(error)) => SessionError::Send(error),
            (SessionPhase::Open, None, None) => SessionError::CloseTimeout { waited, unfinished },
        })
    }

    /// Returns the result of a stream that ended or broke.
    fn stream_ended(&self, error: Option<io::Error>) -> Result<SessionEnd, SessionError> {
        let how = match error {
            // TLS ended without a close_notify alert, so anyone could have cut the connection. A
            // Close that was received is still valid.
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                StreamEnd::WithoutCloseNotify
            }
            Some(error) => StreamEnd::Broke(error),
            None => StreamEnd::HungUp,
        };
        match &self.phase {
            SessionPhase::Refused { reason, .. } => {
                return Err(self.inbound.explain(reason.clone()).into());
            }
            SessionPhase::Handshaking => {
                let (beginning, tls) = (self.inbound.first_line(), self.tls);
                return Err(SessionError::NoResponse { how, beginning, tls });
            }
            SessionPhase::Open => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A head that takes four times the timeout, and one that stops.
    #[tokio::test(start_paused = true)]
    async fn a_head_is_not_cut_while_it_makes_progress() {
        let timeout = Duration::from_secs(10);
        for stops in [false, true] {
            let options = SessionOptions { timeout, ..SessionOptions::new("ws://a/") };
            let (ours, mut theirs) = tokio::io::duplex(4096);
            let (sender, mut events) = mpsc::channel(16);
            let (commands, mut inbox) = mpsc::channel(1);
            let drip = async {
                for piece in ["HTTP/1.1 101 ", "Switching Protocols\r\n", "X: y\r\n", "\r\n"] {
                    tokio::time::sleep(Duration::from_secs(9)).await;
                    theirs.write_all(piece.as_bytes()).await.unwrap();
                    if stops {
                        break;
                    }
                }
                // The end of the commands is the order to close.
                drop(commands);
                // It keeps the connection open.
                let _ = theirs.read_to_end(&mut Vec::new()).await;
            };
            let run = Driver::new(&options, false, Vec::new(), &sender).run(ours, &mut inbox);
            let ended = tokio::select! { ended = run => ended, () = drip => unreachable!() };
            let expected = match ended {
                Err(SessionError::HandshakeTimeout { waited, .. }) => stops && waited == timeout,
                Err(SessionError::CloseTimeout { .. }) => !stops,
                _ => false,
            };
            assert!(expected, "{ended:?}");
            assert_eq!(matches!(events.try_recv(), Ok(SessionEvent::Open)), !stops);
        }
    }
}
