//! Every rule that an opening handshake can break: one row per rule, with its section and an
//! explanation.
//! `request` and `response` find out when and where a rule is broken.

use std::fmt;
use std::ops::Range;

use crate::wire::frame::Severity;

macro_rules! problems {
    ($(
        $code:ident $name:literal $severity:ident, $section:literal,
        $summary:literal,
        $rationale:literal;
    )*) => {
        /// The rules, by the names in the program's output.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemCode { $(#[doc = $summary] $code,)* }

        impl ProblemCode {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// Returns the rule's description.
            pub fn rule(self) -> &'static ProblemRule {
                match self {
                    $(Self::$code => &ProblemRule {
                        code: Self::$code,
                        name: $name,
                        severity: Severity::$severity,
                        section: $section,
                        summary: $summary,
                        rationale: $rationale,
                    },)*
                }
            }
        }
    };
}

/// A rule of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemRule {
    /// The code of the rule.
    pub code: ProblemCode,
    /// The name in output: `H_...`.
    pub name: &'static str,
    /// The usual severity of breaking the rule; a [`Problem`] can differ.
    pub severity: Severity,
    /// The section that states the rule.
    pub section: &'static str,
    /// The violation in one clause.
    pub summary: &'static str,
    /// The reason for the rule, or what to do about a violation.
    pub rationale: &'static str,
}

