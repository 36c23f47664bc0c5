//! The live demos: one folder each, listed here once.

pub mod grid;
pub mod inspect;
pub mod race;

use crate::stage::{Entry, Registry};

/// Every demo a deck may name.
pub static REGISTRY: Registry = Registry::new(&ENTRIES);

static ENTRIES: [Entry; 3] =
    [Entry::of::<inspect::Inspect>(), Entry::of::<race::Race>(), Entry::of::<grid::Grid>()];
