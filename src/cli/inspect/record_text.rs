//! A record as a person reads it: plain lines, nothing in them that a terminal would obey.
//! It shows what the record says and knows nothing else.

use serde_json::Value;

use crate::wire::format;

/// Bytes of a frame that are shown.
const MAX_BYTES_SHOWN: usize = 24;

/// The lines of a record.
pub(super) fn to_text(record: &Value, several: bool) -> String {
    let text = |name: &str| format::escape_controls(record[name].as_str().unwrap_or_default());
    let at = record["t_ms"].as_f64().unwrap_or(0.0);
    let number = record["connection"]
        .as_u64()
        .filter(|_| several)
        .map(|n| format!("#{n} "))
        .unwrap_or_default();
    let start = format!("{at:>9.3} ms  {number}");
    let mut output = match record["type"].as_str() {
        Some("handshake") => {
            let lines =
                record["head"].as_str().unwrap_or_default().lines().filter(|line| !line.is_empty());
            let lines: Vec<String> =
                lines.map(|line| format!("    {}", format::escape_controls(line))).collect();
            format!("{start}{}  handshake\n{}", text("from"), lines.join("\n"))
        }
        Some("frame") => format!("{start}{}  {}", text("from"), frame_text(record)),
        Some("bytes") => {
            format!(
                "{start}{}  {} bytes, no frames\n    {}",
                text("from"),
                record["len"],
                text("text")
            )
        }
        Some("note") => format!("{start}{}", text("text")),
        Some("listening") => format!("listening on {}", text("address")),
        Some("connection") if record["peer"].is_string() => {
            format!("{start}connection from {}", text("peer"))
        }
        Some("connection") => {
            let tls = record["tls"]
                .as_str()
                .map_or_else(String::new, |tls| format!(", {}", format::escape_controls(tls)));
            format!("{start}connection from {} to {}{tls}", text("client"), text("server"))
        }
        _ => {
            let code = match (record["close_received"].as_bool(), record["close_code"].as_u64()) {
                (_, Some(code)) => code.to_string(),
                (Some(true), None) => "a Close without a code".to_owned(),
                _ => "none".to_owned(),
            };
            format!("{number}end: {}; close code received: {code}", text("why"))
        }
    };
    for list in ["problems", "violations"] {
        for fault in record[list].as_array().into_iter().flatten() {
            let part =
                |name: &str| format::escape_controls(fault[name].as_str().unwrap_or_default());
            output += &format!("\n    ✗ {}: {} ({})", part("code"), part("what"), part("rfc"));
        }
    }
    output
}

fn frame_text(record: &Value) -> String {
    let raw = record["raw_hex"].as_str().unwrap_or_default();
    let pairs = raw.as_bytes().chunks(2).take(MAX_BYTES_SHOWN);
    let bytes: Vec<_> = pairs.map(String::from_utf8_lossy).collect();
    let shown = match (record["text"].as_str(), record["close_code"].as_u64()) {
        (Some(text), _) => format::quote(text.as_bytes(), 60),
        (None, Some(code)) => format!("code {code}"),
        (None, None) => String::new(),
    };
    let name = record["opcode_name"].as_str().unwrap_or("a frame whose header is not complete");
    let length = record["payload_len"]
        .as_u64()
        .map(|len| format!(" {} ", format::byte_count(len)))
        .unwrap_or_default();
    let missing = match (
        record["complete"].as_bool(),
        record.pointer("/needs/need_more").and_then(Value::as_u64),
    ) {
        (Some(true), _) => String::new(),
        (_, Some(more)) => format!("unfinished, needs {} more", format::byte_count(more)),
        (_, None) => "unfinished, and no payload of that length can ever come".to_owned(),
    };
    let cut = if raw.len() > 2 * MAX_BYTES_SHOWN { " …" } else { "" };
    format!("{name}{length}{shown}{missing}\n    {}{cut}", bytes.join(" "))
}
