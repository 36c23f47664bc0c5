//! The heads of both directions, and the moment from which there are frames.
//! What comes before the 101 is held back here; frames are `trace`'s business.

use super::extension::Agreed;
use super::frame::Side;
use super::handshake::{
    Asked, Context, DEFAULT_LIMIT, Found, HeadReader, Opening, Policy, Problem, ProblemCode, response,
};

/// One direction up to the 101.
#[derive(Clone, Debug)]
struct Start {
    reader: HeadReader,
    opening: Option<Opening>,
    /// Bytes behind the head, before it is known whether they are frames.
    held: Vec<u8>,
}

impl Start {
    fn new(from: Side) -> Self {
        Self { reader: HeadReader::new(from, DEFAULT_LIMIT), opening: None, held: Vec::new() }
    }
}

/// Bytes behind a head that are no frames: more of them than this are counted as taken and not kept.
const MOST_HELD: usize = 1 << 20;

/// The opening handshake of one connection, seen from both sides.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    client: Start,
    server: Start,
    policy: Policy,
    agreed: Agreed,
    open: bool,
}

/// The server has answered 101: what was agreed, and what came too early to be called frames.
pub(crate) struct Switched {
    pub(crate) agreed: Agreed,
    pub(crate) client: Vec<u8>,
    pub(crate) server: Vec<u8>,
}

impl Opened {
    pub(crate) fn new(policy: Policy) -> Self {
        let (client, server) = (Start::new(Side::Client), Start::new(Side::Server));
        Self { client, server, policy, agreed: Agreed::none(), open: false }
    }

    /// The handshake was not seen: there are frames from the first byte on.
    pub(crate) fn unseen(agreed: Agreed) -> Self {
        Self { agreed, open: true, ..Self::new(Policy::default()) }
    }

    /// Takes the next bytes before the 101; with the 101 it gives back what was held.
    pub(crate) fn push(&mut self, from: Side, bytes: &[u8]) -> Option<Switched> {
        let context = self.context(from);
        let start = self.start_mut(from);
        let taken = start.reader.push(bytes);
        let rest = bytes.get(taken..).unwrap_or_default();
        if start.opening.is_none() && start.reader.found() != Found::NeedsMore {
            start.opening = Some(Opening::new(&start.reader, &context, false));
        }
        let room = MOST_HELD.saturating_sub(start.held.len());
        start.held.extend_from_slice(rest.get(..room).unwrap_or(rest));
        self.data_before_101();
        self.switch()
    }

    pub(crate) fn head_bytes(&self, from: Side) -> &[u8] {
        self.start(from).reader.bytes()
    }

    pub(crate) fn opening(&self, from: Side) -> Option<&Opening> {
        self.start(from).opening.as_ref()
    }

    pub(crate) fn held(&self, from: Side) -> &[u8] {
        &self.start(from).held
    }

    pub(crate) fn agreed(&self) -> Agreed {
        self.agreed
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    fn start(&self, from: Side) -> &Start {
        match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    fn start_mut(&mut self, from: Side) -> &mut Start {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn context(&self, from: Side) -> Context {
        match from {
            Side::Client => Context::Request(self.policy.clone()),
            Side::Server => {
                let request = self.client.opening.as_ref().and_then(|opening| opening.head.as_ref());
                Context::Response(request.map_or_else(Asked::default, Asked::of))
            }
        }
    }

    /// Told once, however many bytes come too early and in however many pieces.
    fn data_before_101(&mut self) {
        if self.server.opening.is_some() || self.client.held.is_empty() {
            return;
        }
        if let Some(Opening { head: Some(head), judgement, .. }) = &mut self.client.opening
            && !judgement.problems.iter().any(|problem| problem.code == ProblemCode::DataBefore101)
        {
            let code = ProblemCode::DataBefore101;
            let severity = code.rule().severity;
            judgement.problems.push(Problem { code, severity, span: head.end_line(), hint: None });
        }
    }

    /// Once the response says 101, what was held back turns into frames.
    fn switch(&mut self) -> Option<Switched> {
        let opening = self.server.opening.as_ref()?;
        if !opening.head.as_ref().is_some_and(response::is_switching) {
            return None;
        }
        self.agreed = opening.judgement.agreed;
        self.open = true;
        let (client, server) = (std::mem::take(&mut self.client.held), std::mem::take(&mut self.server.held));
        Some(Switched { agreed: self.agreed, client, server })
    }
}
