//! The footer, in the last row: the slide, who has the keyboard, the elapsed minutes, and the state
//! of the servers.
//!
//! On a narrow screen the least important parts are left out first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::app::steering::{KeyMap, StageAction};
use crate::stage::{Theme, set_line};
use crate::text;

/// The largest number of remaining steps that are shown as a dot each. More are shown as a number
/// and one dot.
const MAX_STEP_DOTS: usize = 9;

/// The contents of the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footer<'a> {
    /// The name of the current section.
    pub(crate) section: Option<&'a str>,
    /// The number of the slide, from 1.
    pub(crate) slide: usize,
    /// The number of slides.
    pub(crate) slides: usize,
    /// Whether more are still being read.
    pub(crate) is_beginning: bool,
    /// The current step, from 1, and the number of steps.
    pub(crate) step: (usize, usize),
    /// The number of deeper slides below this one.
    pub(crate) below: usize,
    /// Whether this one stands below another.
    pub(crate) is_below: bool,
    /// The minutes since the talk began, rounded down.
    pub(crate) minutes: u64,
    /// The owner of the keyboard.
    pub(crate) key_owner: KeyOwner<'a>,
    /// The keys in force.
    pub(crate) keys: &'a KeyMap,
    /// The bundled servers.
    pub(crate) servers: &'a [ServerStatus],
    /// Whether there is only a demo and no talk around it.
    pub(crate) standalone: bool,
    /// The key that shows all keys of the slide's first demo.
    pub(crate) help_key: Option<&'static str>,
}

