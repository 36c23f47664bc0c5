//! The heads of both directions, and the moment from which there are frames.
//! What comes before the 101 is held back here; frames are `trace`'s business.

use crate::wire::frame::{Side, Sides};
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::handshake::{
    ClientOffer, DEFAULT_MAX_HEAD_LEN, HeadContext, HeadReader, HeadScan, Problem, ProblemCode, ServerPolicy,
    ValidatedHead, response,
};

/// One direction up to the 101.
#[derive(Clone, Debug)]
struct HandshakeHalf {
    reader: HeadReader,
    head: Option<ValidatedHead>,
    /// Bytes behind the head, before it is known whether they are frames.
    leftover: Vec<u8>,
}

impl HandshakeHalf {
    fn new(from: Side) -> Self {
        Self { reader: HeadReader::new(from, DEFAULT_MAX_HEAD_LEN), head: None, leftover: Vec::new() }
    }
}

/// Bytes behind a head that are no frames: more of them than this are counted as taken and not kept.
const MAX_LEFTOVER: usize = 1 << 20;

/// The opening handshake of one connection, seen from both sides.
#[derive(Clone, Debug)]
pub struct HandshakePair {
    halves: Sides<HandshakeHalf>,
    policy: ServerPolicy,
    agreed: AgreedExtensions,
    is_open: bool,
}

/// The server has answered 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// The extensions that hold from here on.
    pub agreed: AgreedExtensions,
    /// What came behind each head before that was known: the first bytes of frames.
    pub frame_bytes: Sides<Vec<u8>>,
}

impl HandshakePair {
    /// Nothing seen yet; the request will be validated by `policy`.
    pub fn new(policy: ServerPolicy) -> Self {
        let halves = Sides::each(HandshakeHalf::new);
        Self { halves, policy, agreed: AgreedExtensions::none(), is_open: false }
    }

    /// The handshake was not seen: there are frames from the first byte on.
    pub fn without_handshake(agreed: AgreedExtensions) -> Self {
        Self { agreed, is_open: true, ..Self::new(ServerPolicy::default()) }
    }

    /// Takes the next bytes before the 101; with the 101 it gives back what was held.
    pub fn push(&mut self, from: Side, bytes: &[u8]) -> Option<Upgraded> {
        let context = self.context(from);
        let start = &mut self.halves[from];
        let taken = start.reader.push(bytes);
        let rest = bytes.get(taken..).unwrap_or_default();
        if start.head.is_none() && start.reader.scan() != HeadScan::Incomplete {
            start.head = Some(ValidatedHead::new(&start.reader, &context, false));
        }
        let room = MAX_LEFTOVER.saturating_sub(start.leftover.len());
        start.leftover.extend_from_slice(rest.get(..room).unwrap_or(rest));
        self.check_data_before_101();
        self.try_upgrade()
    }

    /// The bytes of that side's head that are there; once it is complete, exactly the head.
    pub fn head_bytes(&self, from: Side) -> &[u8] {
        self.halves[from].reader.bytes()
    }

    /// That side's head, validated, once it is complete or turned out to be no HTTP.
    pub fn head(&self, from: Side) -> Option<&ValidatedHead> {
        self.halves[from].head.as_ref()
    }

    /// Bytes behind that side's head that are no frames, or not yet: before the 101, or behind another status (a body). At most
    /// 1 MiB is kept.
    pub fn leftover(&self, from: Side) -> &[u8] {
        &self.halves[from].leftover
    }

    /// The extensions that the two heads agree on; none before the 101.
    pub fn agreed(&self) -> AgreedExtensions {
        self.agreed
    }

    /// The server has answered 101, or the handshake was not seen: both sides send frames.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    fn context(&self, from: Side) -> HeadContext {
        match from {
            Side::Client => HeadContext::Request(self.policy.clone()),
            Side::Server => {
                let request = self.halves.client.head.as_ref().and_then(|head| head.head.as_ref());
                HeadContext::Response(request.map_or_else(ClientOffer::default, ClientOffer::from_request))
            }
        }
    }

    /// Told once, however many bytes come too early and in however many pieces.
    fn check_data_before_101(&mut self) {
        if self.halves.server.head.is_some() || self.halves.client.leftover.is_empty() {
            return;
        }
        if let Some(ValidatedHead { head: Some(head), validation, .. }) = &mut self.halves.client.head
            && !validation.problems.iter().any(|problem| problem.code == ProblemCode::DataBefore101)
        {
            let code = ProblemCode::DataBefore101;
            let severity = code.rule().severity;
            validation.problems.push(Problem { code, severity, span: head.blank_line_end(), hint: None });
        }
    }

    /// Once the response says 101, what was held back turns into frames.
    fn try_upgrade(&mut self) -> Option<Upgraded> {
        let head = self.halves.server.head.as_ref()?;
        if !head.head.as_ref().is_some_and(response::is_switching_protocols) {
            return None;
        }
        self.agreed = head.validation.agreed;
        self.is_open = true;
        let frame_bytes = Sides::each(|from| std::mem::take(&mut self.halves[from].leftover));
        Some(Upgraded { agreed: self.agreed, frame_bytes })
    }
}
