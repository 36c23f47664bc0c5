//! [`AppConfig`]: what the app is started with.

use tokio::sync::watch;

use crate::app::steering::{DeckPlace, KeyMap, Route};
use crate::app::transition::Transition;
use crate::deck::{Block, Deck, DemoFence, Slide, Warning};
use crate::published_place::SlideStep;
use crate::stage::{ColorDepth, EffectConsents, Registry, Services, StandaloneDemo, ThemePair};

/// The deck to show, and what it needs. A reload replaces the deck, its warnings and
/// the themes.
#[derive(Clone)]
pub struct AppConfig {
    /// The slides.
    pub deck: Deck,
    /// Whether the deck is only the beginning of a longer one, which comes as a reload.
    pub is_beginning: bool,
    /// The file's name, as warnings show it.
    pub file: String,
    /// The warnings about the deck, in file order.
    pub warnings: Vec<Warning>,
    /// The demos that the deck may name.
    pub registry: Registry,
    /// What demos may use of the outside world, such as the bundled servers.
    pub services: Services,
    /// The themes for a dark and for a light terminal.
    pub themes: ThemePair,
    /// The colours the terminal can show.
    pub color_depth: ColorDepth,
    /// The effects that demos may have outside the talk from the start, without asking.
    pub consents: EffectConsents,
    /// The keys of the stage.
    pub keys: KeyMap,
    /// The slides that → comes to.
    pub route: Route,
    /// How one slide gives way to the next; `None`: at once.
    pub transition: Option<Transition>,
    /// The place where the talk starts; `None` for its first slide.
    pub start: Option<DeckPlace>,
    /// Whether the warnings about each slide stand in its corner from the start.
    pub rehearse: bool,
    /// Where the place of the talk is reported.
    pub place: Option<watch::Sender<SlideStep>>,
    /// A message that is shown above the footer until the first key press.
    pub notice: Option<String>,
    /// There is no talk, only this demo in the place of the only fence, which has the screen and
    /// the keys from the start.
    pub standalone: Option<StandaloneDemo>,
}

impl AppConfig {
    /// A deck with nothing around it: no servers, no warnings, no consents, the default theme.
    pub fn new(deck: Deck, registry: Registry) -> Self {
        Self {
            deck,
            is_beginning: false,
            file: "deck.md".to_owned(),
            warnings: Vec::new(),
            registry,
            services: Services::default(),
            themes: ThemePair::default(),
            color_depth: ColorDepth::TrueColor,
            consents: EffectConsents::default(),
            keys: KeyMap::default(),
            route: Route::default(),
            transition: None,
            start: None,
            rehearse: false,
            place: None,
            notice: None,
            standalone: None,
        }
    }

    /// A deck of one slide that holds nothing but a demo.
    pub fn standalone(name: &str, demo: StandaloneDemo, registry: Registry) -> Self {
        let fence = DemoFence { name: name.to_owned(), ..DemoFence::default() };
        let slide = Slide { blocks: vec![Block::Demo(fence.into())], ..Slide::default() };
        let deck = Deck { slides: vec![slide], ..Deck::default() };
        Self { file: name.to_owned(), standalone: Some(demo), ..Self::new(deck, registry) }
    }

    /// A deck that is parsed, with its warnings.
    #[cfg(test)]
    pub(crate) fn bare(source: &str, registry: Registry) -> Self {
        let (deck, warnings) = crate::deck::parse(source);
        Self { warnings, ..Self::new(deck, registry) }
    }
}
