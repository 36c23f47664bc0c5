//! The speaker's notes of a talk that another terminal shows, with its next slide and its clock.

mod deck;
mod state;
mod view;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use deck::{NotesDeck, NotesPage};
pub use state::{Follow, Msg, Notes, NotesSource};

use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext, WorkContext,
};
use crate::watch::{FileChanges, WatchMode};

impl Demo for Notes {
    const NAME: &'static str = "notes";
    const ABOUT: &'static str = "the speaker's notes of a talk that another terminal shows";
    const SETTINGS: &'static [SettingSpec] = &[];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 8;
    type Msg = Msg;
    type Cmd = Follow;

    fn open(_: &Settings) -> Result<(Self, Vec<Follow>), Diagnostic> {
        Ok(Self::new(NotesDeck::default()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Follow> {
        match event {
            DemoEvent::Msg(message) => self.apply(message),
            DemoEvent::Key(key) => self.handle_key(key.code),
            DemoEvent::Wheel(notches) => self.scroll(notches),
            DemoEvent::Tick(_)
            | DemoEvent::Click(..)
            | DemoEvent::Paste(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => {}
        }
        Vec::new()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        view::draw(self, area, buffer, context);
    }

    fn perform(Follow: Follow, stage: &Stage<Msg>) {
        let Some(source) = stage.services().get::<NotesSource>().cloned() else { return };
        stage.start("follow", move |WorkContext { mailbox, .. }| async move {
            let files = vec![source.place.path().to_owned(), source.deck.clone()];
            let changes = FileChanges::new(files.clone(), WatchMode::Events)
                .or_else(|_| FileChanges::new(files, WatchMode::Poll));
            let mut changes = match changes {
                Ok(changes) => changes,
                Err(error) => {
                    let _ = mailbox.send(Msg::Failed(error.to_string())).await;
                    return;
                }
            };
            let mut clock = tokio::time::interval(state::CLOCK);
            loop {
                // The deck may have been saved meanwhile, as the stage has noticed too.
                let deck = (source.read)();
                let place = source.place.read().map_err(|error| error.to_string());
                if mailbox.send(Msg::Read(deck, place)).await.is_err() {
                    return;
                }
                loop {
                    tokio::select! {
                        () = changes.next() => break,
                        _ = clock.tick() => {
                            // A clock that finds the mailbox full is drawn with what is in it.
                            let _ = mailbox.try_send(Msg::Clock(state::now()));
                        }
                    }
                }
            }
        });
    }
}
