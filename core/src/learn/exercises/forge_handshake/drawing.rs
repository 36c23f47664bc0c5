//! Draws requests and responses with something wrong in them, and the same repaired.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::learn::draws::Draws;
use crate::wire::handshake::AcceptValue;

/// The heads of an exercise, lines ending in `\n`.
#[derive(Clone, Debug)]
pub(super) struct DrawnHeads {
    /// The request: the one to be repaired, or the one that a response belongs to.
    pub(super) request: String,
    /// The response to be repaired; empty where the request is.
    pub(super) response: String,
    /// The head that is asked for.
    pub(super) repaired: String,
}

const VERSION: &str = "Sec-WebSocket-Version: 13";
const CONNECTION: &str = "Connection: Upgrade";
const PROTOCOL: &str = "Sec-WebSocket-Protocol: ";

/// Names that the bundled servers accept from any port.
const HOSTS: [&str; 6] =
    ["localhost", "localhost:9001", "127.0.0.1", "127.0.0.1:9001", "[::1]:9001", "localhost:8080"];
const PATHS: [&str; 8] = [
    "/",
    "/chat",
    "/feed",
    "/live/prices",
    "/ws?room=7",
    "/socket",
    "/v2/events",
    "/echo?since=12",
];
/// Headers that have nothing to do with the fault.
const OTHERS: [&str; 6] = [
    "Origin: http://localhost:8080",
    "User-Agent: Go-http-client/1.1",
    "Cache-Control: no-cache",
    "Pragma: no-cache",
    "Accept-Language: en",
    "Cookie: theme=dark",
];
/// Values of Connection without the token upgrade.
const WRONG_CONNECTIONS: [&str; 5] = ["keep-alive", "close", "websocket", "Keep-Alive", "open"];
/// What stands where the version should be: nothing, or the version of a draft.
const WRONG_VERSIONS: [Option<&str>; 5] = [None, None, None, Some("8"), Some("14")];
/// Subprotocols, no two of them together in one offer.
pub(super) const PROTOCOLS: [&str; 8] =
    ["chat", "v2.chat", "mqtt", "wamp.2.json", "graphql-ws", "stomp", "soap", "xmpp"];

impl DrawnHeads {
    /// Draws the heads of a level.
    pub(super) fn of_level(level: u8, seed: u64) -> Self {
        let draws = &mut Draws::of_level(level, seed);
        let mut lines = request_lines(draws);
        match level {
            1 => {
                let wrong = draws.pick(&WRONG_VERSIONS).copied().flatten();
                let wrong = wrong.map(|version| format!("Sec-WebSocket-Version: {version}"));
                Self::request(&lines, VERSION, wrong.as_deref())
            }
            2 => {
                let wrong = draws.pick(&WRONG_CONNECTIONS).copied().unwrap_or_default();
                Self::request(&lines, CONNECTION, Some(&format!("Connection: {wrong}")))
            }
            3 => Self { request: head(&lines), response: String::new(), repaired: String::new() },
            _ => {
                let (offered, wrong, right) = protocols(draws);
                if !offered.is_empty() {
                    lines.push(format!("{PROTOCOL}{offered}"));
                }
                let response = |protocol: Option<String>| head(&response_lines(&lines, protocol));
                Self {
                    request: head(&lines),
                    response: response(Some(wrong)),
                    repaired: response(right),
                }
            }
        }
    }

    /// Returns a request with `wrong` instead of the line `right`.
    fn request(lines: &[String], right: &str, wrong: Option<&str>) -> Self {
        let broken = lines.iter().filter_map(|line| {
            if line == right { wrong.map(str::to_owned) } else { Some(line.clone()) }
        });
        let request = head(&broken.collect::<Vec<_>>());
        Self { request, response: String::new(), repaired: head(lines) }
    }
}

fn head(lines: &[String]) -> String {
    format!("{}\n", lines.join("\n"))
}

fn request_lines(draws: &mut Draws) -> Vec<String> {
    let host = draws.pick(&HOSTS).copied().unwrap_or_default();
    let path = draws.pick(&PATHS).copied().unwrap_or_default();
    let key = STANDARD.encode(draws.bytes::<16>());
    let mut lines = vec![
        "Upgrade: websocket".to_owned(),
        CONNECTION.to_owned(),
        format!("Sec-WebSocket-Key: {key}"),
        VERSION.to_owned(),
    ];
    let mut others: Vec<&str> = OTHERS.to_vec();
    draws.shuffle(&mut others);
    lines.extend(others.into_iter().take(draws.below(4)).map(str::to_owned));
    draws.shuffle(&mut lines);
    lines.splice(0..0, [format!("GET {path} HTTP/1.1"), format!("Host: {host}")]);
    lines
}

fn response_lines(request: &[String], protocol: Option<String>) -> Vec<String> {
    let key = request.iter().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let accept = AcceptValue::new(key.unwrap_or_default()).value;
    let mut lines = vec![
        "HTTP/1.1 101 Switching Protocols".to_owned(),
        "Upgrade: websocket".to_owned(),
        CONNECTION.to_owned(),
        format!("Sec-WebSocket-Accept: {accept}"),
    ];
    lines.extend(protocol.map(|name| format!("{PROTOCOL}{name}")));
    lines
}

/// Returns the subprotocols that the client offers, the wrong choice of the server, and a right one.
fn protocols(draws: &mut Draws) -> (String, String, Option<String>) {
    let mut names = PROTOCOLS.to_vec();
    draws.shuffle(&mut names);
    let name = |at: usize| names.get(at).copied().unwrap_or_default().to_owned();
    let (first, second, third) = (name(0), name(1), name(2));
    match draws.below(4) {
        0 => (String::new(), first, None),
        1 => (first.clone(), third, Some(first)),
        2 => (format!("{first}, {second}"), first.to_uppercase(), Some(first)),
        _ => (format!("{first}, {second}"), format!("{second}, {first}"), Some(second)),
    }
}
