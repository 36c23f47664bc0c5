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

/// Returns the keys while a question is shown.
pub(crate) fn key_hints(player: &ScenarioPlayer) -> Vec<&'static str> {
    let mut hints = vec![". send", "digits bet, ⌫ takes back"];
    if player.step_index > 0 {
        hints.push(", back");
    }
    hints.push("any other key: look around");
    hints
}

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
    let question = QuestionText::new(&step.predict, rest);
    let gap = u16::from(roomy);
    let wanted = question.row_count()
        + gap
        + answer_row_count(player, rest)
        + gap
        + preview::row_count(player, session, rest.width);
    // What is left over is above and below, so that the eye finds the question.
    let (_, rest) = split_rows(rest, rest.height.saturating_sub(wanted) / 3);
    let (own, rest) = split_rows(rest, question.row_count());
    question.draw(own, canvas);
    let rest = draw_answers(player, split_rows(rest, gap).1, canvas);
    preview::draw(player, session, split_rows(rest, gap).1, canvas);
}

/// A question as large as its area allows.
struct QuestionText {
    lines: Vec<String>,
    is_big: bool,
}

impl QuestionText {
    fn new(question: &str, area: Rect) -> Self {
        let (wide, high) = PixelSize::Quadrant.glyph_cells();
        let big = prose::wrap_words(question, usize::from(area.width / wide));
        let big_rows = big.len() as u16 * (high + 1);
        if area.height >= BIG_ROWS && big_rows <= area.height / 3 && BigText::can_draw(question) {
            return Self { lines: big, is_big: true };
        }
        Self { lines: prose::wrap_words(question, area.width.into()), is_big: false }
    }

    fn row_count(&self) -> u16 {
        let rows = if self.is_big { PixelSize::Quadrant.glyph_cells().1 + 1 } else { 1 };
        self.lines.len() as u16 * rows
    }

    fn draw(&self, area: Rect, canvas: &mut Canvas) {
        let strong = Style::new().fg(canvas.theme.text).add_modifier(Modifier::BOLD);
        let rows = PixelSize::Quadrant.glyph_cells().1 + 1;
        for (row, line) in (0..).zip(&self.lines) {
            if self.is_big {
                let (_, place) = split_rows(area, row * rows);
                BigText::new(line, PixelSize::Quadrant, strong).render(place, canvas.buffer);
            } else {
                canvas.draw_line(&Line::styled(line.clone(), strong), row, area);
            }
        }
    }
}

/// Returns the keys that bet, as the row of answers shows them.
fn bet_keys(player: &ScenarioPlayer) -> String {
    match player.step().answers.len() {
        0 => "type a number to bet, . to send".to_owned(),
        count => format!("press 1–{count} to bet, . to send"),
    }
}

/// Returns an answer with its key.
fn answer_text(player: &ScenarioPlayer, number: usize) -> String {
    format!(" {}) {} ", number + 1, player.step().answers[number])
}

/// Returns the rows of the answers: one if they fit into it and there is little room.
fn answer_row_count(player: &ScenarioPlayer, area: Rect) -> u16 {
    let count = player.step().answers.len();
    let wide: usize = (0..count).map(|at| text::width(&answer_text(player, at)) + 2).sum();
    let in_a_row = wide + text::width(&bet_keys(player)) <= usize::from(area.width);
    if count == 0 || in_a_row && area.height < 20 { 1 } else { count as u16 + 1 }
}

