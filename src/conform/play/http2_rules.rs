//! [`Http2Rules`]: the rules of RFC 8441, each by the requests and streams that it is about.

use std::future::{Future, ready};

use bytes::Bytes;
use h2::client::SendRequest;
use hyper::http::request::Builder;
use wiretalk_core::conformance::{
    Finding, Http2Rule, Verdict, all_cases, short_echo, standard_handshake,
};

use crate::conform::exchange::{http2_end, play_on, server_address};
use crate::conform::play::http2::{ExtendedConnect, Request, extended_connect, is_of_http1};
use crate::conform::{ConformConfig, ServerTraits};
use crate::wire::Side;
use crate::wire::handshake::Head;

/// The rules of RFC 8441 on one connection.
pub(super) struct Http2Rules<'c> {
    pub(super) config: &'c ConformConfig,
    /// The key for the form of HTTP/1.1.
    pub(super) key: [u8; 16],
    pub(super) traits: ServerTraits,
    pub(super) requests: SendRequest<Bytes>,
}

impl Http2Rules<'_> {
    /// Tests a rule.
    pub(super) async fn play(&self, rule: Http2Rule) -> Finding {
        let finding = match rule {
            // The connection would not have been opened otherwise.
            Http2Rule::Setting => Finding::new(Verdict::Pass, rule.describe()),
            Http2Rule::Status => self.status().await,
            Http2Rule::UnknownProtocol => {
                self.refusal(self.rule_requests().websocket("13", "x-wiretalk-unknown")).await
            }
            Http2Rule::OldVersion => {
                self.refusal(self.rule_requests().websocket("12", "websocket")).await
            }
            Http2Rule::PlainConnect => self.refusal(self.rule_requests().connect()).await,
            Http2Rule::TwoStreams => {
                let (one, other) = tokio::join!(self.echo(), self.echo());
                if one.verdict == Verdict::Pass { other } else { one }
            }
            Http2Rule::EndStream => self.end_stream().await,
            Http2Rule::ResetStream => self.beside_open(ready(())).await,
            Http2Rule::OrdinaryRequest => {
                self.beside_open(async {
                    // Any answer will do; without one, the echo that follows is not reached.
                    let _ = self.answer(self.rule_requests().ordinary()).await;
                })
                .await
            }
        };
        Finding { expected: rule.describe().to_owned(), ..finding }
    }

    fn rule_requests(&self) -> RuleRequests<'_> {
        RuleRequests { config: self.config, needs_origin: self.traits.needs_origin }
    }

    fn stream(&self) -> ExtendedConnect {
        ExtendedConnect::new(self.requests.clone(), self.config.target.tls)
    }

    /// Opens a WebSocket, and has a message echoed where the server echoes.
    async fn echo(&self) -> Finding {
        let case =
            if self.traits.has_echo { short_echo(self.config.seed) } else { standard_handshake() };
        play_on(self.stream(), self.config, &case, self.key, self.traits).await.finding
    }

    /// Opens a WebSocket, does something, ends the stream with `RST_STREAM`, and opens another one.
    async fn beside_open(&self, between: impl Future<Output = ()>) -> Finding {
        let mut open_only = standard_handshake();
        open_only.steps.clear();
        let mut first = self.stream();
        let opened = play_on(&mut first, self.config, &open_only, self.key, self.traits).await;
        if opened.finding.verdict != Verdict::Pass {
            return opened.finding;
        }
        between.await;
        drop(first);
        self.echo().await
    }

    async fn end_stream(&self) -> Finding {
        let all = all_cases(self.config.seed);
        let Some(case) = all.iter().find(|case| case.id == "close/fin-without-close") else {
            return Finding::new(Verdict::NotApplicable, "there is no such case");
        };
        play_on(self.stream(), self.config, case, self.key, self.traits).await.finding
    }

    async fn status(&self) -> Finding {
        match self.answer(self.rule_requests().websocket("13", "websocket")).await {
            Ok((200, true)) => {
                Finding::new(Verdict::Tolerated, "answered with 200 and a sec-websocket-accept")
            }
            Ok((200, false)) => Finding::new(Verdict::Pass, "answered with 200"),
            Ok((status, _)) => Finding::new(Verdict::Fail, format!("answered with {status}")),
            Err(finding) => finding,
        }
    }

    async fn refusal(&self, request: Option<Request>) -> Finding {
        match self.answer(request).await {
            Ok((status @ 400.., _)) => {
                Finding::new(Verdict::Pass, format!("refused with {status}"))
            }
            Ok((status, _)) => Finding::new(Verdict::Fail, format!("answered with {status}")),
            Err(finding) if finding.verdict == Verdict::Fail => {
                Finding::new(Verdict::Tolerated, finding.reason)
            }
            Err(finding) => finding,
        }
    }

    /// Sends a request. Returns the status, and whether there was an accept value; the finding if
    /// there was no response.
    async fn answer(&self, request: Option<Request>) -> Result<(u16, bool), Finding> {
        let Some(request) = request else {
            return Err(Finding::new(Verdict::NotApplicable, "no such request can be sent"));
        };
        let reset = |error: h2::Error| {
            let how = http2_end(&error).name();
            Finding::new(Verdict::Fail, format!("ended the stream without a response ({how})"))
        };
        let mut requests = self.requests.clone().ready().await.map_err(reset)?;
        let (response, _send) = requests.send_request(request, false).map_err(reset)?;
        let limit = self.config.limits.answer;
        match tokio::time::timeout(limit, response).await {
            Ok(Ok(response)) => {
                let has_accept = response.headers().contains_key("sec-websocket-accept");
                Ok((response.status().as_u16(), has_accept))
            }
            Ok(Err(error)) => Err(reset(error)),
            Err(_) => {
                let reason = format!("did not answer within {} s", limit.as_secs_f64());
                Err(Finding::new(Verdict::NoAnswer, reason))
            }
        }
    }
}

