//! [`Talk`]: the session once the connection stands: one loop that reads, writes and obeys, each as soon as it can.
//! None waits for another: a server that does not read is still read, and one that does not speak is still spoken to.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use crate::clients::ear::{Ear, Heard};
use crate::clients::mouth::{Goodbye, Mouth};
use crate::clients::session::masking_key;
use crate::clients::{Command, Options, Report};
use crate::net::{in_words, later};
use crate::wire::{Opcode, encode};

/// Commands wait while more than this is still to be sent.
const FULL: usize = 256 * 1024;

/// Read at once at most.
const READ: usize = 16 * 1024;

/// How long the body of a refusal may take.
const BODY: Duration = Duration::from_secs(1);

pub(super) struct Talk<'a> {
    reports: &'a mpsc::Sender<Report>,
    patience: Duration,
    auto_pong: bool,
    auto_close: bool,
    ear: Ear,
    mouth: Mouth,
    stage: Stage,
    deadline: Option<Instant>,
    /// The server's Close with its code.
    close: Option<Goodbye>,
    /// Our Close was first.
    closed_by_us: bool,
    /// Nobody is left to ask for anything.
    unasked: bool,
    /// Our end of stream.
    fin: Fin,
    hung_up: bool,
    /// Nothing more can be sent: why.
    mute: Option<String>,
}

/// Where the connection stands.
#[derive(Debug, PartialEq)]
enum Stage {
    Shaking,
    Open,
    /// The server answered something else; its body may still come.
    Refused {
        why: String,
        left: Option<u64>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fin {
    No,
    /// As soon as all is sent.
    Wanted,
    Sent,
}

/// What the sending side does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Write,
    Flush,
    Fin,
}

impl<'a> Talk<'a> {
    pub(super) fn new(options: &Options, request: Vec<u8>, reports: &'a mpsc::Sender<Report>) -> Self {
        Self {
            reports,
            patience: options.patience,
            auto_pong: options.auto_pong,
            auto_close: options.auto_close,
            ear: Ear::new(),
            mouth: Mouth::new(request),
            stage: Stage::Shaking,
            deadline: Some(later(Instant::now(), options.patience)),
            close: None,
            closed_by_us: false,
            unasked: false,
            fin: Fin::No,
            hung_up: false,
            mute: None,
        }
    }

    /// Talks until the end, which is told in words.
    pub(super) async fn run(
        mut self,
        stream: impl AsyncRead + AsyncWrite,
        mut commands: mpsc::Receiver<Command>,
    ) -> Result<String, String> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut buffer = vec![0; READ];
        let mut unflushed = false;
        while !self.hung_up {
            let act = self.next_act(unflushed);
            let obeys = self.stage == Stage::Open && !self.unasked && self.mouth.unsent().len() < FULL;
            let deadline = self.deadline;
            // Each of these may be dropped at any moment: nothing is read or written then (and what was, is counted).
            tokio::select! {
                biased;
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => return self.late(),
                command = commands.recv(), if obeys => self.obey(command)?,
                done = send(&mut writer, act, self.mouth.unsent()), if act.is_some() => {
                    unflushed = act == Some(Act::Write);
                    self.sent(act, done)?;
                }
                read = reader.read(&mut buffer) => {
                    if let Some(end) = self.read(read, &buffer).await? {
                        return end;
                    }
                }
            }
        }
        // a peer that takes nothing more is not waited for
        let _ = timeout(Duration::from_millis(500), writer.shutdown()).await;
        Ok("we hung up".to_owned())
    }

    fn next_act(&self, unflushed: bool) -> Option<Act> {
        match self.fin {
            _ if self.mute.is_some() => None,
            _ if !self.mouth.unsent().is_empty() => Some(Act::Write),
            _ if unflushed => Some(Act::Flush),
            Fin::Wanted => Some(Act::Fin),
            Fin::No | Fin::Sent => None,
        }
    }

    fn obey(&mut self, command: Option<Command>) -> Result<(), String> {
        let frame = |opcode, payload: &[u8]| {
            Ok::<_, String>(encode::single_frame(opcode, payload, Some(masking_key()?)))
        };
        let bytes = match command {
            Some(Command::Text(text)) => frame(Opcode::Text, text.as_bytes())?,
            Some(Command::Binary(payload)) => frame(Opcode::Binary, &payload)?,
            Some(Command::Ping(payload)) => frame(Opcode::Ping, &payload)?,
            Some(Command::Pong(payload)) => frame(Opcode::Pong, &payload)?,
            Some(Command::Close(code, reason)) => return self.goodbye(code, &reason),
            Some(Command::Raw(bytes)) => bytes,
            Some(Command::Frame(header, payload)) => encode::frame(&header, &payload),
            Some(Command::AutoPong(on)) => {
                self.auto_pong = on;
                return Ok(());
            }
            Some(Command::AutoClose(on)) => {
                self.auto_close = on;
                return Ok(());
            }
            Some(Command::HangUp) => {
                self.hung_up = true;
                return Ok(());
            }
            None => {
                self.unasked = true;
                return self.goodbye(1000, "");
            }
        };
        self.mouth.say(&bytes);
        Ok(())
    }

    /// Behind half a frame a Close would only be its payload; then the end of the stream has to do.
    fn goodbye(&mut self, code: u16, reason: &str) -> Result<(), String> {
        if self.mouth.close().is_none() {
            if self.mouth.is_between_frames() {
                self.mouth.say(&encode::close_frame(code, reason, Some(masking_key()?)));
            } else {
                self.fin = Fin::Wanted;
            }
        }
        self.wait_for_the_end();
        Ok(())
    }

