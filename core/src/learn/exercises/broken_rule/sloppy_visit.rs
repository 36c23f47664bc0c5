//! [`SloppyVisit`]: what a client sends at a path of the sloppy server, and what comes back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::conformance::{Request, ServerAddress};
use crate::learn::draws::Draws;
use crate::learn::exercise::{Exercise, ExerciseKind};
use crate::learn::exercises::broken_rule::sender::Sender;
use crate::sloppy::{BrokenRule, CONFORMING, Misbehavior, SloppyEndpoint, misbehaviors};
use crate::wire::format::spaced_hex;
use crate::wire::{Opcode, Severity, Side};

/// The level that shows what the sloppy server sends.
pub(super) const SLOPPY_LEVEL: u8 = 4;

/// The most bytes of a message that the server takes.
const MAX_MESSAGE: usize = 1 << 10;

/// A visit of the sloppy server at a path that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SloppyVisit {
    /// The path, which begins with its slash.
    pub path: String,
    /// What the server does there, as a clause.
    pub summary: &'static str,
    /// The rule that it breaks.
    pub broken_rule: BrokenRule,
    /// The key of the request.
    pub key: String,
    /// The frames that the client sends after the handshake.
    pub frames: Vec<u8>,
    /// The head of the response.
    pub response: Vec<u8>,
    /// What the server sends after it, until it ends TCP.
    pub replies: Vec<u8>,
    /// The message that the client sends, in words.
    pub(super) message: String,
}

impl SloppyVisit {
    /// Returns the visit that an exercise shows; `None` if it is about something else.
    pub fn of(exercise: &Exercise) -> Option<Self> {
        let is_visit = exercise.kind == ExerciseKind::BrokenRule && exercise.level == SLOPPY_LEVEL;
        is_visit.then(|| Self::draw(&mut draws(exercise.seed)))
    }

    /// Draws a path and what is sent there.
    pub(super) fn draw(draws: &mut Draws) -> Self {
        let misbehavior = draw_misbehavior(draws);
        let key = STANDARD.encode(draws.bytes::<16>());
        let mut client = Sender::new(Side::Client, draws.clone());
        let message = send_message(&mut client);
        client.send_close(1000, b"");
        let frames = client.into_bytes();
        let mut endpoint = SloppyEndpoint::new(misbehavior, MAX_MESSAGE);
        endpoint.receive(&frames);
        Self {
            path: format!("/{}", misbehavior.name),
            summary: misbehavior.summary,
            broken_rule: misbehavior.broken_rule,
            response: misbehavior.response(&key).to_bytes(),
            replies: endpoint.take_outbox(),
            key,
            frames,
            message,
        }
    }

    /// Encodes the request, with a Host of this authority.
    pub fn request(&self, authority: &str) -> Vec<u8> {
        let server = ServerAddress { authority: authority.to_owned(), target: self.path.clone() };
        Request::standard().to_bytes(&server, &self.key)
    }
}

/// Returns what an exercise with this seed is drawn from.
pub(super) fn draws(seed: u64) -> Draws {
    Draws::of_level(SLOPPY_LEVEL, seed)
}

/// Draws a rule, and then one of the paths that break it: several do the same to the accept value.
fn draw_misbehavior(draws: &mut Draws) -> &'static Misbehavior {
    let all: Vec<&Misbehavior> = misbehaviors::all().filter(|path| breaks_a_rule(path)).collect();
    let mut rules: Vec<BrokenRule> = Vec::new();
    for rule in all.iter().map(|path| path.broken_rule) {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let rule = draws.pick(&rules).copied().unwrap_or(BrokenRule::Silence);
    let paths: Vec<&Misbehavior> =
        all.into_iter().filter(|path| path.broken_rule == rule).collect();
    draws.pick(&paths).copied().unwrap_or(&CONFORMING)
}

/// Whether the bytes of a path show a broken rule, and not only something odd.
fn breaks_a_rule(misbehavior: &Misbehavior) -> bool {
    match misbehavior.broken_rule {
        BrokenRule::Handshake(_) => true,
        BrokenRule::Frames(code) => code.rule().severity == Severity::Fatal,
        BrokenRule::Silence => false,
    }
}

/// Sends a message, and perhaps a ping before it. Returns what was sent, in words.
fn send_message(client: &mut Sender) -> String {
    let mut ping = String::new();
    if client.draws.chance(1, 2) {
        let data = client.data(4);
        client.send_whole(Opcode::Ping, &data);
        ping = format!("a ping with {} and ", spaced_hex(&data, 4));
    }
    if client.draws.chance(2, 3) {
        let text = client.text();
        client.send_whole(Opcode::Text, text.as_bytes());
        format!("{ping}the text “{text}”")
    } else {
        let data = client.data(6);
        client.send_whole(Opcode::Binary, &data);
        format!("{ping}the binary message {}", spaced_hex(&data, 6))
    }
}
