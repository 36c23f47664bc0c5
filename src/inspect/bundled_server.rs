//! [`BundledServer`]: a server that comes with the program, by the name that slides and lessons
//! use.

use crate::servers::ServerKind;

/// A bundled server and a path on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledServer {
    /// The kind of server; `None` for the naive proxy, which has the plain server behind it.
    pub kind: Option<ServerKind>,
    /// The path of the request, with its leading slash. It selects the misbehavior of the sloppy
    /// server.
    pub path: String,
}

impl BundledServer {
    /// Parses a name with an optional path: `strict`, `sloppy/guid-missing`, `naive-proxy`. Returns
    /// `None` for an unknown server.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, path) = text.split_once('/').unwrap_or((text, ""));
        let kind = match name {
            "naive-proxy" => None,
            // Another name for the plain server, which echoes messages: the default of a slide's
            // `server`.
            "echo" => Some(ServerKind::Plain),
            name => Some(name.parse::<ServerKind>().ok()?),
        };
        Some(Self { kind, path: format!("/{path}") })
    }
}
