//! What a POSIX shell reads as one word, and a handshake with `printf` and `nc`.
//! Nothing is run here.

use std::fmt::Write as _;

/// Bytes whose hex fits one argument: Linux takes 128 KiB of text in one.
pub(super) const MAX_ARGUMENT_BYTES: usize = 60_000;

/// Bytes whose hex fits a command line: Linux takes 2 MiB of text in all, the environment included; macOS half of that.
pub(super) const MAX_COMMAND_LINE_BYTES: usize = 400_000;

/// The text as one word.
pub(super) fn quote(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:@%+=,".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The nonce of RFC 6455 section 1.3: nobody checks here what is answered to it.
const SAMPLE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The head, then the bytes, then silence in which the answer is seen.
pub(super) fn netcat_pipeline(url: &str, extensions: Option<&str>, bytes: &[u8]) -> Option<String> {
    let (host, port, target) = parse_ws_url(url)?;
    let extensions =
        extensions.map_or_else(String::new, |value| format!("Sec-WebSocket-Extensions: {value}\r\n"));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {SAMPLE_KEY}\r\n{extensions}\r\n"
    );
    let mut frames = String::new();
    for byte in bytes {
        write!(frames, "\\{byte:03o}").expect("a string takes everything");
    }
    let send = format!("{{ printf '{}'; sleep 1; printf '{frames}'; sleep 3; }}", escape_for_printf(&head));
    Some(format!("{send} | nc {} {port} | od -A d -t x1z", quote(bare)))
}

/// What `printf` prints as this text, between single quotes.
fn escape_for_printf(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '%' => out.push_str("%%"),
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\047"),
            _ => out.push(char),
        }
    }
    out
}

/// Host, port and request target of a `ws:` address (RFC 6455 section 3).
fn parse_ws_url(url: &str) -> Option<(&str, u16, String)> {
    let rest = url.strip_prefix("ws://")?;
    if rest.chars().any(|char| char.is_control() || char.is_whitespace() || char == '@') {
        return None;
    }
    let rest = rest.split('#').next().unwrap_or(rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, 80),
    };
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    (!host.is_empty()).then_some((host, port, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let parted = |url| parse_ws_url(url).map(|(host, port, target)| format!("{host} {port} {target}"));
        assert_eq!(parted("ws://127.0.0.1:9001/chat?a=b#c").as_deref(), Some("127.0.0.1 9001 /chat?a=b"));
        assert_eq!(parted("ws://host").as_deref(), Some("host 80 /"));
        assert_eq!(parted("ws://[::1]:9?x").as_deref(), Some("[::1] 9 /?x"));
        assert_eq!(parted("ws://[::1]").as_deref(), Some("[::1] 80 /"));
        assert_eq!((parted("wss://host"), parted("ws://:1/"), parted("ws://a b/")), (None, None, None));
    }

    #[test]
    fn nothing_leaves_the_quotes() {
        assert_eq!(quote("ws://127.0.0.1:9001/"), "ws://127.0.0.1:9001/");
        assert_eq!(quote("a; rm 'b'"), r"'a; rm '\''b'\'''");
        assert_eq!(quote("ws://h/?a&b"), "'ws://h/?a&b'");
        assert_eq!(escape_for_printf("100%\\'\r\n"), r"100%%\\\047\r\n");
    }
}
