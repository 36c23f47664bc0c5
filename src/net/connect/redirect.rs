//! [`resolve_redirect`]: the target that a redirect leads to (RFC 9110 section 10.2.2). It opens
//! nothing.

use thiserror::Error;
use url::Url;

use crate::net::connect::target::{Target, TargetError, without_user_info};

/// A redirect leads to no WebSocket URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the server redirects to `{location}`, which cannot be followed: {reason}")]
pub struct RedirectError {
    /// The value of the `Location` header, without a user name and password.
    pub location: String,
    /// Why it cannot be followed.
    #[source]
    pub reason: RedirectProblem,
}

/// Why a redirect cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RedirectProblem {
    /// It isn't a URL, nor a reference to one.
    #[error("it isn't a URL")]
    NotAUrl,
    /// Its scheme is another one.
    #[error("its scheme is {0}; expected ws, wss, http or https")]
    Scheme(String),
    /// It isn't a WebSocket URL for another reason.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Resolves the value of a `Location` header against the target that sent it. `http` and `https`
/// stand for `ws` and `wss`, because a server behind HTTP software redirects in its terms.
///
/// # Errors
/// Fails if no WebSocket can be opened there.
pub(crate) fn resolve_redirect(from: &Target, location: &str) -> Result<Target, RedirectError> {
    resolve_url(from, location)
        .map_err(|reason| RedirectError { location: without_user_info(location), reason })
}

fn resolve_url(from: &Target, location: &str) -> Result<Target, RedirectProblem> {
    let scheme = if from.tls { "wss" } else { "ws" };
    let base = format!("{scheme}://{}{}", from.authority(), from.path);
    let base = Url::parse(&base).map_err(|_| RedirectProblem::NotAUrl)?;
    let mut url = base.join(location.trim()).map_err(|_| RedirectProblem::NotAUrl)?;
    url.set_fragment(None);
    let scheme = match url.scheme() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        other => return Err(RedirectProblem::Scheme(other.to_owned())),
    };
    let stays = url.origin() == base.origin();
    let rest = url.as_str().split_once(':').map_or("", |(_, rest)| rest);
    let mut target = Target::parse(&format!("{scheme}:{rest}"))?;
    // A redirect to another path of a Unix socket names `localhost` or no host at all.
    if stays && let Some(socket) = &from.unix_socket {
        target.unix_socket = Some(socket.clone());
    }
    if target.user_info.is_none() && target.is_same_origin(from) {
        target.user_info.clone_from(&from.user_info);
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_resolved_as_references() {
        for (from, location, to) in [
            ("ws://a/x/y?q", "/z", "ws://a/z"),
            ("ws://a/x/y?q", "z", "ws://a/x/z"),
            ("ws://a/x/y", "?r", "ws://a/x/y?r"),
            ("wss://a:8/x", "//b/z#top", "wss://b/z"),
            ("ws://a/", "http://b:81/z", "ws://b:81/z"),
            ("ws://a/", "https://b", "wss://b/"),
            ("wss://a/", "WS://B/", "ws://b/"),
            ("ws://[::1]:9/", "/z", "ws://[::1]:9/z"),
            ("ws+unix:/run/s:/x", "/z", "ws+unix:/run/s:/z"),
            ("ws+unix:/run/s:/x", "ws://b/", "ws://b/"),
        ] {
            let found = resolve_redirect(&Target::parse(from).unwrap(), location).unwrap();
            assert_eq!(found.to_string(), to, "{from} {location}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let from = Target::parse("ws://a/").unwrap();
        for (location, reason) in [
            ("ftp://b/", "its scheme is ftp; expected ws, wss, http or https"),
            ("mailto:x", "its scheme is mailto; expected ws, wss, http or https"),
            ("ws://:x/", "it isn't a URL"),
        ] {
            let error = resolve_redirect(&from, location).unwrap_err();
            let sentence =
                format!("the server redirects to `{location}`, which cannot be followed: {reason}");
            assert_eq!(error.to_string(), sentence);
        }
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let from = Target::parse("wss://me:pw@a/").unwrap();
        for (location, kept) in
            [("/z", true), ("wss://A:443/", true), ("ws://a/", false), ("wss://b/", false)]
        {
            let target = resolve_redirect(&from, location).unwrap();
            assert_eq!(target.user_info.is_some(), kept, "{location}");
        }
        let own = resolve_redirect(&from, "wss://you:pw@b/").unwrap();
        assert!(own.user_info.is_some_and(|own| Some(own) != from.user_info));
    }
}
