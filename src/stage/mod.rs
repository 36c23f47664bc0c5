//! What a demo is, where it lives, and what it looks like.
//!
//! It knows the terminal's cells and keys, but no deck's view, no command line, and none of the
//! demos themselves.

mod big_text;
mod demo;
mod color_depth;
mod effect;
mod registry;
mod settings;
mod running_demo;
mod theme;
mod widgets;

pub use big_text::{BigText, PixelSize};
pub use demo::{Demo, DemoEvent, KeyHint, Services, ViewContext, Stage};
pub use color_depth::ColorDepth;
pub use effect::{EffectConsents, DeclaredEffect, Effect, DemoPosition, describe_all};
pub use registry::{OpenRefusal, DemoEntry, Registry};
pub use settings::{Diagnostic, SettingSpec, Settings, SettingType, settings};
pub use running_demo::{DynDemo, RunningDemo};
pub use theme::Theme;
pub use widgets::{BAR_LEVELS, draw_key_table, draw_line, draw_panel, draw_rule};
