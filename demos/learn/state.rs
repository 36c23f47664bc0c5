//! The state of the lessons' screen, and how keys change it. This file draws nothing.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use super::content::LearnContent;
use super::form_editor::{FormEditor, FormKey};
use super::list_page::ListPage;
use super::live::LiveReply;
use super::messages::{Cmd, LearnStart, Msg, Reply, StartPlace};
use super::task_page::{Focus, ReplyState, TaskPage};
use crate::learn::{CatalogItem, ItemKind, ItemState, Progress};

/// The demo's state.
#[derive(Debug)]
pub struct Learn {
    pub(super) content: Arc<LearnContent>,
    /// How far the learner has come with each item of the catalogue.
    pub(super) states: Vec<ItemState>,
    /// The item that is due or new, by its index in the catalogue.
    next: Option<usize>,
    pub(super) notice: Option<String>,
    pub(super) list: ListPage,
    pub(super) task: Option<Box<TaskPage>>,
    /// The names of what comes after the open task, the next one last; `None` if it isn't part of a
    /// series.
    series: Option<Vec<String>>,
    /// Whether all keys are shown over the page.
    pub(super) shows_keys: bool,
    /// The right and all answers since the list was left.
    pub(super) score: (usize, usize),
    /// The number of the answer that was last shown to a real peer.
    asked: u64,
}

impl Learn {
    /// Creates the demo. Returns the commands that open its first page.
    pub fn new(content: Arc<LearnContent>, start: LearnStart) -> (Self, Vec<Cmd>) {
        let mut learn = Self {
            states: Vec::new(),
            next: None,
            notice: None,
            list: ListPage::new(&content.catalog),
            task: None,
            series: None,
            shows_keys: false,
            score: (0, 0),
            asked: 0,
            content,
        };
        learn.take_in(&Progress::default(), 0);
        let mut commands = vec![Cmd::Load];
        match start.place {
            StartPlace::List => {}
            StartPlace::Section(section) => commands.push(Cmd::DrawSeries(section)),
            StartPlace::Item(name) => {
                learn.list.go_to(&name, &learn.content.catalog);
                match start.seed {
                    Some(seed) => learn.start(&name, seed),
                    None => commands.extend(learn.open(&name)),
                }
            }
        }
        (learn, commands)
    }

    pub(super) fn apply(&mut self, message: Msg) -> Vec<Cmd> {
        match message {
            Msg::Progress(progress, now, notice) => {
                self.take_in(&progress, now);
                self.notice = notice.or(self.notice.take());
                Vec::new()
            }
            Msg::Seed(name, seed) => {
                self.start(&name, seed);
                Vec::new()
            }
            Msg::SeriesSeed(section, seed) => {
                let draw = |count: usize| (seed % count.max(1) as u64) as usize;
                let items = self.content.catalog.mixed(&section, draw);
                let names = items.iter().map(|item| item.name.clone()).collect();
                self.begin_series(names)
            }
            Msg::Reply(number, reply) => self.settle(number, reply.map(|Reply(reply)| reply)),
            Msg::Servers(trial) => {
                if let Some(page) = self.task.as_mut().filter(|page| page.trial.is_some()) {
                    page.trial = Some(trial);
                }
                Vec::new()
            }
        }
    }

    /// Works out how far the learner has come with each item, and what comes next.
    fn take_in(&mut self, progress: &Progress, now: u64) {
        let catalog = &self.content.catalog;
        self.states = catalog.items.iter().map(|item| item.state(progress, now)).collect();
        self.next = catalog.next(progress, now);
    }

    /// Goes through these items, one after another.
    fn begin_series(&mut self, mut names: Vec<String>) -> Vec<Cmd> {
        names.reverse();
        (self.series, self.score) = (Some(names), (0, 0));
        self.go_on("")
    }

    /// Opens what comes after the item of that name: the next one of the series, or else what is due or
    /// new. At the end it goes back to the list.
    fn go_on(&mut self, name: &str) -> Vec<Cmd> {
        let is_series = self.series.is_some();
        let next = match &mut self.series {
            Some(series) => series.pop(),
            None => self.next().map(|item| item.name.clone()).filter(|next| next != name),
        };
        if let Some(next) = next {
            return self.open(&next);
        }
        let (right, all) = self.score;
        let commands = self.close_task();
        if is_series && all > 0 {
            self.notice = Some(format!("that was the last one: {right} of {all} right"));
        }
        commands
    }

    /// Returns what is due or new.
    pub(super) fn next(&self) -> Option<&CatalogItem> {
        self.content.catalog.items.get(self.next?)
    }

