//! Sending: commands for our own connection, drafts, and commands for the proxy.
//!
//! Nothing is sent here: each function returns the commands that the engine carries out.

use super::connections::ConnectionStatus;
use super::state::Session;
use crate::clients::SessionCommand;
use crate::demos::inspect::action::ByteCursor;
use crate::demos::inspect::messages::Cmd;
use crate::inspect::InspectSource;
use crate::proxy::{ConnectionSelector, InterceptAction, ProxyCommand};
use crate::wire::{Side, format};

impl Session {
    /// Whether a draft can be sent: on our own connection, or injected by the proxy.
    pub(crate) fn has_peer(&self) -> bool {
        !matches!(self.source, InspectSource::File(..))
    }

    /// Returns the key that types a message; `None` where nobody would get it.
    pub(crate) fn type_hint(&self) -> Option<&'static str> {
        self.source.is_own_connection().then_some("⏎ type and send")
    }

    /// Whether our own connection has ended, so that sending needs a new one.
    pub(crate) fn needs_new_connection(&mut self) -> bool {
        self.source.is_own_connection()
            && matches!(self.newest_connection().status, ConnectionStatus::Ended(_))
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
