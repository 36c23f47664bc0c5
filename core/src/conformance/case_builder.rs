//! [`CaseBuilder`]: the frames of the cases, and what all cases of a group share.

use std::time::Duration;

use crate::conformance::case::{Case, CaseKind, Expectation, Opening, Step};
use crate::conformance::group::Group;
use crate::conformance::masking_keys::MaskingKeys;
use crate::conformance::request::Request;
use crate::conformance::response::Response;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, LengthForm, Opcode, encode};
use crate::wire::size::ByteLen;
use crate::wire::{MaskingKey, Side};

/// Collects cases and draws their masking keys.
pub(super) struct CaseBuilder {
    keys: MaskingKeys,
    /// The side that sends the frames.
    sender: Side,
    cases: Vec<Case>,
}

impl CaseBuilder {
    pub(super) fn new(seed: u64) -> Self {
        Self::sent_by(Side::Client, seed)
    }

    /// Creates a builder of cases whose frames `sender` sends; a server's have no mask.
    pub(super) fn sent_by(sender: Side, seed: u64) -> Self {
        Self { keys: MaskingKeys::new(seed), sender, cases: Vec::new() }
    }

    /// Returns the next masking key, whoever sends the frames.
    pub(super) fn masking_key(&mut self) -> MaskingKey {
        self.keys.next_key()
    }

    /// Returns the masking key of the next frame; `None` if a server sends it.
    fn frame_key(&mut self) -> Option<MaskingKey> {
        let key = self.keys.next_key();
        (self.sender == Side::Client).then_some(key)
    }

    pub(super) fn into_cases(self) -> Vec<Case> {
        self.cases
    }

    /// Adds a case. One that leaves the connection open ends with a closing handshake.
    pub(super) fn add(&mut self, draft: CaseDraft) {
        let mut case = draft.case;
        if self.sender == Side::Server {
            case.response.get_or_insert_with(Response::standard);
        }
        if case.kind != CaseKind::Steps {
            self.cases.push(case);
            return;
        }
        let opens = !matches!(case.opening, Opening::Refused { .. });
        let is_over = matches!(
            case.steps.last(),
            Some(Step::Expect(
                Expectation::Failure { .. }
                    | Expectation::FailureOrWait { .. }
                    | Expectation::EchoOrFailure { .. }
                    | Expectation::CloseReply { .. }
                    | Expectation::End
                    | Expectation::Rejection
            ))
        );
        if opens && !is_over {
            let close = self.close(&1000_u16.to_be_bytes());
            case.steps.push(Step::Send(close));
            let is_subject = case.group == Group::Close;
            let may_echo = !case.needs_echo;
            let reply = Expectation::CloseReply { code: Some(1000), is_subject, may_echo };
            case.steps.push(Step::Expect(reply));
        }
        self.cases.push(case);
    }

    /// Encodes a frame with a header of any kind, masked if a client sends it.
    pub(super) fn frame(&mut self, header: Header, data: &[u8]) -> Vec<u8> {
        let payload_len = ByteLen::of(data);
        let length_form = LengthForm::shortest(payload_len);
        let masking_key = self.frame_key();
        encode::frame(&Header { length_form, payload_len, masking_key, ..header }, data)
    }

    /// Encodes a header that claims `len` bytes in any form, with a masking key if a client sends it.
    pub(super) fn claim(&mut self, opcode: Opcode, form: LengthForm, len: u64) -> Vec<u8> {
        let header = Header { length_form: form, ..Header::new(opcode, len) };
        let masking_key = self.frame_key();
        encode::frame(&Header { masking_key, ..header }, b"")
    }

    pub(super) fn text(&mut self, text: &[u8]) -> Vec<u8> {
        self.frame(Header::new(Opcode::Text, 0), text)
    }

    pub(super) fn binary(&mut self, data: &[u8]) -> Vec<u8> {
        self.frame(Header::new(Opcode::Binary, 0), data)
    }

    pub(super) fn ping(&mut self, data: &[u8]) -> Vec<u8> {
        self.frame(Header::new(Opcode::Ping, 0), data)
    }

    pub(super) fn pong(&mut self, data: &[u8]) -> Vec<u8> {
        self.frame(Header::new(Opcode::Pong, 0), data)
    }

    pub(super) fn close(&mut self, body: &[u8]) -> Vec<u8> {
        self.frame(Header::new(Opcode::Close, 0), body)
    }

    /// Encodes a fragment that is not the last.
    pub(super) fn fragment(&mut self, opcode: Opcode, data: &[u8]) -> Vec<u8> {
        self.frame(Header { fin: false, ..Header::new(opcode, 0) }, data)
    }

    /// Encodes a message in fragments, one after the other.
    pub(super) fn fragments(&mut self, kind: MessageKind, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        encode::fragments(kind, pieces, || self.frame_key())
    }

    /// Encodes a compressed message in fragments.
    pub(super) fn compressed(&mut self, kind: MessageKind, pieces: &[&[u8]]) -> Vec<u8> {
        encode::compressed_fragments(kind, pieces, || self.frame_key()).concat()
    }

    /// Returns `len` bytes that are not UTF-8 in general.
    pub(super) fn noise(&mut self, len: usize) -> Vec<u8> {
        self.keys.bytes(len)
    }
}

