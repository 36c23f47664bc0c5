//! The demos of the open slide: consent, a new beginning, and what is kept of those that were left.

mod consent_panel;
mod kept_demos;
mod restart;
mod slot;

pub(super) use consent_panel::draw_consent;
pub(super) use kept_demos::KeptDemos;
pub(super) use slot::DemoSlot;
