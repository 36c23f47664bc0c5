//! [`TalkMemory`]: where the last run of a talk ended.

use crate::cli::present::deck_source::DeckSource;
use crate::cli::present::resume_file::{RememberedPlace, ResumeFile};
use crate::cli::present::user_folder::user_folder;
use crate::published_place::PlaceFile;

/// The place of a deck, remembered from run to run.
#[derive(Clone, Debug)]
pub struct TalkMemory {
    file: Option<ResumeFile>,
    deck: String,
    /// Whether this run starts where the last one ended.
    resumes: bool,
}

impl TalkMemory {
    /// Returns the memory for a deck; a piped one has no name to remember it by. `variable` looks
    /// up an environment variable.
    pub fn of(
        source: &DeckSource,
        resumes: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let deck = match source {
            DeckSource::File(path) => ResumeFile::deck_name(path),
            DeckSource::BuiltIn => "the built-in talk".to_owned(),
            DeckSource::Stdin => return None,
        };
        Some(Self { file: ResumeFile::of_user(variable), deck, resumes })
    }

    /// Returns the file with the place of the talk while it is shown. `variable` looks up an
    /// environment variable. `None` if the user has no folder for it.
    pub fn place_file(&self, variable: impl Fn(&str) -> Option<String>) -> Option<PlaceFile> {
        let folder = user_folder("XDG_RUNTIME_DIR", ".local/state", variable)?;
        Some(PlaceFile::of(&folder, &self.deck))
    }

    /// Returns where the talk starts, if the last run of it is to be continued. Why that is unknown
    /// is added to `notices`.
    pub fn start(&self, notices: &mut Vec<String>) -> Option<RememberedPlace> {
        if !self.resumes {
            return None;
        }
        let Some(file) = &self.file else {
            notices.push("there's no home directory, so no earlier run is known".to_owned());
            return None;
        };
        match file.place_of(&self.deck) {
            Ok(Some(place)) => return Some(place),
            Ok(None) => notices.push("no earlier run of this deck is known".to_owned()),
            Err(error) => notices.push(format!("{error:#}")),
        }
        None
    }

    /// Remembers where the run ended.
    ///
    /// # Errors
    ///
    /// If that fails in a run that was asked to resume; to others it does not matter.
    pub fn remember(&self, place: RememberedPlace) -> anyhow::Result<()> {
        match self.file.as_ref().map(|file| file.remember(&self.deck, place)) {
            Some(Err(error)) if self.resumes => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_that_resumes_starts_at_the_last_place_and_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let variable = |name: &str| (name == "XDG_STATE_HOME").then(|| home.to_owned());
        let memory = |resumes| TalkMemory::of(&DeckSource::BuiltIn, resumes, variable).unwrap();
        let mut notices = Vec::new();
        assert_eq!(memory(true).start(&mut notices), None);
        assert_eq!(notices, ["no earlier run of this deck is known"]);
        let place = RememberedPlace { slide: 4, step: 2 };
        memory(false).remember(place).unwrap();
        assert_eq!(memory(true).start(&mut notices), Some(place));
        assert_eq!(memory(false).start(&mut notices), None);
        std::fs::write(folder.path().join("wiretalk/places.json"), "{").unwrap();
        assert!(memory(true).remember(place).is_err() && memory(false).remember(place).is_ok());
        assert_eq!(memory(true).start(&mut notices), None);
        assert!(notices[1].contains("is damaged"), "{notices:?}");
        let homeless = TalkMemory::of(&DeckSource::BuiltIn, true, |_| None).unwrap();
        assert_eq!(homeless.start(&mut notices), None);
        assert!(notices[2].contains("no home directory"), "{notices:?}");
        assert!(TalkMemory::of(&DeckSource::Stdin, true, variable).is_none());
    }
}
