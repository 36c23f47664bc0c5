//! The frame for demos: their trait, settings, registry and running state, with colours and
//! widgets.
//!
//! This module knows the terminal's cells and keys. It does not know how slides are drawn, the
//! command line, or any demo.

mod big_text;
mod demo;
mod dyn_demo;
mod effects;
mod links;
mod mouse;
mod question_card;
mod registry;
mod running_demo;
mod services;
mod settings;
mod theme;
mod widgets;
mod work;

pub use big_text::{BigText, PixelSize};
pub use demo::{Demo, DemoEvent};
pub use dyn_demo::{DynDemo, KeyHint, StandaloneDemo, ViewContext};
pub use effects::{DeclaredEffect, DemoPosition, Effect, EffectConsents, describe_all};
pub use links::{FrameLinks, LinkId, link_style, shows_links};
pub use mouse::{arrow_keys, choices_line, clicked_choice, clicked_span, numbered};
pub use question_card::{QuestionCard, wrapped};
pub use registry::{DemoEntry, OpenRefusal, Registry};
pub use running_demo::RunningDemo;
pub use services::Services;
pub use settings::{Diagnostic, SettingSpec, SettingType, Settings, settings};
pub use theme::{
    Brightness, BuiltInTheme, ColorDepth, FieldColor, Theme, ThemeError, ThemeFile, ThemePair,
};
pub(crate) use theme::{READABLE, Rgb, contrast, xterm_color};
pub use widgets::{
    BAR_LEVELS, copy_cells, draw_divider, draw_key_table, draw_line, draw_panel, draw_rules,
    first_row, panel_content, rules_text, set_line,
};
pub use work::{Mailbox, NotDelivered, Stage, WorkContext};
