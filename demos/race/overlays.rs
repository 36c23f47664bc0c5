//! The pages drawn over the race: its rules and keys, and the choice of lanes.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::lanes;
use super::parts::{bold, lane_color};
use super::settings;
use super::state::Race;
use crate::race::LACKING;
use crate::stage::{self, KeyHint, Theme};

/// The rules of the race. `race::runner` and `measure` implement them, and a test compares the
/// figures.
const RULES_TEXT: [&str; 13] = [
    "Each lane is two processes, a client and a server, one thread each, pinned as the first line \
     says.",
    "All lanes send the same bytes to an echo and compare the reply; TCP_NODELAY on both ends.",
    "A slice is 150 ms of one lane, or two whole exchanges; no exchange is cut off. Warm-up is \
     not counted.",
    "A round is one slice of every lane in shuffled order. Two slices of one round are a pair.",
    "The ratio is the median of the pairs' ratios of medians; its 95 % interval is a bootstrap \
     over them.",
    "An interval that spans 1, or lies within 10 % around it, counts as no difference.",
    "A run with errors, other processes on more than 5 % of the CPUs, connections that the kernel \
     lost at a full listener, or a floor that drifts by 10 %, and not by its scatter alone, does \
     not count.",
    "No best of several, and no ratio that was not measured in this run.",
    "Bytes are TCP payload, counted at the server's socket, both ways.",
    "WebSockets read 4 KiB at a time, and 16 KiB from 64 KiB of payload on; the library's own \
     default is 128 KiB.",
    "Distance is modelled in the server's socket for all lanes alike: a new TCP connection costs \
     2 round trips with its first exchange, TLS 1.3 3, ws 3, wss 4. No loss, no slow start.",
    "At a fixed rate a time counts from when the exchange was due; the naive clock beside it from \
     when it began.",
    "One exchange at a time shows the cost of one exchange; a fixed rate (o) and a stall (s) show \
     trouble.",
];

/// Draws the rules, with the keys beside or below them. `from` is the first visible row.
pub(super) fn draw(from: u16, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let mut rules = stage::rules_text("The rules", &RULES_TEXT, theme);
    if !LACKING.is_empty() {
        rules.push_line(Line::default());
        rules.push_line(Line::styled("On this system", theme.heading()));
    }
    for lacking in LACKING {
        rules.push_line(Line::from(vec![
            Span::styled("• ", Style::new().fg(theme.warn)),
            Span::raw(*lacking),
        ]));
    }
    let page = |text| Paragraph::new(text).wrap(Wrap { trim: true }).scroll((from, 0));
    if area.width >= 110 {
        let parts =
            Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).spacing(3).split(body);
        page(rules).render(parts[0], buffer);
        page(key_list(theme)).render(parts[1], buffer);
    } else {
        rules.push_line(Line::default());
        rules.extend(key_list(theme));
        page(rules).render(body, buffer);
    }
    stage::draw_line(
        &Line::styled("↑ ↓ scroll   any other key closes", theme.dim()),
        0,
        foot,
        buffer,
    );
}

fn key_list(theme: &Theme) -> Text<'static> {
    let mut text = Text::default();
    text.push_line(Line::styled("The keys", theme.heading()));
    for KeyHint { keys, about } in settings::KEYS {
        let pad = 13_usize.saturating_sub(crate::text::width(keys));
        let key = Span::styled(*keys, bold(theme.accent));
        text.push_line(Line::from(vec![key, Span::raw(" ".repeat(pad)), Span::raw(*about)]));
    }
    text
}

/// Draws all lanes, with a mark at those that race.
pub(super) fn draw_lane_choice(
    race: &Race,
    cursor: usize,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let head =
        Line::styled("Which lanes race?  ↑ ↓ move, Space toggles, Enter closes", theme.heading());
    stage::draw_line(&head, 0, area, buffer);
    let lanes = lanes::all_lanes();
    // Plain lanes stand left, those with TLS right.
    let half = lanes.len() / 2;
    let parts =
        Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2).split(area);
    for (index, lane) in lanes.into_iter().enumerate() {
        let on = race.config.lanes.contains(&lane);
        let mark = if on { "[x] " } else { "[ ] " };
        let mut line = Line::from(vec![
            Span::styled(if index == cursor { "▶ " } else { "  " }, theme.heading()),
            Span::styled(mark, if on { bold(theme.good) } else { theme.dim() }),
            Span::styled(format!("{:<17}", lane.name()), bold(lane_color(lane, theme))),
            Span::styled(lane.description(), theme.dim()),
        ]);
        // A background besides the arrow, because a long list is hard to follow.
        if index == cursor {
            line = line.style(Style::new().bg(theme.selected));
        }
        stage::draw_line(&line, (index % half) as u16 + 1, parts[index / half], buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::EQUIVALENCE_BAND;
    use crate::race::{MAX_FLOOR_DRIFT, MAX_FOREIGN_CPU, RaceConfig};

    #[test]
    fn the_rules_quote_the_limits_of_the_code() {
        let rules = RULES_TEXT.join("\n");
        let percent = |share: f64| (share * 100.0).round();
        for text in [
            format!("A slice is {} ms", RaceConfig::default().slice.as_millis()),
            format!("within {} % around it", percent(EQUIVALENCE_BAND)),
            format!("more than {} % of the CPUs", percent(MAX_FOREIGN_CPU)),
            format!("drifts by {} %", percent(MAX_FLOOR_DRIFT)),
        ] {
            assert!(rules.contains(&text), "{text}");
        }
    }
}
