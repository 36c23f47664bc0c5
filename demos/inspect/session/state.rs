//! [`Session`]: the connections of a source, the selection and the cursor.

use std::num::NonZeroUsize;
use std::ops::Range;

use super::connections::{Connections, InspectedConnection};
use super::frame_draft::Draft;
use super::mask_key::MaskKeySource;
use super::query::{ActiveFilter, ActiveSearch};
use crate::demos::inspect::action::ByteCursor;
use crate::demos::inspect::connect_options::ConnectOptions;
use crate::demos::inspect::messages::{Cmd, CommandSender, ProxyCommandSender};
use crate::inspect::{InspectConfig, InspectSource};
use crate::wire::Side;

/// How far a capture on standard input was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Growth {
    /// The number of bytes that were read.
    pub(crate) bytes: u64,
    /// Whether nothing more comes.
    pub(crate) has_ended: bool,
    /// Whether connections of it are listed.
    pub(crate) has_connections: bool,
}

/// The connections of a source, and the user's position in them.
pub(crate) struct Session {
    pub(crate) source: InspectSource,
    /// The options of the settings, for every reconnect.
    pub(crate) connect_options: ConnectOptions,
    /// The number of the current run, from 1; 0 before the first. It identifies late messages of
    /// earlier runs.
    pub(crate) run: u64,
    pub(crate) connections: Connections,
    /// The number of the connection of a file to show first, from 1; `None` for the one that has
    /// most to say.
    pub(crate) first_connection: Option<NonZeroUsize>,
    /// How far standard input was read; `None` before the first bytes, and for other sources.
    pub(crate) growth: Option<Growth>,
    /// Whether the user has chosen the connection that is shown.
    pub(crate) has_chosen_connection: bool,
    /// The index of the selected row; `None` follows the traffic.
    pub(crate) selected_row: Option<usize>,
    /// Whether to follow compressed frames before others, for the tab that explains them.
    pub(crate) prefers_compressed: bool,
    /// Whether the newest frame of the client is followed, because only its mask can be undone.
    pub(crate) prefers_masked: bool,
    pub(crate) cursor: ByteCursor,
    /// The copy of a frame that is being edited.
    pub(crate) draft: Option<Draft>,
    /// The result of the last command, shown until the next key.
    pub(crate) notice: Option<String>,
    /// The notes about the file as a whole.
    pub(crate) file_notes: Vec<String>,
    pub(crate) filter: Option<ActiveFilter>,
    pub(crate) search: Option<ActiveSearch>,
    /// The number of the latest search, which its result has to have.
    pub(crate) search_number: u64,
    /// The number of the latest job that reads the texts of messages for the filter.
    pub(crate) scan_number: u64,
    /// Whether such a job is running.
    pub(crate) is_scanning: bool,
    /// The rows whose bytes were requested from the file last and have not arrived.
    pub(crate) requested_rows: Option<Range<usize>>,
    /// Whether the proxy holds frames.
    pub(crate) intercepting: bool,
    /// Whether the proxy has reached its maximum number of connections.
    pub(crate) full: bool,
    /// The side whose frames the proxy's keys act on.
    pub(crate) selected_side: Side,
    /// Whether pings are answered.
    pub(crate) auto_pong: bool,
    pub(crate) mask_keys: MaskKeySource,
    /// The queue of our own connection, while it is open.
    pub(crate) commands: Option<CommandSender>,
    /// The queue of the proxy, while it runs.
    pub(crate) proxy_commands: Option<ProxyCommandSender>,
    /// The index of the proxy's connection that has just been opened.
    pub(crate) new_client: Option<usize>,
    /// The address on which the proxy listens.
    pub(crate) proxy_address: Option<String>,
}

impl Session {
    pub(crate) fn new(config: &InspectConfig) -> Self {
        let options = ConnectOptions::from(config);
        let first_connection = config.connection;
        Self { first_connection, ..Self::with_options(config.source.clone(), options) }
    }

    fn with_options(source: InspectSource, connect_options: ConnectOptions) -> Self {
        Self {
            connections: Connections::new(source.title()),
            first_connection: None,
            growth: None,
            has_chosen_connection: false,
            source,
            connect_options,
            run: 0,
            selected_row: None,
            prefers_compressed: false,
            prefers_masked: false,
            cursor: ByteCursor::default(),
            draft: None,
            notice: None,
            file_notes: Vec::new(),
            filter: None,
            search: None,
            search_number: 0,
            scan_number: 0,
            is_scanning: false,
            requested_rows: None,
            intercepting: false,
            full: false,
            selected_side: Side::Client,
            auto_pong: true,
            mask_keys: MaskKeySource::default(),
            commands: None,
            proxy_commands: None,
            new_client: None,
            proxy_address: None,
        }
    }

    /// Starts a new run with these options. With `keep_earlier`, our own earlier connections stay
    /// in the list.
    pub(crate) fn open(&mut self, connect_options: ConnectOptions, keep_earlier: bool) -> Vec<Cmd> {
        // Built from scratch, so that nothing of the earlier run can be forgotten here.
        let mut fresh = Self::with_options(self.source.clone(), self.connect_options.clone());
        if keep_earlier && self.source.is_own_connection() {
            fresh.connections.keep_earlier(&mut self.connections);
        }
        let notice = (fresh.connections.len() > 1)
            .then(|| "reconnected · < shows the connection before".to_owned());
        // The source of masking keys survives: a test's sequence goes on.
        let (run, mask_keys) = (self.run + 1, std::mem::take(&mut self.mask_keys));
        let (prefers_compressed, prefers_masked) = (self.prefers_compressed, self.prefers_masked);
        let first_connection = self.first_connection;
        *self = Self {
            run,
            first_connection,
            prefers_compressed,
            prefers_masked,
            notice,
            mask_keys,
            ..fresh
        };
        vec![Cmd::Open(run, self.source.clone(), Box::new(connect_options))]
    }

    /// Returns the visible connection.
    pub(crate) fn connection(&self) -> &InspectedConnection {
        self.connections.shown()
    }

    /// Returns the newest connection. If the source is our own connection, events are always about
    /// this one: the connections before it are over.
    pub(crate) fn newest_connection(&mut self) -> &mut InspectedConnection {
        self.connections.newest()
    }

    /// Counts the problems of both heads, the faults of both directions, a Close that refuses what
    /// was sent, and an end without both Closes.
    pub(crate) fn fault_count(&self) -> usize {
        let heads = [Side::Client, Side::Server].map(|from| self.connection().head_problems(from));
        let heads: usize = heads.into_iter().map(<[_]>::len).sum();
        heads
            + usize::from(self.connection().abnormal.is_some())
            + usize::from(self.connection().refusal().is_some())
            + self.connection().trace.faults(Side::Client).len()
            + self.connection().trace.faults(Side::Server).len()
    }
}
