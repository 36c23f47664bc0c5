//! Draws the notes of the open slide, the slide behind it, and the clock.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::state::Notes;
use crate::demos::inspect::wrap_words;
use crate::stage::{self, Theme, ViewContext};
use crate::text;

pub(super) fn draw(notes: &Notes, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let inner = stage::draw_panel("speaker notes", area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let Some(page) = notes.page() else { return draw_waiting(notes, inner, buffer, theme) };
    let place = notes.place.as_ref();
    let (slide, step) = place.map_or((1, 1), |place| (place.slide, place.step));
    let strong = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let clock = clock(notes, theme);
    let room = usize::from(inner.width).saturating_sub(clock.width() + 2);
    let number = format!("{slide}/{}  ", notes.deck.pages.len());
    let title = text::sanitize(&page.title);
    let title = text::ellipsize(&title, room.saturating_sub(text::width(&number))).into_owned();
    let title = Line::from(vec![Span::styled(number, theme.dim()), Span::styled(title, strong)]);
    stage::draw_line(&title, 0, inner, buffer);
    let right = Rect {
        x: inner.right().saturating_sub(u16::try_from(clock.width()).unwrap_or(u16::MAX)),
        ..inner
    };
    stage::draw_line(&clock, 0, right.intersection(inner), buffer);
    let body = Rect { y: inner.y + 2, height: inner.height.saturating_sub(4), ..inner };
    draw_notes(notes, &page.notes, body, buffer, theme);
    let last = inner.height.saturating_sub(1);
    stage::draw_line(&next_line(notes, (slide, step), inner.width, theme), last, inner, buffer);
}

fn draw_waiting(notes: &Notes, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let waiting =
        "The talk isn't being shown yet: start it in another terminal, with the same deck.";
    let problem = notes.problem().into_iter().map(|reason| (reason, Style::new().fg(theme.bad)));
    let lines = std::iter::once((waiting, Style::new().fg(theme.text))).chain(problem);
    let width = usize::from(area.width).max(1);
    let rows = lines.flat_map(|(line, style)| {
        let wrapped = wrap_words(&text::sanitize(line), width);
        wrapped.into_iter().map(move |row| Line::styled(row, style))
    });
    for (y, row) in (0..area.height).zip(rows) {
        stage::draw_line(&row, y, area, buffer);
    }
}

/// Draws the notes from the row that they are scrolled to, and how many rows are left.
fn draw_notes(notes: &Notes, texts: &[String], area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let width = usize::from(area.width).max(1);
    let mut rows: Vec<Line> = Vec::new();
    for (number, note) in texts.iter().enumerate() {
        if number > 0 {
            rows.push(Line::default());
        }
        for line in note.trim().lines() {
            let wrapped = wrap_words(&text::sanitize(line), width);
            rows.extend(
                wrapped.into_iter().map(|row| Line::styled(row, Style::new().fg(theme.text))),
            );
        }
    }
    if rows.is_empty() {
        rows.push(Line::styled("no notes for this slide", theme.dim()));
    }
    let room = usize::from(area.height);
    let first = notes.scrolled.min(rows.len().saturating_sub(room));
    let below = rows.len().saturating_sub(first + room);
    let shown = if below > 0 { room.saturating_sub(1) } else { room };
    for (y, row) in (0..).zip(rows.iter().skip(first).take(shown)) {
        stage::draw_line(row, y, area, buffer);
    }
    if below > 0 {
        let more = Line::styled(format!("▼ {} more", below + 1), Style::new().fg(theme.warn));
        stage::draw_line(&more, area.height.saturating_sub(1), area, buffer);
    }
}

/// Returns the time since the beginning, and how it compares with the plan.
fn clock(notes: &Notes, theme: &Theme) -> Line<'static> {
    let elapsed = minutes(notes.elapsed());
    let (plan, color) = match notes.behind() {
        None => (String::new(), theme.text),
        Some(0) => (" · on time".to_owned(), theme.good),
        Some(behind @ 1..) => (format!(" · {} behind", minutes(behind.unsigned_abs())), theme.bad),
        Some(ahead) => (format!(" · {} ahead", minutes(ahead.unsigned_abs())), theme.good),
    };
    let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
    Line::from(vec![Span::styled(elapsed, style), Span::styled(plan, style)])
}

/// Returns what comes next: a step of the open slide, or the slide behind it; or why the notes may
/// be out of date.
fn next_line(
    notes: &Notes,
    (slide, step): (usize, usize),
    width: u16,
    theme: &Theme,
) -> Line<'static> {
    if let Some(problem) = notes.problem() {
        let problem = text::sanitize(problem);
        let problem = text::ellipsize(&problem, width.into()).into_owned();
        return Line::styled(problem, Style::new().fg(theme.bad));
    }
    let steps = notes.page().map_or(1, |page| page.steps);
    let next = notes.deck.pages.iter().skip(slide).find(|page| !page.is_deeper);
    let next = next.map_or("the end", |page| page.title.as_str());
    let next = text::sanitize(next);
    let next = if step < steps {
        format!("next  step {} of {steps}, then {next}", step + 1)
    } else {
        format!("next  {next}")
    };
    Line::styled(text::ellipsize(&next, width.into()).into_owned(), theme.dim())
}

/// Returns a time as minutes and seconds: `9:05`.
fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Cell;

    use super::*;
    use crate::demos::notes::{Msg, NotesDeck, NotesPage};
    use crate::published_place::PublishedPlace;

    fn picture(notes: &Notes, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(notes, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
        let rows = buffer.content.chunks(width.into());
        rows.map(|row| row.iter().map(Cell::symbol).collect::<String>() + "\n").collect()
    }

    #[test]
    fn the_notes_the_next_slide_and_the_clock_are_in_sight() {
        let page = |title: &str, notes: &str| NotesPage {
            title: title.to_owned(),
            notes: vec![notes.to_owned()],
            steps: 2,
            planned: 60,
            ..NotesPage::default()
        };
        let deeper = NotesPage { is_deeper: true, planned: 0, ..page("Below", "") };
        let last = page("Two", &"word ".repeat(200));
        let deck = NotesDeck { pages: vec![page("One", "Say hello."), deeper, last] };
        let mut notes = Notes::new(deck).0;
        assert!(picture(&notes, 60, 12).contains("isn't being shown yet"));
        let place = |slide, step| Ok(Some(PublishedPlace { slide, started: 100, step }));
        let mut shown = |slide, step, now| {
            notes.apply(Msg::Place(place(slide, step)));
            notes.apply(Msg::Clock(now));
            picture(&notes, 60, 12)
        };
        let first = shown(1, 1, 130);
        for words in ["1/3  One", "0:30 · on time", "Say hello.", "step 2 of 2, then Two"] {
            assert!(first.contains(words), "{words}\n{first}");
        }
        let last = shown(3, 2, 100 + 135);
        for words in ["3/3  Two", "2:15 · 0:15 behind", "▼ ", "next  the end"] {
            assert!(last.contains(words), "{words}\n{last}");
        }
    }
}
