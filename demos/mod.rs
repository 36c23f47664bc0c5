//! The live demos: one folder each, listed here once.

use crate::stage::{Entry, Registry};

/// Every demo a deck may name.
pub static REGISTRY: Registry = Registry::new(&ENTRIES);

static ENTRIES: [Entry; 0] = [];
