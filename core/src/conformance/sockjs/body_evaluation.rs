//! Evaluates bodies: whole ones, and those that go on.

use crate::conformance::sockjs::info_evaluation;
use crate::conformance::sockjs::received::Received;
use crate::conformance::sockjs::request::Notes;
use crate::conformance::sockjs::rule::{BodyRule, Evaluation, MAX_SHOWN, StreamRule};
use crate::sockjs::{Frame, JsString};
use crate::wire::format::{byte_count, quote};

/// The page for an iframe, before and after the address of the client's script.
const IFRAME: [&str; 2] = [
    "<!DOCTYPE html>\n<html>\n<head>\n  <meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\" />\n  \
     <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n  <script src=\"",
    "\"></script>\n  <script>\n    document.domain = document.domain;\n    \
     SockJS.bootstrap_iframe();\n  </script>\n</head>\n<body>\n  <h2>Don't panic!</h2>\n  \
     <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>\n</body>\n</html>",
];

/// The page of the htmlfile transport, before and after the name of the callback.
const HTML_FILE: [&str; 2] = [
    "<!doctype html>\n<html><head>\n  <meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\" />\n  \
     <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n</head><body><h2>Don't \
     panic!</h2>\n  <script>\n    document.domain = document.domain;\n    var c = parent.",
    ";\n    c.start();\n    function p(d) {c.message(d);};\n    window.onload = function() \
     {c.stop();};\n  </script>",
];

/// The beginning of a frame on the htmlfile transport.
const HTML_FRAME: &[u8] = b"<script>\np(";

/// Browsers show nothing of a page before they have this many bytes of it.
const MIN_HTML_LEN: usize = 1024;

/// The longest prelude of a transport, in bytes.
const MAX_PRELUDE: usize = 16 << 10;

/// Evaluates a whole body.
pub(super) fn whole(rule: &BodyRule, received: &mut Received, notes: &mut Notes) -> Evaluation {
    if !received.response.is_complete() {
        return Evaluation::Waiting;
    }
    let len = received.response.unread().len();
    let evaluation = whole_body(rule, received.response.unread(), notes);
    received.response.count_read(len);
    evaluation
}

fn whole_body(rule: &BodyRule, body: &[u8], notes: &mut Notes) -> Evaluation {
    let sent = || format!("sent {}", quote(body, MAX_SHOWN));
    let contains = |text: &str| String::from_utf8_lossy(body).contains(text);
    match rule {
        BodyRule::Any => Evaluation::Kept,
        BodyRule::Is(expected) => Evaluation::kept_if(body == expected, sent),
        BodyRule::OneOf(all) => {
            Evaluation::kept_if(all.iter().any(|text| body == text.as_bytes()), sent)
        }
        BodyRule::Empty => Evaluation::kept_if(body.is_empty(), sent),
        BodyRule::Contains(text) => Evaluation::kept_if(contains(text), sent),
        BodyRule::IframePage => iframe(body),
        BodyRule::Info(rules) => info_evaluation::evaluate(rules, body, notes),
        BodyRule::Escaped(expected) => escaped(expected, body),
        BodyRule::Text(expected) => {
            let is_kept = messages_of(body).is_some_and(|messages| is_only(&messages, expected));
            Evaluation::kept_if(is_kept, sent)
        }
        BodyRule::ScriptText(callback, expected) => {
            let frame = script_frame(body, callback);
            let messages = frame.and_then(|frame| messages_of(frame.as_bytes()));
            let is_kept = messages.is_some_and(|messages| is_only(&messages, expected));
            Evaluation::kept_if(is_kept, sent)
        }
    }
}

/// Returns the messages of an `a` frame that ends with a newline, or without one on a WebSocket.
pub(super) fn messages_of(frame: &[u8]) -> Option<Vec<JsString>> {
    match Frame::parse(frame.strip_suffix(b"\n").unwrap_or(frame)) {
        Ok(Frame::Messages(messages)) => Some(messages),
        _ => None,
    }
}

/// Whether `messages` are the first of those that are expected, or all of them.
pub(super) fn are_first_of(messages: &[JsString], expected: &[String]) -> bool {
    let mut pairs = messages.iter().zip(expected);
    messages.len() <= expected.len() && pairs.all(|(message, text)| message == text.as_str())
}

fn is_only(messages: &[JsString], expected: &String) -> bool {
    !messages.is_empty() && are_first_of(messages, std::slice::from_ref(expected))
}

/// Returns the frame that a script of the jsonp transport passes to `callback`.
pub(super) fn script_frame(body: &[u8], callback: &str) -> Option<String> {
    let text = str::from_utf8(body).ok()?;
    let call = text.strip_prefix("/**/")?.strip_prefix(callback)?.strip_prefix('(')?;
    serde_json::from_str(call.strip_suffix(");\r\n")?).ok()
}