    /// Opens an item.
    fn open(&mut self, name: &str) -> Vec<Cmd> {
        match self.content.catalog.item(name).map(|item| item.kind) {
            Some(ItemKind::Lesson(_)) => vec![Cmd::OpenLesson(name.to_owned())],
            Some(ItemKind::Exercise(..) | ItemKind::Question) => vec![Cmd::Draw(name.to_owned())],
            None => Vec::new(),
        }
    }

    /// Shows an item whose seed was drawn.
    fn start(&mut self, name: &str, seed: u64) {
        let Some(item) = self.content.catalog.item(name).cloned() else { return };
        self.list.go_to(name, &self.content.catalog);
        let page = match item.kind {
            ItemKind::Exercise(kind, level) => TaskPage::exercise(item, kind.exercise(level, seed)),
            ItemKind::Question => {
                let Some(question) = self.content.bank.question(name) else { return };
                TaskPage::question(item, question.clone(), seed)
            }
            ItemKind::Lesson(_) => return,
        };
        self.task = Some(Box::new(page));
    }

    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        self.notice = None;
        if std::mem::take(&mut self.shows_keys) {
            return Vec::new();
        }
        let types =
            self.list.is_searching || self.task.as_ref().is_some_and(|page| page.takes_letters());
        if key.code == KeyCode::Char('?') && !types {
            self.shows_keys = true;
            return Vec::new();
        }
        match self.task.as_ref().map(|task| task.judgment.is_some()) {
            None => self.list_key(key),
            Some(false) => self.answer_key(key),
            Some(true) => self.verdict_key(key),
        }
    }

    fn list_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if let Some(name) = self.list.asks_reset.take() {
            let item = self.content.catalog.item(&name).filter(|_| key.code == KeyCode::Char('y'));
            return item.map(|item| Cmd::Reset(item.progress_names())).into_iter().collect();
        }
        let catalog = &self.content.catalog;
        if self.list.is_searching {
            self.list.search_key(key, catalog);
            return Vec::new();
        }
        if self.list.handle_move(key.code) {
            return Vec::new();
        }
        let chosen = self.list.chosen(catalog).map(|item| item.name.clone());
        match key.code {
            KeyCode::Enter | KeyCode::Right => {
                chosen.map_or_else(Vec::new, |name| self.open(&name))
            }
            KeyCode::Char('n') => self.open_next(),
            KeyCode::Char('a') => {
                let is_short = |item: &&CatalogItem| !matches!(item.kind, ItemKind::Lesson(_));
                let items = catalog.items.iter().filter(is_short);
                let names = items.map(|item| item.name.clone()).collect();
                self.begin_series(names)
            }
            KeyCode::Char('r') => {
                self.list.asks_reset = chosen;
                Vec::new()
            }
            KeyCode::Char('/') => {
                self.list.is_searching = true;
                Vec::new()
            }
            KeyCode::Esc => {
                self.list.end_search(catalog);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn answer_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        let Some(page) = &mut self.task else { return Vec::new() };
        page.refused = None;
        let takes_letters = page.takes_letters();
        match key.code {
            KeyCode::Esc => return self.close_task(),
            KeyCode::F(1) => self.notice = page.show_hint().map(str::to_owned),
            KeyCode::Char('h') if !takes_letters => {
                self.notice = page.show_hint().map(str::to_owned);
            }
            KeyCode::Tab if !matches!(page.form, FormEditor::Fields { .. }) => {
                let is_end = page.focus == Focus::End;
                page.focus = if is_end { Focus::Cursor } else { Focus::End };
                page.scrolled = 0;
            }
            _ => match page.form.handle_key(key) {
                FormKey::Check if page.form.is_complete() => return self.check(),
                FormKey::Check => self.notice = Some("there is no answer yet".to_owned()),
                FormKey::Changed => (page.focus, page.scrolled) = Default::default(),
                FormKey::Unused => {}
            },
        }
        Vec::new()
    }

    /// Judges the answer, if it is of the form that is asked for. Where a real server is to settle it,
    /// the answer counts once that has replied.
    pub(super) fn check(&mut self) -> Vec<Cmd> {
        let Some(page) = &mut self.task else { return Vec::new() };
        match page.judge() {
            Err(reason) => {
                page.refuse(&reason);
                return Vec::new();
            }
            Ok(judgment) => page.judgment = Some(judgment),
        }
        page.scrolled = 0;
        if let Some(check) = page.live_check() {
            page.reply = Some(ReplyState::Waiting(check.peer()));
            self.asked += 1;
            return vec![Cmd::Ask(self.asked, Box::new(check))];
        }
        self.count()
    }

    /// Takes the peer's reply. One to an answer that was given up comes too late.
    fn settle(&mut self, number: u64, reply: Result<LiveReply, String>) -> Vec<Cmd> {
        match &mut self.task {
            Some(page) if page.is_waiting() && number == self.asked => {
                page.reply = Some(ReplyState::Done(reply));
                self.count()
            }
            _ => Vec::new(),
        }
    }

    /// Counts an answer whose reply isn't waited for, by its judgment alone.
    fn stop_waiting(&mut self) -> Vec<Cmd> {
        let is_waiting = self.task.as_ref().is_some_and(|page| page.is_waiting());
        if is_waiting { self.count() } else { Vec::new() }
    }

    /// Counts the answer, the first one of a task.
    pub(super) fn count(&mut self) -> Vec<Cmd> {
        let Some(page) = self.task.as_mut().filter(|page| !page.has_counted) else {
            return Vec::new();
        };
        page.has_counted = true;
        let won = page.is_won();
        self.score = (self.score.0 + usize::from(won), self.score.1 + 1);
        vec![Cmd::Record(page.item.name.clone(), won)]
    }

    fn verdict_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if matches!(key.code, KeyCode::Esc | KeyCode::Char('e')) {
            let mut commands = self.stop_waiting();
            match &mut self.task {
                Some(page) if key.code == KeyCode::Char('e') => page.try_again(),
                _ => commands.extend(self.close_task()),
            }
            return commands;
        }
        let Some(page) = &mut self.task else { return Vec::new() };
        match key.code {
            KeyCode::Up => page.scroll(-1),
            KeyCode::Down => page.scroll(1),
            KeyCode::Enter | KeyCode::Char('n' | 'g') if page.is_waiting() => {
                self.notice = Some("the reply isn't there yet".to_owned());
            }
            KeyCode::Char('g') => return vec![Cmd::Draw(page.item.name.clone())],
            KeyCode::Char('x') => return page.try_servers().into_iter().collect(),
            KeyCode::Char('i') => return page.inspect_command().into_iter().collect(),
            KeyCode::Enter if page.is_to_be_inspected() => {
                return page.inspect_command().into_iter().collect();
            }
            // A blank goes nowhere: it may still belong to bytes that are typed.
            KeyCode::Enter | KeyCode::Char('n') => {
                let name = page.item.name.clone();
                return self.go_on(&name);
            }
            _ => {}
        }
        Vec::new()
    }

    fn open_next(&mut self) -> Vec<Cmd> {
        let Some(name) = self.next().map(|item| item.name.clone()) else {
            self.notice = Some("everything is done; what is due again comes later".to_owned());
            return Vec::new();
        };
        self.open(&name)
    }

    /// Goes back to the list, with what other instances wrote.
    fn close_task(&mut self) -> Vec<Cmd> {
        (self.task, self.series, self.score) = Default::default();
        vec![Cmd::Load]
    }

    /// Whether something is open that Esc closes.
    pub(super) fn wants_escape(&self) -> bool {
        self.task.is_some()
            || self.shows_keys
            || self.list.is_searching
            || self.list.asks_reset.is_some()
            || !self.list.search.text.is_empty()
    }

    /// Scrolls the page, or moves through the list.
    pub(super) fn wheel(&mut self, by: isize) {
        if let Some(page) = &mut self.task {
            page.scroll(by);
        } else {
            self.list.move_by(by);
        }
    }

    /// Chooses the option that is clicked, as its digit does.
    pub(super) fn choose(&mut self, option: usize) -> Vec<Cmd> {
        let is_open = self.task.as_ref().is_some_and(|page| page.judgment.is_none());
        match u32::try_from(option + 1).ok().and_then(|digit| char::from_digit(digit, 10)) {
            Some(digit) if is_open => self.handle_key(KeyCode::Char(digit).into()),
            _ => Vec::new(),
        }
    }

    /// Opens the item that is clicked, once it is under the cursor.
    pub(super) fn click(&mut self, item: usize) -> Vec<Cmd> {
        if self.list.cursor != item {
            self.list.cursor = item;
            return Vec::new();
        }
        let name = self.list.chosen(&self.content.catalog).map(|item| item.name.clone());
        name.map_or_else(Vec::new, |name| self.open(&name))
    }

    pub(super) fn paste(&mut self, text: &str) {
        match &mut self.task {
            Some(page) if page.judgment.is_none() => {
                page.form.paste(text);
                (page.refused, page.focus, page.scrolled) = Default::default();
            }
            None if self.list.is_searching => self.list.paste(text, &self.content.catalog),
            _ => {}
        }
    }
}
