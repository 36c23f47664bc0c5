//! Every rule that an opening handshake can break: one row a rule, with its section and what to say about it.
//! When a rule is broken, and where, is found by `request` and `response`.

use std::fmt;
use std::ops::Range;

use crate::wire::frame::Severity;

macro_rules! problems {
    ($($code:ident $name:literal $severity:ident, $section:literal, $summary:literal, $rationale:literal;)*) => {
        /// The rules, by the names that the program prints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemCode { $(#[doc = $summary] $code,)* }

        impl ProblemCode {
            /// Every rule there is.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// What there is to say about it.
            pub fn rule(self) -> &'static ProblemRule {
                match self {
                    $(Self::$code => &ProblemRule { code: Self::$code, name: $name, severity: Severity::$severity,
                        section: $section, summary: $summary, rationale: $rationale },)*
                }
            }
        }
    };
}

/// One rule of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemRule {
    /// Which one.
    pub code: ProblemCode,
    /// Its name in output.
    pub name: &'static str,
    /// How bad it is to break it, where nothing else is said.
    pub severity: Severity,
    /// Where it is written.
    pub section: &'static str,
    /// What is wrong, in one clause.
    pub summary: &'static str,
    /// Why there is such a rule, or what to do about it.
    pub rationale: &'static str,
}

