//! The demos there are, by name, without their types.
//!
//! It is filled where the demos are; here is only what a registry can be asked.

use std::sync::Arc;

use crate::deck::{Deck, Fence, Lines, Warning};
use crate::stage::{Complaint, Demo, Doc, Hint, House, Live, Settings, Slot, settings};
use crate::text::likely;

/// One demo that a deck may name.
pub struct Entry {
    /// The word after ```` ```demo ````.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// The settings it takes.
    pub settings: &'static [Doc],
    /// The keys it knows while it has them.
    pub keys: &'static [Hint],
    open: Open,
}

type Open = fn(&Settings, Arc<House>) -> Result<Box<dyn Live>, Complaint>;

impl Entry {
    /// The entry of `D`.
    pub const fn of<D: Demo>() -> Self {
        Self {
            name: D::NAME,
            about: D::ABOUT,
            settings: D::SETTINGS,
            keys: D::KEYS,
            open: |settings, house| Ok(Box::new(Slot::<D>::open(settings, house)?)),
        }
    }
}

/// All demos.
#[derive(Clone, Copy)]
pub struct Registry {
    entries: &'static [Entry],
}

impl Registry {
    /// A registry of `entries`.
    pub const fn new(entries: &'static [Entry]) -> Self {
        Self { entries }
    }

    /// The demos in the order they are listed.
    pub fn entries(&self) -> &'static [Entry] {
        self.entries
    }

    /// Opens the demo that `fence` names; it needs a tokio runtime around it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the fence: no such demo, or settings that do not fit.
    pub fn open(&self, fence: &Fence, house: Arc<House>) -> Result<Box<dyn Live>, Vec<Complaint>> {
        let entry = self.entry(fence)?;
        let settings = settings(fence, entry.settings)?;
        (entry.open)(&settings, house).map_err(|complaint| vec![complaint])
    }

    /// What is wrong with the demo fences of `deck`, which was read from `source`.
    pub fn check(&self, deck: &Deck, source: &str) -> Vec<Warning> {
        let lines = Lines::new(source);
        let mut warnings = Vec::new();
        for (at, slide) in deck.slides.iter().enumerate() {
            for fence in slide.demos().filter(|fence| !fence.name.is_empty()) {
                let entry = self.entry(fence);
                let complaints =
                    entry.and_then(|entry| settings(fence, entry.settings)).err().unwrap_or_default();
                warnings.extend(complaints.into_iter().map(|c| Warning::new(at, c.at, &lines, c.message)));
            }
        }
        warnings
    }

    fn entry(&self, fence: &Fence) -> Result<&'static Entry, Vec<Complaint>> {
        self.entries.iter().find(|entry| entry.name == fence.name).ok_or_else(|| {
            let names: Vec<&str> = self.entries.iter().map(|entry| entry.name).collect();
            let meant = likely(&fence.name, &names).map(|name| format!("did you mean `{name}`? "));
            let message = format!(
                "no demo is called `{}`; {}there are: {}",
                fence.name,
                meant.unwrap_or_default(),
                names.join(", ")
            );
            vec![Complaint { at: fence.at, message }]
        })
    }
}
