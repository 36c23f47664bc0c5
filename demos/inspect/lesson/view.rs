//! A lesson on the screen: the question before a step, and the strip above the inspector after it.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::play::{ScenarioPlayer, StepResult, StepState, Verdict};
use super::preview;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::session::Session;
use crate::stage::{BigText, PixelSize, Theme};
use crate::text;

/// The keys while a question is shown.
pub(crate) const KEY_HINT: &str =
    "digits bet, ⌫ takes back  . send  , back  any other key: look around";

/// The rows that stay for the inspector below the strip: a frame, its neighbour and its bytes.
const MIN_TAB_ROWS: u16 = 7;

/// The rows from which on a question is written in big letters, if it fits into a third of them.
const BIG_ROWS: u16 = 30;

/// Returns the number of rows of the strip in an area of this size.
pub(crate) fn row_count(player: &ScenarioPlayer, area: Rect, theme: &Theme) -> u16 {
    let most = area.height.saturating_sub(MIN_TAB_ROWS);
    let wanted = strip(player, area.width, most.into(), theme).len();
    u16::try_from(wanted).unwrap_or(u16::MAX).min(most)
}

/// Draws the strip: the step, how the bet was settled, and the explanation.
pub(crate) fn draw(player: &ScenarioPlayer, area: Rect, canvas: &mut Canvas) {
    canvas.buffer.set_style(area, Style::new().bg(canvas.theme.panel));
    let lines = strip(player, area.width, area.height.into(), canvas.theme);
    prose::draw_lines(&lines, area, canvas);
}

/// Draws the question of a step, its answers, and what will be sent.
pub(crate) fn draw_question(
    player: &ScenarioPlayer,
    session: &Session,
    area: Rect,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let step = player.step();
    canvas.draw_line(&title_line(player, area.width, theme), 0, area);
    let roomy = area.height >= 14;
    let (_, rest) = split_rows(area, if roomy { 2 } else { 1 });
    let mut rest = draw_large(&step.predict, rest, canvas);
    if roomy {
        rest = split_rows(rest, 1).1;
    }
    let rest = draw_answers(player, rest, canvas);
    let rest = if roomy { split_rows(rest, 1).1 } else { rest };
    preview::draw(player, session, rest, canvas);
}

/// Draws a question as large as the area allows. Returns the area below it.
fn draw_large(question: &str, area: Rect, canvas: &mut Canvas) -> Rect {
    let strong = Style::new().fg(canvas.theme.text).add_modifier(Modifier::BOLD);
    let (wide, high) = PixelSize::Quadrant.glyph_cells();
    let big = prose::wrap_words(question, usize::from(area.width / wide));
    let big_rows = big.len() as u16 * (high + 1);
    if area.height >= BIG_ROWS && big_rows <= area.height / 3 && BigText::can_draw(question) {
        let (own, rest) = split_rows(area, big_rows);
        for (row, line) in (0..).zip(&big) {
            let (_, place) = split_rows(own, row * (high + 1));
            BigText::new(line, PixelSize::Quadrant, strong).render(place, canvas.buffer);
        }
        return rest;
    }
    let lines = prose::wrap_words(question, area.width.into());
    let (own, rest) = split_rows(area, lines.len() as u16);
    for (row, line) in (0..).zip(lines) {
        canvas.draw_line(&Line::styled(line, strong), row, own);
    }
    rest
}

/// Draws the answers, one a row if there is room, or the number that is typed; and the keys. Returns
/// the area below.
fn draw_answers(player: &ScenarioPlayer, area: Rect, canvas: &mut Canvas) -> Rect {
    let theme = canvas.theme;
    let step = player.step();
    let keys = if step.asks_for_number() {
        "type a number to bet, . to send".to_owned()
    } else {
        format!("press 1–{} to bet, . to send", step.answers.len())
    };
    let keys = Span::styled(keys, theme.dim());
    if step.asks_for_number() {
        let typed = player.bet_text().unwrap_or_default();
        let line = Line::from(vec![
            Span::styled(" your number: ", Style::new().fg(theme.accent)),
            Span::styled(format!(" {typed}▏"), theme.cursor()),
            Span::raw("   "),
            keys,
        ]);
        let (own, rest) = split_rows(area, 1);
        canvas.draw_line(&line, 0, own);
        return rest;
    }
    let answer = |number: usize| format!(" {}) {} ", number + 1, step.answers[number]);
    let wide: usize = (0..step.answers.len()).map(|at| text::width(&answer(at)) + 2).sum();
    let in_a_row = wide + text::width(&keys.content) <= usize::from(area.width) && area.height < 20;
    let rows = if in_a_row { 1 } else { step.answers.len() as u16 + 1 };
    let (own, rest) = split_rows(area, rows);
    let mut at = own;
    for number in 0..step.answers.len() {
        let chosen = player.bet_text() == Some(&step.answers[number]);
        let style = if chosen { theme.cursor() } else { Style::new().fg(theme.accent) };
        let content = answer(number);
        let width = (text::width(&content) as u16).min(at.width);
        canvas.draw_line(&Line::styled(content, style), 0, at);
        let spot = Rect { width, height: 1, ..at }.intersection(own);
        canvas.add_target(spot, ClickTarget::Answer(number));
        at = if in_a_row {
            let x = at.x + (width + 2).min(at.width);
            Rect { x, width: own.right() - x, ..at }
        } else {
            split_rows(at, 1).1
        };
    }
    canvas.draw_line(&Line::from(keys), 0, at);
    rest
}

