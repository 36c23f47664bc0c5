//! The comparison of bytes on a slide: one exchange of JSON over HTTP and one over WebSocket, with
//! every byte of both.
//!
//! The bytes are those of the servers' sockets. All figures are counted from them.

mod bet;
mod exchange_bytes;
mod exchanges;
mod state;
mod weigh_view;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::stage::{
    Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage, ViewContext,
    WorkContext,
};
pub use exchange_bytes::{ExchangePair, MeasuredExchange};
pub use exchanges::ExchangeSpec;
use state::WeighPhase;
pub use state::{Cmd, Msg, Weigh};

impl Demo for Weigh {
    const NAME: &'static str = "weigh";
    const ABOUT: &'static str =
        "what an exchange weighs: every byte of it over HTTP and over WebSocket";
    const SETTINGS: &'static [SettingSpec] = &[
        SettingSpec {
            name: "payload",
            value_type: SettingType::Number(exchanges::MIN_PAYLOAD as i64..=64 * 1024, 33),
            about: "bytes of JSON there and back",
        },
        SettingSpec {
            name: "browser",
            value_type: SettingType::Choice(&["no", "yes"]),
            about: "a browser's headers and cookies from the start",
        },
    ];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 15;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let payload = settings.number("payload") as usize;
        let spec = ExchangeSpec { payload, browser: settings.text("browser") == "yes" };
        Ok((Self { spec, phase: WeighPhase::Ready, bet: None, help: false }, Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => return self.handle_key(key),
            DemoEvent::Click(at, area) => self.click(weigh_view::bet_at(self, at, area)),
            DemoEvent::Msg(Msg(found)) => {
                self.phase = found.map_or_else(WeighPhase::Failed, WeighPhase::Done);
            }
            DemoEvent::Paste(_)
            | DemoEvent::Wheel(_)
            | DemoEvent::Tick(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => {}
        }
        Vec::new()
    }

    fn wants_escape(&self) -> bool {
        self.help
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        weigh_view::draw(self, area, buffer, context);
    }

    fn perform(Cmd(spec): Cmd, stage: &Stage<Msg>) {
        // Servers and clients share one thread, so when a client has its response, the tap has
        // recorded all of it.
        stage.start("weigh", move |WorkContext { scope, mailbox }| async move {
            let found = exchanges::run_exchanges(spec, &scope).await.map(Box::new);
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg(found)).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;
    use crate::deck::DemoFence;
    use crate::stage::settings;

    fn open() -> Weigh {
        let fence = DemoFence { name: "weigh".into(), ..DemoFence::default() };
        let (weigh, commands) = Weigh::open(&settings(&fence, Weigh::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "nothing is sent by looking");
        weigh
    }

    fn press(weigh: &mut Weigh, letter: char) -> Vec<Cmd> {
        weigh.update(DemoEvent::Key(KeyCode::Char(letter).into()))
    }

    #[test]
    fn a_changed_setting_sends_again_once_something_was_sent() {
        let mut weigh = open();
        assert_eq!(press(&mut weigh, 'b'), []);
        assert_eq!(press(&mut weigh, '3'), [], "before the start a digit is a bet");
        assert_eq!(weigh.bet, Some(2));
        assert_eq!(press(&mut weigh, 'n'), [Cmd(ExchangeSpec { payload: 33, browser: true })]);
        assert_eq!(weigh.bet, Some(2));
        assert_eq!(press(&mut weigh, '2'), [Cmd(ExchangeSpec { payload: 1024, browser: true })]);
        assert_eq!(weigh.bet, None, "the bet was on another exchange");
        assert_eq!(weigh.phase, WeighPhase::Sending(None));
        weigh.update(DemoEvent::Msg(Msg(Ok(Box::default()))));
        assert_eq!(weigh.phase, WeighPhase::Done(Box::default()));
        assert_eq!(press(&mut weigh, 'b'), [Cmd(ExchangeSpec { payload: 1024, browser: false })]);
        assert_eq!(weigh.phase, WeighPhase::Sending(Some(Box::default())), "no flicker");
        weigh.update(DemoEvent::Msg(Msg(Err("no sockets".into()))));
        assert_eq!(weigh.phase, WeighPhase::Failed("no sockets".into()));
        assert_eq!(press(&mut weigh, '?'), []);
        assert!(weigh.wants_escape(), "Esc closes the page before it gives the keyboard back");
        assert_eq!(press(&mut weigh, 'n'), [], "any key closes the page");
        assert!(!weigh.wants_escape());
        assert_eq!(press(&mut weigh, 'r'), []);
        assert_eq!(weigh.phase, WeighPhase::Ready);
    }

    #[test]
    fn a_click_places_the_bet_under_it() {
        for (width, height) in [(76, 16), (97, 24)] {
            let area = Rect::new(2, 1, width, height);
            let mut weigh = open();
            let mut placed = std::collections::BTreeSet::new();
            for at in area.positions() {
                weigh.bet = None;
                assert_eq!(weigh.update(DemoEvent::Click(at, area)), []);
                placed.extend(weigh.bet);
            }
            assert!(placed.into_iter().eq(0..4), "{width}x{height}");
            press(&mut weigh, '?');
            weigh.update(DemoEvent::Click(area.as_position(), area));
            assert!(!weigh.wants_escape(), "a click closes the page");
        }
    }
}
