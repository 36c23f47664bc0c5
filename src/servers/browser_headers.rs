//! The headers that a browser adds to a request, and a production server to a reply: about 1 kB up
//! and 0.5 kB down. Names and forms are those of Chrome on Linux. The values are made up and
//! identify nobody.

/// A header: its name in lower case and its value.
pub(crate) type HttpHeader = (&'static str, &'static str);

/// Returns the headers of a browser's request from a page of the same site, including the cookies
/// of a session. `Host`, `Content-Type` and `Content-Length` are left to the client.
pub(crate) fn browser_request_headers() -> &'static [HttpHeader] {
    &REQUEST_HEADERS
}

/// Returns the headers of a reply that passed a proxy and follows the usual hardening advice.
pub(crate) fn production_response_headers() -> &'static [HttpHeader] {
    &RESPONSE_HEADERS
}

const REQUEST_HEADERS: [HttpHeader; 15] = [
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
         Safari/537.36",
    ),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-GB,en;q=0.9,de;q=0.7"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("cache-control", "no-cache"),
    ("pragma", "no-cache"),
    ("origin", "https://talk.example"),
    ("referer", "https://talk.example/prices?symbol=GOPH"),
    ("sec-ch-ua", "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\", \"Google Chrome\";v=\"140\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-origin"),
    (
        "cookie",
        "session=6f1c0d9e2b7a4835a1e0c4d97b2f8e61; csrf=Zk3p9sQvT1yLw7XeRb2HnA; theme=dark; \
         locale=en-GB; consent=2026-11-22.necessary.statistics; ab=checkout-b.prices-a; \
         _ga=GA1.1.1093847562.1763812345; _ga_7XQ2M4K9=GS2.1.s1763812345$o4$g1$t1763812399$j6; \
         tz=Europe/London; seen=17",
    ),
];

const RESPONSE_HEADERS: [HttpHeader; 10] = [
    ("server", "nginx"),
    ("vary", "Origin, Accept-Encoding"),
    ("cache-control", "no-store"),
    ("access-control-allow-origin", "https://talk.example"),
    ("access-control-allow-credentials", "true"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("content-security-policy", "default-src 'self'; object-src 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("x-request-id", "0b7f4a52-9c1d-4e83-b6a0-5d2e8f7c1a94"),
    ("set-cookie", "csrf=Xp2m8RtUk5zJd0WsGa7FvQ; Path=/; Secure; HttpOnly; SameSite=Lax"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(headers: &[(&str, &str)]) -> usize {
        // Two bytes for ": " and two for the end of the line.
        headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum()
    }

    #[test]
    fn the_headers_have_their_stated_size_and_are_legal() {
        assert!(
            (850..1_100).contains(&weight(browser_request_headers())),
            "{}",
            weight(browser_request_headers())
        );
        assert!(
            (400..600).contains(&weight(production_response_headers())),
            "{}",
            weight(production_response_headers())
        );
        for (name, value) in browser_request_headers().iter().chain(production_response_headers()) {
            assert!(hyper::header::HeaderName::from_lowercase(name.as_bytes()).is_ok(), "{name}");
            assert!(hyper::header::HeaderValue::from_str(value).is_ok(), "{value}");
        }
    }
}
