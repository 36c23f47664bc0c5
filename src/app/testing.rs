//! What tests of several files of the app play with: a demo, a screen, keys.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crossterm::event::{Event as Input, KeyCode};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};

use crate::app::state::{App, AppEvent};
use crate::stage::{
    Demo, DemoEntry, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext,
};

/// The size of the screen.
pub(super) const SIZE: Size = Size { width: 80, height: 24 };

/// The number of demos that were opened.
static OPENED: AtomicU32 = AtomicU32::new(0);

/// A demo that shows the keys and clicks that it was given, and works from `w` on.
pub(super) struct Echo {
    number: u32,
    given: String,
}

pub(super) static DEMOS: [DemoEntry; 1] = [DemoEntry::of::<Echo>()];

impl Demo for Echo {
    const NAME: &'static str = "echo";
    const ABOUT: &'static str = "";
    const SETTINGS: &'static [SettingSpec] = &[];
    const KEYS: &'static [KeyHint] = &[KeyHint { keys: "w", about: "work" }];
    const MIN_ROWS: u16 = 3;
    type Msg = ();
    type Cmd = ();

    fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
        let number = OPENED.fetch_add(1, Relaxed);
        Ok((Self { number, given: String::new() }, Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<()>) -> Vec<()> {
        match event {
            DemoEvent::Key(key) => {
                self.given.extend(key.code.as_char());
                return vec![(); usize::from(key.code == KeyCode::Char('w'))];
            }
            DemoEvent::Click(at, area) => {
                self.given += &format!("({},{})", at.x - area.x, at.y - area.y);
            }
            DemoEvent::Paste(text) => self.given += &text,
            _ => {}
        }
        Vec::new()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, _: &ViewContext) {
        let text = format!("echo {}: {}", self.number, self.given);
        buffer.set_stringn(area.x, area.y, text, area.width.into(), ratatui::style::Style::new());
    }

    fn perform((): (), stage: &Stage<()>) {
        stage.scope("work").spawn("work", std::future::pending());
    }
}

/// Presses a key.
pub(super) fn press(app: &mut App, code: KeyCode) {
    app.update(AppEvent::Input(Input::Key(code.into())));
}

/// Returns the rows of the screen.
pub(super) fn screen(app: &App) -> String {
    rows(&app.frame(Rect::new(0, 0, app.area.width, app.area.height)))
}

/// Returns the rows of a frame.
pub(super) fn rows(frame: &Buffer) -> String {
    let rows = frame.content.chunks(frame.area.width.into());
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}