problems! {
    Method "H_METHOD" Fatal, "RFC 6455 §4.2.1(1)",
        "the method is not GET",
        "The handshake is a GET request without a body, so that every HTTP server understands what it refuses.";
    HttpVersion "H_HTTP_VERSION" Fatal, "RFC 6455 §4.2.1(1)",
        "this is not HTTP/1.1",
        "Upgrade came with HTTP/1.1: 1.0 does not have it, and HTTP/2 has a way of its own (RFC 8441).";
    RequestLine "H_REQUEST_LINE" Fatal, "RFC 9112 §3",
        "the request line is not method, blank, target, blank, version",
        "One blank stands between two parts and none within a part. Readers that guess where the target ends guess differently, and requests have been smuggled through that gap.";
    Target "H_TARGET" Fatal, "RFC 6455 §4.2.1(1), RFC 9112 §3.2",
        "the request target is neither a path nor an http URI",
        "A handshake names its resource as a path that begins with /, or as a whole http or https URI. The other forms, * and host:port, belong to OPTIONS and CONNECT.";
    TargetChar "H_TARGET_CHAR" Warning, "RFC 3986 §2",
        "the request target has a byte that no URI may have",
        "Such bytes are written as % and two hex digits. Servers differ in what they make of them otherwise.";
    TargetFragment "H_TARGET_FRAGMENT" Fatal, "RFC 6455 §3",
        "the request target has a fragment",
        "What stands behind a # is for the client alone and is never sent; in a ws URL it has no meaning.";
    HostMissing "H_HOST_MISSING" Fatal, "RFC 9112 §3.2",
        "there is no Host",
        "One address serves many names; Host says which one is meant.";
    HostSyntax "H_HOST_SYNTAX" Fatal, "RFC 9112 §3.2",
        "Host is not a name or an address with an optional port",
        "A server that cannot tell for which name it is asked must answer 400; guessing has led caches and proxies to the wrong site.";
    UpgradeMissing "H_UPGRADE_MISSING" Fatal, "RFC 6455 §4.2.1(3), §4.1(2)",
        "there is no Upgrade",
        "Upgrade: websocket is what makes this request a handshake. Proxies that know nothing of WebSocket drop it.";
    UpgradeValue "H_UPGRADE_VALUE" Fatal, "RFC 6455 §4.2.1(3), §4.1(2)",
        "Upgrade does not name websocket",
        "The value is compared without case, and it must be this protocol.";
    ConnectionMissing "H_CONNECTION_MISSING" Fatal, "RFC 6455 §4.2.1(4), §4.1(3)",
        "there is no Connection",
        "Upgrade belongs to one hop, and Connection: Upgrade is what says so.";
    ConnectionToken "H_CONNECTION_TOKEN" Fatal, "RFC 6455 §4.2.1(4), §4.1(3)",
        "Connection does not list upgrade",
        "The value is a list: look for the token, without case. A substring is not enough, and equality is too much.";
    KeyMissing "H_KEY_MISSING" Fatal, "RFC 6455 §4.2.1(5)",
        "there is no Sec-WebSocket-Key",
        "Without the key the server cannot prove that it read this very request.";
    KeyBase64 "H_KEY_BASE64" Fatal, "RFC 6455 §4.2.1(5)",
        "the key is not base64",
        "The key is 16 random bytes in base64: 24 characters that end in ==.";
    KeyLength "H_KEY_LENGTH" Fatal, "RFC 6455 §4.2.1(5)",
        "the key does not decode to 16 bytes",
        "The key is 16 random bytes in base64: 24 characters that end in ==.";
    VersionMissing "H_VERSION_MISSING" Fatal, "RFC 6455 §4.2.1(6)",
        "there is no Sec-WebSocket-Version",
        "Older drafts framed differently; 13 is the one that became the RFC.";
    VersionSyntax "H_VERSION_SYNTAX" Fatal, "RFC 6455 §4.3",
        "the version isn't a number from 0 to 255 without leading zeros",
        "A client that cannot write its version cannot be trusted with the frames.";
    VersionUnsupported "H_VERSION_UNSUPPORTED" Fatal, "RFC 6455 §4.4",
        "a version other than 13",
        "The server answers 426 with the versions it knows; 13 is the only one in use.";
    Origin "H_ORIGIN" Fatal, "RFC 6455 §10.2",
        "this Origin is not allowed here",
        "Browsers let any page open a WebSocket to any host and send the cookies along; looking at Origin is all that stops a hostile page.";
    Duplicate "H_DUPLICATE" Fatal, "RFC 6455 §11.3, RFC 9112 §3.2",
        "a header that may stand only once stands twice",
        "Two readers could take one value each and disagree about what was said.";
    SubprotocolSyntax "H_SUBPROTOCOL_SYNTAX" Fatal, "RFC 6455 §4.1(10)",
        "an offered subprotocol isn't a token",
        "Names are tokens: letters, digits and a few signs, no blanks.";
    SubprotocolDuplicate "H_SUBPROTOCOL_DUPLICATE" Fatal, "RFC 6455 §4.1(10)",
        "a subprotocol is offered twice",
        "The names in the list must all be different.";
    SubprotocolMultiple "H_SUBPROTOCOL_MULTIPLE" Fatal, "RFC 6455 §11.3.4",
        "the response names more than one subprotocol",
        "The client offers a list, the server chooses one of it.";
    SubprotocolNotOffered "H_SUBPROTOCOL_NOT_OFFERED" Fatal, "RFC 6455 §4.1(6)",
        "the response chose a subprotocol that was not offered",
        "Both sides would speak past each other. Names are compared with case.";
    SubprotocolIgnored "H_SUBPROTOCOL_IGNORED" Info, "RFC 6455 §4.2.2(5)",
        "subprotocols were offered, and the response chose none",
        "The RFC lets the client go on; browsers fail the connection.";
    ExtParam "H_EXT_PARAM" Fatal, "RFC 7692 §7.1",
        "an extension parameter that is invalid, unknown or there twice",
        "A server passes over such an offer and goes on without; a client must not go on with such an answer.";
    ExtNotOffered "H_EXT_NOT_OFFERED" Fatal, "RFC 6455 §4.1(5)",
        "the response uses an extension that was not offered",
        "The client could not read what it will be sent.";
    ExtDuplicate "H_EXT_DUPLICATE" Fatal, "RFC 7692 §5",
        "the response accepts one extension twice",
        "Both would claim the same reserved bit.";
    StatusLine "H_STATUS_LINE" Fatal, "RFC 9112 §4",
        "the status line is not version, blank, three digits, blank, reason",
        "The reason may be empty, but the blank before it may not be left out. Readers that forgive it do not agree on how much.";
    Status "H_STATUS" Fatal, "RFC 6455 §4.1(1), §4.4",
        "the status is not 101",
        "Anything else is plain HTTP: the server did not switch, and what follows isn't a WebSocket.";
    AcceptMissing "H_ACCEPT_MISSING" Fatal, "RFC 6455 §4.1(4)",
        "there is no Sec-WebSocket-Accept",
        "It is the server's proof that it speaks WebSocket and read this request.";
    AcceptMismatch "H_ACCEPT_MISMATCH" Fatal, "RFC 6455 §4.1(4)",
        "the accept value is wrong",
        "It must be base64(SHA-1(key text + GUID)). A wrong one means that the server guessed, or that a cache answered.";
    FieldLine "H_FIELD_LINE" Fatal, "RFC 9112 §5",
        "a line in the head that has no colon",
        "Every line behind the first is a name, a colon and a value. What else stands there is read by some and passed over by others.";
    FieldName "H_FIELD_NAME" Fatal, "RFC 9110 §5.1",
        "a field name that isn't a token",
        "Names are letters, digits and a few signs, at least one of them. With any other byte two readers may see two different fields.";
    SpaceBeforeColon "H_SPACE_BEFORE_COLON" Fatal, "RFC 9112 §5.1",
        "white space between field name and colon",
        "Some readers take it for part of the name, some do not; such a difference was used to smuggle requests.";
    ControlChar "H_CONTROL_CHAR" Fatal, "RFC 9110 §5.5",
        "a control character in a line of the head",
        "Readers disagree about where the line or the value ends then; a CR without its LF is the usual one.";
    ObsFold "H_OBS_FOLD" Fatal, "RFC 9112 §5.2",
        "a header field that goes on in the next line",
        "An old way of writing that readers disagree about: a server refuses it, a client replaces the fold by blanks.";
    BareLf "H_BARE_LF" Warning, "RFC 9112 §2.2",
        "a line ends in LF alone",
        "Lines end in CR LF; a reader may accept LF alone, and some do not.";
    RequestContent "H_REQUEST_CONTENT" Fatal, "RFC 6455 §4.1, RFC 9112 §6",
        "the request announces content",
        "A handshake has no content: what follows its blank line are frames. Where one reader sees a body and the next one frames, requests can be smuggled.";
    TransferEncoding1xx "H_TRANSFER_ENCODING_1XX" Warning, "RFC 9112 §6.1",
        "Transfer-Encoding in a 101",
        "A 101 has no body, so there is nothing to encode. A client that believes the header looks for chunk sizes where the frames are.";
    ContentLength1xx "H_CONTENT_LENGTH_1XX" Warning, "RFC 9110 §8.6",
        "Content-Length in a 101",
        "A 101 has no body: what follows the blank line is the first frame.";
    DataBefore101 "H_DATA_BEFORE_101" Warning, "RFC 6455 §4.1",
        "bytes follow the request before its answer",
        "The client must wait for the 101: until then nobody knows whether these bytes are frames.";
    TooLarge "H_TOO_LARGE" Fatal, "RFC 6585 §5, RFC 9110 §5.4",
        "the head is longer than the limit",
        "Whoever reads heads without a limit can be filled up by anybody.";
    LooksLikeTls "H_LOOKS_LIKE_TLS" Fatal, "RFC 8446 §5.1, §6",
        "these are TLS records on a plain port",
        "One side speaks wss://, the other ws://.";
    Http2Preface "H_HTTP2_PREFACE" Fatal, "RFC 9113 §3.4",
        "this is the beginning of an HTTP/2 connection",
        "WebSocket over HTTP/2 begins with CONNECT in a stream (RFC 8441), not with an upgrade.";
    LooksLikeHttp2 "H_LOOKS_LIKE_HTTP2" Fatal, "RFC 9113 §6.5",
        "an HTTP/2 frame stands where the response should be",
        "The server speaks HTTP/2 on this port without being asked.";
}

impl ProblemCode {
    /// `H_METHOD`, ...
    pub fn name(self) -> &'static str {
        self.rule().name
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One rule broken at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which rule.
    pub code: ProblemCode,
    /// How bad it is here.
    pub severity: Severity,
    /// The bytes to highlight; none where what is wrong is that something is missing.
    pub span: Option<Range<usize>>,
    /// What to do, or what the other side did.
    pub hint: Option<String>,
}

impl Problem {
    /// The connection cannot be opened.
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
            assert!(rule.name.starts_with("H_") && rule.section.starts_with("RFC "), "{}", rule.name);
            assert!(rule.rationale.ends_with('.') && !rule.summary.ends_with('.'), "{}", rule.name);
        }
    }
}