fn iframe(body: &[u8]) -> Evaluation {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let url = text.strip_prefix(IFRAME[0]).and_then(|rest| rest.strip_suffix(IFRAME[1]));
    if let Some(url) = url.filter(|url| !url.contains('"')) {
        let is_kept = url.starts_with('/') || url.starts_with("http");
        return Evaluation::kept_if(is_kept, || format!("loads the client from {url}"));
    }
    let expected = IFRAME.join("URL");
    let pairs = expected.lines().zip(text.lines().chain(std::iter::repeat(""))).zip(1..);
    let differs = |((expected, line), _): &((&str, &str), u32)| {
        expected != line && !(expected.contains("src=") && line.contains("src="))
    };
    let reason = match pairs.into_iter().find(differs) {
        Some(((expected, line), number)) => format!(
            "sent another page: its line {number} is {} instead of {}",
            quote(line.as_bytes(), MAX_SHOWN),
            quote(expected.as_bytes(), MAX_SHOWN)
        ),
        None => "sent another page".to_owned(),
    };
    Evaluation::Broken(reason)
}

/// Evaluates a frame whose message must be escaped as in `expected`, up to the case of hex digits.
fn escaped(expected: &str, body: &[u8]) -> Evaluation {
    let text = String::from_utf8_lossy(body);
    let inner = text.strip_prefix("a[\"").and_then(|rest| rest.strip_suffix("\"]\n"));
    let Some(inner) = inner else {
        return Evaluation::Broken(format!("sent {}", quote(body, MAX_SHOWN)));
    };
    if inner == expected {
        return Evaluation::Kept;
    }
    if inner.eq_ignore_ascii_case(expected) {
        return Evaluation::Tolerated("escaped them with hex digits in upper case".to_owned());
    }
    let plain: String = serde_json::from_str(&format!("\"{expected}\"")).unwrap_or_default();
    let raw: Vec<char> = plain.chars().filter(|c| inner.contains(*c)).collect();
    let reason = match raw.as_slice() {
        [] => format!("sent {}", quote(body, MAX_SHOWN)),
        [first, more @ ..] => {
            format!("sent U+{:04X} and {} more unescaped", u32::from(*first), more.len())
        }
    };
    Evaluation::Broken(reason)
}

/// Evaluates the next bytes of a body that goes on.
pub(super) fn stream(rule: &StreamRule, received: &mut Received) -> Evaluation {
    let bytes = received.response.unread();
    let (evaluation, taken) = match rule {
        StreamRule::Bytes(expected) => exact(expected, bytes),
        StreamRule::Opening(frame) => opening(frame.as_bytes(), bytes),
        StreamRule::HtmlPage(callback) => html_page(callback, bytes),
    };
    received.response.count_read(taken);
    evaluation
}

fn exact(expected: &[u8], bytes: &[u8]) -> (Evaluation, usize) {
    let same = bytes.iter().zip(expected).take_while(|(one, other)| one == other).count();
    if same == expected.len() {
        return (Evaluation::Kept, same);
    }
    if same == bytes.len() {
        return (Evaluation::Waiting, 0);
    }
    let from = if same > MAX_SHOWN { same } else { 0 };
    let what = quote(bytes.get(from..).unwrap_or_default(), MAX_SHOWN);
    let reason = if from > 0 {
        format!("sent {what} after {} that are right", byte_count(same as u64))
    } else {
        format!("sent {what}")
    };
    (Evaluation::Broken(reason), 0)
}

fn opening(frame: &[u8], bytes: &[u8]) -> (Evaluation, usize) {
    if let Some(at) = memchr::memmem::find(bytes, frame) {
        return (Evaluation::Kept, at.saturating_add(frame.len()));
    }
    if bytes.len() > MAX_PRELUDE {
        let reason =
            format!("sent {} without {}", byte_count(bytes.len() as u64), quote(frame, MAX_SHOWN));
        return (Evaluation::Broken(reason), 0);
    }
    (Evaluation::Waiting, 0)
}

