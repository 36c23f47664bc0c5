//! What a demo is, where it lives, and what it looks like.
//!
//! It knows the terminal's cells and keys, but no deck's view, no command line, and none of the
//! demos themselves.

mod big_text;
mod color_depth;
mod demo;
mod effect;
mod registry;
mod running_demo;
mod services;
mod settings;
mod theme;
mod widgets;
mod work;

pub use big_text::{BigText, PixelSize};
pub use color_depth::ColorDepth;
pub use demo::{Demo, DemoEvent, KeyHint, ViewContext};
pub use effect::{DeclaredEffect, DemoPosition, Effect, EffectConsents, describe_all};
pub use registry::{DemoEntry, OpenRefusal, Registry};
pub use running_demo::{DynDemo, RunningDemo, StandaloneDemo};
pub use services::Services;
pub use settings::{Diagnostic, SettingSpec, SettingType, Settings, settings};
pub use theme::Theme;
pub use widgets::{BAR_LEVELS, draw_key_table, draw_line, draw_panel, draw_rule};
pub use work::{Mailbox, NotDelivered, Stage, WorkContext};
