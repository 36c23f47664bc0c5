//! [`evaluate_head`]: the head of a response by its rules.

use crate::conformance::sockjs::received::Received;
use crate::conformance::sockjs::request::{Names, Notes};
use crate::conformance::sockjs::rule::{Evaluation, HeadRule};
use crate::wire::handshake::{AcceptValue, Head};

/// The directives that keep a response out of every cache.
const NO_CACHE: [&str; 5] =
    ["no-store", "no-cache", "no-transform", "must-revalidate", "max-age=0"];

/// The least `max-age` that is large, in seconds.
const LARGE_AGE: u64 = 1_000_000;

/// Evaluates a head by all rules; the first that is broken counts.
pub(super) fn evaluate_head(
    rules: &[HeadRule],
    received: &Received,
    names: &Names,
    notes: &mut Notes,
) -> Evaluation {
    let Some(head) = received.response.head() else { return Evaluation::Waiting };
    let mut result = Evaluation::Kept;
    for rule in rules {
        match evaluate_rule(rule, head, names, notes) {
            Evaluation::Tolerated(reason) if result == Evaluation::Kept => {
                result = Evaluation::Tolerated(reason);
            }
            Evaluation::Kept | Evaluation::Tolerated(_) => {}
            other => return other,
        }
    }
    if let Some(etag) = value(head, "ETag") {
        notes.etag = Some(etag);
    }
    result
}

/// Returns the value of a field; `None` if it is absent or empty.
fn value(head: &Head, name: &str) -> Option<String> {
    head.joined_value(name).filter(|value| !value.is_empty())
}

/// Returns what the head has instead of a value, as a clause.
fn instead(head: &Head, name: &str) -> String {
    match value(head, name) {
        Some(value) => format!("sent {name}: {value}"),
        None => format!("sent no {name}"),
    }
}

fn evaluate_rule(rule: &HeadRule, head: &Head, names: &Names, notes: &Notes) -> Evaluation {
    match rule {
        HeadRule::Status(statuses) => status(statuses, head),
        HeadRule::ContentType(expected) => {
            let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
            let is_kept =
                value(head, "Content-Type").is_some_and(|value| plain(&value) == plain(expected));
            Evaluation::kept_if(is_kept, || instead(head, "Content-Type"))
        }
        HeadRule::Absent(name) => {
            Evaluation::kept_if(value(head, name).is_none(), || instead(head, name))
        }
        HeadRule::Present(name) => {
            Evaluation::kept_if(value(head, name).is_some(), || instead(head, name))
        }
        HeadRule::Field(name, expected) => {
            let expected = names.fill(expected, notes);
            let is_kept = value(head, name).as_deref() == Some(&*expected);
            Evaluation::kept_if(is_kept, || instead(head, name))
        }
        HeadRule::Token(name, expected) => {
            let is_kept =
                value(head, name).is_some_and(|value| value.eq_ignore_ascii_case(expected));
            Evaluation::kept_if(is_kept, || instead(head, name))
        }
        HeadRule::NotCached => not_cached(head),
        HeadRule::Cacheable => cacheable(head),
        HeadRule::Cors(origin) => cors(*origin, head),
        HeadRule::Methods(methods) => {
            let allowed = value(head, "Access-Control-Allow-Methods").unwrap_or_default();
            let has = |method: &str| allowed.split(',').any(|one| one.trim() == method);
            let is_kept = methods.iter().all(|method| has(method));
            Evaluation::kept_if(is_kept, || instead(head, "Access-Control-Allow-Methods"))
        }
        HeadRule::LongPreflight => {
            let age = value(head, "Access-Control-Max-Age").and_then(|age| age.parse::<u64>().ok());
            let is_kept = age.is_some_and(|age| age > LARGE_AGE);
            Evaluation::kept_if(is_kept, || instead(head, "Access-Control-Max-Age"))
        }
        HeadRule::Cookie(expected) => cookie(expected, head),
        HeadRule::SameEtag => {
            let is_kept =
                value(head, "ETag").is_some_and(|etag| notes.etag.as_ref() == Some(&etag));
            Evaluation::kept_if(is_kept, || instead(head, "ETag"))
        }
        HeadRule::Accepted => {
            let expected = AcceptValue::new(&names.key).value;
            let is_kept = value(head, "Sec-WebSocket-Accept").as_ref() == Some(&expected);
            Evaluation::kept_if(is_kept, || instead(head, "Sec-WebSocket-Accept"))
        }
        HeadRule::LengthOrEnd(_)
        | HeadRule::LengthOrChunks(_)
        | HeadRule::Chunked
        | HeadRule::Kept => framing(rule, head),
    }
}

