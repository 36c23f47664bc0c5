//! The options of a talk that say where it goes.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::deck::Depth;

/// The options of a talk that say where it goes, and with which keys.
#[derive(Debug, Default, clap::Args)]
pub struct PresentArgs {
    /// Show the slides of this depth only; the deeper ones are reached by their number
    #[arg(long, value_enum, value_name = "DEPTH", conflicts_with_all = ["with", "study"])]
    pub only: Option<OnlyArg>,

    /// Go through the slides of this depth too, instead of leaving them to the down arrow
    #[arg(long, value_enum, value_name = "DEPTH")]
    pub with: Option<WithArg>,

    /// File that keeps the progress of lessons and questions [default: wiretalk/progress.jsonl in
    /// the user's data folder]
    #[arg(long, value_name = "FILE")]
    pub progress: Option<std::path::PathBuf>,

    /// Go through all slides, as with --with study
    #[arg(long, conflicts_with = "with")]
    pub study: bool,

    /// Start at this slide
    #[arg(long, value_name = "SLIDE", conflicts_with = "resume")]
    pub from: Option<NonZeroU32>,

    /// Start where the last run of this deck ended
    ///
    /// Each run of a file or of the built-in talk leaves its place in wiretalk/places.json in the
    /// state directory, ~/.local/state by default.
    #[arg(long)]
    pub resume: bool,

    /// Move from slide to slide with a transition, which any key ends
    #[arg(long, value_enum, value_name = "KIND")]
    pub transition: Option<TransitionArg>,

    /// Read keys from this file [default: wiretalk/keys.toml in the configuration directory]
    ///
    /// A TOML file: each entry gives an action a list of keys, in place of those that it has.
    /// wiretalk check --keys FILE finds mistakes in it.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
}

/// The value of `--transition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TransitionArg {
    /// The new slide pushes the old one out
    Slide,
    /// The old slide fades out and the new one in
    Fade,
}

/// The value of `--only`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnlyArg {
    /// The slides of the talk itself
    Core,
}

/// The value of `--with`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WithArg {
    /// Slides for questions
    Deep,
    /// Slides for questions and for readers
    Study,
}

impl PresentArgs {
    /// Returns the index of the slide that `--from` names, in a deck of so many slides.
    ///
    /// # Errors
    ///
    /// If the deck has no such slide.
    pub fn first_slide(&self, slides: usize) -> anyhow::Result<Option<usize>> {
        let Some(slide) = self.from else { return Ok(None) };
        let index = usize::try_from(slide.get())?.saturating_sub(1);
        if index >= slides {
            anyhow::bail!(
                "there is no slide {slide}: the deck has {slides}, so --from takes 1 to {slides}"
            );
        }
        Ok(Some(index))
    }

    /// Whether the talk starts at its first slide.
    pub fn starts_at_first(&self) -> bool {
        self.from.is_none() && !self.resume
    }

    /// Returns the deepest slides that the talk goes through.
    pub fn depth(&self) -> Depth {
        match (self.with, self.study) {
            (Some(WithArg::Study), _) | (_, true) => Depth::Study,
            (Some(WithArg::Deep), _) => Depth::Deep,
            (None, false) => Depth::Core,
        }
    }
}
