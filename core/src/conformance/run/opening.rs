//! The response to the handshake, compared with what a case expects.

use std::time::Duration;

use crate::conformance::case::Opening;
use crate::conformance::group::Group;
use crate::conformance::run::state::CaseRun;
use crate::conformance::verdict::Verdict;
use crate::text;
use crate::wire::handshake::request::key_from_request;
use crate::wire::handshake::response::{is_switching_protocols, validate};
use crate::wire::handshake::{
    Head, HeadContext, HeadValidation, Problem, ServerPolicy, ValidatedHead,
};
use crate::wire::{AgreedExtensions, DeflateParams, Side};

/// What is known of a client's request once it can be answered.
pub(super) struct AcceptedRequest {
    /// Its key, valid or not.
    pub(super) key: String,
    /// The value of `Sec-WebSocket-Extensions` in the response.
    pub(super) extensions: Option<String>,
    /// The extensions that are agreed then.
    pub(super) agreed: AgreedExtensions,
}

impl CaseRun<'_> {
    /// Returns until when the response is awaited; `None` if the case has ended.
    pub(super) fn await_response(&mut self, now: Duration) -> Option<Duration> {
        let until = self.sent_at.saturating_add(self.limits.answer);
        let is_refused =
            matches!(self.case.opening, Opening::Refused { .. } | Opening::Either { .. });
        let is_partial = !self.head.bytes().is_empty();
        if is_partial && (self.ended.is_some() || now >= until) && !self.is_like_http() {
            self.finish(Verdict::Fail, "answered the request with bytes that are not HTTP");
            return None;
        }
        match self.ended {
            Some(end) if is_partial => {
                let how = end.name();
                self.finish(
                    Verdict::Fail,
                    format!("ended the connection within its response ({how})"),
                );
            }
            Some(end) if is_refused => {
                let how = end.name();
                self.tolerate(format!("ended the connection without a response ({how})"));
                self.pass("");
            }
            Some(end) => {
                let how = end.name();
                self.finish(
                    Verdict::Fail,
                    format!("ended the connection without a response ({how})"),
                );
            }
            None if now < until => return Some(until),
            None if is_partial => {
                let waited = self.limits.answer.as_secs_f64();
                self.finish(
                    Verdict::Fail,
                    format!("did not complete its response within {waited} s"),
                );
            }
            None if matches!(self.case.opening, Opening::Refused { may_wait: true, .. }) => {
                self.finish(Verdict::Tolerated, "waited for the rest of the request");
            }
            None => {
                let waited = self.limits.answer.as_secs_f64();
                self.finish(Verdict::NoAnswer, format!("did not answer within {waited} s"));
            }
        }
        None
    }

    /// Whether what has come of a response begins like HTTP.
    fn is_like_http(&self) -> bool {
        self.head.bytes().iter().zip(b"HTTP/").all(|(byte, expected)| byte == expected)
    }

    /// Validates the request of a client. Only the cases about the handshake fail because of it: the
    /// others are about something else. One about compression does not apply if none was offered.
    pub(super) fn evaluate_request(&mut self, after: &[u8]) -> AcceptedRequest {
        let takes_over = match self.case.opening {
            Opening::Compressed { takes_over, .. } => Some(takes_over),
            _ => None,
        };
        let is_compressed = takes_over.is_some();
        let policy = ServerPolicy { deflate: is_compressed, ..ServerPolicy::default() };
        let context = HeadContext::Request(policy);
        let request = ValidatedHead::with_bytes_after(&self.head, &context, after);
        let fatal = request.validation.problems.iter().find(|problem| problem.is_fatal());
        if let (Some(problem), Group::Handshake) = (fatal, self.case.group) {
            let reason = format!("sent a request of which {}", describe_problem(problem));
            self.finish(Verdict::Fail, reason);
        }
        let agreed = request.validation.agreed;
        // The messages of the cases point back as far as a window of 15 bits reaches.
        let has_window = |deflate: DeflateParams| {
            deflate.server_max_window_bits.is_none_or(|bits| bits == 15)
                && (takes_over != Some(true) || deflate.context_takeover(Side::Server))
        };
        if is_compressed && !agreed.deflate.is_some_and(has_window) {
            self.finish(Verdict::NotOffered, "did not offer permessage-deflate with such a window");
        }
        let mut headers = request.validation.response_headers.iter();
        let extensions = headers.find(|(name, _)| name == "Sec-WebSocket-Extensions");
        AcceptedRequest {
            key: request.head.as_ref().and_then(key_from_request).unwrap_or_default(),
            extensions: extensions.map(|(_, value)| value.clone()),
            agreed,
        }
    }

    /// Compares the response with what the case expects.
    pub(super) fn evaluate_response(&mut self, head: &Head) {
        let validation = validate(head, Some(&self.offer));
        let is_open = is_switching_protocols(head);
        let fatal = validation.problems.iter().find(|problem| problem.is_fatal()).cloned();
        match &self.case.opening {
            Opening::Refused { may_open: true, .. } if is_open => {
                self.finish(Verdict::Tolerated, "opened the connection");
            }
            Opening::Refused { .. } if is_open => {
                self.finish(Verdict::Fail, "opened the connection");
            }
            Opening::Refused { statuses, with_field, .. } => {
                self.evaluate_refusal(head, statuses, *with_field);
            }
            Opening::Either { refused, prefers_refusal, .. } if !is_open => {
                let reason = format!("refused with {}: {refused}", status_text(head));
                let verdict = if *prefers_refusal { Verdict::Pass } else { Verdict::Tolerated };
                self.finish(verdict, reason);
            }
            _ if !is_open => {
                self.finish(Verdict::Fail, format!("refused with {}", status_text(head)));
            }
            _ if fatal.is_some() => {
                let broken = fatal.as_ref().map(describe_problem).unwrap_or_default();
                self.finish(Verdict::Fail, format!("opened the connection, but {broken}"));
            }
            Opening::Either { opened, prefers_refusal: true, .. } => {
                self.tolerate(format!("opened the connection: {opened}"));
                self.open(validation.agreed);
            }
            Opening::Compressed { demanded, takes_over } => {
                self.evaluate_compression(&validation, &demanded.clone(), *takes_over);
            }
            Opening::Declined if validation.agreed.deflate.is_some() => {
                let agreed = validation.extensions.join(", ");
                self.finish(Verdict::Fail, format!("agreed on {agreed}"));
            }
            Opening::Opened | Opening::Declined | Opening::Either { .. } => {
                self.open(validation.agreed);
            }
        }
    }

    fn evaluate_refusal(&mut self, head: &Head, statuses: &[u16], with_field: Option<&str>) {
        let text = status_text(head);
        let status = status(head);
        if let Some(field) = with_field.filter(|field| head.fields_named(field).next().is_none()) {
            let reason = format!("refused with {text}, but its response has no {field}");
            self.finish(Verdict::Fail, reason);
        } else if statuses.contains(&status) || statuses.is_empty() && (400..500).contains(&status)
        {
            self.finish(Verdict::Pass, format!("refused with {text}"));
        } else {
            self.finish(Verdict::Tolerated, format!("refused with {text}"));
        }
    }

    fn evaluate_compression(
        &mut self,
        validation: &HeadValidation,
        demanded: &[&str],
        takes_over: bool,
    ) {
        let Some(deflate) = validation.agreed.deflate else {
            self.finish(Verdict::NotOffered, "opened the connection without permessage-deflate");
            return;
        };
        let has = |param: &&&str| has_param(deflate, validation, param);
        if takes_over && !deflate.context_takeover(Side::Client) {
            self.finish(Verdict::NotOffered, "agreed on client_no_context_takeover");
        } else if let Some(param) = demanded.iter().find(|param| !has(param)) {
            self.finish(Verdict::NotOffered, format!("did not agree on {param}"));
        } else {
            self.done = format!("agreed on {}", validation.extensions.join(", "));
            self.open(validation.agreed);
        }
    }
}

