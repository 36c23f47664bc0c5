//! [`Catalog`]: all lessons, exercises and questions by section, and which one comes next.

use crate::learn::bank::Bank;
use crate::learn::exercise::ExerciseKind;
use crate::learn::progress::{ItemProgress, Progress};
use crate::text::ellipsize;

/// The sections of the talk in its order: the names that files use, and their titles.
pub const SECTIONS: [(&str, &str); 9] = [
    ("shape", "HTTP and its shape"),
    ("handshake", "The handshake"),
    ("frames", "Frames and messages"),
    ("speed", "Speed"),
    ("libraries", "Libraries"),
    ("scaling", "Scaling out"),
    ("state", "State"),
    ("app", "The application"),
    ("decision", "Is it for you?"),
];

/// The longest title of a question, in cells.
const MAX_TITLE_WIDTH: usize = 72;

/// A lesson: a name, a section, a title and the number of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonEntry {
    /// The name that slides use.
    pub name: String,
    /// The section of the talk that it belongs to.
    pub section: String,
    /// The title.
    pub title: String,
    /// The number of its steps, each with a bet.
    pub steps: usize,
}

/// Something to learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogItem {
    /// The name.
    pub name: String,
    /// The section, which may be none of [`SECTIONS`].
    pub section: String,
    /// The title, in a few words.
    pub title: String,
    /// The kind.
    pub kind: ItemKind,
}

/// The kinds of things to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A lesson with that many steps.
    Lesson(usize),
    /// An exercise of a kind and a level.
    Exercise(ExerciseKind, u8),
    /// A question.
    Question,
}

/// How far a learner has come with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// It has no answer yet.
    New,
    /// Some steps of a lesson are won, of so many.
    Started {
        /// The steps that were won last time.
        won: usize,
        /// All steps.
        of: usize,
    },
    /// The last answer was wrong.
    Wrong,
    /// It is to be answered again.
    Due,
    /// It is done, and comes again later.
    Done,
}

/// Everything there is to learn, by section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The items: sections in the talk's order; in each lessons, exercises, then questions.
    pub items: Vec<CatalogItem>,
}

impl Catalog {
    /// Puts lessons and a bank together.
    pub fn new(lessons: &[LessonEntry], bank: &Bank) -> Self {
        let lessons = lessons.iter().map(|lesson| CatalogItem {
            name: lesson.name.clone(),
            section: lesson.section.clone(),
            title: lesson.title.clone(),
            kind: ItemKind::Lesson(lesson.steps),
        });
        let exercises = bank.exercises.iter().map(|entry| CatalogItem {
            name: entry.name.clone(),
            section: entry.section.clone(),
            title: entry.title.clone(),
            kind: ItemKind::Exercise(entry.kind, entry.level),
        });
        let questions = bank.questions.iter().map(|question| CatalogItem {
            name: question.name.clone(),
            section: question.section.clone(),
            title: ellipsize(&question.prompt, MAX_TITLE_WIDTH).into_owned(),
            kind: ItemKind::Question,
        });
        let mut items: Vec<_> = lessons.chain(exercises).chain(questions).collect();
        items.sort_by_key(|item| section_index(&item.section));
        Self { items }
    }

    /// Returns the item of that name.
    pub fn item(&self, name: &str) -> Option<&CatalogItem> {
        self.items.iter().find(|item| item.name == name)
    }

    /// Returns the index of what comes next: what is due for the longest time, else the first that is
    /// new.
    pub fn next(&self, progress: &Progress, now: u64) -> Option<usize> {
        let states = || self.items.iter().map(|item| item.state(progress, now)).enumerate();
        let due = states().filter(|(_, state)| *state == ItemState::Due);
        let oldest = due.min_by_key(|(index, _)| self.items.get(*index)?.due_at(progress));
        let is_open = |(_, state): &(usize, ItemState)| {
            matches!(state, ItemState::New | ItemState::Started { .. })
        };
        oldest.or_else(|| states().find(is_open)).map(|(index, _)| index)
    }

    /// Returns the questions and exercises for a section, with one from an earlier section that
    /// `draw` picks (a number below its argument).
    pub fn mixed(&self, section: &str, draw: impl FnOnce(usize) -> usize) -> Vec<&CatalogItem> {
        let is_short = |item: &&CatalogItem| !matches!(item.kind, ItemKind::Lesson(_));
        let own = self.items.iter().filter(is_short).filter(|item| item.section == section);
        let mut items: Vec<_> = own.collect();
        let before = |item: &&CatalogItem| section_index(&item.section) < section_index(section);
        let earlier: Vec<_> = self.items.iter().filter(is_short).filter(before).collect();
        if !earlier.is_empty() {
            let place = items.len() / 2;
            items.extend(earlier.get(draw(earlier.len())));
            if let Some(tail) = items.get_mut(place..) {
                tail.rotate_right(1);
            }
        }
        items
    }
}

