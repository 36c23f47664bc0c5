//! [`judge_head`]: the head of a response by its rules.

use crate::conformance::sockjs::judge::Judgement;
use crate::conformance::sockjs::received::Received;
use crate::conformance::sockjs::request::{Names, Notes};
use crate::conformance::sockjs::rule::HeadRule;
use crate::wire::handshake::{AcceptValue, Head};

/// The directives that keep a response out of every cache.
const NO_CACHE: [&str; 5] =
    ["no-store", "no-cache", "no-transform", "must-revalidate", "max-age=0"];

/// The least `max-age` that is large, in seconds.
const LARGE_AGE: u64 = 1_000_000;

/// Judges a head by all rules; the first that is broken counts.
pub(super) fn judge_head(
    rules: &[HeadRule],
    received: &Received,
    names: &Names,
    notes: &mut Notes,
) -> Judgement {
    let Some(head) = received.response.head() else { return Judgement::Waiting };
    let mut result = Judgement::Kept;
    for rule in rules {
        match judge_rule(rule, head, names, notes) {
            Judgement::Kept => {}
            Judgement::Tolerated(reason) if result == Judgement::Kept => {
                result = Judgement::Tolerated(reason);
            }
            Judgement::Tolerated(_) => {}
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

fn judge_rule(rule: &HeadRule, head: &Head, names: &Names, notes: &Notes) -> Judgement {
    match rule {
        HeadRule::Status(statuses) => status(statuses, head),
        HeadRule::ContentType(expected) => {
            let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
            let is_kept =
                value(head, "Content-Type").is_some_and(|value| plain(&value) == plain(expected));
            Judgement::kept_if(is_kept, || instead(head, "Content-Type"))
        }
        HeadRule::Absent(name) => {
            Judgement::kept_if(value(head, name).is_none(), || instead(head, name))
        }
        HeadRule::Present(name) => {
            Judgement::kept_if(value(head, name).is_some(), || instead(head, name))
        }
        HeadRule::Field(name, expected) => {
            let expected = names.fill(expected, notes);
            let is_kept = value(head, name).as_deref() == Some(&*expected);
            Judgement::kept_if(is_kept, || instead(head, name))
        }
        HeadRule::Token(name, expected) => {
            let is_kept =
                value(head, name).is_some_and(|value| value.eq_ignore_ascii_case(expected));
            Judgement::kept_if(is_kept, || instead(head, name))
        }
        HeadRule::NotCached => not_cached(head),
        HeadRule::Cacheable => cacheable(head),
        HeadRule::Cors(origin) => cors(*origin, head),
        HeadRule::Methods(methods) => {
            let allowed = value(head, "Access-Control-Allow-Methods").unwrap_or_default();
            let has = |method: &str| allowed.split(',').any(|one| one.trim() == method);
            let is_kept = methods.iter().all(|method| has(method));
            Judgement::kept_if(is_kept, || instead(head, "Access-Control-Allow-Methods"))
        }
        HeadRule::LongPreflight => {
            let age = value(head, "Access-Control-Max-Age").and_then(|age| age.parse::<u64>().ok());
            let is_kept = age.is_some_and(|age| age > LARGE_AGE);
            Judgement::kept_if(is_kept, || instead(head, "Access-Control-Max-Age"))
        }
        HeadRule::Cookie(expected) => cookie(expected, head),
        HeadRule::SameEtag => {
            let is_kept =
                value(head, "ETag").is_some_and(|etag| notes.etag.as_ref() == Some(&etag));
            Judgement::kept_if(is_kept, || instead(head, "ETag"))
        }
        HeadRule::Accepted => {
            let expected = AcceptValue::new(&names.key).value;
            let is_kept = value(head, "Sec-WebSocket-Accept").as_ref() == Some(&expected);
            Judgement::kept_if(is_kept, || instead(head, "Sec-WebSocket-Accept"))
        }
        HeadRule::LengthOrEnd(_)
        | HeadRule::LengthOrChunks(_)
        | HeadRule::Chunked
        | HeadRule::Kept => framing(rule, head),
    }
}

fn status(statuses: &[u16], head: &Head) -> Judgement {
    let is_kept = head.status().is_some_and(|status| statuses.contains(&status));
    Judgement::kept_if(is_kept, || {
        let [_, status, reason] = head.start_line_parts();
        let text = |range| String::from_utf8_lossy(head.slice(range)).into_owned();
        format!("answered with {} {}", text(&status), text(&reason)).trim_end().to_owned()
    })
}

fn framing(rule: &HeadRule, head: &Head) -> Judgement {
    let length = value(head, "Content-Length").and_then(|len| len.parse::<usize>().ok());
    let coding = value(head, "Transfer-Encoding");
    let is_chunked = coding.as_deref().is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let connection = value(head, "Connection").unwrap_or_default().to_ascii_lowercase();
    let both =
        || format!("{}, {}", instead(head, "Content-Length"), instead(head, "Transfer-Encoding"));
    match rule {
        HeadRule::LengthOrEnd(expected) => {
            let is_kept = length.map_or(connection == "close", |len| len == *expected);
            Judgement::kept_if(is_kept && coding.is_none(), both)
        }
        HeadRule::LengthOrChunks(expected) => {
            let is_kept = match length {
                Some(len) => len == *expected && coding.is_none(),
                None => is_chunked,
            };
            Judgement::kept_if(is_kept, both)
        }
        HeadRule::Chunked => Judgement::kept_if(is_chunked, both),
        _ => {
            let is_kept = connection.is_empty() || connection == "keep-alive";
            Judgement::kept_if(is_kept, || instead(head, "Connection"))
        }
    }
}

/// Returns the directives of `Cache-Control`, in lower case.
fn directives(head: &Head) -> Vec<String> {
    let value = value(head, "Cache-Control").unwrap_or_default().to_ascii_lowercase();
    value.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

fn not_cached(head: &Head) -> Judgement {
    let directives = directives(head);
    let missing: Vec<&str> =
        NO_CACHE.into_iter().filter(|one| !directives.iter().any(|own| own == one)).collect();
    if !missing.is_empty() {
        let reason = instead(head, "Cache-Control");
        return Judgement::Broken(format!("{reason}, which lacks {}", missing.join(", ")));
    }
    for name in ["Expires", "Last-Modified"] {
        if value(head, name).is_some() {
            return Judgement::Broken(instead(head, name));
        }
    }
    let further = directives.iter().find(|own| !NO_CACHE.contains(&own.as_str()));
    further.map_or(Judgement::Kept, |further| {
        Judgement::Tolerated(format!("sent the directive {further} in Cache-Control too"))
    })
}

fn cacheable(head: &Head) -> Judgement {
    let directives = directives(head);
    let age = directives.iter().find_map(|one| one.strip_prefix("max-age=")?.parse::<u64>().ok());
    let is_public = directives.iter().any(|one| one == "public");
    if !is_public || age.is_none_or(|age| age < LARGE_AGE) {
        return Judgement::Broken(instead(head, "Cache-Control"));
    }
    Judgement::kept_if(value(head, "Expires").is_some(), || instead(head, "Expires"))
}

fn cors(origin: Option<&str>, head: &Head) -> Judgement {
    const ORIGIN: &str = "Access-Control-Allow-Origin";
    const CREDENTIALS: &str = "Access-Control-Allow-Credentials";
    let (allowed, credentials) = (value(head, ORIGIN), value(head, CREDENTIALS));
    if allowed.as_deref() != Some(origin.unwrap_or("*")) {
        return Judgement::Broken(instead(head, ORIGIN));
    }
    let is_kept = match origin {
        Some(_) => credentials.as_deref() == Some("true"),
        None => credentials.is_none(),
    };
    Judgement::kept_if(is_kept, || instead(head, CREDENTIALS))
}

fn cookie(expected: &str, head: &Head) -> Judgement {
    let all = head.fields_named("Set-Cookie");
    let values = all.map(|field| String::from_utf8_lossy(&head.field_value(field)).into_owned());
    let Some(cookie) = values.into_iter().find(|value| value.starts_with("JSESSIONID=")) else {
        return Judgement::Broken(instead(head, "Set-Cookie"));
    };
    let mut parts = cookie.split(';').map(str::trim);
    let is_value = parts.next().and_then(|part| part.strip_prefix("JSESSIONID=")) == Some(expected);
    let at = parts.position(|part| part.eq_ignore_ascii_case("path=/"));
    match at {
        Some(0) if is_value => Judgement::Kept,
        Some(_) if is_value => {
            Judgement::Tolerated(format!("sent Set-Cookie: {cookie}, with its path later"))
        }
        _ => Judgement::Broken(format!("sent Set-Cookie: {cookie}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Side;

    fn judged(rule: &HeadRule, fields: &str) -> Judgement {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        let head = Head::new(Side::Server, head.as_bytes());
        judge_rule(rule, &head, &Names::example(), &Notes::default())
    }

    fn broken(text: &str) -> Judgement {
        Judgement::Broken(text.to_owned())
    }

    #[test]
    fn heads_are_judged_with_the_tolerance_of_the_protocol_test() {
        let rule = HeadRule::ContentType("text/plain;charset=UTF-8");
        assert_eq!(judged(&rule, "content-type: text/plain; charset=utf-8\r\n"), Judgement::Kept);
        assert_eq!(
            judged(&rule, "Content-Type: text/plain\r\n"),
            broken("sent Content-Type: text/plain")
        );
        assert_eq!(judged(&rule, ""), broken("sent no Content-Type"));
        let old = "Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n";
        let Judgement::Broken(reason) = judged(&HeadRule::NotCached, old) else { panic!() };
        assert!(reason.ends_with("which lacks no-transform"), "{reason}");
        let all = "Cache-Control: no-cache,no-store,no-transform, must-revalidate,max-age=0";
        assert_eq!(judged(&HeadRule::NotCached, &format!("{all}\r\n")), Judgement::Kept);
        let more = format!("{all}, private\r\n");
        assert!(matches!(judged(&HeadRule::NotCached, &more), Judgement::Tolerated(_)));
        assert_eq!(judged(&HeadRule::Status(&[204]), ""), broken("answered with 200 OK"));
    }

    #[test]
    fn cookies_and_origins_are_compared() {
        let rule = HeadRule::Cookie("dummy");
        assert_eq!(judged(&rule, "Set-Cookie: JSESSIONID=dummy; Path=/\r\n"), Judgement::Kept);
        assert!(matches!(
            judged(&rule, "Set-Cookie: JSESSIONID=other; path=/\r\n"),
            Judgement::Broken(_)
        ));
        let cors = HeadRule::Cors(Some("null"));
        let admitted =
            "Access-Control-Allow-Origin: null\r\nAccess-Control-Allow-Credentials: true\r\n";
        assert_eq!(judged(&cors, admitted), Judgement::Kept);
        assert_eq!(
            judged(&cors, "Access-Control-Allow-Origin: *\r\n"),
            broken("sent Access-Control-Allow-Origin: *")
        );
        assert_eq!(
            judged(&HeadRule::Cors(None), "Access-Control-Allow-Origin: *\r\n"),
            Judgement::Kept
        );
    }

    #[test]
    fn lengths_are_given_as_the_version_allows() {
        let (old, new) = (HeadRule::LengthOrEnd(19), HeadRule::LengthOrChunks(19));
        let chunked = "Transfer-Encoding: chunked\r\n";
        assert_eq!(judged(&old, "Connection: close\r\n"), Judgement::Kept);
        assert!(matches!(judged(&old, chunked), Judgement::Broken(_)));
        assert_eq!(judged(&new, chunked), Judgement::Kept);
        assert!(matches!(judged(&new, "Content-Length: 18\r\n"), Judgement::Broken(_)));
    }
}
