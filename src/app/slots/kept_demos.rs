//! [`KeptDemos`]: the demos of slides that were left, as they stood.
//!
//! They do nothing: what they did has ended with the slide.

use std::collections::VecDeque;

use crate::app::deck_update::SlideMoves;
use crate::app::slots::slot::DemoSlot;
use crate::deck::DemoFence;

/// The most slides whose demos are kept. What one holds is what it showed, such as the bytes of its
/// connections.
const MAX_KEPT_SLIDES: usize = 16;

/// The demos of slides that were left, those left last at the end.
#[derive(Default)]
pub(crate) struct KeptDemos {
    slides: VecDeque<KeptSlide>,
}

struct KeptSlide {
    slide: usize,
    demos: Vec<(DemoFence, DemoSlot)>,
}

impl KeptDemos {
    /// Keeps the demos of a slide that is left. One that nobody used begins anew when its slide
    /// opens again.
    pub(crate) fn keep(
        &mut self,
        slide: usize,
        fences: impl Iterator<Item = DemoFence>,
        slots: Vec<DemoSlot>,
    ) {
        let mut demos: Vec<(DemoFence, DemoSlot)> = fences.zip(slots).collect();
        demos.retain(|(_, slot)| matches!(slot, Ok(demo) if demo.was_used()));
        for (_, slot) in &mut demos {
            if let Ok(demo) = slot {
                demo.freeze();
            }
        }
        if demos.is_empty() {
            return;
        }
        self.slides.retain(|kept| kept.slide != slide);
        if self.slides.len() == MAX_KEPT_SLIDES {
            self.slides.pop_front();
        }
        self.slides.push_back(KeptSlide { slide, demos });
    }

    /// Takes over a new version of the deck. The demos of slides that have changed are dropped.
    pub(crate) fn follow(&mut self, moves: &SlideMoves) {
        self.slides.retain_mut(|kept| {
            let now = moves.of(kept.slide);
            kept.slide = now.unwrap_or(kept.slide);
            now.is_some()
        });
    }

    /// Takes out the demo of a slide's fence. A fence that has changed since has none.
    pub(crate) fn take(&mut self, slide: usize, fence: &DemoFence) -> Option<DemoSlot> {
        let at = self.slides.iter().position(|kept| kept.slide == slide)?;
        let demos = &mut self.slides[at].demos;
        let index = demos.iter().position(|(own, _)| own.same_content(fence))?;
        let (_, slot) = demos.remove(index);
        if demos.is_empty() {
            self.slides.remove(at);
        }
        Some(slot)
    }
}
