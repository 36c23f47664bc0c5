//! [`Notice`]: what a page with sockjs-client would notice of a test that sockjs-go fails, from
//! `sockjs_notice.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

/// The entries, one for each test.
static NOTICES: LazyLock<Vec<Notice>> = LazyLock::new(|| {
    // A file that does not parse gives none. A test checks that every failing test has one.
    parse(include_str!("sockjs_notice.toml")).unwrap_or_default()
});

/// What a page would notice of a failing test.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    /// The test, `Class.test`.
    pub(super) test: String,
    /// The requests of the test, in a few words.
    pub(super) sent: String,
    /// The answer of sockjs-go v3.0.3.
    pub(super) came: String,
    /// The answer that the text of the protocol wants.
    pub(super) text: String,
    /// Whether a page would notice.
    pub(super) noticed: Noticed,
    /// The reason, with the file of sockjs-client that shows it.
    pub(super) why: String,
    /// Whether the test fails now and then only.
    #[serde(default)]
    pub(super) varies: bool,
    /// Whether the test fails only behind `http.ServeMux`.
    #[serde(default)]
    pub(super) mux: bool,
}

/// Whether a page would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Noticed {
    /// A page that is not unusual would.
    Yes,
    /// Only behind some proxy, in some old browser, or now and then.
    Rarely,
    /// Never.
    No,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticesFile {
    test: Vec<Notice>,
}

fn parse(source: &str) -> Result<Vec<Notice>, toml::de::Error> {
    Ok(toml::from_str::<NoticesFile>(source)?.test)
}

/// Returns the entry of a test that a contestant fails; `None` if the contestant is not sockjs-go v3, about
/// whose answers all entries are.
pub(super) fn notice_of(test: &str, contestant: &str) -> Option<&'static Notice> {
    let is_mux = match contestant {
        "sockjs-go" => false,
        "sockjs-go-mux" => true,
        _ => return None,
    };
    NOTICES.iter().find(|notice| notice.test == test && (is_mux || !notice.mux))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// What the protocol's own test says of the servers.
    #[derive(Deserialize)]
    struct ProtocolTest {
        servers: Vec<TestedServer>,
    }

    #[derive(Deserialize)]
    struct TestedServer {
        id: String,
        failed: BTreeMap<String, serde_json::Value>,
    }

    #[test]
    fn every_test_that_sockjs_go_fails_has_an_entry_and_no_other() {
        let notices = parse(include_str!("sockjs_notice.toml")).unwrap();
        let recorded = include_str!("../libraries/sockjs/protocol_test.json");
        let recorded: ProtocolTest = serde_json::from_str(recorded).unwrap();
        let twins = include_str!("../libraries/sockjs-twins.toml");
        let failed = |id: &str| {
            let server = recorded.servers.iter().find(|server| server.id == id).unwrap();
            &server.failed
        };
        for test in failed("sockjs-go").keys() {
            let notice = notice_of(test, "sockjs-go").unwrap_or_else(|| panic!("{test}"));
            assert!(!notice.mux, "{test}");
        }
        for test in failed("sockjs-go-mux").keys() {
            assert!(notice_of(test, "sockjs-go-mux").is_some(), "{test}");
            assert_eq!(notice_of(test, "sockjs-python"), None);
        }
        for notice in &notices {
            let Notice { test, varies, mux, .. } = notice;
            assert!(twins.contains(&format!("[tests.\"{test}\"]")), "there is no test {test}");
            // A test that varies may have passed in every recorded run.
            let is_known = *varies
                || failed("sockjs-go").contains_key(test)
                || *mux && failed("sockjs-go-mux").contains_key(test);
            assert!(is_known, "{test}");
        }
    }
}