/// Returns the lines of the strip, wrapped to the width. Without room for all of them what the
/// machine found is left out, because the tab below shows it.
fn strip(player: &ScenarioPlayer, width: u16, rows: usize, theme: &Theme) -> Vec<Line<'static>> {
    let whole = strip_lines(player, width, true, theme);
    if whole.len() <= rows { whole } else { strip_lines(player, width, false, theme) }
}

fn strip_lines(
    player: &ScenarioPlayer,
    width: u16,
    with_finding: bool,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let mut lines = vec![title_line(player, width, theme)];
    let mut add = |text: &str, style| {
        lines.extend(prose::labelled_paragraph("", text, 0, width, style, theme));
    };
    match &player.step_state {
        StepState::Predicting => add(&player.step().predict, Style::new()),
        StepState::Running => add("… waiting for the server", theme.dim()),
        StepState::Done(result) => {
            let (verdict, style) = verdict(player, result, theme);
            add(&verdict, style);
            add(&player.step().see, Style::new());
            if with_finding && result.verdict != Verdict::RunFailed {
                add(&format!("seen: {}", text::sanitize(&result.finding.summary)), theme.dim());
            }
            if player.is_last_step() {
                let strong = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
                let score = match score_text(player) {
                    score if score.is_empty() => "no bets".to_owned(),
                    score => score,
                };
                add(&format!("That was the last step: {score}."), strong);
            }
        }
    }
    lines
}

/// Returns how the bet was settled, in the words of a teacher. The right answer is always named.
fn verdict(player: &ScenarioPlayer, result: &StepResult, theme: &Theme) -> (String, Style) {
    let step = player.step();
    let right = step.right_with_reason();
    let it_is = if step.right.starts_with(|first: char| first.is_ascii_digit()) {
        "it is"
    } else {
        "the right answer is"
    };
    let bold = |color| Style::new().fg(color).add_modifier(Modifier::BOLD);
    match result.verdict {
        Verdict::Won => (format!("✓ {right}"), bold(theme.good)),
        Verdict::Lost => {
            let bet = player.bet_text().unwrap_or_default();
            (format!("✗ you bet {bet}; {it_is} {right}"), bold(theme.bad))
        }
        Verdict::NoBet => (format!("{it_is} {right}"), bold(theme.text)),
        Verdict::RunFailed => {
            let came = text::sanitize(&result.finding.summary);
            let failed = "This run failed, so no bet is settled";
            (format!("✗ {failed}: {came} ({it_is} {right})"), bold(theme.bad))
        }
    }
}

/// Returns how many bets were won; nothing without a bet.
fn score_text(player: &ScenarioPlayer) -> String {
    match player.score() {
        (_, 0) => String::new(),
        (won, 1) => format!("{won} of 1 bet won"),
        (won, bets) => format!("{won} of {bets} bets won"),
    }
}

/// Returns the step, its source if there is room, and the score at the right.
fn title_line(player: &ScenarioPlayer, width: u16, theme: &Theme) -> Line<'static> {
    let strong = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let (step, steps) = (player.step(), player.scenario.steps.len());
    let score = score_text(player);
    let room = usize::from(width).saturating_sub(text::width(&score) + 2);
    let title = format!("{}/{steps} {}", player.step_index + 1, step.title);
    let title = text::ellipsize(&title, room).into_owned();
    let mut line = Line::styled(title, strong);
    if line.width() + 2 + text::width(&step.rule) <= room {
        line.push_span(Span::styled(format!("  {}", step.rule), theme.dim()));
    }
    let gap = usize::from(width).saturating_sub(line.width() + text::width(&score));
    line.push_span(Span::styled(format!("{}{score}", " ".repeat(gap)), theme.dim()));
    line
}
