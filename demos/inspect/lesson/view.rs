//! The strip of a lesson above the inspector: the step, the bet and the outcome.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::file::ScenarioStep;
use super::play::{ScenarioPlayer, StepState};
use crate::stage::Theme;
use crate::text;

use crate::demos::inspect::parts::canvas::Canvas;
use crate::demos::inspect::parts::prose;

/// Returns the number of rows of the strip in an area of this size: at most three fifths of it.
pub(crate) fn row_count(player: &ScenarioPlayer, area: Rect, theme: &Theme) -> u16 {
    u16::try_from(wanted_rows(player, area.width, theme))
        .unwrap_or(u16::MAX)
        .min(area.height * 3 / 5)
}

/// Returns the number of rows that the strip needs.
fn wanted_rows(player: &ScenarioPlayer, width: u16, theme: &Theme) -> usize {
    let wide = usize::from(width.max(1));
    // Counted with the same word wrap that draws it. Dividing widths would count too few rows.
    let rows = |line: &Line| prose::wrap_words(&line.to_string(), wide).len();
    lines(player, theme).iter().map(rows).sum()
}

pub(crate) fn draw(player: &ScenarioPlayer, area: Rect, canvas: &mut Canvas) {
    let text = Text::from(lines(player, canvas.theme));
    canvas.buffer.set_style(area, Style::new().bg(canvas.theme.panel));
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, canvas.buffer);
    if wanted_rows(player, area.width, canvas.theme) > usize::from(area.height) && !area.is_empty()
    {
        canvas.buffer[(area.right() - 1, area.bottom() - 1)].set_char('…');
    }
}

fn lines(player: &ScenarioPlayer, theme: &Theme) -> Vec<Line<'static>> {
    let strong = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let Some(step) = player.step() else {
        let text =
            format!("{} steps, each with a bet — press . to start", player.scenario.steps.len());
        return vec![Line::from(vec![
            Span::styled(format!("{}  ", player.scenario.title), strong),
            Span::styled(text, theme.dim()),
        ])];
    };
    let at = player.step_index.map_or(0, |at| at + 1);
    let mut first = vec![
        Span::styled(format!("{at}/{} {}  ", player.scenario.steps.len(), step.title), strong),
        Span::styled(step.rule.clone(), theme.dim()),
    ];
    if player.bet_score.1 > 0 {
        first.push(Span::styled(
            format!("   {} of {} bets won", player.bet_score.0, player.bet_score.1),
            theme.dim(),
        ));
    }
    let mut lines = vec![Line::from(first)];
    match &player.step_state {
        StepState::Predicting => {
            lines.push(Line::raw(step.predict.clone()));
            lines.push(answers(player, step, theme));
        }
        StepState::Running => lines.push(Line::styled("… waiting for the server", theme.dim())),
        StepState::Done(outcome) => {
            let (sign, color) =
                if outcome.as_expected { ("✓", theme.good) } else { ("✗", theme.bad) };
            let mut spans = vec![Span::styled(
                format!("{sign} {}", text::sanitize(&outcome.summary)),
                Style::new().fg(color).add_modifier(Modifier::BOLD),
            )];
            if let Some(bet) = player.bet.and_then(|bet| step.answers.get(bet)) {
                let (verdict, color) = if *bet == step.right {
                    ("right".to_owned(), theme.good)
                } else {
                    (format!("wrong, it was {}", step.right), theme.warn)
                };
                spans.push(Span::styled(
                    format!("   you bet {bet}: {verdict}"),
                    Style::new().fg(color),
                ));
            }
            lines.push(Line::from(spans));
            lines.push(Line::raw(step.see.clone()));
            if player.is_last_step() {
                let (won, bets) = player.bet_score;
                let text = format!(
                    "That was the last step: {won} of {bets} bets won — press . to start again"
                );
                lines.push(Line::styled(text, strong));
            }
        }
    }
    lines
}

fn answers(player: &ScenarioPlayer, step: &ScenarioStep, theme: &Theme) -> Line<'static> {
    let mut spans = Vec::new();
    for (number, answer) in step.answers.iter().enumerate() {
        let chosen = player.bet == Some(number);
        let style = if chosen { theme.cursor() } else { Style::new().fg(theme.accent) };
        spans.push(Span::styled(format!(" {}) {answer} ", number + 1), style));
        spans.push(Span::raw("  "));
    }
    spans.push(Span::styled(
        format!("press 1–{} to bet, . to send", step.answers.len()),
        theme.dim(),
    ));
    Line::from(spans)
}
