//! "Is it for you?": a decision tree as questions, which ends in a recommendation with its reasons and
//! the lab's figures.

mod choose_view;
mod figures;
mod state;
mod tree;

use std::path::{Path, PathBuf};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::stage::{
    self, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage,
    ViewContext, WorkContext,
};
pub use state::{Choose, Cmd, Msg};
pub use tree::DecisionTree;

/// The largest file that is read, in bytes.
const MAX_TREE_LEN: u64 = 256 << 10;

impl Demo for Choose {
    const NAME: &'static str = "choose";
    const ABOUT: &'static str =
        "is it for you? questions that end in a recommendation, with figures";
    const SETTINGS: &'static [SettingSpec] = &[SettingSpec {
        name: "tree",
        value_type: SettingType::Text(""),
        about: "a TOML file with questions of your own, as demos/choose/tree.toml has them",
    }];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let path = settings.text("tree");
        if path.is_empty() {
            let tree = DecisionTree::parse(tree::BUILT_IN);
            let tree = tree.map_err(|error| settings.invalid("tree", error.to_string()))?;
            return Ok((Self { tree, ..Self::default() }, Vec::new()));
        }
        let notice = Some(format!("reading {path}"));
        Ok((Self { notice, ..Self::default() }, vec![Cmd(PathBuf::from(path))]))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Wheel(notches) => {
                stage::arrow_keys(notches).for_each(|key| self.handle_key(key));
            }
            DemoEvent::Click(at, area) => {
                if let Some(answer) = choose_view::answer_at(self, at, area) {
                    self.answer(answer);
                }
            }
            DemoEvent::Msg(message) => self.apply(message),
            DemoEvent::Paste(_)
            | DemoEvent::Tick(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => {}
        }
        Vec::new()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        choose_view::draw(self, area, buffer, context);
    }

    fn perform(Cmd(path): Cmd, stage: &Stage<Msg>) {
        // On a thread: a file may be on a slow disk.
        stage.start("choose", move |WorkContext { mailbox, .. }| async move {
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg(read_tree(&path))).await;
        });
    }
}

/// Reads a tree from a file.
fn read_tree(path: &Path) -> Result<DecisionTree, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let len = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if len > MAX_TREE_LEN {
        return Err(failed(&format!("larger than {MAX_TREE_LEN} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    DecisionTree::parse(&text).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::deck::DemoFence;
    use crate::stage::{Theme, settings};

    fn open() -> Choose {
        let fence = DemoFence { name: "choose".into(), ..DemoFence::default() };
        let (choose, commands) =
            Choose::open(&settings(&fence, Choose::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, []);
        choose
    }

    fn press(choose: &mut Choose, code: KeyCode) {
        assert_eq!(choose.update(DemoEvent::Key(code.into())), []);
    }

    fn picture(choose: &Choose, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        choose.view(area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n")
            .collect()
    }

    #[test]
    fn answers_lead_to_a_recommendation_with_reasons_and_can_be_taken_back() {
        let mut choose = open();
        assert!(picture(&choose, 76, 14).contains("Who speaks?"));
        press(&mut choose, KeyCode::Down);
        press(&mut choose, KeyCode::Enter);
        for key in ['1', '1', '1', '1'] {
            press(&mut choose, KeyCode::Char(key));
        }
        let shown = picture(&choose, 76, 16);
        for expected in ["→ coder/websocket", "· Both sides speak", "What may wait", "idle KiB"]
        {
            assert!(shown.contains(expected), "{expected}:\n{shown}");
        }
        press(&mut choose, KeyCode::Char('1'));
        assert_eq!(choose.given.len(), 5, "there is no question any more");
        press(&mut choose, KeyCode::Left);
        let shown = picture(&choose, 76, 16);
        assert!(shown.contains("What would you miss most?"), "{shown}");
        assert!(shown.contains("Who speaks? both sides, at any time"), "{shown}");
        press(&mut choose, KeyCode::Char('9'));
        assert_eq!(choose.given.len(), 4, "there is no ninth answer");
        press(&mut choose, KeyCode::Char('0'));
        assert!(choose.given.is_empty());
    }

    #[test]
    fn a_click_on_an_answer_gives_it() {
        for (width, height) in [(76, 18), (96, 24)] {
            let area = Rect::new(2, 1, width, height);
            let mut given = std::collections::BTreeSet::new();
            let mut choose = open();
            for at in area.positions().step_by(5) {
                choose.update(DemoEvent::Click(at, area));
                given.extend(choose.given.drain(..).map(|(_, answer)| answer));
            }
            assert!(given.into_iter().eq(0..3), "{width}x{height}");
        }
    }

    #[test]
    fn what_is_still_possible_shrinks_with_each_answer() {
        let mut choose = open();
        for (width, height) in [(76, 18), (96, 24)] {
            let shown = picture(&choose, width, height);
            assert!(shown.contains("still possible") && shown.contains("lxzan/gws"), "{shown}");
            assert!(!shown.contains("ruled out"), "{shown}");
        }
        assert!(picture(&choose, 96, 24).contains("idle KiB"), "with figures where there is room");
        for key in ['2', '1', '2'] {
            press(&mut choose, KeyCode::Char(key));
        }
        press(&mut choose, KeyCode::Left);
        let shown = picture(&choose, 96, 24);
        assert!(shown.contains("ruled out: github.com/igm/sockjs-go"), "{shown}");
    }

    #[test]
    fn a_tree_of_the_deck_is_read_and_a_mistake_in_it_is_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), tree::BUILT_IN.replace("Who speaks?", "Who calls?")).unwrap();
        let mut choose = open();
        choose.update(DemoEvent::Msg(Msg(read_tree(file.path()))));
        assert!(picture(&choose, 76, 14).contains("Who calls?"));
        std::fs::write(file.path(), "question = 1").unwrap();
        choose.update(DemoEvent::Msg(Msg(read_tree(file.path()))));
        let path = file.path().display().to_string();
        assert!(choose.notice.as_ref().unwrap().starts_with(&path), "{:?}", choose.notice);
        let missing = read_tree(Path::new("/no/such/file")).unwrap_err();
        assert!(missing.starts_with("/no/such/file: "), "{missing}");
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let mut choose = open();
        for keys in ["", "2111", "1"] {
            for key in keys.chars() {
                press(&mut choose, KeyCode::Char(key));
            }
            for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (200, 60)] {
                picture(&choose, width, height);
            }
        }
    }
}
