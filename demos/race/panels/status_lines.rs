//! The last lines: what to do, the progress, or the result in one sentence with that of the bet.

use std::iter;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use crate::demos::race::parts::bold;
use crate::demos::race::state::{Race, RacePhase};
use crate::race::{RaceOutcome, headline};
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
            draw_paragraph(Text::from(outcome_line(race, outcome, theme)), area, buffer);
        }
        RacePhase::Stopped(_) => {
            draw_paragraph(
                Text::styled("Stopped. Enter starts again; 0 resets the race.", theme.dim()),
                area,
                buffer,
            );
        }
        RacePhase::Ready if context.focused => {
            let text = format!(
                "Enter runs it (about {}).  n new connections  d distance  b burst  p \
                 placement  c connections  1 2 3 payload  l lanes  ? rules and keys",
                whole_seconds(race.config.duration())
            );
            draw_paragraph(Text::styled(text, theme.dim()), area, buffer);
        }
        RacePhase::Ready => {
            let text = "Enter: control the race; Enter again starts it.";
            draw_paragraph(Text::styled(text, theme.dim()), area, buffer);
        }
    }
}

/// Returns the result in a sentence and that of the bet. Of a run that does not count it says first
/// what to press, because the reasons may take more rows than there are.
fn outcome_line(race: &Race, outcome: &RaceOutcome, theme: &Theme) -> Line<'static> {
    let counts = outcome.is_valid();
    let settled = headline(&outcome.ratios)
        .map(|lane_ratio| race.bet.result_sentence(lane_ratio.ratio.median, counts))
        .filter(|sentence| !sentence.is_empty());
    let settled = settled.map(|sentence| Span::styled(format!("{sentence} "), theme.heading()));
    if counts {
        let summary = text::sanitize(&outcome.summary()).into_owned();
        let summary = Span::styled(format!("{summary} "), bold(theme.text));
        return iter::once(summary).chain(settled).collect();
    }
    let reasons = text::sanitize(&outcome.invalid_because.join("; ")).into_owned();
    let verdict = Span::styled("This run does not count. ", bold(theme.bad));
    let keys = Span::styled("Enter runs it again. ", Style::new().fg(theme.text));
    let reasons = Span::styled(format!("Why: {reasons}."), Style::new().fg(theme.bad));
    iter::once(verdict).chain(settled).chain([keys, reasons]).collect()
}

/// Returns a duration in whole seconds, or minutes and seconds.
fn whole_seconds(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_millis() >= 500);
    match seconds {
        0 => "1 s".to_owned(),
        1..120 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
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
