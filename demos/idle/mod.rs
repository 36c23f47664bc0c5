//! What an idle connection costs, by library: the figures of the lab's record, as bars.

mod idle_view;
mod state;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::demos::recorded_lab::RECORDED;
use crate::stage::{
    self, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage,
    ViewContext,
};
pub use state::Idle;
use state::{Library, known_libraries};

impl Demo for Idle {
    const NAME: &'static str = "idle";
    const ABOUT: &'static str =
        "the memory of an idle connection by library, as the lab measured it";
    const SETTINGS: &'static [SettingSpec] = &[SettingSpec {
        name: "libraries",
        value_type: SettingType::Text("gorilla, coder, gobwas, gws, x/net"),
        about: "the rows: libraries of the lab's record",
    }];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 8;
    type Msg = ();
    type Cmd = ();

    fn open(settings: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
        let names = settings.text("libraries").split(',').map(str::trim);
        let libraries: Vec<Library> =
            names.filter(|name| !name.is_empty()).map(Library::new).collect();
        if let Some(unknown) = libraries.iter().find(|library| !library.is_known()) {
            let message = format!(
                "the record has no library `{}`; it has: {}",
                unknown.title,
                known_libraries(&RECORDED).join(", ")
            );
            return Err(settings.invalid("libraries", message));
        }
        Ok((Self { libraries, ..Self::default() }, Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<()>) -> Vec<()> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Wheel(notches) => {
                stage::arrow_keys(notches).for_each(|key| self.handle_key(key));
            }
            DemoEvent::Msg(())
            | DemoEvent::Paste(_)
            | DemoEvent::Click(..)
            | DemoEvent::Tick(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => {}
        }
        Vec::new()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        idle_view::draw(self, area, buffer, context);
    }

    fn perform((): (), _: &Stage<()>) {}
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::deck::{DemoFence, Position, Setting, SettingValue};
    use crate::lab::IdleRecord;
    use crate::stage::{Theme, settings};

    fn open(libraries: &str) -> Result<Idle, Diagnostic> {
        let mut fence = DemoFence { name: "idle".into(), ..DemoFence::default() };
        if !libraries.is_empty() {
            fence.settings.push(Setting {
                key: "libraries".into(),
                value: SettingValue::Text(libraries.to_owned()),
                position: Position { line: 2, column: 1 },
            });
        }
        Ok(Idle::open(&settings(&fence, Idle::SETTINGS).unwrap())?.0)
    }

    fn picture(idle: &Idle, width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        idle.view(area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()).collect()
    }

    fn press(idle: &mut Idle, key: char) {
        assert_eq!(idle.update(DemoEvent::Key(KeyCode::Char(key).into())), []);
    }

    fn bytes(id: &str) -> u64 {
        let record = RECORDED.contestant(id).unwrap();
        record.idle.as_ref().and_then(IdleRecord::bytes_a_connection).unwrap()
    }

    /// Returns the row of a library.
    fn row<'p>(picture: &'p [String], title: &str) -> &'p str {
        let found = picture.iter().find(|row| row.contains(&format!(" {title} ")));
        found.unwrap_or_else(|| panic!("{title}: {picture:#?}"))
    }

    #[test]
    fn each_row_has_the_figure_of_the_record_and_that_of_a_million() {
        let mut idle = open("").unwrap();
        for (suffix, key) in [("", 'd'), ("-tuned", 'd')] {
            let shown = picture(&idle, 96, 12);
            for (title, id) in [("gobwas", "gobwas"), ("x/net", "xnet"), ("coder", "coder")] {
                let bytes = bytes(&format!("{id}{suffix}")) as f64;
                let row = row(&shown, title);
                assert!(row.contains(&format!("{:.1} KiB", bytes / 1024.0)), "{row}");
                assert!(row.contains(&format!("{:.1} GB", bytes / 1000.0)), "{row}");
                assert!(row.contains('█'), "{row}");
            }
            assert!(shown.iter().any(|row| row.contains(&RECORDED.date)), "{shown:#?}");
            press(&mut idle, key);
        }
    }

    #[test]
    fn the_least_is_first_and_the_longest_bar_is_that_of_the_most() {
        let shown = picture(&open("coder, gobwas").unwrap(), 96, 8);
        let at = |title: &str| shown.iter().position(|row| row.contains(title)).unwrap();
        let bar = |title: &str| row(&shown, title).matches('█').count();
        let (least, most) = if bytes("gobwas") < bytes("coder") {
            ("gobwas", "coder")
        } else {
            ("coder", "gobwas")
        };
        assert!(at(least) < at(most) && bar(least) < bar(most), "{shown:#?}");
    }

    #[test]
    fn all_libraries_scroll_where_they_have_no_room() {
        let mut idle = open("").unwrap();
        press(&mut idle, 'a');
        let all = known_libraries(&RECORDED).len();
        let first = picture(&idle, 96, 10);
        assert!(first.iter().any(|row| row.contains('▼')), "{first:#?}");
        for _ in 0..2 * all {
            press(&mut idle, 'j');
        }
        let last = picture(&idle, 96, 10);
        assert!(last.iter().any(|row| row.contains('▲')), "{last:#?}");
        assert!(last.iter().all(|row| !row.contains('▼')), "{last:#?}");
        press(&mut idle, 'k');
        assert_ne!(picture(&idle, 96, 10), last, "each key moves");
    }

    #[test]
    fn a_library_that_is_not_in_the_record_is_a_mistake_of_the_deck() {
        let error = open("gorilla, curl").unwrap_err().message;
        assert!(error.contains("the record has no library `curl`; it has: "), "{error}");
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let mut idle = open("").unwrap();
        for key in ['a', 'd', 'j'] {
            press(&mut idle, key);
            for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (200, 60)] {
                picture(&idle, width, height);
            }
        }
    }
}