impl CatalogItem {
    /// Returns how far the learner has come.
    pub fn state(&self, progress: &Progress, now: u64) -> ItemState {
        let answers: Vec<_> =
            self.progress_names().iter().map(|name| progress.item(name).copied()).collect();
        let seen: Vec<_> = answers.iter().flatten().collect();
        let won = seen.iter().filter(|answer| answer.last_right).count();
        if seen.is_empty() {
            return ItemState::New;
        }
        if seen.iter().any(|answer| answer.is_due(now)) {
            return ItemState::Due;
        }
        if won == answers.len() {
            return ItemState::Done;
        }
        match self.kind {
            ItemKind::Lesson(_) => ItemState::Started { won, of: answers.len() },
            _ => ItemState::Wrong,
        }
    }

    /// Returns the names under which progress is kept: one, or one for each step of a lesson.
    pub fn progress_names(&self) -> Vec<String> {
        match self.kind {
            ItemKind::Lesson(steps) => {
                (1..=steps).map(|step| lesson_step_name(&self.name, step)).collect()
            }
            _ => vec![self.name.clone()],
        }
    }

    fn due_at(&self, progress: &Progress) -> Option<u64> {
        let names = self.progress_names();
        names.iter().filter_map(|name| progress.item(name)).map(ItemProgress::due_at).min()
    }
}

/// Returns the name under which the progress of a lesson's step is kept. Steps count from 1.
pub fn lesson_step_name(lesson: &str, step: usize) -> String {
    format!("lesson/{lesson}/{step}")
}

/// Returns the title of a section.
pub fn section_title(name: &str) -> &str {
    SECTIONS.iter().find(|(own, _)| *own == name).map_or(name, |(_, title)| title)
}

/// Returns the place of a section in the talk. Sections of somebody's own come last.
fn section_index(name: &str) -> usize {
    SECTIONS.iter().position(|(own, _)| *own == name).unwrap_or(SECTIONS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::progress::ProgressEvent;

    fn catalog() -> Catalog {
        let lesson = LessonEntry {
            name: "frame".to_owned(),
            section: "frames".to_owned(),
            title: "Read a frame".to_owned(),
            steps: 2,
        };
        Catalog::new(&[lesson], &Bank::built_in())
    }

    fn answered(progress: &mut Progress, item: &str, at: u64, right: bool) {
        progress.apply(&ProgressEvent { at, item: item.to_owned(), right: Some(right) });
    }

    #[test]
    fn sections_are_in_order_and_every_question_of_the_bank_has_one() {
        let items = catalog().items;
        let sections: Vec<_> = items.iter().map(|item| section_index(&item.section)).collect();
        assert!(sections.is_sorted() && *sections.last().unwrap() < SECTIONS.len());
        let mut frames = items.iter().filter(|item| item.section == "frames");
        assert_eq!(frames.next().unwrap().kind, ItemKind::Lesson(2));
    }

    #[test]
    fn what_is_due_comes_before_what_is_new() {
        let (catalog, mut progress) = (catalog(), Progress::default());
        let first = catalog.items[0].name.clone();
        assert_eq!(catalog.items[catalog.next(&progress, 0).unwrap()].name, first);
        answered(&mut progress, &first, 1_000, true);
        let second = catalog.items[1].name.clone();
        assert_eq!(catalog.items[catalog.next(&progress, 1_001).unwrap()].name, second);
        answered(&mut progress, &second, 1_002, false);
        assert_eq!(catalog.item(&second).unwrap().state(&progress, 1_003), ItemState::Wrong);
        assert_ne!(
            catalog.items[catalog.next(&progress, 1_003).unwrap()].name,
            second,
            "not at once"
        );
        assert_eq!(catalog.items[catalog.next(&progress, 1_002 + 600).unwrap()].name, second);
        assert_eq!(catalog.item(&first).unwrap().state(&progress, 1_001), ItemState::Done);
    }

    #[test]
    fn a_lesson_is_done_once_every_step_is_won() {
        let (catalog, mut progress) = (catalog(), Progress::default());
        let state = |progress: &Progress| catalog.item("frame").unwrap().state(progress, 10);
        assert_eq!(state(&progress), ItemState::New);
        answered(&mut progress, &lesson_step_name("frame", 1), 5, true);
        assert_eq!(state(&progress), ItemState::Started { won: 1, of: 2 });
        answered(&mut progress, &lesson_step_name("frame", 2), 6, true);
        assert_eq!(state(&progress), ItemState::Done);
    }

    #[test]
    fn a_section_has_one_question_from_an_earlier_one() {
        let catalog = catalog();
        let sections: Vec<_> =
            catalog.mixed("frames", |_| 0).iter().map(|item| item.section.clone()).collect();
        assert_eq!(sections.iter().filter(|section| *section != "frames").count(), 1);
        assert!(catalog.mixed("shape", |_| 0).iter().all(|item| item.section == "shape"));
    }
}