fn status(statuses: &[u16], head: &Head) -> Evaluation {
    let is_kept = head.status().is_some_and(|status| statuses.contains(&status));
    Evaluation::kept_if(is_kept, || {
        let [_, status, reason] = head.start_line_parts();
        let text = |range| String::from_utf8_lossy(head.slice(range)).into_owned();
        format!("answered with {} {}", text(&status), text(&reason)).trim_end().to_owned()
    })
}

fn framing(rule: &HeadRule, head: &Head) -> Evaluation {
    let length = value(head, "Content-Length").and_then(|len| len.parse::<usize>().ok());
    let coding = value(head, "Transfer-Encoding");
    let is_chunked = coding.as_deref().is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let connection = value(head, "Connection").unwrap_or_default().to_ascii_lowercase();
    let both =
        || format!("{}, {}", instead(head, "Content-Length"), instead(head, "Transfer-Encoding"));
    match rule {
        HeadRule::LengthOrEnd(expected) => {
            let is_kept = length.map_or(connection == "close", |len| len == *expected);
            Evaluation::kept_if(is_kept && coding.is_none(), both)
        }
        HeadRule::LengthOrChunks(expected) => {
            let is_kept = match length {
                Some(len) => len == *expected && coding.is_none(),
                None => is_chunked,
            };
            Evaluation::kept_if(is_kept, both)
        }
        HeadRule::Chunked => Evaluation::kept_if(is_chunked, both),
        _ => {
            let is_kept = connection.is_empty() || connection == "keep-alive";
            Evaluation::kept_if(is_kept, || instead(head, "Connection"))
        }
    }
}

