//! [`LearnContent`]: the questions and exercises, and the catalogue of them and of the lessons.

use std::sync::{Arc, LazyLock};

use crate::demos::inspect::lesson_entries;
use crate::learn::{Bank, Catalog, LessonEntry};

/// Everything there is to learn.
#[derive(Debug)]
pub struct LearnContent {
    pub(super) bank: Bank,
    pub(super) catalog: Catalog,
}

/// The content that is built in. It is read once, by the first slide that needs it.
static BUILT_IN: LazyLock<Arc<LearnContent>> =
    LazyLock::new(|| LearnContent::new(Bank::built_in(), &lesson_entries()));

impl LearnContent {
    /// Puts a bank and lessons together.
    pub fn new(bank: Bank, lessons: &[LessonEntry]) -> Arc<Self> {
        Arc::new(Self { catalog: Catalog::new(lessons, &bank), bank })
    }

    /// Returns the catalogue.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Returns what is built in.
    pub(super) fn built_in() -> Arc<Self> {
        BUILT_IN.clone()
    }
}
