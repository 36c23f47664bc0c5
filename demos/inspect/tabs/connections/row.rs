//! What a row of the table says about a connection.

use std::borrow::Cow;
use std::net::SocketAddr;

use ratatui::style::Color;

use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::{ConnectionStatus, InspectedConnection};
use crate::inspect::{ConnectionKind, ConnectionSummary, InspectSource, open_end_name};
use crate::stage::Theme;
use crate::text;
use crate::text::units::group_thousands;

/// A column of the table, in the order from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Number,
    Client,
    Server,
    Path,
    Subprotocol,
    Frames,
    Bytes,
    Problems,
    End,
}

impl Column {
    pub(super) const ALL: [Self; 9] = [
        Self::Number,
        Self::Client,
        Self::Server,
        Self::Path,
        Self::Subprotocol,
        Self::Frames,
        Self::Bytes,
        Self::Problems,
        Self::End,
    ];
}

/// The cells of a connection.
#[derive(Clone, Debug)]
pub(super) struct ConnectionRow {
    /// The index of the connection in the list.
    pub(super) index: usize,
    pub(super) is_under_cursor: bool,
    pub(super) is_shown: bool,
    /// The text of each column, without control characters.
    cells: [String; Column::ALL.len()],
    /// The colour of the number of problems.
    pub(super) problem_color: Color,
    /// The colour of how it ended.
    pub(super) end_color: Color,
}

impl ConnectionRow {
    pub(super) fn new(session: &Session, index: usize, theme: &Theme) -> Self {
        let connections = &session.connections;
        let connection = &connections.all()[index];
        let summary = connection.summary();
        let [client, server] = peers(session, connection);
        let problems = summary.problems();
        let cells = Column::ALL.map(|column| match column {
            Column::Number => number(session, index, connection).to_string(),
            Column::Client => client.clone(),
            Column::Server => server.clone(),
            Column::Path => match (&summary.path, summary.kind, connection.facts.kind) {
                (Some(path), ..) => path.clone(),
                // The handshake is not in the file.
                (None, ConnectionKind::WebSocket, Some(_)) => "(midway)".to_owned(),
                (None, ..) => String::new(),
            },
            Column::Subprotocol => {
                let spoken = summary.subprotocol.clone();
                let spoken = spoken.or_else(|| connection.trace.sockjs().short_title());
                spoken.unwrap_or_default()
            }
            Column::Frames => group_thousands(summary.frame_count() as u64),
            Column::Bytes => group_thousands(summary.byte_count().get()),
            Column::Problems if problems == 0 => String::new(),
            Column::Problems => group_thousands(problems),
            Column::End => end(connection, &summary),
        });
        Self {
            index,
            is_under_cursor: index == connections.cursor(),
            is_shown: index == connections.shown_index(),
            cells: cells.map(|cell| text::sanitize(&cell).into_owned()),
            problem_color: if summary.fatal_problems > 0 { theme.bad } else { theme.warn },
            end_color: if is_abnormal(connection, &summary) { theme.bad } else { theme.dim },
        }
    }

    pub(super) fn cell(&self, column: Column) -> &str {
        &self.cells[column as usize]
    }

    /// Returns the text of a column for this number of cells, in fewer words if it does not fit.
    pub(super) fn cell_within(&self, column: Column, width: usize) -> Cow<'_, str> {
        let text = self.cell(column);
        if column != Column::End || text::width(text) <= width {
            return Cow::Borrowed(text);
        }
        let shorter = text.replace(", only client Close", ", one Close");
        Cow::Owned(shorter.replace(", only server Close", ", one Close"))
    }
}

/// Returns the number of a connection, from 1. The proxy and a file have numbered theirs.
fn number(session: &Session, index: usize, connection: &InspectedConnection) -> usize {
    if session.source.is_own_connection() { index + 1 } else { connection.number }
}

/// Returns both ends of a connection, as far as they are known.
fn peers(session: &Session, connection: &InspectedConnection) -> [String; 2] {
    let address = |address: Option<SocketAddr>| {
        address.map(|address| address.to_string()).unwrap_or_default()
    };
    let client = address(connection.facts.client);
    let server = match &session.source {
        InspectSource::File(..) => address(connection.facts.server),
        InspectSource::Proxy(options) => options.upstream.to_string(),
        InspectSource::Url(_) | InspectSource::Bundled(_) => connection.name.clone(),
    };
    [client, server]
}

/// Whether a WebSocket ended without a Close in both directions.
fn is_abnormal(connection: &InspectedConnection, summary: &ConnectionSummary) -> bool {
    let is_closed = summary.closes.client && summary.closes.server;
    match (&connection.status, connection.facts.ending) {
        (ConnectionStatus::Ended(Err(_)), _) => true,
        (_, Some(_)) => summary.kind == ConnectionKind::WebSocket && !is_closed,
        _ => false,
    }
}

/// Returns what a connection without a WebSocket is, and how it ended.
fn end(connection: &InspectedConnection, summary: &ConnectionSummary) -> String {
    let status = summary.status.map(|status| status.to_string());
    let what = match summary.kind {
        ConnectionKind::Attempt => status.unwrap_or_else(|| "no answer".to_owned()),
        ConnectionKind::Http => {
            format!("HTTP {}", status.unwrap_or_default()).trim_end().to_owned()
        }
        ConnectionKind::SockJs => "SockJS".to_owned(),
        ConnectionKind::Other => "other bytes".to_owned(),
        ConnectionKind::NotCaptured => "no byte captured".to_owned(),
        // The status says why they cannot be read.
        ConnectionKind::WebSocket
        | ConnectionKind::Empty
        | ConnectionKind::Encrypted
        | ConnectionKind::Unreadable => String::new(),
    };
    let how = match (&connection.status, connection.facts.ending) {
        (ConnectionStatus::Ended(Ok(reason) | Err(reason)), _) => reason.clone(),
        (_, Some(ending)) => summary.short_ending(ending),
        (ConnectionStatus::Connecting, None) => "connecting".to_owned(),
        (ConnectionStatus::Open, None) => "open".to_owned(),
        (ConnectionStatus::FromFile(_), None) if connection.facts.client.is_some() => {
            open_end_name(connection.facts.open_end).to_owned()
        }
        (ConnectionStatus::FromFile(_), None) => String::new(),
    };
    match (what.is_empty(), how.is_empty()) {
        (false, false) => format!("{what}, {how}"),
        (false, true) => what,
        _ => how,
    }
}
