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
    /// Begin with this source; what ran before ends. The number counts the runs from 1: each has a
    /// file of its own to record to.
    Open(u64, InspectSource, Box<ConnectOptions>),
    /// Something to do on the open connection.
    Send(CommandSender, SessionCommand),
    /// Something to do with what passes through the proxy.
    Proxy(ProxyCommandSender, proxy::ProxyCommand),
    /// Read at most so many bytes of each of these frames out of a file: the row's number, the row,
    /// where it stands.
    Read(Arc<ByteStore>, Vec<(usize, TraceRow, Offset)>, u64),
    /// Look for something in a file's frames, from this row on.
    Find(Arc<ByteStore>, Arc<Trace>, usize, Box<Needle>),
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
