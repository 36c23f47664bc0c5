//! The library under `wiretalk`.
pub mod app;
pub mod cli;
pub mod clients;
pub mod deck;
#[path = "../demos/mod.rs"]
pub mod demos;
pub mod measure;
pub mod net;
pub mod race;
pub mod scope;
pub mod servers;
pub mod stage;
pub mod text;
pub mod wire;