problems! {
    Method "H_METHOD" Fatal, "RFC 6455 §4.2.1(1)",
        "the method is not GET",
        "The handshake is a GET request without a body, so every HTTP server can understand and \
         reject it.";
    HttpVersion "H_HTTP_VERSION" Fatal, "RFC 6455 §4.2.1(1)",
        "this is not HTTP/1.1",
        "Upgrade was introduced with HTTP/1.1. HTTP/1.0 does not have it, and HTTP/2 has its own \
         mechanism (RFC 8441).";
    RequestLine "H_REQUEST_LINE" Fatal, "RFC 9112 §3",
        "the request line is not method, space, target, space, version",
        "There is one space between two parts and none within a part. Parsers that guess where the \
         target ends guess differently, which has been used for request smuggling.";
    Target "H_TARGET" Fatal, "RFC 6455 §4.2.1(1), RFC 9112 §3.2",
        "the request target is neither a path nor an http URI",
        "A handshake names its resource as a path that begins with /, or as an absolute http or \
         https URI. The other forms, * and host:port, belong to OPTIONS and CONNECT.";
    TargetChar "H_TARGET_CHAR" Warning, "RFC 3986 §2",
        "the request target has a byte that is not allowed in a URI",
        "Such bytes are written as % and two hex digits. Servers interpret them differently \
         otherwise.";
    TargetFragment "H_TARGET_FRAGMENT" Fatal, "RFC 6455 §3",
        "the request target has a fragment",
        "The part after # is for the client only and is never sent. In a ws URL it has no meaning.";
    HostMissing "H_HOST_MISSING" Fatal, "RFC 9112 §3.2",
        "there is no Host",
        "One address can serve many names; Host says which one is meant.";
    HostSyntax "H_HOST_SYNTAX" Fatal, "RFC 9112 §3.2",
        "Host is not a name or an address with an optional port",
        "A server that cannot tell which name is meant must answer 400. Guessing has led caches \
         and proxies to the wrong site.";
    UpgradeMissing "H_UPGRADE_MISSING" Fatal, "RFC 6455 §4.2.1(3), §4.1(2)",
        "there is no Upgrade",
        "Upgrade: websocket makes this request a handshake. Proxies that don't support WebSocket \
         drop the header.";
    UpgradeValue "H_UPGRADE_VALUE" Fatal, "RFC 6455 §4.2.1(3), §4.1(2)",
        "Upgrade does not name websocket",
        "The value must be websocket, in upper or lower case.";
    ConnectionMissing "H_CONNECTION_MISSING" Fatal, "RFC 6455 §4.2.1(4), §4.1(3)",
        "there is no Connection",
        "Upgrade applies to a single hop, and Connection: Upgrade says so.";
    ConnectionToken "H_CONNECTION_TOKEN" Fatal, "RFC 6455 §4.2.1(4), §4.1(3)",
        "Connection does not list upgrade",
        "The value is a list of tokens, compared case-insensitively. It must contain upgrade as a \
         token: a substring is not enough, and comparing the whole value is too strict.";
    KeyMissing "H_KEY_MISSING" Fatal, "RFC 6455 §4.2.1(5)",
        "there is no Sec-WebSocket-Key",
        "Without the key the server cannot prove that it has read this request.";
    KeyBase64 "H_KEY_BASE64" Fatal, "RFC 6455 §4.2.1(5)",
        "the key is not base64",
        "The key is 16 random bytes in base64: 24 characters that end in ==.";
    KeyLength "H_KEY_LENGTH" Fatal, "RFC 6455 §4.2.1(5)",
        "the key does not decode to 16 bytes",
        "The key is 16 random bytes in base64: 24 characters that end in ==.";
    VersionMissing "H_VERSION_MISSING" Fatal, "RFC 6455 §4.2.1(6)",
        "there is no Sec-WebSocket-Version",
        "Older drafts had a different framing; version 13 became the RFC.";
    VersionSyntax "H_VERSION_SYNTAX" Fatal, "RFC 6455 §4.3",
        "the version isn't a number from 0 to 255 without leading zeros",
        "A client that gets its version wrong is unlikely to get its frames right.";
    VersionUnsupported "H_VERSION_UNSUPPORTED" Fatal, "RFC 6455 §4.4",
        "a version other than 13",
        "The server answers 426 with the versions that it supports; 13 is the only one in use.";
    Origin "H_ORIGIN" Fatal, "RFC 6455 §10.2",
        "this Origin is not allowed here",
        "Browsers let any page open a WebSocket to any host, and they send the cookies along. \
         Checking Origin is the only protection against a hostile page.";
    Duplicate "H_DUPLICATE" Fatal, "RFC 6455 §11.3, RFC 9112 §3.2",
        "a header that may occur only once occurs twice",
        "Two parsers could use different values and disagree about the request.";
    SubprotocolSyntax "H_SUBPROTOCOL_SYNTAX" Fatal, "RFC 6455 §4.1(10)",
        "an offered subprotocol isn't a token",
        "Names are tokens: letters, digits and some punctuation, without spaces.";
    SubprotocolDuplicate "H_SUBPROTOCOL_DUPLICATE" Fatal, "RFC 6455 §4.1(10)",
        "a subprotocol is offered twice",
        "The names in the list must all be different.";
    SubprotocolMultiple "H_SUBPROTOCOL_MULTIPLE" Fatal, "RFC 6455 §11.3.4",
        "the response names more than one subprotocol",
        "The client offers a list, and the server chooses one of it.";
    SubprotocolNotOffered "H_SUBPROTOCOL_NOT_OFFERED" Fatal, "RFC 6455 §4.1(6)",
        "the response chose a subprotocol that was not offered",
        "The two sides would talk past each other. Names are case-sensitive.";
    SubprotocolIgnored "H_SUBPROTOCOL_IGNORED" Info, "RFC 6455 §4.2.2(5)",
        "subprotocols were offered, and the response chose none",
        "The RFC lets the client continue, but browsers fail the connection.";
    ExtParam "H_EXT_PARAM" Fatal, "RFC 7692 §7.1",
        "an extension parameter that is invalid, unknown or repeated",
        "A server declines such an offer and continues without the extension. A client must fail \
         the connection.";
    ExtNotOffered "H_EXT_NOT_OFFERED" Fatal, "RFC 6455 §4.1(5)",
        "the response uses an extension that was not offered",
        "The client could not read the frames that follow.";
    ExtDuplicate "H_EXT_DUPLICATE" Fatal, "RFC 7692 §5",
        "the response accepts one extension twice",
        "Both instances would claim the same reserved bit.";
    StatusLine "H_STATUS_LINE" Fatal, "RFC 9112 §4",
        "the status line is not version, space, three digits, space, reason",
        "The reason may be empty, but the space before it is required. Parsers that tolerate \
         deviations tolerate different ones.";
    Status "H_STATUS" Fatal, "RFC 6455 §4.1(1), §4.4",
        "the status is not 101",
        "Any other status is plain HTTP: the server did not switch protocols, and no frames \
         follow.";
    AcceptMissing "H_ACCEPT_MISSING" Fatal, "RFC 6455 §4.1(4)",
        "there is no Sec-WebSocket-Accept",
        "It is the server's proof that it speaks WebSocket and has read this request.";
    AcceptMismatch "H_ACCEPT_MISMATCH" Fatal, "RFC 6455 §4.1(4)",
        "the accept value is wrong",
        "It must be base64(SHA-1(key text + GUID)). A wrong value means that the server computed \
         it wrongly, or that a cache answered.";
    FieldLine "H_FIELD_LINE" Fatal, "RFC 9112 §5",
        "a line in the head that has no colon",
        "Every line after the first is a name, a colon and a value. Some parsers interpret other \
         lines, others ignore them.";
    FieldName "H_FIELD_NAME" Fatal, "RFC 9110 §5.1",
        "a field name that isn't a token",
        "A name consists of letters, digits and some punctuation, and isn't empty. With any other \
         byte, two parsers may see two different fields.";
    SpaceBeforeColon "H_SPACE_BEFORE_COLON" Fatal, "RFC 9112 §5.1",
        "whitespace between field name and colon",
        "Some parsers take it for part of the name, others don't. This difference has been used \
         for request smuggling.";
    ControlChar "H_CONTROL_CHAR" Fatal, "RFC 9110 §5.5",
        "a control character in a line of the head",
        "Parsers disagree about where the line or the value ends then. The usual one is a CR \
         without LF.";
    ObsFold "H_OBS_FOLD" Fatal, "RFC 9112 §5.2",
        "a header field that continues on the next line",
        "This obsolete syntax is interpreted differently by different parsers. A server rejects \
         it, a client replaces the fold by spaces.";
    BareLf "H_BARE_LF" Warning, "RFC 9112 §2.2",
        "a line ends in LF alone",
        "Lines end in CR LF. A parser may accept LF alone, but some don't.";
    BlankLineBefore "H_BLANK_LINE_BEFORE" Info, "RFC 9112 §2.2",
        "an empty line before the status line",
        "It is passed over: some servers write one line end too many after a body. A server \
         ignores such a line before a request; not every client does before a response.";
    RequestContent "H_REQUEST_CONTENT" Fatal, "RFC 6455 §4.1, RFC 9112 §6",
        "the request announces content",
        "A handshake has no content: frames follow its blank line. If one parser sees a body where \
         the next one sees frames, requests can be smuggled.";
    TransferEncoding1xx "H_TRANSFER_ENCODING_1XX" Warning, "RFC 9112 §6.1",
        "Transfer-Encoding in a 101",
        "A 101 has no body, so there's nothing to encode. A client that follows the header looks \
         for chunk sizes where the frames are.";
    ContentLength1xx "H_CONTENT_LENGTH_1XX" Warning, "RFC 9110 §8.6",
        "Content-Length in a 101",
        "A 101 has no body: the first frame follows the blank line.";
    DataBefore101 "H_DATA_BEFORE_101" Warning, "RFC 6455 §4.1",
        "bytes follow the request before the response",
        "The client must wait for the 101. Until then nobody knows whether these bytes are frames.";
    TooLarge "H_TOO_LARGE" Fatal, "RFC 6585 §5, RFC 9110 §5.4",
        "the head is longer than the limit",
        "Without a limit, anybody could fill the reader's memory.";
    LooksLikeTls "H_LOOKS_LIKE_TLS" Fatal, "RFC 8446 §5.1, §6",
        "these are TLS records on a port without TLS",
        "One side speaks wss://, the other ws://.";
    Http2Preface "H_HTTP2_PREFACE" Fatal, "RFC 9113 §3.4",
        "this is the beginning of an HTTP/2 connection",
        "WebSocket over HTTP/2 begins with CONNECT on a stream (RFC 8441), not with Upgrade.";
    LooksLikeHttp2 "H_LOOKS_LIKE_HTTP2" Fatal, "RFC 9113 §6.5",
        "there is an HTTP/2 frame where the response should be",
        "The server speaks HTTP/2 on this port although the client did not negotiate it.";
    ConnectSetting "H_CONNECT_SETTING" Fatal, "RFC 8441 §3, §4",
        "the server never announced extended CONNECT",
        "A server that does not know extended CONNECT takes :protocol for a malformed request. A \
         client must have seen the setting with the value 1 before it uses it.";
    ConnectStatus "H_CONNECT_STATUS" Fatal, "RFC 8441 §4, RFC 9113 §8.5",
        "the status is not 2xx",
        "A 2xx opens the stream for frames. Any other status is plain HTTP, and 101 does not exist \
         in HTTP/2.";
    PseudoMissing "H_PSEUDO_MISSING" Fatal, "RFC 8441 §4, RFC 9113 §8.3",
        "a pseudo-header field is missing",
        "Extended CONNECT has :method, :protocol, :scheme, :path and :authority; a response has \
         :status.";
    PseudoValue "H_PSEUDO_VALUE" Fatal, "RFC 8441 §5, RFC 9113 §8.3",
        "a pseudo-header field that is unknown, repeated, misplaced or has a wrong value",
        "Pseudo-header fields come before all others, each once. A ws URL has the :scheme http, a \
         wss URL https.";
    ConnectionSpecific "H_CONNECTION_SPECIFIC" Fatal, "RFC 9113 §8.2.2",
        "a field of HTTP/1.1 connections in HTTP/2",
        "HTTP/2 has no Connection, Upgrade or Transfer-Encoding: :protocol takes their place. A \
         peer treats such a message as malformed.";
    KeyOverHttp2 "H_KEY_OVER_HTTP2" Warning, "RFC 8441 §5",
        "Sec-WebSocket-Key or Sec-WebSocket-Accept over HTTP/2",
        "The :protocol field takes their place, so nobody processes them.";
    FieldNameCase "H_FIELD_NAME_CASE" Fatal, "RFC 9113 §8.2.1",
        "a field name with an uppercase letter in HTTP/2",
        "Field names are in lower case. A peer treats such a message as malformed.";
    EndStreamInHandshake "H_END_STREAM" Warning, "RFC 8441 §5",
        "the head that should open the stream ends it",
        "END_STREAM is here what FIN is to TCP: this side can send no frame.";
}

impl ProblemCode {
    /// Returns the rule's name: `H_METHOD`.
    pub fn name(self) -> &'static str {
        self.rule().name
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A rule that is broken at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule that is broken.
    pub code: ProblemCode,
    /// The severity in this case.
    pub severity: Severity,
    /// The bytes of the head to highlight; `None` if the problem is that something is missing.
    pub span: Option<Range<usize>>,
    /// A hint: what to do, or what the other side did.
    pub hint: Option<String>,
}

impl Problem {
    /// Whether the connection cannot be opened.
    pub fn is_fatal(&self) -> bool {
        self.severity == Severity::Fatal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_name_and_whole_sentences() {
        let mut names: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        for rule in ProblemCode::ALL.iter().map(|code| code.rule()) {
            assert!(
                rule.name.starts_with("H_") && rule.section.starts_with("RFC "),
                "{}",
                rule.name
            );
            assert!(rule.rationale.ends_with('.') && !rule.summary.ends_with('.'), "{}", rule.name);
        }
    }
}
