//! [`SlideList`]: a list of slides to choose from: the hits of a search that is being typed, or
//! the sections of the deck.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Clear, Widget as _};

use crate::app::overlay::deck_search::{SearchHit, SearchHits, SlideText, deck_text, search};
use crate::app::overlay::outcome::OverlayOutcome;
use crate::deck::Deck;
use crate::stage::{self, Theme};
use crate::text;

/// The most characters of a search.
const MAX_QUERY: usize = 100;
/// The widest list, in columns.
const MAX_WIDTH: u16 = 110;

/// A list of slides with a cursor.
#[derive(Clone, Debug)]
pub(crate) struct SlideList {
    heading: &'static str,
    search: Option<Search>,
    entries: Vec<Entry>,
    cursor: usize,
}

/// A search that is being typed.
#[derive(Clone, Debug)]
struct Search {
    query: String,
    slides: Vec<SlideText>,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    slide: usize,
    name: String,
    label: &'static str,
    context: [String; 3],
}

impl SlideList {
    /// A search through the deck, with nothing typed yet.
    pub(crate) fn search(deck: &Deck) -> Self {
        let search = Search { query: String::new(), slides: deck_text(deck) };
        Self { heading: "Search", search: Some(search), entries: Vec::new(), cursor: 0 }
    }

    /// The sections of the deck, or its slides if it has none, with the cursor at the open slide.
    pub(crate) fn sections(deck: &Deck, open: usize) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for (slide, content) in deck.slides.iter().enumerate() {
            let Some(name) = &content.section else { continue };
            if entries.last().is_none_or(|last| last.name != *name) {
                entries.push(Entry::of(slide, name.clone()));
            }
        }
        let (heading, entries) = if entries.is_empty() {
            let titles = deck.slides.iter().map(|slide| slide.title().unwrap_or_default());
            ("Slides", titles.enumerate().map(|(slide, name)| Entry::of(slide, name)).collect())
        } else {
            ("Sections", entries)
        };
        let cursor = entries.iter().rposition(|entry| entry.slide <= open).unwrap_or(0);
        Self { heading, search: None, entries, cursor }
    }

    /// Whether letters are typed into it.
    pub(crate) fn takes_text(&self) -> bool {
        self.search.is_some()
    }

    /// Handles a key. `room` is the number of entries in sight.
    pub(crate) fn key(&mut self, key: &KeyEvent, room: usize) -> OverlayOutcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let room = room.max(1) as isize;
        match (key.code, &self.search) {
            (KeyCode::Esc, _) | (KeyCode::Char('q'), None) => return OverlayOutcome::Close,
            (KeyCode::Enter, _) => return self.choose(self.cursor),
            (KeyCode::Down, _) | (KeyCode::Char('j'), None) => self.move_by(1),
            (KeyCode::Up, _) | (KeyCode::Char('k'), None) => self.move_by(-1),
            (KeyCode::PageDown, _) => self.move_by(room),
            (KeyCode::PageUp, _) => self.move_by(-room),
            (KeyCode::Char('u'), Some(_)) if control => self.retype(String::new()),
            (KeyCode::Backspace, Some(search)) => {
                let mut query = search.query.clone();
                if query.pop().is_none() {
                    return OverlayOutcome::Close;
                }
                self.retype(query);
            }
            (KeyCode::Char(letter), Some(_)) if !control => self.type_text(&letter.to_string()),
            (KeyCode::Home, None) => self.cursor = 0,
            (KeyCode::End, None) => self.cursor = self.entries.len().saturating_sub(1),
            _ => {}
        }
        OverlayOutcome::Stay
    }

    /// Adds text to a search. Line ends become spaces.
    pub(crate) fn type_text(&mut self, text: &str) {
        let Some(search) = &self.search else { return };
        let typed = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
        self.retype(search.query.chars().chain(typed).take(MAX_QUERY).collect());
    }

    /// Moves the cursor by `rows`, down if positive.
    pub(crate) fn move_by(&mut self, rows: isize) {
        let last = self.entries.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(rows).min(last);
    }

    /// Opens the entry at a position of the screen, if there is one.
    pub(crate) fn click(&mut self, at: Position, area: Rect) -> OverlayOutcome {
        let rows = self.rows_area(area);
        if !rows.contains(at) {
            return OverlayOutcome::Stay;
        }
        let index = self.first(rows) + usize::from(at.y - rows.y);
        if index < self.entries.len() { self.choose(index) } else { OverlayOutcome::Stay }
    }

    /// Returns the number of entries in sight.
    pub(crate) fn room(&self, area: Rect) -> usize {
        self.rows_area(area).height.into()
    }

    fn choose(&self, index: usize) -> OverlayOutcome {
        let Some(entry) = self.entries.get(index) else {
            return match &self.search {
                Some(search) if !search.query.trim().is_empty() => OverlayOutcome::Stay,
                _ => OverlayOutcome::Close,
            };
        };
        let hits = self.search.as_ref().map(|search| SearchHits {
            query: search.query.trim().to_owned(),
            slides: self.entries.iter().map(|entry| entry.slide).collect(),
        });
        OverlayOutcome::Open(entry.slide, hits)
    }

    fn retype(&mut self, query: String) {
        let Some(search) = &mut self.search else { return };
        search.query = query;
        let hits = self::search(&search.slides, &search.query);
        let entry = |hit: SearchHit| Entry {
            slide: hit.slide,
            name: search.slides.get(hit.slide).map_or_else(String::new, |it| it.title.clone()),
            label: hit.label,
            context: hit.context,
        };
        self.entries = hits.into_iter().map(entry).collect();
        self.cursor = 0;
    }

    fn frame(&self, area: Rect) -> Rect {
        let head = if self.search.is_some() { 2 } else { 0 };
        let wanted = match &self.search {
            // A list that changes its height with each letter would jump.
            Some(_) => area.height,
            None => self.entries.len().min(usize::from(area.height)) as u16 + head + 2,
        };
        area.centered(
            Constraint::Length(MAX_WIDTH.min(area.width)),
            Constraint::Length(wanted.min(area.height.saturating_sub(2)).max(3)),
        )
    }

    /// Returns the rows of the list, within the frame and below the search.
    fn rows_area(&self, area: Rect) -> Rect {
        let frame = self.frame(area);
        let head = 1 + if self.search.is_some() { 2 } else { 0 };
        Rect {
            x: frame.x + 2.min(frame.width),
            y: frame.y + head.min(frame.height),
            width: frame.width.saturating_sub(4),
            height: frame.height.saturating_sub(head + 1),
        }
    }

    fn first(&self, rows: Rect) -> usize {
        stage::first_row(self.cursor, self.entries.len(), rows.height.into())
    }

    /// Draws the list into the middle of `area`.
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        let frame = self.frame(area).intersection(buffer.area);
        if frame.is_empty() {
            return;
        }
        Clear.render(frame, buffer);
        let count = match (self.entries.len(), &self.search) {
            (0, _) => String::new(),
            (count, _) => format!(" {}/{count} ", self.cursor + 1),
        };
        Block::new()
            .borders(Borders::ALL)
            .border_type(BorderType::Rounded)
            .border_style(Style::new().fg(theme.accent))
            .style(Style::new().fg(theme.text).bg(theme.panel))
            .title(Line::styled(format!(" {} ", self.heading), theme.heading()))
            .title_bottom(Line::styled(count, theme.dim()).right_aligned())
            .title_bottom(Line::styled(" ↑↓ choose · Enter opens · Esc closes ", theme.dim()))
            .render(frame, buffer);
        let rows = self.rows_area(area);
        if let Some(search) = &self.search {
            let prompt = Rect { y: frame.y + 1, height: 1, ..rows };
            stage::draw_line(&prompt_line(search, self.entries.len(), theme), 0, prompt, buffer);
        }
        let digits = self.entries.last().map_or(1, |entry| (entry.slide + 1).to_string().len());
        let shown = self.entries.iter().enumerate().skip(self.first(rows));
        for (row, (index, entry)) in (0..rows.height).zip(shown) {
            stage::draw_line(&entry.line(digits, theme), row, rows, buffer);
            if index == self.cursor {
                let whole = Rect { y: rows.y + row, height: 1, ..rows };
                buffer.set_style(whole.intersection(buffer.area), theme.cursor());
            }
        }
    }
}

