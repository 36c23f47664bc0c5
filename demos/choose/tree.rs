//! The decision tree: questions, answers and recommendations, from a TOML file that is checked when
//! it is read, so that no answer leads nowhere on stage.

use std::collections::BTreeSet;

use serde::Deserialize;
use thiserror::Error;

use crate::demos::recorded_lab::RECORDED;

/// The tree that is part of the program.
pub(super) const BUILT_IN: &str = include_str!("tree.toml");

/// The most answers of a question: the keys 1 to 9 choose one.
const MAX_ANSWERS: usize = 9;

/// A decision tree. The first question is asked first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionTree {
    #[serde(rename = "question")]
    pub(super) questions: Vec<Question>,
    #[serde(rename = "recommendation")]
    pub(super) recommendations: Vec<Recommendation>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) id: String,
    pub(super) text: String,
    #[serde(rename = "answer")]
    pub(super) answers: Vec<Answer>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) text: String,
    /// The reason that it adds to the recommendation.
    pub(super) because: String,
    /// The question that it leads to.
    goto: Option<String>,
    /// The recommendation that it leads to.
    recommend: Option<String>,
}

/// The end of a way through the tree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recommendation {
    id: String,
    pub(super) title: String,
    pub(super) text: String,
    /// The libraries whose figures are shown, by their ids in the record.
    pub(super) libraries: Vec<String>,
}

/// The place that an answer leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next<'t> {
    /// The question of this index.
    Question(usize),
    /// The end.
    Recommendation(&'t Recommendation),
}

/// The reason for which a tree cannot be used.
#[derive(Debug, Error)]
pub(super) enum TreeError {
    /// It is no TOML, or has other fields.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// It has no question.
    #[error("the tree has no question")]
    Empty,
    /// A question has no answer, or too many.
    #[error("question `{0}` needs 1 to {MAX_ANSWERS} answers")]
    AnswerCount(String),
    /// An answer must lead to one place.
    #[error("question `{0}`, answer `{1}`: needs either `goto` or `recommend`")]
    NoPlace(String, String),
    /// An answer leads to something that is not there.
    #[error("question `{0}`, answer `{1}`: there is no `{2}`")]
    UnknownPlace(String, String, String),
    /// Answers lead back to a question that was asked before.
    #[error("question `{0}` leads back to itself")]
    Circle(String),
    /// Two questions, or two recommendations, have the same name.
    #[error("`{0}` is defined twice")]
    Twice(String),
    /// A recommendation names a library that the record lacks.
    #[error("recommendation `{0}`: the record has no library `{1}`")]
    UnknownLibrary(String, String),
}

impl DecisionTree {
    /// Parses and checks a tree.
    ///
    /// # Errors
    ///
    /// Fails with the first mistake.
    pub(super) fn parse(source: &str) -> Result<Self, TreeError> {
        let tree: Self = toml::from_str(source)?;
        if tree.questions.is_empty() {
            return Err(TreeError::Empty);
        }
        let mut ids = BTreeSet::new();
        let questions = tree.questions.iter().map(|question| &question.id);
        for id in questions.chain(tree.recommendations.iter().map(|end| &end.id)) {
            if !ids.insert(id) {
                return Err(TreeError::Twice(id.clone()));
            }
        }
        for question in &tree.questions {
            tree.check_question(question)?;
        }
        for end in &tree.recommendations {
            let unknown = end.libraries.iter().find(|id| RECORDED.contestant(id).is_none());
            if let Some(library) = unknown {
                return Err(TreeError::UnknownLibrary(end.id.clone(), library.clone()));
            }
        }
        tree.check_circles(0, &mut Vec::new())?;
        Ok(tree)
    }

    fn check_question(&self, question: &Question) -> Result<(), TreeError> {
        let id = || question.id.clone();
        if question.answers.is_empty() || question.answers.len() > MAX_ANSWERS {
            return Err(TreeError::AnswerCount(id()));
        }
        for answer in &question.answers {
            let text = || answer.text.clone();
            let ((Some(place), None) | (None, Some(place))) = (&answer.goto, &answer.recommend)
            else {
                return Err(TreeError::NoPlace(id(), text()));
            };
            if self.next(answer).is_none() {
                return Err(TreeError::UnknownPlace(id(), text(), place.clone()));
            }
        }
        Ok(())
    }

