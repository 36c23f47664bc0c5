//! Lessons, exercises that hide their solution, and questions, with what is done and what is due.
//!
//! `content` is what there is to learn, `state` holds what is known, `list_page` the list, `task_page` the open exercise or question and
//! `form_editor` its answer. `engine` keeps the progress, and `live` asks real peers; `view` draws.

mod content;
mod engine;
mod form_editor;
mod list_page;
mod live;
mod messages;
mod state;
mod task_page;
#[cfg(test)]
mod tests;
mod text_line;
mod view;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::learn::SECTIONS;
use crate::stage::{
    self, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage,
    ViewContext,
};
use crate::text::did_you_mean;
pub use content::LearnContent;
pub use live::{Exchange, Inspected, ServerTrial};
pub use messages::{Cmd, LearnStart, Msg, Reply, StartPlace};
pub use state::Learn;

impl Demo for Learn {
    const NAME: &'static str = "learn";
    const ABOUT: &'static str = "lessons, exercises and questions that are checked";
    const SETTINGS: &'static [SettingSpec] = &[
        SettingSpec {
            name: "section",
            value_type: SettingType::Text(""),
            about: "ask the questions and exercises of a section, with one of an earlier section",
        },
        SettingSpec {
            name: "item",
            value_type: SettingType::Text(""),
            about: "open a lesson, an exercise or a question, by its name in wiretalk learn --list",
        },
    ];
    const KEYS: &'static [KeyHint] = messages::KEYS;
    const HELP_KEY: Option<&'static str> = Some("?");
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let start = LearnStart { place: start_place(settings)?, seed: None };
        Ok(Self::new(LearnContent::built_in(), start))
    }

    fn check(settings: &Settings) -> Result<(), Diagnostic> {
        start_place(settings).map(drop)
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Msg(message) => self.apply(message),
            DemoEvent::Paste(text) => {
                self.paste(&text);
                Vec::new()
            }
            // A lesson that was open over the list may have changed the progress.
            DemoEvent::Focus => vec![Cmd::Load],
            DemoEvent::Wheel(by) => {
                self.wheel(by);
                Vec::new()
            }
            DemoEvent::Click(at, area) => match &self.task {
                None => {
                    let item = view::item_at(self, at, area);
                    item.map_or_else(Vec::new, |item| self.click(item))
                }
                Some(page) => {
                    let option = view::option_at(self, page, at, area);
                    option.map_or_else(Vec::new, |option| self.choose(option))
                }
            },
            DemoEvent::Tick(_) | DemoEvent::Next | DemoEvent::Left => Vec::new(),
        }
    }

    fn wants_escape(&self) -> bool {
        self.wants_escape()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        match &self.task {
            Some(page) => view::draw_task(self, page, area, buffer, context),
            None => view::draw_list(self, area, buffer, context),
        }
        if self.shows_keys {
            let keys = if self.task.is_some() { messages::TASK_KEYS } else { messages::LIST_KEYS };
            stage::draw_key_table("keys", keys, area, buffer, context.theme);
        }
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        engine::perform(cmd, stage);
    }
}

/// Returns the place that a slide's settings name.
fn start_place(settings: &Settings) -> Result<StartPlace, Diagnostic> {
    match (settings.text("section"), settings.text("item")) {
        ("", "") => Ok(StartPlace::List),
        (section, "") => {
            let known = SECTIONS.map(|(name, _)| name);
            if !known.contains(&section) {
                let meant = did_you_mean(section, &known);
                let list = known.join(", ");
                let message = format!("unknown section{meant}; expected one of: {list}");
                return Err(settings.invalid("section", message));
            }
            Ok(StartPlace::Section(section.to_owned()))
        }
        (_, name) => {
            let content = LearnContent::built_in();
            let items = &content.catalog.items;
            if content.catalog.item(name).is_none() {
                let known: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
                let message = format!("there is no such item{}", did_you_mean(name, &known));
                return Err(settings.invalid("item", message));
            }
            Ok(StartPlace::Item(name.to_owned()))
        }
    }
}
