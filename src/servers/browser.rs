//! What browsers and servers on the web say beside a request and its reply: about 1,000 bytes up and 500 down.
//! The values are made up; their names and lengths are ordinary.

/// A header: its name in lower case, and its value.
pub type Header = (&'static str, &'static str);

/// Beside a request of a browser that knows the site.
pub const REQUEST: &[Header] = &[
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("content-type", "application/json"),
    ("origin", "https://shop.example.com"),
    ("referer", "https://shop.example.com/prices/watch?list=favourites&sort=change"),
    ("sec-ch-ua", "\"Chromium\";v=\"142\", \"Not=A?Brand\";v=\"24\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-origin"),
    (
        "cookie",
        "session=8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d; consent=necessary%2Cstatistics; \
         _ga=GA1.2.1234567890.1700000000; theme=dark; csrf=45c48cce2e2d7fbdea1afc51c7c6ad26; ab=checkout-b%7Csearch-a",
    ),
];

/// Beside a reply of a server behind the usual middleware.
pub const REPLY: &[Header] = &[
    ("cache-control", "no-store, no-cache, must-revalidate"),
    (
        "content-security-policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'",
    ),
    ("strict-transport-security", "max-age=63072000; includeSubDomains; preload"),
    ("vary", "origin, accept-encoding"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-request-id", "3f1c2a77-5d0e-4b7e-9a53-0d9f6c1e8b42"),
    ("server", "gateway"),
    ("set-cookie", "seen=1700000000; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"),
];
