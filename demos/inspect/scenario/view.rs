//! The scenario's strip above the inspector: the step, the bet, and what came of it.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::{Play, Stand};
use crate::stage::Theme;
use crate::text;

use super::super::canvas::Canvas;
use super::super::prose;

/// The rows that the strip takes in an area of this size.
pub(in super::super) fn rows(play: &Play, area: Rect, theme: &Theme) -> u16 {
    u16::try_from(wanted(play, area.width, theme)).unwrap_or(u16::MAX).min(area.height * 3 / 5)
}

/// The rows that it would like.
fn wanted(play: &Play, width: u16, theme: &Theme) -> usize {
    let wide = usize::from(width.max(1));
    // a word that does not fit goes to the next row whole
    let rows = |line: &Line| prose::wrapped(&line.to_string(), wide).len();
    lines(play, theme).iter().map(rows).sum()
}

pub(in super::super) fn draw(play: &Play, area: Rect, canvas: &mut Canvas) {
    let told = Text::from(lines(play, canvas.theme));
    canvas.buffer.set_style(area, Style::new().bg(canvas.theme.panel));
    Paragraph::new(told).wrap(Wrap { trim: true }).render(area, canvas.buffer);
    if wanted(play, area.width, canvas.theme) > usize::from(area.height) && !area.is_empty() {
        canvas.buffer[(area.right() - 1, area.bottom() - 1)].set_char('…');
    }
}

fn lines(play: &Play, theme: &Theme) -> Vec<Line<'static>> {
    let strong = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let Some(step) = play.step() else {
        let told = format!("{} steps, each with a bet.  .  begins", play.scenario.steps.len());
        return vec![Line::from(vec![
            Span::styled(format!("{}  ", play.scenario.title), strong),
            Span::styled(told, theme.dim()),
        ])];
    };
    let at = play.at.map_or(0, |at| at + 1);
    let mut first = vec![
        Span::styled(format!("{at}/{} {}  ", play.scenario.steps.len(), step.title), strong),
        Span::styled(step.rule.clone(), theme.dim()),
    ];
    if play.won.1 > 0 {
        first.push(Span::styled(format!("   {} of {} bets won", play.won.0, play.won.1), theme.dim()));
    }
    let mut lines = vec![Line::from(first)];
    match &play.stand {
        Stand::Asked => {
            lines.push(Line::raw(step.predict.clone()));
            lines.push(answers(play, step, theme));
        }
        Stand::Doing => lines.push(Line::styled("… the answer is on its way", theme.dim())),
        Stand::Done(outcome) => {
            let (sign, color) = if outcome.met { ("✓", theme.good) } else { ("✗", theme.bad) };
            let mut told = vec![Span::styled(
                format!("{sign} {}", text::sanitize(&outcome.told)),
                Style::new().fg(color).add_modifier(Modifier::BOLD),
            )];
            if let Some(bet) = play.bet.and_then(|bet| step.answers.get(bet)) {
                let (word, color) =
                    if *bet == step.right { ("right", theme.good) } else { ("not so", theme.warn) };
                told.push(Span::styled(format!("   you said {bet}: {word}"), Style::new().fg(color)));
            }
            lines.push(Line::from(told));
            lines.push(Line::raw(step.see.clone()));
            if play.is_at_the_end() {
                let (won, bets) = play.won;
                let told = format!("That was the last step: {won} of {bets} bets won.  .  begins again");
                lines.push(Line::styled(told, strong));
            }
        }
    }
    lines
}

fn answers(play: &Play, step: &super::Step, theme: &Theme) -> Line<'static> {
    let mut spans = Vec::new();
    for (number, answer) in step.answers.iter().enumerate() {
        let chosen = play.bet == Some(number);
        let style = if chosen { theme.cursor() } else { Style::new().fg(theme.accent) };
        spans.push(Span::styled(format!(" {}) {answer} ", number + 1), style));
        spans.push(Span::raw("  "));
    }
    spans.push(Span::styled("a digit bets, . does it", theme.dim()));
    Line::from(spans)
}