/// Whether a response agrees on a parameter, `name` or `name=value`.
fn has_param(deflate: DeflateParams, validation: &HeadValidation, param: &str) -> bool {
    match param {
        "server_no_context_takeover" => !deflate.context_takeover(Side::Server),
        "client_no_context_takeover" => !deflate.context_takeover(Side::Client),
        _ => validation.extensions.iter().any(|extension| {
            extension
                .split(';')
                .map(|part| part.trim().replace([' ', '"'], ""))
                .any(|part| part.eq_ignore_ascii_case(param))
        }),
    }
}

/// Whether a response is not the final one (RFC 9110 section 15.2).
pub(super) fn is_interim(head: &Head) -> bool {
    let status = status(head);
    (100..200).contains(&status) && status != 101
}

fn status(head: &Head) -> u16 {
    let [_, status, _] = head.start_line_parts();
    str::from_utf8(head.slice(&status)).ok().and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Returns status and reason phrase: `400 Bad Request`.
fn status_text(head: &Head) -> String {
    let [_, status, reason] = head.start_line_parts();
    let parts = [head.slice(&status), head.slice(&reason)].map(String::from_utf8_lossy);
    text::sanitize(parts.join(" ").trim()).into_owned()
}

fn describe_problem(problem: &Problem) -> String {
    let rule = problem.code.rule();
    format!("{} ({}, {})", rule.summary, rule.name, rule.section)
}
