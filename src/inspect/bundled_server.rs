//! [`BundledServer`]: one of the servers that come with the program, by the name that a slide or a lesson gives it.

use crate::servers::ServerKind;

/// A bundled server and a path on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledServer {
    /// `None` is the naive proxy, with the plain server behind it.
    pub kind: Option<ServerKind>,
    /// With its slash.
    pub path: String,
}

impl BundledServer {
    /// `strict`, `sloppy/guid-missing`, `naive-proxy`, ...; `None` where no server has that name.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, path) = text.split_once('/').unwrap_or((text, ""));
        let kind = match name {
            "naive-proxy" => None,
            "echo" => Some(ServerKind::Plain),
            name => Some(name.parse::<ServerKind>().ok()?),
        };
        Some(Self { kind, path: format!("/{path}") })
    }
}
