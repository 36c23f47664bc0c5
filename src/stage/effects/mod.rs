//! What demos do outside the talk, and what of it the user has allowed.

mod consents;
mod effect;

pub use consents::{DemoPosition, EffectConsents};
pub use effect::{DeclaredEffect, Effect, describe_all};
