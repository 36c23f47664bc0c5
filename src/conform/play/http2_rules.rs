//! [`Http2Rules`]: the rules of RFC 8441, each by the requests and streams that it is about.

use std::future::{Future, ready};

use bytes::Bytes;
use h2::client::SendRequest;
use wiretalk_core::conformance::{
    Finding, Http2Rule, Verdict, all_cases, short_echo, standard_handshake,
};

use crate::conform::exchange::play_on;
use crate::conform::play::http2::{ExtendedConnect, Request, extended_connect};
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
                self.refusal(self.request("13", Some("x-wiretalk-unknown"))).await
            }
            Http2Rule::OldVersion => self.refusal(self.request("12", Some("websocket"))).await,
            Http2Rule::PlainConnect => self.refusal(self.request("13", None)).await,
            Http2Rule::TwoStreams => {
                let (one, other) = tokio::join!(self.echo(), self.echo());
                if one.verdict == Verdict::Pass { other } else { one }
            }
            Http2Rule::EndStream => self.end_stream().await,
            Http2Rule::ResetStream => self.beside_open(ready(())).await,
            Http2Rule::OrdinaryRequest => {
                self.beside_open(async {
                    // Any answer will do; without one, the echo that follows is not reached.
                    let _ = self.answer(self.ordinary_request()).await;
                })
                .await
            }
        };
        Finding { expected: rule.describe().to_owned(), ..finding }
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
        match self.answer(self.request("13", Some("websocket"))).await {
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

    /// Returns an extended CONNECT; without `protocol` a plain one.
    fn request(&self, version: &str, protocol: Option<&str>) -> Option<Request> {
        let authority = self.config.target.authority();
        let Some(protocol) = protocol else {
            let plain = hyper::Request::builder().method(hyper::Method::CONNECT).uri(authority);
            return plain.body(()).ok();
        };
        let path = &self.config.target.path;
        let origin = if self.traits.needs_origin { "Origin: http://" } else { "X-Host: " };
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nSec-WebSocket-Version: \
             {version}\r\n{origin}{authority}\r\n\r\n"
        );
        extended_connect(&Head::new(Side::Client, text.as_bytes()), self.scheme(), protocol).ok()
    }

    fn ordinary_request(&self) -> Option<Request> {
        let authority = self.config.target.authority();
        let uri = format!("{}://{authority}{}", self.scheme(), self.config.target.path);
        hyper::Request::builder().uri(uri).body(()).ok()
    }

    fn scheme(&self) -> &'static str {
        if self.config.target.tls { "https" } else { "http" }
    }

    /// Sends a request. Returns the status, and whether there was an accept value; the finding if
    /// there was no response.
    async fn answer(&self, request: Option<Request>) -> Result<(u16, bool), Finding> {
        let Some(request) = request else {
            return Err(Finding::new(Verdict::NotApplicable, "no such request can be sent"));
        };
        let reset = |error: h2::Error| {
            Finding::new(Verdict::Fail, format!("ended the stream without a response ({error})"))
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
