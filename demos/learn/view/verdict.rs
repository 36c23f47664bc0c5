//! Words the verdict: what is right, what was wrong with the answer, and why, each of it once.

use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::demos::inspect::wrap_words;
use crate::demos::learn::form_editor::FormEditor;
use crate::demos::learn::live::ServerTrial;
use crate::demos::learn::task_page::{ReplyState, Task, TaskPage};
use crate::learn::{AnswerForm, Judgment, Mark, RightAnswer};
use crate::stage::Theme;
use crate::text;

/// Lines that are wrapped as they are added.
struct Paragraphs {
    lines: Vec<Line<'static>>,
    width: usize,
    /// The text so far, in small letters.
    text_so_far: String,
}

impl Paragraphs {
    fn push(&mut self, text: &str, style: Style) {
        self.text_so_far.push_str(&text.to_lowercase());
        self.text_so_far.push('\n');
        let wrapped = wrap_words(&text::sanitize(text), self.width);
        self.lines.extend(wrapped.into_iter().map(|line| Line::styled(line, style)));
    }

    /// Whether a clause or a sentence stands in it already.
    fn contains(&self, clause: &str) -> bool {
        self.text_so_far.contains(clause.trim_end_matches('.').to_lowercase().as_str())
    }
}

/// Returns the verdict: what is right, what was wrong with the answer, and why.
pub(super) fn lines(
    page: &TaskPage,
    judgment: &Judgment,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let (sign, color) = if page.is_won() { ("✓", theme.good) } else { ("✗", theme.bad) };
    let strong = Style::new().fg(color).add_modifier(Modifier::BOLD);
    let mut words = Paragraphs { lines: vec![Line::default()], width, text_so_far: String::new() };
    words.push(&format!("{sign} {}", verdict(page, judgment)), strong);
    for mark in judgment.marks.iter().filter(|mark| !mark.right && !mark.remark.is_empty()) {
        if let Some(remark) = remark(page, mark, &words) {
            words.push(&format!("  {remark}"), Style::new().fg(theme.bad));
        }
    }
    push_reply(page, &mut words, theme);
    push_trial(page, &mut words, theme);
    if !words.contains(&judgment.why) {
        words.push(&judgment.why, Style::new().fg(theme.text));
    }
    words.push(&judgment.source, theme.dim());
    words.lines
}

/// Returns the verdict; that on a wrong answer to a question names both, but for options that are
/// named one by one.
fn verdict(page: &TaskPage, judgment: &Judgment) -> String {
    match (&page.task, page.form.response()) {
        (Task::Question(question), Some(response)) if !judgment.right => {
            let right = &judgment.verdict;
            if let RightAnswer::Several { .. } = question.answer {
                return format!("not quite: the right answers are {right}");
            }
            let is_number = right.starts_with(|first: char| first.is_ascii_digit());
            let quoted = |text: &str| {
                if is_number {
                    text.to_owned()
                } else {
                    format!("“{}”", text.trim_end_matches('.'))
                }
            };
            let answer = question.shown(&response);
            format!("you answered {}; it is {}", quoted(&answer), quoted(right))
        }
        _ => judgment.verdict.clone(),
    }
}

/// Returns a remark with the name that its part has on the screen, without what stands there already.
fn remark(page: &TaskPage, mark: &Mark, words: &Paragraphs) -> Option<String> {
    if let Task::Question(_) = page.task {
        return Some(format!("{}: {}", mark.remark, mark.part));
    }
    let label = label(page, &mark.part);
    let short = match mark.remark.split_once(": ") {
        Some((head, tail)) if words.contains(tail) => head,
        _ if words.contains(&mark.remark) => return None,
        _ => &mark.remark,
    };
    // A sentence about the part names it by itself.
    let subject = short.strip_prefix("the ").unwrap_or(short).to_lowercase();
    let names_it = subject.starts_with(&label.to_lowercase());
    Some(if names_it { format!("✗ {short}") } else { format!("✗ {label}: {short}") })
}

/// Returns the name of a part as it stands on the screen.
fn label(page: &TaskPage, part: &str) -> String {
    if let (FormEditor::Order { order, .. }, Ok(event)) = (&page.form, part.parse::<usize>()) {
        let place = order.iter().position(|own| *own == event);
        return place.map_or_else(|| part.to_owned(), |place| format!("event {}", place + 1));
    }
    if let Task::Exercise(exercise) = &page.task
        && let AnswerForm::Fields(fields) = &exercise.form
        && let Some(field) = fields.iter().find(|field| field.name == part)
    {
        return field.label.clone();
    }
    // Of several frames, the number of one stands before the part.
    let (before, name) = part.rsplit_once(' ').unwrap_or(("", part));
    let name = match name {
        "fin" => "FIN",
        "rsv" => "RSV1 to RSV3",
        "masked" => "MASK",
        "length" => "payload length",
        "key" => "masking key",
        "code" => "close code",
        "reason" => "close reason",
        _ => return part.to_owned(),
    };
    if before.is_empty() { name.to_owned() } else { format!("{before}, {name}") }
}

fn push_reply(page: &TaskPage, words: &mut Paragraphs, theme: &Theme) {
    match &page.reply {
        None => {}
        Some(ReplyState::Waiting(peer)) => {
            words.push(&format!("… waiting for {peer}"), theme.dim());
        }
        Some(ReplyState::Done(Err(reason))) => {
            words.push(&format!("No live reply: {reason}"), theme.dim());
        }
        Some(ReplyState::Done(Ok(reply))) => {
            let color = if reply.is_good() { theme.good } else { theme.bad };
            words.push(&reply.describe(), Style::new().fg(color));
            for (hex, frame) in reply.frames() {
                words.push(&format!("  {hex}   {frame}"), Style::new().fg(theme.server));
            }
        }
    }
}

fn push_trial(page: &TaskPage, words: &mut Paragraphs, theme: &Theme) {
    let Some((recorded, provenance)) = &page.recorded else { return };
    let outcome = match &page.trial {
        Some(ServerTrial::Done(Ok(outcome))) => Some(outcome),
        Some(ServerTrial::Done(Err(reason))) => {
            words.push(&format!("Not run here: {reason}"), theme.dim());
            None
        }
        Some(ServerTrial::Running(step)) => {
            words.push(&format!("… {step}"), theme.dim());
            None
        }
        None => None,
    };
    match outcome {
        Some(_) => words.push("Run here:", theme.dim()),
        None => words.push(&format!("Recorded ({provenance}):"), theme.dim()),
    }
    let outcome = outcome.unwrap_or(recorded);
    words.push(&format!("  broken: {}", outcome.broken.sentence), Style::new().fg(theme.bad));
    words.push(&format!("  repaired: {}", outcome.repaired.sentence), Style::new().fg(theme.good));
}