/// Draws the answers, one a row if there is room, or the number that is typed; and the keys. Returns
/// the area below.
fn draw_answers(player: &ScenarioPlayer, area: Rect, canvas: &mut Canvas) -> Rect {
    let theme = canvas.theme;
    let step = player.step();
    let keys = Span::styled(bet_keys(player), theme.dim());
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
    let rows = answer_row_count(player, area);
    let in_a_row = rows == 1;
    let (own, rest) = split_rows(area, rows);
    let mut at = own;
    for number in 0..step.answers.len() {
        let chosen = player.bet_text() == Some(&step.answers[number]);
        let style = if chosen { theme.cursor() } else { Style::new().fg(theme.accent) };
        let content = answer_text(player, number);
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
    let quoted = step.reason_behind(&quoted(&step.right));
    let it_is = if is_number(&step.right) { "it is" } else { "the right answer is" };
    let bold = |color| Style::new().fg(color).add_modifier(Modifier::BOLD);
    match result.verdict {
        Verdict::Won => (format!("✓ {right}"), bold(theme.good)),
        Verdict::Lost => {
            let bet = player.bet_text().unwrap_or_default();
            let bet = self::quoted(bet);
            (format!("✗ you bet {bet}; {it_is} {quoted}"), bold(theme.bad))
        }
        Verdict::NoBet => (format!("{it_is} {quoted}"), bold(theme.text)),
        Verdict::RunFailed => {
            let came = text::sanitize(&result.finding.summary);
            let failed = "This run failed, so no bet is settled";
            (format!("✗ {failed}: {came} ({it_is} {quoted})"), bold(theme.bad))
        }
    }
}

fn is_number(answer: &str) -> bool {
    answer.starts_with(|first: char| first.is_ascii_digit())
}

/// Returns an answer as a sentence names it: in quotes unless it is a number, because words such as
/// nothing would be read as a part of the sentence.
fn quoted(answer: &str) -> String {
    if is_number(answer) { answer.to_owned() } else { format!("“{answer}”") }
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use crossterm::event::KeyCode;
    use tokio::sync::mpsc;

    use crate::clients::SessionEvent;
    use crate::demos::inspect::messages::{CommandSender, Msg};
    use crate::demos::inspect::testing::{REQUEST, RESPONSE, assert_contains, press, render_text};
    use crate::demos::inspect::{Inspect, open_lesson};
    use crate::net::{Chunk, Transfer};
    use crate::stage::{Demo as _, DemoEvent};

    /// Carries out the step whose question is shown: the server answers with these bytes.
    fn carry_out(inspect: &mut Inspect, response: &[u8]) {
        press(inspect, KeyCode::Char('.'));
        let at = Instant::now();
        let (commands, _) = mpsc::channel(4);
        let address = "ws://127.0.0.1:9001/".to_owned();
        let opened = Msg::Connecting(address, at, CommandSender(commands));
        let chunk = |transfer, bytes: &[u8]| {
            Msg::Session(SessionEvent::Bytes(Chunk { at, transfer, bytes: bytes.to_vec() }))
        };
        let came = chunk(Transfer::Received, response);
        for message in [opened, chunk(Transfer::Sent, REQUEST), came] {
            inspect.update(DemoEvent::Msg(message));
        }
    }

    #[test]
    fn before_a_new_connection_nothing_is_left_of_the_step_before() {
        let (mut inspect, _) = open_lesson("wrong-answers");
        let first = render_text(&inspect, 100, 30);
        assert_contains(&first, &["1 Handshake", "2 Frames(0)", "○ not begun"]);
        let wrong = String::from_utf8_lossy(RESPONSE).replace("s3pPLM", "S3pPLM");
        carry_out(&mut inspect, wrong.as_bytes());
        assert_contains(&render_text(&inspect, 100, 30), &["5 Problems(1)", "ws://127."]);
        press(&mut inspect, KeyCode::Char('.'));
        let question = render_text(&inspect, 100, 30);
        assert_contains(&question, &["2/5 ", "○ not begun", ". send", ", back"]);
        for of_before in ["Problems(1)", "ws://127."] {
            assert!(!question.contains(of_before), "{of_before}\n{question}");
        }
    }

    #[test]
    fn words_are_quoted_in_the_verdict() {
        let (mut inspect, _) = open_lesson("broken-handshake");
        press(&mut inspect, KeyCode::Char('2'));
        carry_out(&mut inspect, RESPONSE);
        let shown = render_text(&inspect, 100, 30);
        assert_contains(&shown, &["✗ you bet 200 OK; it is 101 Switching Protocols: the server"]);
        assert_eq!(super::quoted("nothing"), "“nothing”");
    }

    #[test]
    fn a_question_stands_between_blank_rows_with_what_will_be_sent() {
        let (inspect, _) = open_lesson("frame");
        let shown = render_text(&inspect, 100, 30);
        let rows: Vec<&str> = shown.lines().collect();
        let row_of = |text: &str| rows.iter().position(|row| row.contains(text)).unwrap();
        let question = row_of("Five letters leave the client.");
        let program = row_of("socket.send(\"Hello\")");
        assert!((5..12).contains(&question) && (10..20).contains(&program), "{shown}");
    }
}