/// The requests of the rules. Each has the fields of the configuration, unless it has one of that name
/// or the field is about opening a WebSocket, which the request does not.
struct RuleRequests<'c> {
    config: &'c ConformConfig,
    needs_origin: bool,
}

impl RuleRequests<'_> {
    /// Returns an extended CONNECT.
    fn websocket(&self, version: &str, protocol: &str) -> Option<Request> {
        let case = standard_handshake().and_fields(&self.config.fields);
        let request = case.request.with("Sec-WebSocket-Version", version);
        let request = if self.needs_origin && !request.has_field("Origin") {
            request.and("Origin", &format!("{}://{{host}}", self.scheme()))
        } else {
            request
        };
        let bytes = request.to_bytes(&server_address(self.config), "");
        extended_connect(&Head::new(Side::Client, &bytes), self.scheme(), protocol).ok()
    }

    /// Returns a CONNECT without `:protocol`.
    fn connect(&self) -> Option<Request> {
        let request = hyper::Request::builder().method(hyper::Method::CONNECT);
        self.with_fields(request.uri(self.config.target.authority()))
    }

    fn ordinary(&self) -> Option<Request> {
        let ConformConfig { target, .. } = self.config;
        let uri = format!("{}://{}{}", self.scheme(), target.authority(), target.path);
        self.with_fields(hyper::Request::builder().uri(uri))
    }

    fn with_fields(&self, mut request: Builder) -> Option<Request> {
        for (name, value) in &self.config.fields {
            let name = name.to_ascii_lowercase();
            if !is_of_http1(&name) && !name.starts_with("sec-websocket-") {
                request = request.header(name, value);
            }
        }
        request.body(()).ok()
    }

    fn scheme(&self) -> &'static str {
        if self.config.target.tls { "https" } else { "http" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Target;

    #[test]
    fn every_request_has_the_fields_of_the_configuration() {
        let target = Target::parse("wss://127.0.0.1:9443/path?q").unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = vec![
            field("Authorization", "Bearer abc"),
            field("sec-websocket-version", "7"),
            field("Sec-WebSocket-Protocol", "chat"),
            field("Host", "elsewhere"),
        ];
        let config = ConformConfig { fields, http2: true, ..ConformConfig::new(target) };
        let requests = RuleRequests { config: &config, needs_origin: true };
        let websocket = requests.websocket("13", "websocket").unwrap();
        let value = |request: &Request, name: &str| {
            let value = request.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        assert_eq!(value(&websocket, "sec-websocket-version").as_deref(), Some("13"));
        assert_eq!(value(&websocket, "sec-websocket-protocol").as_deref(), Some("chat"));
        assert_eq!(value(&websocket, "host"), None);
        assert_eq!(value(&websocket, "sec-websocket-key"), None);
        assert_eq!(value(&websocket, "origin").as_deref(), Some("https://127.0.0.1:9443"));
        assert_eq!(websocket.uri().to_string(), "https://127.0.0.1:9443/path?q");
        let (connect, ordinary) = (requests.connect().unwrap(), requests.ordinary().unwrap());
        assert_eq!(connect.uri().to_string(), "127.0.0.1:9443");
        assert_eq!(ordinary.uri().to_string(), "https://127.0.0.1:9443/path?q");
        for request in [&websocket, &connect, &ordinary] {
            assert_eq!(value(request, "authorization").as_deref(), Some("Bearer abc"));
        }
        for request in [&connect, &ordinary] {
            assert_eq!(request.headers().len(), 1, "{:?}", request.headers());
        }
    }
}
