//! The grid of the libraries on a slide: rules by libraries, from the lab's record, or tested here
//! while the room looks on.
//!
//! `rules` has the rows, `column` what is known about a library, `state` the demo's state, `engine`
//! carries out its commands. `grid_view` and `cell_view` draw it.

mod cell_page;
mod cell_view;
mod column;
mod engine;
mod exchange_lines;
mod grid_view;
mod rules;
mod state;

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage, ViewContext,
};
use column::Column;
use state::Mode;
pub use state::{Cmd, Conform, Msg, RunStep};

impl Demo for Conform {
    const NAME: &'static str = "conform";
    const ABOUT: &'static str =
        "the rules of the protocol by libraries: recorded, or tested here while the room looks on";
    const SETTINGS: &'static [SettingSpec] = &[
        SettingSpec {
            name: "libraries",
            value_type: SettingType::Text("gorilla, coder, gobwas, gws, x/net, strict"),
            about: "the columns: libraries of the lab's record, and `strict`, our own server",
        },
        SettingSpec {
            name: "filled",
            value_type: SettingType::Choice(&["no", "yes"]),
            about: "show the record at once, without a bet",
        },
        SettingSpec {
            name: "folder",
            value_type: SettingType::Text("demos/libraries"),
            about: "the folder of contestants.toml, whose servers are built and started on demand",
        },
    ];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let names = settings.text("libraries").split(',').map(str::trim);
        let columns: Vec<Column> = names.filter(|name| !name.is_empty()).map(Column::new).collect();
        if let Some(unknown) = columns.iter().find(|column| !column.is_known()) {
            let message = format!(
                "the record has no library `{}`; it has: {}",
                unknown.title,
                column::known_libraries().join(", ")
            );
            return Err(settings.invalid("libraries", message));
        }
        let mut conform = Self::new(columns, PathBuf::from(settings.text("folder")));
        if settings.text("filled") == "yes" {
            conform.fill_all();
        }
        Ok((conform, Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Msg(message) => self.apply(message),
            DemoEvent::Paste(_)
            | DemoEvent::Click(..)
            | DemoEvent::Wheel(_)
            | DemoEvent::Tick(_) => Vec::new(),
        }
    }

    fn wants_escape(&self) -> bool {
        self.mode != Mode::Browse
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        match &self.mode {
            Mode::Browse | Mode::Bet(_) => grid_view::draw(self, area, buffer, context),
            Mode::Cell(page) => cell_view::draw(self, *page, area, buffer, context),
        }
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Play(config) => engine::play(stage, config),
            Cmd::PlayStrict => engine::play_strict(stage),
            Cmd::Stop => engine::stop(stage),
            Cmd::PlayCase(case) => engine::play_case(stage, case),
            Cmd::Inspect(title, exchange) => engine::inspect(stage, title, *exchange),
        }
    }
}
