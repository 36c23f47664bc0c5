//! [`Session`]: the connections of one source, and what of them is looked at.

use std::ops::Range;

use super::connections::{ConnectionStatus, Connections, InspectedConnection};
use super::draft::Draft;
use super::mask_key::MaskKeySource;
use super::query::{ActiveFilter, ActiveSearch};
use crate::clients::SessionCommand;
use crate::demos::inspect::action::ByteCursor;
use crate::demos::inspect::connect_options::ConnectOptions;
use crate::demos::inspect::messages::{Cmd, CommandSender, ProxyCommandSender};
use crate::inspect::{InspectConfig, InspectSource};
use crate::proxy::{ConnectionSelector, InterceptAction, ProxyCommand};
use crate::wire::{Side, format};

/// What is known of a source's connections, and where the reader is in them.
pub(crate) struct Session {
    pub(crate) source: InspectSource,
    pub(crate) connect_options: ConnectOptions,
    /// Counts the runs, so that a late report of an earlier one is known as such.
    pub(crate) run: u64,
    pub(crate) connections: Connections,
    /// The row that the reader chose; `None` follows what is sent.
    pub(crate) selected_row: Option<usize>,
    /// Compressed frames are followed before others: the tab that explains them is shown.
    pub(crate) prefers_compressed: bool,
    pub(crate) cursor: ByteCursor,
    /// A copy of a frame that is edited.
    pub(crate) draft: Option<Draft>,
    /// What the last command did, until the next key.
    pub(crate) notice: Option<String>,
    pub(crate) filter: Option<ActiveFilter>,
    pub(crate) search: Option<ActiveSearch>,
    /// The rows that were asked for last, and are on their way.
    pub(crate) requested_rows: Option<Range<usize>>,
    /// The proxy holds what passes.
    pub(crate) intercepting: bool,
    /// The proxy has as many connections as it may have.
    pub(crate) full: bool,
    /// Whose frames the proxy's keys mean.
    pub(crate) selected_side: Side,
    pub(crate) auto_pong: bool,
    pub(crate) mask_keys: MaskKeySource,
    pub(crate) commands: Option<CommandSender>,
    pub(crate) proxy_commands: Option<ProxyCommandSender>,
    /// Where the proxy listens.
    pub(crate) proxy_address: Option<String>,
}

impl Session {
    pub(crate) fn new(config: &InspectConfig) -> Self {
        Self::with_options(config.source.clone(), ConnectOptions::from(config))
    }

    fn with_options(source: InspectSource, connect_options: ConnectOptions) -> Self {
        Self {
            connections: Connections::new(source.name()),
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

    /// Begins anew with these options this once. Connections of our own stay in the list if
    /// `keep_earlier`.
    pub(crate) fn open(&mut self, connect_options: ConnectOptions, keep_earlier: bool) -> Vec<Cmd> {
        let mut fresh = Self::with_options(self.source.clone(), self.connect_options.clone());
        if keep_earlier && self.source.is_own_connection() {
            fresh.connections.keep_earlier(&mut self.connections);
        }
        let notice = (fresh.connections.len() > 1)
            .then(|| "connected anew · < shows what was before".to_owned());
        let (run, mask_keys) = (self.run + 1, std::mem::take(&mut self.mask_keys));
        let prefers_compressed = self.prefers_compressed;
        *self = Self { run, prefers_compressed, notice, mask_keys, ..fresh };
        vec![Cmd::Open(run, self.source.clone(), Box::new(connect_options))]
    }

    /// The connection that is shown.
    pub(crate) fn connection(&self) -> &InspectedConnection {
        self.connections.shown()
    }

    /// The newest connection, which reports of our own are about.
    pub(crate) fn own_connection(&mut self) -> &mut InspectedConnection {
        self.connections.newest()
    }

    /// Whether what is edited can be sent: on a connection of our own, or injected by the proxy.
    pub(crate) fn has_peer(&self) -> bool {
        !matches!(self.source, InspectSource::File(..))
    }

    /// A connection of our own has ended, so that what is sent next needs a new one.
    pub(crate) fn needs_new_connection(&mut self) -> bool {
        self.source.is_own_connection()
            && matches!(self.own_connection().status, ConnectionStatus::Ended(_))
    }

    /// How much is wrong, in both heads and both directions.
    pub(crate) fn fault_count(&self) -> usize {
        let heads = [Side::Client, Side::Server].map(|from| self.connection().trace.head(from));
        let heads: usize =
            heads.into_iter().flatten().map(|validated| validated.validation.problems.len()).sum();
        heads
            + self.connection().trace.faults(Side::Client).len()
            + self.connection().trace.faults(Side::Server).len()
    }

    /// Why nothing can be sent.
    pub(crate) fn cannot_send_reason(&self) -> &'static str {
        match self.source {
            InspectSource::File(..) => "this is a capture: there is no one to send to",
            InspectSource::Proxy(_) => {
                "the proxy passes on what others send: I puts bytes in, e and Enter a frame"
            }
            InspectSource::Bundled(_) | InspectSource::Url(_) => {
                "not connected: Ctrl-R connects anew"
            }
        }
    }

    /// Asks the open connection for something; where there is none, says so.
    pub(crate) fn send_command(&mut self, command: &SessionCommand) -> Vec<Cmd> {
        self.selected_row = None;
        if self.source.is_own_connection() {
            self.connections.show_newest();
        }
        if self.commands.is_none() {
            self.notice = Some(self.cannot_send_reason().to_owned());
        }
        self.commands.iter().map(|commands| Cmd::Send(commands.clone(), command.clone())).collect()
    }

    /// Gives the proxy a command for the connection that is shown.
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

    /// Holds what passes through the proxy, on all connections and both ways, or lets it go on.
    pub(crate) fn toggle_intercept(&mut self) -> Vec<Cmd> {
        self.intercepting = !self.intercepting;
        let (action, notice) = if self.intercepting {
            (InterceptAction::Hold, "every frame waits now, and so do the peers")
        } else {
            (InterceptAction::Release, "everything passes again")
        };
        self.notice = Some(notice.to_owned());
        let command =
            |from| self.select_proxy_command(from, ConnectionSelector::All, action.clone());
        [Side::Client, Side::Server].into_iter().flat_map(command).collect()
    }

    pub(crate) fn toggle_pong(&mut self) -> Vec<Cmd> {
        self.auto_pong = !self.auto_pong;
        let notice = if self.auto_pong {
            "pings are answered"
        } else {
            "pings are left unanswered: what does the peer do?"
        };
        self.notice = Some(notice.to_owned());
        self.send_command(&SessionCommand::AutoPong(self.auto_pong))
    }

    /// Sends the edited frame as it is; through a proxy it is injected as if the frame's own side
    /// had sent it.
    pub(crate) fn send_draft(&mut self) -> Vec<Cmd> {
        let from = self.current_frame().map_or(Side::Client, |(_, row, _)| row.from());
        let Some(draft) = self.draft.take() else { return Vec::new() };
        self.cursor = ByteCursor::default();
        let raw = draft.bytes().to_vec();
        let notice = format!("sent as it is: {}", format::byte_count(raw.len() as u64));
        if self.proxy_commands.is_some() {
            return self.proxy_command(from, InterceptAction::Inject(raw));
        }
        let commands = self.send_command(&SessionCommand::Raw(raw));
        if !commands.is_empty() {
            self.notice = Some(notice);
        }
        commands
    }
}