/// Returns the directives of `Cache-Control`, in lower case.
fn directives(head: &Head) -> Vec<String> {
    let value = value(head, "Cache-Control").unwrap_or_default().to_ascii_lowercase();
    value.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

fn not_cached(head: &Head) -> Evaluation {
    let directives = directives(head);
    let missing: Vec<&str> =
        NO_CACHE.into_iter().filter(|one| !directives.iter().any(|own| own == one)).collect();
    if !missing.is_empty() {
        let reason = instead(head, "Cache-Control");
        return Evaluation::Broken(format!("{reason}, which lacks {}", missing.join(", ")));
    }
    for name in ["Expires", "Last-Modified"] {
        if value(head, name).is_some() {
            return Evaluation::Broken(instead(head, name));
        }
    }
    let further = directives.iter().find(|own| !NO_CACHE.contains(&own.as_str()));
    further.map_or(Evaluation::Kept, |further| {
        Evaluation::Tolerated(format!("sent the directive {further} in Cache-Control too"))
    })
}

fn cacheable(head: &Head) -> Evaluation {
    let directives = directives(head);
    let age = directives.iter().find_map(|one| one.strip_prefix("max-age=")?.parse::<u64>().ok());
    let is_public = directives.iter().any(|one| one == "public");
    if !is_public || age.is_none_or(|age| age < LARGE_AGE) {
        return Evaluation::Broken(instead(head, "Cache-Control"));
    }
    Evaluation::kept_if(value(head, "Expires").is_some(), || instead(head, "Expires"))
}

fn cors(origin: Option<&str>, head: &Head) -> Evaluation {
    const ORIGIN: &str = "Access-Control-Allow-Origin";
    const CREDENTIALS: &str = "Access-Control-Allow-Credentials";
    let (allowed, credentials) = (value(head, ORIGIN), value(head, CREDENTIALS));
    // Without an Origin there is no browser that would care.
    if origin.is_none() {
        return match (allowed.as_deref(), credentials) {
            (Some("*"), None) => Evaluation::Kept,
            (Some("*"), Some(_)) => Evaluation::Tolerated(instead(head, CREDENTIALS)),
            (None, _) => Evaluation::Tolerated(instead(head, ORIGIN)),
            (Some(_), _) => Evaluation::Broken(instead(head, ORIGIN)),
        };
    }
    if allowed.as_deref() != origin {
        return Evaluation::Broken(instead(head, ORIGIN));
    }
    Evaluation::kept_if(credentials.as_deref() == Some("true"), || instead(head, CREDENTIALS))
}

fn cookie(expected: &str, head: &Head) -> Evaluation {
    let all = head.fields_named("Set-Cookie");
    let values = all.map(|field| String::from_utf8_lossy(&head.field_value(field)).into_owned());
    let Some(cookie) = values.into_iter().find(|value| value.starts_with("JSESSIONID=")) else {
        return Evaluation::Broken(instead(head, "Set-Cookie"));
    };
    let mut parts = cookie.split(';').map(str::trim);
    let is_value = parts.next().and_then(|part| part.strip_prefix("JSESSIONID=")) == Some(expected);
    let at = parts.position(|part| part.eq_ignore_ascii_case("path=/"));
    match at {
        Some(0) if is_value => Evaluation::Kept,
        Some(_) if is_value => {
            Evaluation::Tolerated(format!("sent Set-Cookie: {cookie}, with its path later"))
        }
        _ => Evaluation::Broken(format!("sent Set-Cookie: {cookie}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Side;

    fn evaluated(rule: &HeadRule, fields: &str) -> Evaluation {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        let head = Head::new(Side::Server, head.as_bytes());
        evaluate_rule(rule, &head, &Names::example(), &Notes::default())
    }

    fn broken(text: &str) -> Evaluation {
        Evaluation::Broken(text.to_owned())
    }

    #[test]
    fn heads_are_evaluated_with_the_tolerance_of_the_protocol_test() {
        let rule = HeadRule::ContentType("text/plain;charset=UTF-8");
        assert_eq!(
            evaluated(&rule, "content-type: text/plain; charset=utf-8\r\n"),
            Evaluation::Kept
        );
        assert_eq!(
            evaluated(&rule, "Content-Type: text/plain\r\n"),
            broken("sent Content-Type: text/plain")
        );
        assert_eq!(evaluated(&rule, ""), broken("sent no Content-Type"));
        let old = "Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n";
        let Evaluation::Broken(reason) = evaluated(&HeadRule::NotCached, old) else { panic!() };
        assert!(reason.ends_with("which lacks no-transform"), "{reason}");
        let all = "Cache-Control: no-cache,no-store,no-transform, must-revalidate,max-age=0";
        assert_eq!(evaluated(&HeadRule::NotCached, &format!("{all}\r\n")), Evaluation::Kept);
        let more = format!("{all}, private\r\n");
        assert!(matches!(evaluated(&HeadRule::NotCached, &more), Evaluation::Tolerated(_)));
        assert_eq!(evaluated(&HeadRule::Status(&[204]), ""), broken("answered with 200 OK"));
    }

    #[test]
    fn cookies_and_origins_are_compared() {
        let rule = HeadRule::Cookie("dummy");
        assert_eq!(evaluated(&rule, "Set-Cookie: JSESSIONID=dummy; Path=/\r\n"), Evaluation::Kept);
        assert!(matches!(
            evaluated(&rule, "Set-Cookie: JSESSIONID=other; path=/\r\n"),
            Evaluation::Broken(_)
        ));
        let cors = HeadRule::Cors(Some("null"));
        let admitted =
            "Access-Control-Allow-Origin: null\r\nAccess-Control-Allow-Credentials: true\r\n";
        assert_eq!(evaluated(&cors, admitted), Evaluation::Kept);
        assert_eq!(
            evaluated(&cors, "Access-Control-Allow-Origin: *\r\n"),
            broken("sent Access-Control-Allow-Origin: *")
        );
        assert_eq!(
            evaluated(&HeadRule::Cors(None), "Access-Control-Allow-Origin: *\r\n"),
            Evaluation::Kept
        );
    }

    #[test]
    fn lengths_are_given_as_the_version_allows() {
        let (old, new) = (HeadRule::LengthOrEnd(19), HeadRule::LengthOrChunks(19));
        let chunked = "Transfer-Encoding: chunked\r\n";
        assert_eq!(evaluated(&old, "Connection: close\r\n"), Evaluation::Kept);
        assert!(matches!(evaluated(&old, chunked), Evaluation::Broken(_)));
        assert_eq!(evaluated(&new, chunked), Evaluation::Kept);
        assert!(matches!(evaluated(&new, "Content-Length: 18\r\n"), Evaluation::Broken(_)));
    }
}
