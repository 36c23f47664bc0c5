//! What a session is opened with, and what it can be told while it runs.

use std::time::Duration;

use crate::clients::RandomError;
use crate::clients::random::random_bytes;
use crate::net::Target;
use crate::sockjs::Transport;

/// The letters of a session's name, 32 of them, so that five random bits choose one.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";

/// A session's server, transport and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SockJsOptions {
    /// The server. The path of the URL is the prefix of the service.
    pub target: Target,
    /// The transport; never the raw WebSocket.
    pub transport: Transport,
    /// The part of the URL that is for a balancer: three digits.
    pub server: String,
    /// The part of the URL that names the session.
    pub session: String,
    /// How long an answer may take that should come at once.
    pub answer_limit: Duration,
    /// How long the server keeps a session without a receiver, after which the client asks whether
    /// it is gone.
    pub session_timeout: Duration,
}

/// An order to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SockJsCommand {
    /// Sends a message.
    Send(String),
    /// Opens a second receiver beside the first one, and shows what it gets.
    OpenSecondReceiver,
    /// Opens no further receiver; one that has no end of its own is broken off.
    Detach,
    /// Opens a receiver again.
    Attach,
}

impl SockJsOptions {
    /// Names a new session. Its names are random, as those of sockjs-client.
    ///
    /// # Errors
    /// Fails if the system gives no random numbers.
    pub fn new(target: Target, transport: Transport) -> Result<Self, RandomError> {
        let bytes = random_bytes::<10>()?;
        let (number, name) = bytes.split_at(2);
        let number = number.iter().fold(0_u16, |all, byte| (all << 8) | u16::from(*byte));
        let letter = |byte: &u8| {
            let letter = LETTERS.get(usize::from(*byte & 31)).copied();
            char::from(letter.unwrap_or_default())
        };
        Ok(Self {
            target,
            transport,
            server: format!("{:03}", number % 1000),
            session: name.iter().map(letter).collect(),
            answer_limit: Duration::from_secs(5),
            session_timeout: Duration::from_secs(5),
        })
    }

    /// Returns the path of a request of the session.
    pub(super) fn path(&self, last: &str) -> String {
        let (server, session) = (&self.server, &self.session);
        format!("{}/{server}/{session}/{last}", prefix(&self.target))
    }
}

/// Returns the path of the service without a slash at its end.
pub(super) fn prefix(target: &Target) -> &str {
    let path = target.path.split_once('?').map_or(target.path.as_str(), |(path, _)| path);
    path.trim_end_matches('/')
}
