//! The end of a case: the answer to our Close, and the end of the connection.

use std::time::Duration;

use crate::conformance::run::inbox::ReceivedClose;
use crate::conformance::run::state::CaseRun;
use crate::conformance::run::steps::{Progress, with_code};
use crate::wire::Side;

impl CaseRun<'_> {
    pub(super) fn await_close_reply(
        &mut self,
        sent: Option<u16>,
        is_subject: bool,
        now: Duration,
        until: Duration,
    ) -> Progress {
        match (self.inbox.close(), self.ended) {
            (Some(ReceivedClose { code }), ended) => {
                self.end_as_server();
                if ended.is_none() && now < until {
                    return Progress::Until(until);
                }
                if ended.is_none() {
                    let (waited, carrier) = (self.limits.answer.as_secs_f64(), self.carrier());
                    self.tolerate(format!(
                        "answered the Close, but kept {carrier} open for {waited} s"
                    ));
                }
                if code != sent && code != Some(1000) && code.is_some() {
                    self.tolerate(format!(
                        "answered {} a Close {}",
                        with_code(code),
                        with_code(sent)
                    ));
                }
                self.done = format!("answered the Close {}", with_code(code));
                Progress::Met
            }
            (None, Some(end)) => {
                let how = end.name();
                let reason = format!("ended the connection without answering the Close ({how})");
                self.miss_close_reply(is_subject, reason)
            }
            (None, None) if now < until => Progress::Until(until),
            (None, None) => {
                let waited = self.limits.answer.as_secs_f64();
                let reason = format!("did not answer the Close within {waited} s");
                self.miss_close_reply(is_subject, reason)
            }
        }
    }

    /// Fails the case if the server sent a message that is no echo of what the case has sent.
    pub(super) fn sent_unasked_message(&mut self, may_echo: bool) -> bool {
        let is_unasked = self.peer() == Side::Server
            && self.traits.has_echo
            && !may_echo
            && self.inbox.has_message();
        if is_unasked && let Some((kind, data)) = self.inbox.next_message() {
            let (kind, len) = (kind.opcode(), data.len());
            self.fail(format!("sent a {kind} message of {len} bytes that nothing asked for"));
        }
        is_unasked
    }

    fn miss_close_reply(&mut self, is_subject: bool, reason: String) -> Progress {
        if is_subject {
            return self.fail(reason);
        }
        self.tolerate(reason);
        Progress::Met
    }

    pub(super) fn await_end(&mut self, now: Duration, until: Duration) -> Progress {
        if self.ended.is_some() {
            return Progress::Met;
        }
        if now < until {
            return Progress::Until(until);
        }
        let (waited, carrier) = (self.limits.answer.as_secs_f64(), self.carrier());
        self.fail(format!("kept {carrier} open for {waited} s"))
    }
}
