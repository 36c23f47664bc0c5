//! The misbehaviors of the sloppy server, one for each path: the name, what the server does, and
//! what it breaks. Each server but the one at the root follows every other rule, so that a mistake can
//! be studied alone.

use crate::sloppy::acceptances::ACCEPTANCES;
use crate::sloppy::answers::ANSWERS;
use crate::sloppy::misbehavior::CONFORMING;
use crate::sloppy::misbehavior::{BrokenRule, Misbehavior};

/// The behavior at the root: everything is accepted, and the replies are correct.
static ACCEPTS_ANYTHING: Misbehavior = Misbehavior {
    summary: "accepts frames that a server must reject, and echoes them",
    accepts: |_| true,
    ..CONFORMING
};

/// Returns all misbehaviors, in the order in which a connection can meet them.
pub fn all() -> impl Iterator<Item = &'static Misbehavior> {
    std::iter::once(&ACCEPTS_ANYTHING).chain(ANSWERS).chain(ACCEPTANCES)
}

/// Returns the misbehavior at a path, which begins with its slash.
pub fn at_path(path: &str) -> Option<&'static Misbehavior> {
    let name = path.split('?').next().and_then(|path| path.strip_prefix('/'))?;
    all().find(|misbehavior| misbehavior.name == name)
}

/// Returns every path with its misbehavior, one line each.
pub fn list() -> String {
    let line = |misbehavior: &Misbehavior| {
        let rule = match misbehavior.broken_rule {
            BrokenRule::Handshake(code) => code.name(),
            BrokenRule::Frames(code) => code.name(),
            BrokenRule::Silence => "",
        };
        format!("/{:<24} {rule:<28} {}\n", misbehavior.name, misbehavior.summary)
    };
    all().map(line).collect()
}
