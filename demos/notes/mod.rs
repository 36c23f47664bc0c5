//! The speaker's notes of a talk that another terminal shows, with its next slide and its clock.

mod deck;
mod state;
mod view;

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::sleep;

pub use deck::{NotesDeck, NotesPage};
pub use state::{Follow, Msg, Notes, NotesSource};

use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, Mailbox, SettingSpec, Settings, Stage, ViewContext,
    WorkContext,
};
use crate::watch::{FileChanges, WatchError, WatchMode};

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
            if let Err(error) = follow(source, &mailbox).await {
                let _ = mailbox.send(Msg::Failed(error.to_string())).await;
            }
        });
    }
}

/// Reports the place of the talk, each version of its deck and the time, until the notes are closed.
async fn follow(source: NotesSource, mailbox: &Mailbox<Msg>) -> Result<(), WatchError> {
    let mut places = watch(vec![source.place.path().to_owned()])?;
    // The talk that is built in has no file, and so no changes.
    let mut decks = watch(source.deck.iter().cloned().collect())?;
    let read_place = || Msg::Place(source.place.read().map_err(|error| error.to_string()));
    let read_deck = || Msg::Deck((source.read)());
    // Each goes on by itself, because a change that is waited for must not be given up. One of them
    // ends once the notes are closed.
    let places = async {
        while mailbox.send(read_place()).await.is_ok() {
            places.next().await;
        }
    };
    let decks = async {
        while mailbox.send(read_deck()).await.is_ok() {
            decks.next().await;
        }
    };
    let clock = async {
        while mailbox.send(Msg::Clock(state::now())).await.is_ok() {
            sleep(state::CLOCK).await;
        }
    };
    tokio::select! {
        () = places => {}
        () = decks => {}
        () = clock => {}
    }
    Ok(())
}

/// Watches files, by looking at them where the system reports nothing.
fn watch(files: Vec<PathBuf>) -> Result<FileChanges, WatchError> {
    let reported = FileChanges::new(files.clone(), WatchMode::Events);
    reported.or_else(|_| FileChanges::new(files, WatchMode::Poll))
}
