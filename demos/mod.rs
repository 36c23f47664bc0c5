//! The live demos, one folder each, and their registry.

pub mod choose;
pub mod conform;
pub mod feed;
pub mod grid;
pub mod idle;
pub mod inspect;
pub mod learn;
pub mod notes;
pub mod race;
mod recorded_lab;
pub mod sockjs;
pub mod weigh;

use crate::stage::{DemoEntry, Registry};

/// All demos that a deck may name.
pub static REGISTRY: Registry = Registry::new(&ENTRIES);

static ENTRIES: [DemoEntry; 10] = [
    DemoEntry::of::<feed::Feed>(),
    DemoEntry::of::<inspect::Inspect>(),
    DemoEntry::of::<race::Race>(),
    DemoEntry::of::<grid::Grid>(),
    DemoEntry::of::<weigh::Weigh>(),
    DemoEntry::of::<conform::Conform>(),
    DemoEntry::of::<choose::Choose>(),
    DemoEntry::of::<sockjs::SockJs>(),
    DemoEntry::of::<idle::Idle>(),
    DemoEntry::of::<learn::Learn>(),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::DemoFence;
    use crate::stage::settings;

    #[test]
    fn every_demo_opens_with_its_defaults() {
        for entry in REGISTRY.entries() {
            let settings = settings(&DemoFence::default(), entry.settings).unwrap();
            assert_eq!(entry.check(&settings), Ok(()), "{}", entry.name);
        }
    }
}
