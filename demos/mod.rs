//! The live demos: one folder each, listed here once.

pub mod feed;
pub mod grid;
pub mod inspect;
pub mod race;
pub mod weigh;

use crate::stage::{Entry, Registry};

/// Every demo a deck may name.
pub static REGISTRY: Registry = Registry::new(&ENTRIES);

static ENTRIES: [Entry; 5] = [
    Entry::of::<feed::Feed>(),
    Entry::of::<inspect::Inspect>(),
    Entry::of::<race::Race>(),
    Entry::of::<grid::Grid>(),
    Entry::of::<weigh::Weigh>(),
];