/// The owner of the keyboard, with what the footer offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyOwner<'a> {
    /// The slide, which has no demo.
    Slide,
    /// The slide. Enter would give the keyboard to a demo.
    Offer,
    /// The slide. The demo of this name waits for consent.
    Asks(&'a str),
    /// The demo of this name.
    Demo {
        /// The name.
        name: &'a str,
        /// Whether it has something open that Esc closes.
        is_open: bool,
    },
    /// The slide. The demo of this name is frozen as it was left.
    Frozen(&'a str),
    /// The input for a slide number, with the digits typed so far.
    GoTo(&'a str),
    /// The slide, among those that a search has found.
    Hits {
        /// The words that were searched for.
        query: &'a str,
        /// The index of the slide among them.
        at: Option<usize>,
        /// Their number.
        count: usize,
    },
    /// The slide of this title, while the room sees a picture that is held.
    Held(String),
    /// The question whether the talk shall end.
    Quit,
}

/// The state of one bundled server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus {
    /// The server's name.
    pub name: &'static str,
    /// Whether the server listens; `None` while it starts.
    pub is_up: Option<bool>,
}

impl Footer<'_> {
    /// Draws the footer into `area`, which has one row.
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        buffer.set_style(area, Style::new().fg(theme.dim).bg(theme.panel));
        let count = if self.standalone { quit_hint(theme) } else { self.slide_count(theme) };
        let keys = self.key_line(theme);
        let mut left = vec![keys];
        let mut right = vec![count];
        let mut room =
            usize::from(area.width).saturating_sub(left[0].width() + right[0].width() + 3);
        let bar = 2 + usize::from(area.width / 8).clamp(6, 24);
        let section = self.section.map(|name| {
            Line::styled(format!("{name} │ "), theme.dim().add_modifier(Modifier::BOLD))
        });
        let talk = |part: Line<'static>| (!self.standalone).then_some(part);
        // In order of importance. Keys and count are always there; these parts are added while
        // there is room.
        for (part, on_left) in [
            (section, true),
            (Some(self.server_line(theme)), false),
            (talk(Line::styled(format!("{} min  ", self.minutes), theme.dim())), false),
            (talk(self.progress_bar(bar, theme)), false),
        ] {
            let Some(part) = part.filter(|part| part.width() <= room) else { continue };
            room -= part.width();
            if on_left {
                left.insert(0, part);
            } else {
                right.insert(right.len() - 1, part);
            }
        }
        let right: Line = right.into_iter().flat_map(|line| line.spans).collect();
        let left: Line = left.into_iter().flat_map(|line| line.spans).collect();
        let start = area.right().saturating_sub(right.width() as u16 + 1).max(area.x);
        let end = area.right().saturating_sub(start);
        let room = start.saturating_sub(area.x + 1);
        set_line(area.x + 1.min(area.width), area.y, &left, room, buffer);
        set_line(start, area.y, &right, end, buffer);
    }

    fn key_line(&self, theme: &Theme) -> Line<'static> {
        let key = |text: &str| {
            let style = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
            Span::styled(text.to_owned(), style)
        };
        let dim = |text: &str| Span::styled(text.to_owned(), theme.dim());
        // An action without a key is not offered.
        let hint = |action, text: &str| {
            self.keys.name_of(action).map_or_else(Vec::new, |name| vec![key(&name), dim(text)])
        };
        let badge = |text: &str| Span::styled(format!(" {text} "), theme.cursor());
        let spans = match &self.key_owner {
            KeyOwner::Slide => Vec::new(),
            KeyOwner::Offer => hint(StageAction::Focus, ": control the demo  "),
            KeyOwner::Asks(name) => hint(StageAction::Allow, &format!(" allows {}  ", clean(name))),
            KeyOwner::Frozen(name) => {
                let text = format!(" starts {} again, frozen as you left it  ", clean(name));
                hint(StageAction::Restart, &text)
            }
            &KeyOwner::Demo { name, is_open } if self.standalone => {
                let name = vec![badge(&clean(name)), dim("  ")];
                let all = self.help_key.map(|help| vec![key(help), dim(" all keys  ")]);
                let escape = is_open.then(|| vec![key("Esc"), dim(" closes what is open")]);
                return [name, all.unwrap_or_default(), escape.unwrap_or_default()].concat().into();
            }
            &KeyOwner::Demo { name, is_open } => {
                let label = badge(&format!("{} has the keyboard", clean(name)));
                let way = if is_open { ": closes what is open" } else { ": back to the slides" };
                return vec![label, dim("  "), key("Esc"), dim(way)].into();
            }
            KeyOwner::GoTo(typed) => {
                let number = key(&format!("{typed}▏"));
                return vec![dim("go to slide "), number, dim(" Enter goes, Esc stays")].into();
            }
            KeyOwner::Hits { query, at, count } => {
                let at = at.map_or_else(|| "–".to_owned(), |at| (at + 1).to_string());
                let found = key(&format!("/{}", text::ellipsize(&clean(query), 24)));
                let found = vec![found, dim(&format!("  {at}/{count}  "))];
                let next = hint(StageAction::NextHit, " next  ");
                let previous = hint(StageAction::PreviousHit, " previous  ");
                let end = vec![key("Esc"), dim(" ends")];
                return [found, next, previous, end].concat().into();
            }
            KeyOwner::Held(title) => {
                let title = format!(" shows slide {} {}", self.slide, clean(title));
                let shows = hint(StageAction::Freeze, &title);
                return [vec![badge("picture held"), dim("  ")], shows].concat().into();
            }
            KeyOwner::Quit => {
                let question = vec![badge("end the talk?"), dim("  ")];
                let quit = hint(StageAction::Quit, " ends it, ");
                return [question, quit, vec![dim("any other key stays")]].concat().into();
            }
        };
        [self.way_on(theme), spans, hint(StageAction::Help, " keys")].concat().into()
    }

    /// Returns where the arrows lead.
    fn way_on(&self, theme: &Theme) -> Vec<Span<'static>> {
        if self.standalone {
            return Vec::new();
        }
        let key = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
        let mut way = Vec::new();
        let mut add = |action, text: String| {
            if let Some(name) = self.keys.name_of(action) {
                way.extend([Span::styled(name, key), Span::styled(text, theme.dim())]);
            }
        };
        add(StageAction::Next, " next  ".to_owned());
        if self.is_below {
            add(StageAction::Up, " back  ".to_owned());
        }
        if self.below > 0 {
            add(StageAction::Down, format!(" {} deeper  ", self.below));
        }
        way
    }

    fn slide_count(&self, theme: &Theme) -> Line<'static> {
        let (step, steps) = self.step;
        let more = match steps - step.min(steps) {
            left @ 0..=MAX_STEP_DOTS => "·".repeat(left),
            left => format!("{left}·"),
        };
        let slides = if self.is_beginning { "…".to_owned() } else { self.slides.to_string() };
        let count = format!("{}/{slides}", self.slide);
        Line::from(vec![
            Span::styled(more, theme.dim()),
            Span::styled(count, Style::new().fg(theme.text).add_modifier(Modifier::BOLD)),
        ])
    }

    fn server_line(&self, theme: &Theme) -> Line<'static> {
        let spans_of = |status: &ServerStatus| {
            let (sign, color) = match status.is_up {
                Some(true) => ("●", theme.good),
                Some(false) => ("✗", theme.bad),
                None => ("○", theme.dim),
            };
            [
                Span::styled(sign, Style::new().fg(color)),
                Span::styled(format!(" {}  ", status.name), theme.dim()),
            ]
        };
        self.servers.iter().flat_map(spans_of).collect()
    }

    fn progress_bar(&self, cells: usize, theme: &Theme) -> Line<'static> {
        let cells = cells - 2;
        let done =
            if self.slides > 1 { (self.slide - 1) * cells / (self.slides - 1) } else { cells };
        Line::from(vec![
            Span::styled("━".repeat(done), Style::new().fg(theme.accent)),
            Span::styled("─".repeat(cells - done), theme.faint()),
            Span::raw("  "),
        ])
    }
}

