//! Heads and frames that are built from what another tool says of them, because the bytes themselves
//! are not in its file.

use crate::wire::MaskingKey;

/// The maximum payload of a control frame in bytes (RFC 6455 section 5.5).
pub(super) const MAX_CONTROL_LEN: usize = 125;

/// Returns the key that a frame of the client is masked with. A frame without a mask, a key of zeros
/// or the same key twice would be a fault that nobody made.
pub(super) fn masking_key(number: usize) -> MaskingKey {
    let [.., high, low] = number.to_be_bytes();
    [0x48, 0x41, high, low]
}

/// What heads are built from: names and values of their fields, in order.
pub(super) struct BuiltHeads<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) request_fields: &'a [(String, String)],
    pub(super) status: i64,
    pub(super) reason: &'a str,
    pub(super) response_fields: &'a [(String, String)],
}

/// Builds the heads of an attempt over HTTP/1.1 to open a WebSocket; `None` if a field that they must
/// have is missing, which would be a fault that nobody made.
pub(super) fn heads(parts: &BuiltHeads<'_>) -> Option<(String, String)> {
    let has = |fields: &[(String, String)], name: &str| {
        fields.iter().any(|(have, _)| have.eq_ignore_ascii_case(name))
    };
    let whole = (100..1000).contains(&parts.status)
        && ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"]
            .iter()
            .all(|name| has(parts.request_fields, name))
        && (parts.status != 101
            || ["Upgrade", "Connection", "Sec-WebSocket-Accept"]
                .iter()
                .all(|name| has(parts.response_fields, name)));
    let head = |first: String, fields: &[(String, String)]| {
        // Browsers join the values of a field that comes several times with line feeds.
        let lines = fields.iter().flat_map(|(name, values)| {
            values.split('\n').map(move |value| format!("{name}: {}\r\n", value.trim()))
        });
        first + "\r\n" + &lines.collect::<String>() + "\r\n"
    };
    whole.then(|| {
        let request_line = format!("{} {} HTTP/1.1", parts.method, parts.target);
        (
            head(request_line, parts.request_fields),
            head(format!("HTTP/1.1 {} {}", parts.status, parts.reason), parts.response_fields),
        )
    })
}