/// A case that is being described.
pub(super) struct CaseDraft {
    case: Case,
}

/// Begins the description of a case: its group, its name within it, what is sent and the rule.
pub(super) fn case(group: Group, name: &str, title: &str, rule: &'static str) -> CaseDraft {
    let case = Case {
        id: format!("{group}/{name}"),
        group,
        title: title.to_owned(),
        rule,
        kind: CaseKind::Steps,
        needs_echo: false,
        request: Request::standard(),
        response: None,
        opening: Opening::Opened,
        steps: Vec::new(),
    };
    CaseDraft { case }
}

impl CaseDraft {
    /// Tests the case in another way than by steps.
    pub(super) fn tested_by(mut self, kind: CaseKind) -> Self {
        self.case.needs_echo = matches!(kind, CaseKind::Search(_));
        self.case.kind = kind;
        self
    }

    /// Answers the handshake of a client with `response`.
    pub(super) fn response(mut self, response: Response) -> Self {
        self.case.response = Some(response);
        self
    }

    pub(super) fn request(mut self, request: Request) -> Self {
        self.case.request = request;
        self
    }

    pub(super) fn opening(mut self, opening: Opening) -> Self {
        self.case.opening = opening;
        self
    }

    /// Expects a refusal with one of these statuses; with none, any of 400 to 499.
    pub(super) fn refused(self, statuses: &'static [u16]) -> Self {
        self.opening(Opening::Refused {
            statuses,
            with_field: None,
            may_open: false,
            may_wait: false,
        })
    }

    /// Expects a refusal, and tolerates that the connection is opened.
    pub(super) fn refused_or_opened(self, statuses: &'static [u16]) -> Self {
        self.opening(Opening::Refused {
            statuses,
            with_field: None,
            may_open: true,
            may_wait: false,
        })
    }

    pub(super) fn send(mut self, bytes: Vec<u8>) -> Self {
        self.case.steps.push(Step::Send(bytes));
        self
    }

    /// Sends bytes in pieces of `len`, each in a write of its own.
    pub(super) fn send_pieces(mut self, bytes: &[u8], len: usize) -> Self {
        for piece in bytes.chunks(len.max(1)) {
            self.case.steps.push(Step::Send(piece.to_vec()));
            self.case.steps.push(Step::Pause(Duration::from_millis(1)));
        }
        self
    }

    pub(super) fn pause(mut self, millis: u64) -> Self {
        self.case.steps.push(Step::Pause(Duration::from_millis(millis)));
        self
    }

    pub(super) fn end_writes(mut self) -> Self {
        self.case.steps.push(Step::EndWrites);
        self
    }

    pub(super) fn expect(mut self, expectation: Expectation) -> Self {
        self.case.steps.push(Step::Expect(expectation));
        self
    }

    pub(super) fn echoed(self, kind: MessageKind, data: &[u8]) -> Self {
        self.echoed_data(kind, data.to_vec())
    }

    pub(super) fn echoed_data(mut self, kind: MessageKind, data: Vec<u8>) -> Self {
        self.case.needs_echo = true;
        self.expect(Expectation::Message(kind, data))
    }

    pub(super) fn echoed_text(self, text: &[u8]) -> Self {
        self.echoed(MessageKind::Text, text)
    }

    pub(super) fn echoed_binary(self, data: &[u8]) -> Self {
        self.echoed(MessageKind::Binary, data)
    }

    /// Expects an echo, or a failure because the message is too large.
    pub(super) fn echoed_binary_or_fails(mut self, data: Vec<u8>, codes: &'static [u16]) -> Self {
        self.case.needs_echo = true;
        self.expect(Expectation::EchoOrFailure { kind: MessageKind::Binary, data, codes })
    }

    pub(super) fn ponged(self, data: &[u8]) -> Self {
        self.expect(Expectation::Pong(data.to_vec()))
    }

    /// Expects that the connection fails with one of `codes`; what was sent ends with a whole frame.
    pub(super) fn fails(self, codes: &'static [u16]) -> Self {
        self.expect(Expectation::Failure { codes, is_whole: true, may_ignore: None })
    }

    /// Like [`Self::fails`], and tolerates that the server goes on; `why` is a sentence.
    pub(super) fn fails_or_ignored(self, codes: &'static [u16], why: &'static str) -> Self {
        self.expect(Expectation::Failure { codes, is_whole: true, may_ignore: Some(why) })
    }

    /// Like [`Self::fails`] where what was sent ends within a frame.
    pub(super) fn fails_within_frame(self, codes: &'static [u16]) -> Self {
        self.expect(Expectation::Failure { codes, is_whole: false, may_ignore: None })
    }

    pub(super) fn fails_early(self, codes: &'static [u16]) -> Self {
        self.expect(Expectation::EarlyFailure { codes })
    }

    pub(super) fn closed(self, code: Option<u16>) -> Self {
        self.expect(Expectation::CloseReply { code, is_subject: true, may_echo: false })
    }

    /// Like [`Self::closed`] where a message came before, whose echo is not the subject.
    pub(super) fn closed_with_or_without_echo(self, code: Option<u16>) -> Self {
        self.expect(Expectation::CloseReply { code, is_subject: true, may_echo: true })
    }
}
