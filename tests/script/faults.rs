//! Demos with a bug.

use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;
use wiretalk::app::{App, AppConfig, AppEvent, DoubleBuffer};
use wiretalk::stage::{
    Demo, DemoEntry, Diagnostic, KeyHint, Registry, SettingSpec, Settings, Stage, StandaloneDemo,
    ViewContext,
};

use crate::demos::until;
use crate::{press, show};

/// A demo with a bug: `x` makes it panic, directly or in its task.
struct Faulty(u32);

static IN_A_TASK: AtomicBool = AtomicBool::new(false);
static FAULTY: [DemoEntry; 1] = [DemoEntry::of::<Faulty>()];

impl Demo for Faulty {
    const NAME: &'static str = "faulty";
    const ABOUT: &'static str = "a demo with a fault";
    const SETTINGS: &'static [SettingSpec] = &[];
    const KEYS: &'static [KeyHint] = &[];
    const MIN_ROWS: u16 = 3;
    type Msg = ();
    type Cmd = ();

    fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
        Ok((Self(0), Vec::new()))
    }

    fn update(&mut self, event: wiretalk::stage::DemoEvent<()>) -> Vec<()> {
        match event {
            wiretalk::stage::DemoEvent::Key(key) if key.code == KeyCode::Char('x') => {
                assert!(IN_A_TASK.load(Ordering::Relaxed), "out of cheese");
                vec![()]
            }
            wiretalk::stage::DemoEvent::Focus => Vec::new(),
            _ => {
                self.0 += 1;
                Vec::new()
            }
        }
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, _: &ViewContext) {
        buffer.set_stringn(
            area.x,
            area.y,
            format!("{} keys", self.0),
            area.width.into(),
            Style::new(),
        );
    }

    fn perform((): (), stage: &Stage<()>) {
        stage.scope("work").spawn("work", async { panic!("out of cheese") });
    }
}

#[tokio::test]
async fn a_stopped_demo_shows_the_reason_and_ctrl_r_restarts_it() {
    for alone in [false, true] {
        for in_a_task in [false, true] {
            IN_A_TASK.store(in_a_task, Ordering::Relaxed);
            let show = AppConfig {
                registry: Registry::new(&FAULTY),
                standalone: alone.then(|| StandaloneDemo::new(|| (Faulty(0), Vec::new()))),
                ..show("```demo faulty\n```\n")
            };
            let mut app = App::new(show, Size { width: 100, height: 30 });
            let mut terminal = DoubleBuffer::new(TestBackend::new(100, 30)).unwrap();
            if !alone {
                press(&mut app, KeyCode::Enter);
            }
            press(&mut app, KeyCode::Char('y'));
            until(&mut app, &mut terminal, "1 keys").await;
            assert_eq!(app.demo_fault(), None);
            press(&mut app, KeyCode::Char('x'));
            let shown =
                until(&mut app, &mut terminal, "this demo has stopped: Ctrl-R restarts it").await;
            let why = if in_a_task {
                "task \"work\" panicked at tests/script/faults.rs:"
            } else {
                "out of cheese"
            };
            assert!(shown.contains(why) && shown.contains("1 keys"), "{shown}");
            press(&mut app, KeyCode::Char('y'));
            until(&mut app, &mut terminal, "1 keys").await;
            app.update(AppEvent::Input(Input::Key(KeyEvent::new(
                KeyCode::Char('r'),
                KeyModifiers::CONTROL,
            ))));
            let shown = until(&mut app, &mut terminal, "0 keys").await;
            assert!(!shown.contains("stopped"), "{shown}");
            press(&mut app, KeyCode::Char('y'));
            until(&mut app, &mut terminal, "1 keys").await;
            assert!(
                app.demo_fault().unwrap().contains("out of cheese"),
                "the inspector alone ends with it"
            );
        }
    }
}