    fn wait_for_the_end(&mut self) {
        self.deadline.get_or_insert(later(Instant::now(), self.patience));
    }

    fn sent(&mut self, act: Option<Act>, done: io::Result<usize>) -> Result<(), String> {
        match done {
            Ok(_) if act == Some(Act::Fin) => self.fin = Fin::Sent,
            Ok(count) => self.mouth.sent(count),
            // What the server said before it stopped listening is still to be read.
            Err(error) => {
                self.mute = Some(in_words(&error));
                self.wait_for_the_end();
            }
        }
        if self.auto_pong && self.mouth.pong_is_due() {
            self.mouth.late_pong(masking_key()?);
        }
        Ok(())
    }

    /// `Some` is the end.
    async fn read(
        &mut self,
        read: io::Result<usize>,
        buffer: &[u8],
    ) -> Result<Option<Result<String, String>>, String> {
        let count = match read {
            Ok(0) => return Ok(Some(self.ended(None))),
            Err(error) => return Ok(Some(self.ended(Some(&error)))),
            Ok(count) => count,
        };
        let mut all = Vec::new();
        if let Stage::Refused { left: Some(left), .. } = &mut self.stage {
            *left = left.saturating_sub(count as u64);
        }
        self.ear.listen(buffer.get(..count).unwrap_or_default(), |heard| all.push(heard));
        for heard in all {
            self.heard(heard).await?;
        }
        Ok(match &self.stage {
            Stage::Refused { why, left: Some(0) } => Some(Err(why.clone())),
            _ => None,
        })
    }

    async fn heard(&mut self, heard: Heard) -> Result<(), String> {
        match heard {
            Heard::Open => {
                self.stage = Stage::Open;
                self.deadline = None;
                self.mouth.frames_begin();
                // a reader that is gone needs no reports
                let _ = self.reports.send(Report::Open).await;
            }
            Heard::Refused(why, left) => {
                self.stage = Stage::Refused { why, left };
                self.deadline = Some(later(Instant::now(), BODY.min(self.patience)));
            }
            Heard::Ping(payload) if self.auto_pong => self.mouth.answer_ping(payload, masking_key()?),
            Heard::Ping(_) => {}
            Heard::Close(code) => {
                if self.close.is_none() {
                    self.close = Some(Goodbye(code));
                    self.closed_by_us = self.mouth.close().is_some();
                    self.answer_close(code)?;
                }
            }
        }
        Ok(())
    }

    /// RFC 6455 section 5.5.1: the answer usually carries the code that was received. The server hangs up then (7.1.1).
    fn answer_close(&mut self, code: Option<u16>) -> Result<(), String> {
        if !self.auto_close {
            return Ok(());
        }
        if self.mouth.is_between_frames() && self.mouth.close().is_none() {
            let body = code.map(u16::to_be_bytes);
            let body = body.as_ref().map_or(&[][..], |code| code.as_slice());
            self.mouth.say(&encode::single_frame(Opcode::Close, body, Some(masking_key()?)));
        }
        if !self.mouth.is_between_frames() {
            self.fin = Fin::Wanted;
        }
        self.wait_for_the_end();
        Ok(())
    }

    /// The server took too long.
    fn late(self) -> Result<String, String> {
        let patience = format!("{} s", self.patience.as_secs_f32());
        match (self.stage, self.close) {
            (Stage::Shaking, _) => Err(format!(
                "the server took the request and did not answer within {patience}{}",
                so_far(&self.ear)
            )),
            (Stage::Refused { why, .. }, _) => Err(why),
            (Stage::Open, Some(Goodbye(code))) => {
                Err(format!("the server said goodbye {} and did not hang up within {patience}", with(code)))
            }
            (Stage::Open, None) => match self.mute {
                Some(why) => Err(format!("could not send: {why}")),
                None => Err(format!("we closed, and the server did not answer within {patience}")),
            },
        }
    }

    /// The stream ended, or broke.
    fn ended(&self, error: Option<&io::Error>) -> Result<String, String> {
        // TLS without its own goodbye: the end could be anybody's doing, yet a Close that came says what was meant.
        let cut = error.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        let how = match error {
            Some(error) if !cut => format!("the connection broke: {}", in_words(error)),
            Some(_) => "the server hung up without TLS's own goodbye".to_owned(),
            None => "the server hung up".to_owned(),
        };
        if let Stage::Refused { why, .. } = &self.stage {
            return Err(why.clone());
        }
        match (self.close, self.mouth.close()) {
            (Some(Goodbye(code)), Some(_)) if self.closed_by_us => {
                Ok(format!("closed by us, answered by the server {}", with(code)))
            }
            (Some(Goodbye(code)), Some(_)) => {
                Ok(format!("closed by the server {}, answered by us", with(code)))
            }
            (Some(Goodbye(code)), None) => {
                Ok(format!("closed by the server {}, not answered by us", with(code)))
            }
            (None, None) if self.fin == Fin::Sent => Ok("we hung up in the middle of a frame".to_owned()),
            (None, Some(_)) => Err(format!("{how} and did not answer our Close{}", so_far(&self.ear))),
            (None, None) => Err(format!("{how} without a Close{}", so_far(&self.ear))),
        }
    }
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), act: Option<Act>, bytes: &[u8]) -> io::Result<usize> {
    match act {
        Some(Act::Write) => writer.write(bytes).await,
        Some(Act::Flush) => writer.flush().await.map(|()| 0),
        Some(Act::Fin) => writer.shutdown().await.map(|()| 0),
        None => Ok(0),
    }
}

fn so_far(ear: &Ear) -> String {
    ear.unfinished().map_or_else(String::new, |place| format!(", {place}"))
}

fn with(code: Option<u16>) -> String {
    code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"))
}
