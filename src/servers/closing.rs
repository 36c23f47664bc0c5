//! [`ClosingPath`]: the paths of the strict server at which it has a reason to close that no broken
//! rule of the protocol gives, or never closes. Everywhere else it echoes.

use crate::wire::MessageKind;

/// The most bytes of a message at [`ClosingPath::Small`].
const SMALL_LIMIT: usize = 64;

/// What the first message at [`ClosingPath::TokenFirst`] begins with.
const TOKEN: &[u8] = b"token ";

/// A path with a reason to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClosingPath {
    /// `/text-only`: a binary message is not accepted.
    TextOnly,
    /// `/token-first`: the first message has to be a token.
    TokenFirst,
    /// `/small`: a message has at most [`SMALL_LIMIT`] bytes.
    Small,
    /// `/fails`: no message can be answered.
    Fails,
    /// `/half-open`: after the handshake nothing is sent any more, as if the machine had lost its
    /// power.
    HalfOpen,
}

impl ClosingPath {
    /// Returns the path of a request's target; `None` if it is an echo.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path.split('?').next()? {
            "/text-only" => Self::TextOnly,
            "/token-first" => Self::TokenFirst,
            "/small" => Self::Small,
            "/fails" => Self::Fails,
            "/half-open" => Self::HalfOpen,
            _ => return None,
        })
    }

    /// Returns the most bytes of a message, where the server itself takes `limit`.
    pub(super) fn message_limit(self, limit: usize) -> usize {
        if self == Self::Small { limit.min(SMALL_LIMIT) } else { limit }
    }

    /// Returns the code and the reason with which a message is answered; `None` if it is echoed.
    /// `number` is that of the message, from 1.
    pub(super) fn objection(
        self,
        number: u64,
        kind: MessageKind,
        data: &[u8],
    ) -> Option<(u16, &'static str)> {
        match self {
            Self::TextOnly if kind == MessageKind::Binary => {
                Some((1003, "this endpoint takes text only"))
            }
            Self::TokenFirst if number == 1 && !data.starts_with(TOKEN) => {
                Some((1008, "the first message has to be: token and its value"))
            }
            Self::Fails => Some((1011, "the database does not answer")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_objects_to_what_it_does_not_take_and_to_nothing_else() {
        use MessageKind::{Binary, Text};
        let code = |path: &str, number, kind, data: &[u8]| {
            ClosingPath::of(path).unwrap().objection(number, kind, data).map(|(code, _)| code)
        };
        assert_eq!(code("/text-only", 1, Binary, b""), Some(1003));
        assert_eq!(code("/text-only", 1, Text, b"a"), None);
        assert_eq!(code("/token-first", 1, Text, b"hello"), Some(1008));
        assert_eq!(code("/token-first", 1, Text, b"token 7"), None);
        assert_eq!(code("/token-first?a=b", 2, Text, b"hello"), None);
        assert_eq!(code("/fails", 9, Text, b""), Some(1011));
        assert_eq!(ClosingPath::Small.message_limit(1 << 20), 64);
        assert_eq!(ClosingPath::Fails.message_limit(1 << 20), 1 << 20);
        assert_eq!(ClosingPath::of("/"), None);
        assert_eq!(ClosingPath::of("/text-only/"), None);
    }
}
