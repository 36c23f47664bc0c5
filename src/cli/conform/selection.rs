//! [`CasePattern`]: which cases to play; and where the endpoints of SockJS are.

use std::str::FromStr;

use anyhow::bail;

use crate::conform::{Case, ServiceEndpoint};
use crate::text::did_you_mean;

/// A name of a case, a group, or the beginning of a name with an asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePattern(String);

impl FromStr for CasePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let asterisks = text.matches('*').count();
        if text.is_empty() || asterisks > 1 || asterisks == 1 && !text.ends_with('*') {
            return Err("expected a case such as utf8/invalid-ff, a group such as utf8, or the \
                        beginning of a name such as utf8/invalid*"
                .to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl CasePattern {
    fn matches(&self, case: &Case) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => case.id.starts_with(beginning),
            None => case.id == self.0 || case.group.name() == self.0,
        }
    }
}

/// Parses an endpoint and its path, `echo=/chat`. A path of `/` alone is the top.
///
/// # Errors
///
/// If the name is none of an endpoint, or the path does not begin with a slash.
pub(super) fn parse_endpoint(text: &str) -> Result<(ServiceEndpoint, String), String> {
    let (name, path) =
        text.split_once('=').ok_or("expected a name and a path, as in echo=/chat")?;
    let endpoint = name.parse::<ServiceEndpoint>().map_err(|error| error.to_string())?;
    if !path.starts_with('/') {
        return Err(format!("`{path}` isn't a path; a path begins with a slash, as in echo=/chat"));
    }
    Ok((endpoint, path.to_owned()))
}

/// Returns a URL of HTTP as one of a WebSocket, which has the same parts.
pub(super) fn as_websocket_url(url: &str) -> Option<String> {
    let rest = |scheme: &str| {
        url.get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
            .and_then(|_| url.get(scheme.len()..))
    };
    if let Some(rest) = rest("https:") {
        return Some(format!("wss:{rest}"));
    }
    rest("http:").map(|rest| format!("ws:{rest}"))
}

/// Returns the cases that match one of `patterns`; all, if there are none.
///
/// # Errors
///
/// If a pattern matches no case.
pub(super) fn select(all: Vec<Case>, patterns: &[CasePattern]) -> anyhow::Result<Vec<Case>> {
    for pattern in patterns {
        if !all.iter().any(|case| pattern.matches(case)) {
            bail!("no case matches `{}`{}", pattern.0, hint(&all, &pattern.0));
        }
    }
    let is_selected =
        |case: &Case| patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(case));
    Ok(all.into_iter().filter(is_selected).collect())
}

/// Returns the case with this name.
///
/// # Errors
///
/// If there is none.
pub(super) fn find<'c>(all: &'c [Case], id: &str) -> anyhow::Result<&'c Case> {
    let Some(case) = all.iter().find(|case| case.id == id) else {
        bail!("there is no case `{id}`{}", hint(all, id));
    };
    Ok(case)
}

/// Returns the name that was probably meant, or how to list them.
fn hint(all: &[Case], word: &str) -> String {
    let names: Vec<&str> = all.iter().map(|case| case.id.as_str()).collect();
    let meant = did_you_mean(word, &names);
    if meant.is_empty() { "; --list prints all of them".to_owned() } else { meant }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_a_name_and_a_path() {
        let parsed = parse_endpoint("close=/a/b");
        assert_eq!(parsed, Ok((ServiceEndpoint::Close, "/a/b".to_owned())));
        assert!(parse_endpoint("clsoe=/a").unwrap_err().contains("unknown endpoint"));
        assert!(parse_endpoint("close").unwrap_err().contains("echo=/chat"));
        assert!(parse_endpoint("close=a").unwrap_err().contains("slash"));
    }

    #[test]
    fn urls_of_http_are_those_of_websockets() {
        let of = |url| as_websocket_url(url);
        assert_eq!(of("HTTP://127.0.0.1:8081/x").as_deref(), Some("ws://127.0.0.1:8081/x"));
        assert_eq!(of("https://[::1]/").as_deref(), Some("wss://[::1]/"));
        assert_eq!(of("ws://127.0.0.1/"), None);
    }
}
