//! [`Session`]: the connections of a source, the selection and the cursor.

use std::ops::Range;

use super::connections::{ConnectionStatus, Connections, InspectedConnection};
use super::frame_draft::Draft;
use super::mask_key::MaskKeySource;
use super::query::{ActiveFilter, ActiveSearch};
use crate::clients::SessionCommand;
use crate::demos::inspect::action::ByteCursor;
use crate::demos::inspect::connect_options::ConnectOptions;
use crate::demos::inspect::messages::{Cmd, CommandSender, ProxyCommandSender};
use crate::inspect::{InspectConfig, InspectSource};
use crate::proxy::{ConnectionSelector, InterceptAction, ProxyCommand};
use crate::wire::{Side, format};

/// The connections of a source, and the user's position in them.
pub(crate) struct Session {
    pub(crate) source: InspectSource,
    /// The options of the settings, for every reconnect.
    pub(crate) connect_options: ConnectOptions,
    /// The number of the current run, from 1; 0 before the first. It identifies late messages of
    /// earlier runs.
    pub(crate) run: u64,
    pub(crate) connections: Connections,
    /// The index of the selected row; `None` follows the traffic.
    pub(crate) selected_row: Option<usize>,
    /// Whether to follow compressed frames before others, for the tab that explains them.
    pub(crate) prefers_compressed: bool,
    pub(crate) cursor: ByteCursor,
    /// The copy of a frame that is being edited.
    pub(crate) draft: Option<Draft>,
    /// The result of the last command, shown until the next key.
    pub(crate) notice: Option<String>,
    pub(crate) filter: Option<ActiveFilter>,
    pub(crate) search: Option<ActiveSearch>,
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
    /// The address on which the proxy listens.
    pub(crate) proxy_address: Option<String>,
}

impl Session {
    pub(crate) fn new(config: &InspectConfig) -> Self {
        Self::with_options(config.source.clone(), ConnectOptions::from(config))
    }

    fn with_options(source: InspectSource, connect_options: ConnectOptions) -> Self {
        Self {
            connections: Connections::new(source.title()),
            source,
            connect_options,
            run: 0,
            selected_row: None,
            prefers_compressed: false,
            cursor: ByteCursor::default(),
            draft: None,
            notice: None,
            filter: None,
            search: None,
            requested_rows: None,
            intercepting: false,
            full: false,
            selected_side: Side::Client,
            auto_pong: true,
            mask_keys: MaskKeySource::default(),
            commands: None,
            proxy_commands: None,
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
        let prefers_compressed = self.prefers_compressed;
        *self = Self { run, prefers_compressed, notice, mask_keys, ..fresh };
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

    /// Whether a draft can be sent: on our own connection, or injected by the proxy.
    pub(crate) fn has_peer(&self) -> bool {
        !matches!(self.source, InspectSource::File(..))
    }

    /// Whether our own connection has ended, so that sending needs a new one.
    pub(crate) fn needs_new_connection(&mut self) -> bool {
        self.source.is_own_connection()
            && matches!(self.newest_connection().status, ConnectionStatus::Ended(_))
    }

    /// Counts the problems of both heads and the faults of both directions.
    pub(crate) fn fault_count(&self) -> usize {
        let heads = [Side::Client, Side::Server].map(|from| self.connection().trace.head(from));
        let heads: usize =
            heads.into_iter().flatten().map(|validated| validated.validation.problems.len()).sum();
        heads
            + self.connection().trace.faults(Side::Client).len()
            + self.connection().trace.faults(Side::Server).len()
    }

    /// Returns the notice for a user who tries to send without an open connection.
    pub(crate) fn cannot_send_reason(&self) -> &'static str {
        match self.source {
            InspectSource::File(..) => "this is a capture: there is no one to send to",
            InspectSource::Proxy(_) => "this is a proxy: I injects bytes, and e then Enter a frame",
            InspectSource::Bundled(_) | InspectSource::Url(_) => "not connected: Ctrl-R reconnects",
        }
    }

    /// Sends a command to the open connection, or shows a notice if there is none.
    pub(crate) fn send_command(&mut self, command: &SessionCommand) -> Vec<Cmd> {
        // Follows the traffic again, on the connection that the command goes to.
        self.selected_row = None;
        if self.source.is_own_connection() {
            self.connections.show_newest();
        }
        if self.commands.is_none() {
            self.notice = Some(self.cannot_send_reason().to_owned());
        }
        self.commands.iter().map(|commands| Cmd::Send(commands.clone(), command.clone())).collect()
    }

    /// Sends the proxy a command for the visible connection.
    pub(crate) fn proxy_command(&self, from: Side, action: InterceptAction) -> Vec<Cmd> {
        self.select_proxy_command(from, ConnectionSelector::One(self.connection().number), action)
    }

    fn select_proxy_command(
        &self,
        from: Side,
        selector: ConnectionSelector,
        action: InterceptAction,
    ) -> Vec<Cmd> {
        let command = ProxyCommand { selector, from, action };
        self.proxy_commands
            .iter()
            .map(|commands| Cmd::Proxy(commands.clone(), command.clone()))
            .collect()
    }

    /// Makes the proxy hold all frames, on all connections and in both directions, or release them.
    pub(crate) fn toggle_intercept(&mut self) -> Vec<Cmd> {
        self.intercepting = !self.intercepting;
        let (action, notice) = if self.intercepting {
            (InterceptAction::Hold, "every frame is held now, and the peers wait")
        } else {
            (InterceptAction::Release, "everything passes again")
        };
        self.notice = Some(notice.to_owned());
        let command =
            |from| self.select_proxy_command(from, ConnectionSelector::All, action.clone());
        [Side::Client, Side::Server].into_iter().flat_map(command).collect()
    }

    /// Toggles whether pings are answered.
    pub(crate) fn toggle_pong(&mut self) -> Vec<Cmd> {
        self.auto_pong = !self.auto_pong;
        let notice = if self.auto_pong {
            "pings are answered"
        } else {
            "pings are not answered: what does the peer do?"
        };
        self.notice = Some(notice.to_owned());
        self.send_command(&SessionCommand::AutoPong(self.auto_pong))
    }

    /// Sends the draft as it is, legal or not. A proxy injects it in the direction of the original
    /// frame.
    pub(crate) fn send_draft(&mut self) -> Vec<Cmd> {
        // Before the draft is taken, while the frame that it was copied from is still selected.
        let from = self.current_frame().map_or(Side::Client, |(_, row, _)| row.from());
        let Some(draft) = self.draft.take() else { return Vec::new() };
        self.cursor = ByteCursor::default();
        let raw = draft.bytes().to_vec();
        let notice = format!("sent the draft: {}", format::byte_count(raw.len() as u64));
        if self.proxy_commands.is_some() {
            return self.proxy_command(from, InterceptAction::Inject(raw));
        }
        let commands = self.send_command(&SessionCommand::Raw(raw));
        // Otherwise `send_command` has left a notice about the missing connection.
        if !commands.is_empty() {
            self.notice = Some(notice);
        }
        commands
    }
}
