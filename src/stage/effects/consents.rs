//! [`EffectConsents`]: which effects of which demo the user has allowed. Its panel on a slide is in
//! `app`.

use crate::stage::effects::effect::{DeclaredEffect, Effect};

/// The position of a demo in a deck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DemoPosition {
    /// The index of the slide, from 0.
    pub slide: usize,
    /// The index of the demo on its slide, from 0.
    pub demo: usize,
}

/// The effects that have been allowed since the program began. They are not saved.
#[derive(Clone, Debug, Default)]
pub struct EffectConsents {
    all: bool,
    /// The allowed effects, by demo. A consent holds for exactly these effects of exactly this
    /// demo.
    allowed: Vec<(DemoPosition, Vec<Effect>)>,
}

impl EffectConsents {
    /// Allows everything, because of `--trust` or because the command line itself asks for the
    /// effects.
    pub fn all() -> Self {
        Self { all: true, allowed: Vec::new() }
    }

    /// Allows these effects of this demo, in place of what was allowed for it before.
    pub fn allow(&mut self, spot: DemoPosition, effects: Vec<Effect>) {
        self.allowed.retain(|(other, _)| *other != spot);
        self.allowed.push((spot, effects));
    }

    /// Returns the effects in `declared` that need consent: all of them, or none. A consent is
    /// never partial, because the user saw the effects as one sentence.
    pub(in crate::stage) fn missing(
        &self,
        spot: DemoPosition,
        declared: Vec<DeclaredEffect>,
    ) -> Vec<Effect> {
        // Made absolute before the comparison, so that the consent is for the file and not for a
        // name.
        let effects: Vec<Effect> =
            declared.into_iter().map(|declared| declared.effect.with_absolute_path()).collect();
        let allowed =
            self.all || self.allowed.iter().any(|given| *given == (spot, effects.clone()));
        if allowed { Vec::new() } else { effects }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::Position;

    fn write(path: &str, replace: bool) -> DeclaredEffect {
        DeclaredEffect {
            effect: Effect::Write { path: path.into(), replace },
            position: Position::default(),
        }
    }

    #[test]
    fn a_consent_holds_for_one_demo_and_exactly_what_it_asked_for() {
        let (here, there) =
            (DemoPosition { slide: 1, demo: 0 }, DemoPosition { slide: 1, demo: 1 });
        let mut consents = EffectConsents::default();
        let asked = consents.missing(here, vec![write("/tmp/a", false)]);
        assert_eq!(asked.len(), 1);
        consents.allow(here, asked);
        assert_eq!(consents.missing(here, vec![write("/tmp/a", false)]), []);
        assert_eq!(consents.missing(there, vec![write("/tmp/a", false)]).len(), 1, "another demo");
        assert_eq!(consents.missing(here, vec![write("/tmp/a", true)]).len(), 1, "something else");
        assert_eq!(
            consents.missing(here, vec![write("/tmp/a", false), write("/tmp/b", false)]).len(),
            2
        );
        assert_eq!(EffectConsents::all().missing(there, vec![write("/tmp/a", true)]), []);
        assert_eq!(EffectConsents::default().missing(here, Vec::new()), [], "nothing is asked for");
    }
}
