//! The last lines: what to do, how far it is, or what came of it in one sentence; and whose bet wins.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::view::strong;
use super::{Phase, Race};
use crate::race::headline;
use crate::stage::{self, Look, Theme};
use crate::text;

pub(super) fn draw(race: &Race, area: Rect, buffer: &mut Buffer, look: &Look) {
    let theme = look.theme;
    if let Some(note) = &race.note {
        let note = text::sanitize(note).into_owned();
        return paragraph(Text::styled(note, Style::new().fg(theme.warn)), area, buffer);
    }
    match &race.phase {
        Phase::Running(live) => draw_progress(live.round, race, area, buffer, theme),
        Phase::Over(outcome) => {
            let style = if outcome.is_valid() { strong(theme.text) } else { strong(theme.bad) };
            let told = text::sanitize(&outcome.summary()).into_owned();
            let mut spans = vec![Span::styled(told, style)];
            if let Some(of) = headline(&outcome.ratios).filter(|_| outcome.is_valid()) {
                let settled = race.bet.settle(of.ratio.median);
                spans.push(Span::styled(format!(" {settled}"), theme.heading()));
            }
            paragraph(Text::from(Line::from(spans)), area, buffer);
        }
        Phase::Stopped(_) => {
            paragraph(
                Text::styled("Stopped. Enter starts anew; 0 clears the table.", theme.dim()),
                area,
                buffer,
            );
        }
        Phase::Ready if look.focused => {
            let length = race.course.duration().as_secs_f64();
            let told = format!(
                "Enter runs it ({length:.1} s).  n new connections  d distance  b burst  p placement  c connections  \
                 1 2 3 payload  l lanes  ? rules and keys"
            );
            paragraph(Text::styled(told, theme.dim()), area, buffer);
        }
        Phase::Ready => {
            let told = "Enter gives the race the keys, Enter again starts it.";
            paragraph(Text::styled(told, theme.dim()), area, buffer);
        }
    }
}

fn paragraph(text: Text, area: Rect, buffer: &mut Buffer) {
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

fn draw_progress(round: usize, race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let pairs = race.course.pairs;
    let label = format!("round {round} of {pairs}  ");
    let room = usize::from(area.width).saturating_sub(label.len());
    let done = (room * round / pairs.max(1)).min(room);
    let line = Line::from(vec![
        Span::styled(label, theme.dim()),
        Span::styled("━".repeat(done), Style::new().fg(theme.accent)),
        Span::styled("─".repeat(room - done), theme.faint()),
    ]);
    stage::line(&line, 0, area, buffer);
    let keys = match race.course.rate {
        Some(_) => "s lets the server stand still for 500 ms.  Enter stops all load at once.",
        None => "Enter stops all load at once; a dial begins anew.",
    };
    stage::line(&Line::styled(keys, theme.dim()), 1, area, buffer);
}
