//! [`Misbehavior`]: a way in which the sloppy server breaks a rule. This module makes the bytes;
//! [`SloppyEndpoint`](super::SloppyEndpoint) handles the order of events.

use crate::sloppy::handshake_response::HandshakeResponse;
use crate::wire::frame::encode;
use crate::wire::handshake::{Head, HeadValidation, ProblemCode};
use crate::wire::{FaultCode, Opcode};

/// One misbehavior.
#[derive(Clone, Copy)]
pub struct Misbehavior {
    /// The path without its slash.
    pub name: &'static str,
    /// What the server does, as a clause.
    pub summary: &'static str,
    /// The rule that it breaks.
    pub broken_rule: BrokenRule,
    /// Whether it accepts what breaks this rule.
    pub(super) accepts: fn(BrokenRule) -> bool,
    /// Whether it refuses this request, although it breaks no rule.
    pub(super) refuses: fn(&Head) -> bool,
    /// Alters the correct response to the handshake.
    pub(super) alter_response: fn(&mut HandshakeResponse),
    /// Returns what is sent in reply to a data message.
    pub(super) data_reply: fn(Opcode, &[u8]) -> Vec<u8>,
    /// Returns what is sent in reply to a ping.
    pub(super) ping_reply: fn(&[u8]) -> Vec<u8>,
    /// Returns what is sent in reply to a Close.
    pub(super) close_reply: fn(&[u8]) -> Vec<u8>,
    /// Whether the server hangs up after its first reply.
    pub(super) hangs_up_after_reply: bool,
    /// Whether the server goes on after a Close.
    pub(super) stays_after_close: bool,
    /// Whether the connection is served in a process of its own, which a frame ends.
    pub has_own_process: bool,
}

/// The rule that a misbehavior breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenRule {
    /// A rule of the handshake.
    Handshake(ProblemCode),
    /// A rule of framing.
    Frames(FaultCode),
    /// No rule that bytes of the server could show: something is missing, or what a client sent was not
    /// refused.
    Silence,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestAnswer {
    /// The connection is opened.
    Open,
    /// The request is refused with the rules that it breaks.
    RefuseBroken,
    /// The request is refused, although it breaks no rule.
    RefuseValid,
}

/// A server that breaks no rule; compression is never agreed.
pub(crate) const CONFORMING: Misbehavior = Misbehavior {
    name: "",
    summary: "",
    broken_rule: BrokenRule::Silence,
    accepts: |_| false,
    refuses: |_| false,
    alter_response: |_| {},
    data_reply: echo_frame,
    ping_reply: |data| encode::single_frame(Opcode::Pong, data, None),
    close_reply: |body| encode::single_frame(Opcode::Close, body, None),
    hangs_up_after_reply: false,
    stays_after_close: false,
    has_own_process: false,
};

impl Misbehavior {
    /// Returns the answer to a request.
    pub fn answer_to(&self, head: &Head, validation: &HeadValidation) -> RequestAnswer {
        let mut fatal = validation.problems.iter().filter(|problem| problem.is_fatal());
        if fatal.any(|problem| !(self.accepts)(BrokenRule::Handshake(problem.code))) {
            RequestAnswer::RefuseBroken
        } else if (self.refuses)(head) {
            RequestAnswer::RefuseValid
        } else {
            RequestAnswer::Open
        }
    }

    /// Returns the response to a request with this key that is answered.
    pub fn response(&self, key: &str) -> HandshakeResponse {
        let mut response = HandshakeResponse::new(key);
        (self.alter_response)(&mut response);
        response
    }

    pub(super) const fn handshake(
        name: &'static str,
        code: ProblemCode,
        summary: &'static str,
        response: fn(&mut HandshakeResponse),
    ) -> Self {
        Self {
            name,
            summary,
            broken_rule: BrokenRule::Handshake(code),
            alter_response: response,
            ..CONFORMING
        }
    }

    pub(super) const fn frames(
        name: &'static str,
        code: FaultCode,
        summary: &'static str,
        reply: fn(Opcode, &[u8]) -> Vec<u8>,
    ) -> Self {
        Self {
            name,
            summary,
            broken_rule: BrokenRule::Frames(code),
            data_reply: reply,
            ..CONFORMING
        }
    }

    pub(super) const fn then_hang_up(self) -> Self {
        Self { hangs_up_after_reply: true, ..self }
    }
}

/// Returns the message as one frame, which is the correct reply.
pub(super) fn echo_frame(opcode: Opcode, data: &[u8]) -> Vec<u8> {
    encode::single_frame(opcode, data, None)
}
