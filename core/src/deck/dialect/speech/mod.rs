//! What each dialect writes in its own way, said in ours: each file rewrites the pieces of a slide.

mod deckhand;
mod deckset;
mod marp;
mod mdp;
mod patat;
mod remark;
mod reveal;
mod slidev;
mod state;

pub(super) use state::{SlideState, Speech};

use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::writer::Writer;

/// Returns how the pieces of a slide are rewritten in a dialect, if they need to be.
pub(super) fn of(dialect: Dialect) -> Option<Speech> {
    Some(match dialect {
        Dialect::Deckhand => deckhand::write,
        Dialect::Deckset => deckset::write,
        Dialect::Lookatme => patat::write_lookatme,
        Dialect::Marp => marp::write,
        Dialect::Mdp => mdp::write,
        Dialect::Pandoc | Dialect::Patat => patat::write,
        Dialect::Remark => remark::write,
        Dialect::RevealMd => reveal::write,
        Dialect::Slidev => slidev::write,
        Dialect::Wiretalk
        | Dialect::Presenterm
        | Dialect::Slides
        | Dialect::Toml
        | Dialect::Headings => return None,
    })
}

/// Writes what stands above the pieces of a slide, whether or not it has any.
pub(super) fn begin(state: &mut SlideState, writer: &mut Writer) {
    if state.dialect == Dialect::Slidev {
        slidev::begin(state, writer);
    }
}
