//! The last lines: what to do, the progress, or the result in one sentence with that of the bet.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use crate::demos::race::parts::bold;
use crate::demos::race::state::{Race, RacePhase};
use crate::race::headline;
use crate::stage::{self, Theme, ViewContext};
use crate::text;

pub(in crate::demos::race) fn draw(
    race: &Race,
    area: Rect,
    buffer: &mut Buffer,
    context: &ViewContext,
) {
    let theme = context.theme;
    // A note is about the key that was just pressed, so it hides the rest until the next key.
    if let Some(note) = &race.note {
        let note = text::sanitize(note).into_owned();
        return draw_paragraph(Text::styled(note, Style::new().fg(theme.warn)), area, buffer);
    }
    match &race.phase {
        RacePhase::Running(progress) => draw_progress(progress.round, race, area, buffer, theme),
        RacePhase::Over(outcome) => {
            let style = if outcome.is_valid() { bold(theme.text) } else { bold(theme.bad) };
            let text = text::sanitize(&outcome.summary()).into_owned();
            let mut spans = vec![Span::styled(text, style)];
            if let Some(lane_ratio) = headline(&outcome.ratios).filter(|_| outcome.is_valid()) {
                let settled = race.bet.result_sentence(lane_ratio.ratio.median);
                spans.push(Span::styled(format!(" {settled}"), theme.heading()));
            }
            draw_paragraph(Text::from(Line::from(spans)), area, buffer);
        }
        RacePhase::Stopped(_) => {
            draw_paragraph(
                Text::styled("Stopped. Enter starts again; 0 resets the race.", theme.dim()),
                area,
                buffer,
            );
        }
        RacePhase::Ready if context.focused => {
            let length = race.config.duration().as_secs_f64();
            let text = format!(
                "Enter runs it ({length:.1} s).  n new connections  d distance  b burst  p \
                 placement  c connections  1 2 3 payload  l lanes  ? rules and keys"
            );
            draw_paragraph(Text::styled(text, theme.dim()), area, buffer);
        }
        RacePhase::Ready => {
            let text = "Enter: control the race; Enter again starts it.";
            draw_paragraph(Text::styled(text, theme.dim()), area, buffer);
        }
    }
}

fn draw_paragraph(text: Text, area: Rect, buffer: &mut Buffer) {
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

fn draw_progress(round: usize, race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let rounds = race.config.rounds;
    let label = format!("round {round} of {rounds}  ");
    let room = usize::from(area.width).saturating_sub(label.len());
    let done = (room * round / rounds.max(1)).min(room);
    let line = Line::from(vec![
        Span::styled(label, theme.dim()),
        Span::styled("━".repeat(done), Style::new().fg(theme.accent)),
        Span::styled("─".repeat(room - done), theme.faint()),
    ]);
    stage::draw_line(&line, 0, area, buffer);
    let keys = match race.config.rate {
        Some(_) => "s stalls the server for 500 ms.  Enter stops the run.",
        None => "Enter stops the run; changing a setting restarts it.",
    };
    stage::draw_line(&Line::styled(keys, theme.dim()), 1, area, buffer);
}