/// Returns a name or title without control characters.
fn clean(name: &str) -> String {
    text::sanitize(name).into_owned()
}

/// Returns what stands in place of the slide count when there is no talk.
fn quit_hint(theme: &Theme) -> Line<'static> {
    let key = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    Line::from(vec![Span::styled("Ctrl-C", key), Span::styled(" leaves", theme.dim())])
}

/// Draws the marker row above the footer, right-aligned.
pub(crate) fn draw_overflow_hint(text: &str, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let text = text::ellipsize(text, area.width.into());
    let x = area.right().saturating_sub(text::width(&text) as u16);
    buffer.set_string(x, area.y, text, Style::new().fg(theme.accent).add_modifier(Modifier::BOLD));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u16, keys: KeyOwner) -> String {
        drawn_at((1, 2), width, keys)
    }

    fn drawn_at(step: (usize, usize), width: u16, keys: KeyOwner) -> String {
        let statuses = [
            ServerStatus { name: "http", is_up: Some(true) },
            ServerStatus { name: "ws", is_up: Some(false) },
        ];
        let footer = Footer {
            section: Some("Frames"),
            slide: 20,
            slides: 49,
            is_beginning: false,
            step,
            below: 0,
            is_below: false,
            minutes: 12,
            key_owner: keys,
            keys: &KeyMap::default(),
            servers: &statuses,
            standalone: false,
            help_key: None,
        };
        let area = Rect::new(0, 0, width, 1);
        let mut buffer = Buffer::empty(area);
        footer.draw(area, &mut buffer, &Theme::DARK);
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn a_narrow_footer_leaves_out_the_least_important_parts() {
        assert_eq!(
            drawn(80, KeyOwner::Slide),
            " Frames │ → next  ? keys               ● http  ✗ ws  12 min  ━━━───────  ·20/49 "
        );
        assert_eq!(
            drawn(50, KeyOwner::Slide),
            " Frames │ → next  ? keys     ● http  ✗ ws  ·20/49 "
        );
        assert_eq!(drawn(30, KeyOwner::Slide), " → next  ? keys        ·20/49 ");
        assert_eq!(drawn(12, KeyOwner::Slide), " → ne·20/49 ");
    }

    #[test]
    fn many_remaining_steps_leave_room_for_the_rest() {
        assert!(
            drawn_at((1, 10), 80, KeyOwner::Slide).contains("12 min  ━━━───────  ·········20/49")
        );
        assert!(
            drawn_at((1, 20_001), 80, KeyOwner::Slide).contains("12 min  ━━━───────  20000·20/49")
        );
    }

    #[test]
    fn the_footer_always_shows_who_has_the_keyboard() {
        let demo = |is_open| drawn(80, KeyOwner::Demo { name: "inspect", is_open });
        assert!(demo(false).contains("inspect has the keyboard   Esc: back to the slides"));
        assert!(demo(true).contains("inspect has the keyboard   Esc: closes what is open"));
        assert!(drawn(80, KeyOwner::Offer).contains("Enter: control the demo"));
        assert!(drawn(80, KeyOwner::GoTo("12")).contains("go to slide 12▏"));
    }
}