fn html_page(callback: &str, bytes: &[u8]) -> (Evaluation, usize) {
    let Some(end) = memchr::memmem::find(bytes, HTML_FRAME) else {
        let is_long = bytes.len() > MAX_PRELUDE;
        let reason = || "sent a page without a frame in its first 16 KiB".to_owned();
        return (if is_long { Evaluation::Broken(reason()) } else { Evaluation::Waiting }, 0);
    };
    let page = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    let expected = HTML_FILE.join(callback);
    if page.trim() != expected {
        let pairs = expected.lines().zip(page.lines().chain(std::iter::repeat("")));
        let wrong = pairs.into_iter().find(|(one, other)| one != &other.trim_end());
        let reason = wrong.map_or_else(
            || "sent more than the page".to_owned(),
            |(expected, line)| {
                let line = quote(line.as_bytes(), MAX_SHOWN);
                format!("sent {line} instead of {}", quote(expected.as_bytes(), MAX_SHOWN))
            },
        );
        return (Evaluation::Broken(reason), 0);
    }
    let reason = || format!("sent a page of {} before the first frame", byte_count(end as u64));
    (Evaluation::kept_if(end > MIN_HTML_LEN, reason), end)
}

/// Evaluates the end of a body that went on: nothing more may come in it.
pub(super) fn end(received: &Received) -> Evaluation {
    let rest = received.response.unread();
    if !rest.is_empty() {
        return Evaluation::Broken(format!("sent {} instead of its end", quote(rest, MAX_SHOWN)));
    }
    if received.response.is_complete() { Evaluation::Kept } else { Evaluation::Waiting }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(rule: &BodyRule, body: &[u8]) -> Evaluation {
        whole_body(rule, body, &mut Notes::default())
    }

    #[test]
    fn pages_are_exact_up_to_the_address_of_the_client() {
        let page = IFRAME.join("/sockjs.js") + "\n";
        assert_eq!(evaluated(&BodyRule::IframePage, page.as_bytes()), Evaluation::Kept);
        let old = page.replace("    SockJS.bootstrap_iframe();", "    _sockjs_onload = f;");
        let Evaluation::Broken(reason) = evaluated(&BodyRule::IframePage, old.as_bytes()) else {
            panic!()
        };
        assert!(reason.contains("_sockjs_onload = f;"), "{reason}");
        let relative = IFRAME.join("sockjs.js");
        assert!(matches!(
            evaluated(&BodyRule::IframePage, relative.as_bytes()),
            Evaluation::Broken(_)
        ));
        let head = HTML_FILE.join("callback");
        let padded = format!("{head}{}\r\n\r\n<script>\np(\"o\");", " ".repeat(1024));
        assert_eq!(html_page("callback", padded.as_bytes()).0, Evaluation::Kept);
        let short = format!("{head}\r\n<script>\np(\"o\");");
        assert!(matches!(html_page("callback", short.as_bytes()).0, Evaluation::Broken(_)));
        assert_eq!(html_page("callback", head.as_bytes()).0, Evaluation::Waiting);
    }

    #[test]
    fn escapes_are_compared_one_by_one() {
        let rule = BodyRule::Escaped("\\u200c\\ufff0".to_owned());
        assert_eq!(evaluated(&rule, b"a[\"\\u200c\\ufff0\"]\n"), Evaluation::Kept);
        assert!(matches!(evaluated(&rule, b"a[\"\\u200C\\uFFF0\"]\n"), Evaluation::Tolerated(_)));
        let raw = "a[\"\\u200c\u{fff0}\"]\n";
        let reason = "sent U+FFF0 and 0 more unescaped".to_owned();
        assert_eq!(evaluated(&rule, raw.as_bytes()), Evaluation::Broken(reason));
    }

    #[test]
    fn frames_are_read_with_any_escapes() {
        let rule = BodyRule::Text("é".to_owned());
        assert_eq!(evaluated(&rule, b"a[\"\\u00e9\"]\n"), Evaluation::Kept);
        for other in [&b"a[\"e\"]\n"[..], b"a[]\n", b"a[\"\\u00e9\",\"\"]\n", b"m\"\\u00e9\"\n"] {
            assert!(matches!(evaluated(&rule, other), Evaluation::Broken(_)), "{other:?}");
        }
        // A message of JavaScript may have half of a pair of surrogates.
        let lone = messages_of(b"a[\"\\ud800\",\"b\"]\n").unwrap();
        assert_eq!(lone, [JsString::from_utf16(&[0xD800]), "b".into()]);
        let script = BodyRule::ScriptText("x", "a\"b".to_owned());
        let body = br#"/**/x("a[\"a\\\"b\"]");"#;
        assert_eq!(evaluated(&script, &[&body[..], b"\r\n"].concat()), Evaluation::Kept);
    }

    #[test]
    fn streams_are_compared_as_they_come() {
        assert_eq!(exact(b"abc", b"ab"), (Evaluation::Waiting, 0));
        assert_eq!(exact(b"abc", b"abcd"), (Evaluation::Kept, 3));
        assert_eq!(exact(b"abc", b"abd"), (Evaluation::Broken("sent \"abd\"".to_owned()), 0));
        assert_eq!(opening(b"o\n", b"hh\no\nrest"), (Evaluation::Kept, 5));
    }
}
