//! What the inspector asks of its engine, and what comes back.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::connect_options::ConnectOptions;
use crate::capture::{self, ByteStore};
use crate::clients::{SessionCommand, SessionEvent};
use crate::inspect::InspectSource;
use crate::proxy;
use crate::wire::query::search::Needle;
use crate::wire::{Offset, Trace, TraceRow};

/// What the inspector asks of its engine.
#[derive(Clone, Debug)]
pub enum Cmd {
    /// Begin with this source; what ran before ends. The number tells its reports from those of an
    /// earlier one.
    Open(u64, InspectSource, Box<ConnectOptions>),
    /// Something to do on the open connection.
    Send(CommandSender, SessionCommand),
    /// Something to do with what passes through the proxy.
    Proxy(ProxyCommandSender, proxy::ProxyCommand),
    /// Read at most so many bytes of each of these frames out of a file: the row's number, the row,
    /// where it stands.
    Read(u64, Arc<ByteStore>, Vec<(usize, TraceRow, Offset)>, u64),
    /// Look for something in a file's frames, from this row on.
    Find(u64, Arc<ByteStore>, Arc<Trace>, usize, Box<Needle>),
    /// Put a text on the clipboard.
    Copy(String),
}

/// The way to an open connection: a handle, so that what is asked stays plain data.
#[derive(Clone, Debug)]
pub struct CommandSender(pub(crate) mpsc::Sender<SessionCommand>);

/// The way to a running proxy.
#[derive(Clone, Debug)]
pub struct ProxyCommandSender(pub(crate) mpsc::Sender<proxy::ProxyCommand>);

/// A file that was read.
#[derive(Debug)]
pub struct LoadedCapture {
    pub(crate) streams: Vec<capture::CapturedStream<Trace>>,
    pub(crate) notes: Vec<String>,
}

/// What comes back, with the number of its run.
#[derive(Debug)]
pub enum Msg {
    /// A connection is being opened: to where, when, and where commands for it go.
    Connecting(u64, String, Instant, CommandSender),
    /// The source could not be opened: why, in words.
    Failed(u64, String),
    /// The connection reports.
    Session(u64, SessionEvent),
    /// The proxy listens.
    ProxyUp(u64, String, Instant, ProxyCommandSender),
    /// The proxy reports.
    Proxy(u64, proxy::ProxyEvent),
    /// The naive proxy took something for a request.
    ParsedRequest(u64, String),
    /// A file was read.
    Loaded(u64, Box<LoadedCapture>),
    /// Bytes of frames, and how much of each was asked for at most.
    Read(u64, Vec<(usize, Vec<u8>)>, u64),
    /// Where something was found.
    Found(u64, Option<usize>),
}

impl Msg {
    /// The number of the run that it is about.
    pub(crate) fn run(&self) -> u64 {
        match self {
            Self::Connecting(run, ..)
            | Self::Failed(run, _)
            | Self::Session(run, _)
            | Self::ProxyUp(run, ..)
            | Self::Proxy(run, _)
            | Self::ParsedRequest(run, _)
            | Self::Loaded(run, _)
            | Self::Read(run, ..)
            | Self::Found(run, _) => *run,
        }
    }
}
