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
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage, ViewContext,
    WorkContext,
};
pub use state::{Choose, Cmd, Msg};
pub use tree::DecisionTree;

/// The largest file that is read, in bytes.
const MAX_TREE_LEN: u64 = 256 << 10;

impl Demo for Choose {
    const NAME: &'static str = "choose";
    const ABOUT: &'static str = "is it for you? questions that end in a recommendation, with figures";
    const SETTINGS: &'static [SettingSpec] = &[SettingSpec {
        name: "tree",
        value_type: SettingType::Text(""),
        about: "a TOML file with questions of your own, as demos/choose/tree.toml has them",
    }];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 12;
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
            DemoEvent::Msg(message) => self.apply(message),
            DemoEvent::Paste(_)
            | DemoEvent::Click(..)
            | DemoEvent::Wheel(_)
            | DemoEvent::Tick(_) => {}
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