    /// Follows all answers of a question. `above` are the questions that led to it.
    fn check_circles(&self, index: usize, above: &mut Vec<usize>) -> Result<(), TreeError> {
        let Some(question) = self.questions.get(index) else { return Ok(()) };
        if above.contains(&index) {
            return Err(TreeError::Circle(question.id.clone()));
        }
        above.push(index);
        for answer in &question.answers {
            if let Some(Next::Question(next)) = self.next(answer) {
                self.check_circles(next, above)?;
            }
        }
        above.pop();
        Ok(())
    }

    /// Returns the recommendations that a place can still lead to, in the order of the file.
    pub(super) fn reachable(&self, place: Option<Next>) -> Vec<&Recommendation> {
        let mut ends = BTreeSet::new();
        let mut places: Vec<Next> = place.into_iter().collect();
        // A checked tree has no circles, so this ends.
        while let Some(place) = places.pop() {
            match place {
                Next::Recommendation(end) => drop(ends.insert(&end.id)),
                Next::Question(index) => {
                    let answers = self.questions.get(index).into_iter().flat_map(|of| &of.answers);
                    places.extend(answers.filter_map(|answer| self.next(answer)));
                }
            }
        }
        self.recommendations.iter().filter(|end| ends.contains(&end.id)).collect()
    }

    /// Returns the place that an answer leads to; `None` if there is no such place, which a checked
    /// tree does not have.
    pub(super) fn next(&self, answer: &Answer) -> Option<Next<'_>> {
        match (&answer.goto, &answer.recommend) {
            (Some(id), _) => {
                let index = self.questions.iter().position(|question| question.id == *id)?;
                Some(Next::Question(index))
            }
            (None, Some(id)) => {
                let end = self.recommendations.iter().find(|end| end.id == *id)?;
                Some(Next::Recommendation(end))
            }
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_the_program_is_whole_and_every_end_is_reached() {
        let tree = DecisionTree::parse(BUILT_IN).unwrap();
        let answers = || tree.questions.iter().flat_map(|question| &question.answers);
        for end in &tree.recommendations {
            let leads = |answer: &Answer| tree.next(answer) == Some(Next::Recommendation(end));
            assert!(answers().any(leads), "nothing leads to {}", end.id);
        }
        for (index, question) in tree.questions.iter().enumerate().skip(1) {
            let leads = |answer: &Answer| tree.next(answer) == Some(Next::Question(index));
            assert!(answers().any(leads), "nothing leads to {}", question.id);
        }
    }

    #[test]
    fn answers_rule_recommendations_out() {
        let tree = DecisionTree::parse(BUILT_IN).unwrap();
        let all = tree.reachable(Some(Next::Question(0)));
        assert!(all.iter().copied().eq(&tree.recommendations));
        let style = tree.questions.iter().position(|question| question.id == "style").unwrap();
        let left = tree.reachable(Some(Next::Question(style)));
        assert!(left.iter().map(|end| &end.id).eq(["coder", "gorilla", "gws"]), "{left:?}");
        assert_eq!(tree.reachable(None), Vec::<&Recommendation>::new());
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let tree = |answer: &str| {
            format!(
                "[[question]]\nid = \"a\"\ntext = \"?\"\n[[question.answer]]\ntext = \"yes\"\n\
                 because = \"so\"\n{answer}\n[[recommendation]]\nid = \"end\"\ntitle = \"\"\n\
                 text = \"\"\nlibraries = []\n"
            )
        };
        let error = |answer: &str| DecisionTree::parse(&tree(answer)).unwrap_err().to_string();
        assert!(DecisionTree::parse(&tree("recommend = \"end\"")).is_ok());
        assert_eq!(error("goto = \"b\""), "question `a`, answer `yes`: there is no `b`");
        assert_eq!(error("goto = \"a\""), "question `a` leads back to itself");
        assert_eq!(error(""), "question `a`, answer `yes`: needs either `goto` or `recommend`");
        assert!(error("color = 1").contains("unknown field `color`"), "{}", error("color = 1"));
        let no_library = tree("recommend = \"end\"").replace("[]", "[\"curl\"]");
        let error = DecisionTree::parse(&no_library).unwrap_err().to_string();
        assert_eq!(error, "recommendation `end`: the record has no library `curl`");
    }
}
