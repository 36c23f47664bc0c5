//! [`Cmd`] and [`Msg`]: the commands for the inspector's engine, and the messages that come back.

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

/// A command for the inspector's engine. The number is that of the run, from 1.
#[derive(Clone, Debug)]
pub enum Cmd {
    /// Starts a run of a source, which ends the previous run.
    Open(u64, InspectSource, Box<ConnectOptions>),
    /// Sends a command to the open connection.
    Send(CommandSender, SessionCommand),
    /// Sends a command to the running proxy.
    Proxy(ProxyCommandSender, proxy::ProxyCommand),
    /// Read at most so many bytes of each of these frames out of a file: the row's number, the row,
    /// where it stands.
    Read(Arc<ByteStore>, Vec<(usize, TraceRow, Offset)>, u64),
    /// Look for something in a file's frames, from this row on.
    Find(Arc<ByteStore>, Arc<Trace>, usize, Box<Needle>),
    /// Put a text on the clipboard.
    Copy(String),
}

/// The queue of an open connection. As a handle, it lets a [`Cmd`] be plain data.
#[derive(Clone, Debug)]
pub struct CommandSender(pub(crate) mpsc::Sender<SessionCommand>);

/// The queue of a running proxy.
#[derive(Clone, Debug)]
pub struct ProxyCommandSender(pub(crate) mpsc::Sender<proxy::ProxyCommand>);

/// The connections of a file.
#[derive(Debug)]
pub struct LoadedCapture {
    pub(crate) streams: Vec<capture::CapturedStream<Trace>>,
    /// Notices for the user: warnings, and the result of a copy.
    pub(crate) notes: Vec<String>,
}

/// What the engine reports.
#[derive(Debug)]
pub enum Msg {
    /// A connection is being opened: to where, when, and where commands for it go.
    Connecting(String, Instant, CommandSender),
    /// The source could not be opened: why, in words.
    Failed(String),
    /// The connection reports.
    Session(SessionEvent),
    /// The proxy listens.
    ProxyUp(String, Instant, ProxyCommandSender),
    /// The proxy reports.
    Proxy(proxy::ProxyEvent),
    /// The naive proxy took something for a request.
    ParsedRequest(String),
    /// A file was read.
    Loaded(Box<LoadedCapture>),
    /// Bytes of frames, and how much of each was asked for at most.
    Read(Vec<(usize, Vec<u8>)>, u64),
    /// Where something was found.
    Found(Option<usize>),
}
