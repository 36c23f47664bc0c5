//! The library under `wiretalk`.
pub mod deck;
pub mod text;
