//! [`ConnectionFilter`]: the connections whose peers, path, subprotocol, kind or end have a text.

use super::connection::InspectedConnection;
use super::connection_status::ConnectionStatus;

/// A text that was typed, and which connections have it.
#[derive(Debug)]
pub(crate) struct ConnectionFilter {
    pub(crate) text: String,
    /// The words in small letters, all of which a connection must have.
    words: Vec<String>,
    /// For each connection of the list whether it matches.
    matches: Vec<bool>,
}

impl ConnectionFilter {
    /// Creates a filter; `None` for a text without words.
    pub(super) fn new(text: &str) -> Option<Self> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let text = text.trim().to_owned();
        (!words.is_empty()).then_some(Self { text, words, matches: Vec::new() })
    }

    /// Finds out which connections match.
    pub(super) fn update(&mut self, list: &[InspectedConnection]) {
        let matches = |connection: &InspectedConnection| {
            let text = searched_text(connection);
            self.words.iter().all(|word| text.contains(word))
        };
        self.matches = list.iter().map(matches).collect();
    }

    pub(super) fn matches(&self, index: usize) -> bool {
        self.matches.get(index).copied().unwrap_or(false)
    }

    /// Returns the number of connections that match.
    pub(crate) fn count(&self) -> usize {
        self.matches.iter().filter(|matches| **matches).count()
    }
}

/// Returns what a filter searches of a connection, in small letters.
fn searched_text(connection: &InspectedConnection) -> String {
    let summary = connection.summary();
    let addresses = [connection.facts.client, connection.facts.server].into_iter().flatten();
    let mut parts: Vec<String> = addresses.map(|address| address.to_string()).collect();
    // The name of a live connection is its address; that of a connection of a file, the file's.
    if connection.facts.kind.is_none() {
        parts.push(connection.name.clone());
    }
    parts.push(summary.kind.name().to_owned());
    parts.extend(summary.path.clone());
    parts.extend(summary.subprotocol.clone());
    parts.extend(summary.status.map(|status| status.to_string()));
    parts.extend(match (&connection.status, connection.facts.ending) {
        (ConnectionStatus::Ended(Ok(reason) | Err(reason)), _) => Some(reason.clone()),
        (_, Some(ending)) => Some(summary.short_ending(ending)),
        (_, None) => None,
    });
    parts.join("\n").to_lowercase()
}