fn prompt_line(search: &Search, hits: usize, theme: &Theme) -> Line<'static> {
    let accent = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let hint = match (search.query.trim(), hits) {
        ("", _) => "  titles, text, notes and demos".to_owned(),
        (_, 0) => "  not in this deck".to_owned(),
        (_, 1) => "  1 slide".to_owned(),
        (_, hits) => format!("  {hits} slides"),
    };
    Line::from(vec![
        Span::styled("/", accent),
        Span::raw(text::sanitize(&search.query).into_owned()),
        Span::styled("▏", accent),
        Span::styled(hint, theme.dim()),
    ])
}

impl Entry {
    fn of(slide: usize, name: String) -> Self {
        Self { slide, name, label: "", context: Default::default() }
    }

    fn line(&self, digits: usize, theme: &Theme) -> Line<'static> {
        let clean = |text: &str| text::sanitize(text).into_owned();
        let name = if self.name.is_empty() { "(no title)" } else { &self.name };
        let mut spans = vec![
            Span::styled(format!("{:>digits$}  ", self.slide + 1), theme.dim()),
            Span::styled(clean(name), Style::new().add_modifier(Modifier::BOLD)),
        ];
        let [before, word, behind] = &self.context;
        // A title that is the hit itself is not shown twice.
        if !word.is_empty() && self.name != format!("{before}{word}{behind}") {
            let label =
                if self.label.is_empty() { String::new() } else { format!("{}: ", self.label) };
            spans.push(Span::styled(format!("   {label}{}", clean(before)), theme.dim()));
            let mark = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
            spans.push(Span::styled(clean(word), mark));
            spans.push(Span::styled(clean(behind), theme.dim()));
        }
        Line::from(spans)
    }
}
