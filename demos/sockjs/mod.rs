//! SockJS on a slide: one line over every transport, what each puts on the wire, a client that falls
//! back when a transport is taken away, and the life of a session.
//!
//! `clients::sockjs` has the clients and `sockjs` the server. `state` handles keys and reports,
//! `engine` carries out commands, `server` is our server behind a filter that can refuse a
//! transport; the views draw.

mod bet;
mod byte_lines;
mod bytes_view;
mod engine;
mod fall_back_view;
mod lanes_view;
mod parts;
mod server;
mod session_view;
mod sockjs_view;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::stage::{
    self, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage,
    ViewContext,
};
use state::Mode;
pub use state::{Cmd, EngineHandle, Msg, Order, ServerSide, SockJs, SockJsConfig};

impl Demo for SockJs {
    const NAME: &'static str = "sockjs";
    const ABOUT: &'static str =
        "one line over every transport of SockJS: bytes, fall-back, and the life of a session";
    const SETTINGS: &'static [SettingSpec] = &[
        SettingSpec {
            name: "heartbeat",
            value_type: SettingType::Number(1..=60, 8),
            about: "the server's heartbeat in seconds; 25 in the protocol",
        },
        SettingSpec {
            name: "timeout",
            value_type: SettingType::Number(1..=60, 5),
            about: "seconds that a session lives without a receiver; 5 in the protocol",
        },
    ];
    const KEYS: &'static [KeyHint] = state::KEYS;
    const MIN_ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let seconds = |name| Duration::from_secs(settings.number(name) as u64);
        let (heartbeat, session_timeout) = (seconds("heartbeat"), seconds("timeout"));
        Ok((Self::new(SockJsConfig { heartbeat, session_timeout }), Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => return self.handle_key(key),
            DemoEvent::Click(at, area) => self.click(sockjs_view::bet_at(self, at, area)),
            DemoEvent::Wheel(notches) => {
                return stage::arrow_keys(notches).flat_map(|key| self.handle_key(key)).collect();
            }
            DemoEvent::Msg(message) => self.apply(message),
            DemoEvent::Paste(text) => self.paste(&text),
            DemoEvent::Tick(_) | DemoEvent::Focus | DemoEvent::Next | DemoEvent::Left => {}
        }
        Vec::new()
    }

    fn wants_escape(&self) -> bool {
        self.mode != Mode::Browse
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        sockjs_view::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Start(config, line) => engine::start(stage, config, line),
            Cmd::Stop => engine::stop(stage),
            // Fails only if the run has ended, or if it takes no orders any more.
            Cmd::Give(handle, order) => drop(handle.orders.try_send(order)),
        }
    }
}
