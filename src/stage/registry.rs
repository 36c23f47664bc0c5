//! The registry of demos: it opens and checks them by name, without their types.
//!
//! `demos` holds the entries.

use std::sync::Arc;

use crate::deck::{Deck, DemoFence, LineIndex, Warning};
use crate::stage::{
    DeclaredEffect, Demo, DemoPosition, Diagnostic, DynDemo, Effect, EffectConsents, KeyHint,
    RunningDemo, Services, SettingSpec, Settings, settings,
};
use crate::text::did_you_mean;

/// One demo that a deck may name.
pub struct DemoEntry {
    /// The word after ```` ```demo ````.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The settings that it accepts.
    pub settings: &'static [SettingSpec],
    /// The keys that it handles while it has the keyboard.
    pub keys: &'static [KeyHint],
    /// The least number of rows that it needs.
    pub min_rows: u16,
    check: CheckFn,
    effects: EffectsFn,
    open: OpenFn,
}

/// Checks the settings of a demo.
type CheckFn = fn(&Settings) -> Result<(), Diagnostic>;

/// Returns the effects of a demo with these settings, or why it cannot be opened.
type EffectsFn = fn(&Settings) -> Result<Vec<DeclaredEffect>, Diagnostic>;

type OpenFn = fn(&Settings, Arc<Services>) -> Result<Box<dyn DynDemo>, Diagnostic>;

/// Why a demo is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenRefusal {
    /// The problems of its fence.
    Complaints(Vec<Diagnostic>),
    /// The effects that the user has not allowed yet.
    Asks(Vec<Effect>),
}

impl DemoEntry {
    /// Creates the entry of `D`.
    pub const fn of<D: Demo>() -> Self {
        Self {
            name: D::NAME,
            about: D::ABOUT,
            settings: D::SETTINGS,
            keys: D::KEYS,
            min_rows: D::MIN_ROWS,
            check: D::check,
            effects: D::effects,
            open: |settings, services| Ok(Box::new(RunningDemo::<D>::open(settings, services)?)),
        }
    }

    /// Checks settings: see [`Demo::check`].
    ///
    /// # Errors
    ///
    /// As for [`Demo::open`].
    pub fn check(&self, settings: &Settings) -> Result<(), Diagnostic> {
        (self.check)(settings)
    }
}

/// All demos.
#[derive(Clone, Copy)]
pub struct Registry {
    entries: &'static [DemoEntry],
}

impl Registry {
    /// Creates a registry of `entries`.
    pub const fn new(entries: &'static [DemoEntry]) -> Self {
        Self { entries }
    }

    /// Returns the demos in the order in which they are listed.
    pub fn entries(&self) -> &'static [DemoEntry] {
        self.entries
    }

    /// Opens the demo that `fence` names. It must be called within a tokio runtime. There is no
    /// other way to open the demo of a fence, so nothing happens outside the talk before `consents`
    /// allow it.
    ///
    /// # Errors
    ///
    /// Returns all problems of the fence (an unknown demo or invalid settings), or the effects that
    /// are not allowed yet.
    pub fn open(
        &self,
        fence: &DemoFence,
        spot: DemoPosition,
        consents: &EffectConsents,
        services: Arc<Services>,
    ) -> Result<Box<dyn DynDemo>, OpenRefusal> {
        let (entry, settings, declared) = self.validate(fence).map_err(OpenRefusal::Complaints)?;
        let asks = consents.missing(spot, declared);
        if !asks.is_empty() {
            return Err(OpenRefusal::Asks(asks));
        }
        (entry.open)(&settings, services)
            .map_err(|diagnostic| OpenRefusal::Complaints(vec![diagnostic]))
    }

    fn validate(
        &self,
        fence: &DemoFence,
    ) -> Result<(&'static DemoEntry, Settings, Vec<DeclaredEffect>), Vec<Diagnostic>> {
        let entry = self.find(fence)?;
        let settings = settings(fence, entry.settings)?;
        // Every demo opens with its defaults, so that most slides take no time to check.
        let checked = if fence.settings.is_empty() { Ok(()) } else { entry.check(&settings) };
        let declared = checked.and_then(|()| (entry.effects)(&settings));
        Ok((entry, settings, declared.map_err(|diagnostic| vec![diagnostic])?))
    }

    /// Returns the problems of the demo fences of `deck`, whose source has these lines.
    pub fn check(&self, deck: &Deck, lines: &LineIndex) -> Vec<Warning> {
        let mut warnings = Vec::new();
        // The parser already warns about a fence without a name.
        for (at, fence) in demo_fences(deck).filter(|(_, fence)| !fence.name.is_empty()) {
            let diagnostics = self.validate(fence).err().unwrap_or_default();
            warnings.extend(
                diagnostics.into_iter().map(|c| Warning::new(at, c.position, lines, c.message)),
            );
        }
        warnings
    }

    /// Returns the effects of `deck`, which was read from `source`, outside the talk, each with its
    /// position.
    pub fn effects(&self, deck: &Deck, source: &str) -> Vec<Warning> {
        let lines = LineIndex::new(source);
        let mut notes = Vec::new();
        for (at, fence) in demo_fences(deck) {
            let declared =
                // A fence with problems is never opened, so it has no effects. `check` reports the
                // problems.
                self.validate(fence).map_or_else(|_| Vec::new(), |(_, _, declared)| declared);
            notes.extend(declared.into_iter().map(|DeclaredEffect { effect, position: place }| {
                let text = format!(
                    "this slide wants to {}; it waits for a key, or --trust",
                    effect.describe()
                );
                Warning::new(at, place, &lines, text)
            }));
        }
        notes
    }

    fn find(&self, fence: &DemoFence) -> Result<&'static DemoEntry, Vec<Diagnostic>> {
        self.entries.iter().find(|entry| entry.name == fence.name).ok_or_else(|| {
            let names: Vec<&str> = self.entries.iter().map(|entry| entry.name).collect();
            let meant = did_you_mean(&fence.name, &names);
            let message = format!(
                "unknown demo `{}`{meant}; expected one of: {}",
                fence.name,
                names.join(", ")
            );
            vec![Diagnostic { position: fence.position, message }]
        })
    }
}

/// Returns the demos of a deck, each with the index of its slide from 0.
fn demo_fences(deck: &Deck) -> impl Iterator<Item = (usize, &DemoFence)> {
    deck.slides
        .iter()
        .enumerate()
        .flat_map(|(at, slide)| slide.demos().map(move |fence| (at, fence)))
}
