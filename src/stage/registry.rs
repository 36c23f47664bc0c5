//! The demos there are, by name, without their types.
//!
//! It is filled where the demos are; here is only what a registry can be asked.

use std::sync::Arc;

use crate::deck::{Deck, Fence, LineIndex, Warning};
use crate::stage::{
    Complaint, Consents, Declared, Demo, Doc, Effect, Hint, House, Live, Settings, Slot, Spot, settings,
};
use crate::text::suggest;

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
    judge: Judge,
    open: Open,
}

/// What a demo of these settings would do, if it can be opened at all.
type Judge = fn(&Settings) -> Result<Vec<Declared>, Complaint>;

type Open = fn(&Settings, Arc<House>) -> Result<Box<dyn Live>, Complaint>;

/// Why a demo is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Its fence is wrong.
    Complaints(Vec<Complaint>),
    /// It waits until these effects are allowed.
    Asks(Vec<Effect>),
}

impl Entry {
    /// The entry of `D`.
    pub const fn of<D: Demo>() -> Self {
        Self {
            name: D::NAME,
            about: D::ABOUT,
            settings: D::SETTINGS,
            keys: D::KEYS,
            judge: |settings| D::open(settings).and_then(|_| D::effects(settings)),
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

    /// Opens the demo that `fence` names; it needs a tokio runtime around it. This is the only way to open one, and nothing
    /// happens outside of the talk before `consents` allow it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the fence: no such demo, or settings that do not fit; or what is still to be allowed.
    pub fn open(
        &self,
        fence: &Fence,
        spot: Spot,
        consents: &Consents,
        house: Arc<House>,
    ) -> Result<Box<dyn Live>, Closed> {
        let (entry, settings, declared) = self.judge(fence).map_err(Closed::Complaints)?;
        let asks = consents.lacking(spot, declared);
        if !asks.is_empty() {
            return Err(Closed::Asks(asks));
        }
        (entry.open)(&settings, house).map_err(|complaint| Closed::Complaints(vec![complaint]))
    }

    fn judge(&self, fence: &Fence) -> Result<(&'static Entry, Settings, Vec<Declared>), Vec<Complaint>> {
        let entry = self.entry(fence)?;
        let settings = settings(fence, entry.settings)?;
        let declared = (entry.judge)(&settings).map_err(|complaint| vec![complaint])?;
        Ok((entry, settings, declared))
    }

    /// What is wrong with the demo fences of `deck`, which was read from `source`.
    pub fn check(&self, deck: &Deck, source: &str) -> Vec<Warning> {
        let lines = LineIndex::new(source);
        let mut warnings = Vec::new();
        for (at, fence) in demos(deck).filter(|(_, fence)| !fence.name.is_empty()) {
            let complaints = self.judge(fence).err().unwrap_or_default();
            warnings.extend(complaints.into_iter().map(|c| Warning::new(at, c.at, &lines, c.message)));
        }
        warnings
    }

    /// What `deck`, which was read from `source`, would do outside of the talk, each with its place.
    pub fn effects(&self, deck: &Deck, source: &str) -> Vec<Warning> {
        let lines = LineIndex::new(source);
        let mut notes = Vec::new();
        for (at, fence) in demos(deck) {
            let declared = self.judge(fence).map_or_else(|_| Vec::new(), |(_, _, declared)| declared);
            notes.extend(declared.into_iter().map(|Declared { effect, at: place }| {
                let told =
                    format!("this slide wants to {}; it waits for a key, or --trust", effect.in_words());
                Warning::new(at, place, &lines, told)
            }));
        }
        notes
    }

    fn entry(&self, fence: &Fence) -> Result<&'static Entry, Vec<Complaint>> {
        self.entries.iter().find(|entry| entry.name == fence.name).ok_or_else(|| {
            let names: Vec<&str> = self.entries.iter().map(|entry| entry.name).collect();
            let meant = suggest(&fence.name, &names).map(|name| format!("did you mean `{name}`? "));
            let message = format!(
                "no demo is called `{}`; {}there are: {}",
                fence.name,
                meant.unwrap_or_default(),
                names.join(", ")
            );
            vec![Complaint { at: fence.position, message }]
        })
    }
}

/// The demos of a deck, each with the number of its slide from 0.
fn demos(deck: &Deck) -> impl Iterator<Item = (usize, &Fence)> {
    deck.slides.iter().enumerate().flat_map(|(at, slide)| slide.demos().map(move |fence| (at, fence)))
}
