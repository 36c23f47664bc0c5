//! [`CasePattern`]: which cases to play.

use std::str::FromStr;

use anyhow::bail;

use crate::conform::Case;
use crate::text::did_you_mean;

/// A name of a case, a group, or the beginning of a name with an asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePattern(String);

impl FromStr for CasePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let asterisks = text.matches('*').count();
        if text.is_empty() || asterisks > 1 || asterisks == 1 && !text.ends_with('*') {
            return Err("expected a case such as utf8/invalid-ff, a group such as utf8, or the \
                        beginning of a name such as utf8/invalid*"
                .to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl CasePattern {
    fn matches(&self, case: &Case) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => case.id.starts_with(beginning),
            None => case.id == self.0 || case.group.name() == self.0,
        }
    }
}

/// Returns the cases that match one of `patterns`; all, if there are none.
///
/// # Errors
///
/// If a pattern matches no case.
pub(super) fn select(all: Vec<Case>, patterns: &[CasePattern]) -> anyhow::Result<Vec<Case>> {
    for pattern in patterns {
        if !all.iter().any(|case| pattern.matches(case)) {
            bail!("no case matches `{}`{}", pattern.0, hint(&all, &pattern.0));
        }
    }
    let is_selected =
        |case: &Case| patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(case));
    Ok(all.into_iter().filter(is_selected).collect())
}

/// Returns the case with this name.
///
/// # Errors
///
/// If there is none.
pub(super) fn find<'c>(all: &'c [Case], id: &str) -> anyhow::Result<&'c Case> {
    let Some(case) = all.iter().find(|case| case.id == id) else {
        bail!("there is no case `{id}`{}", hint(all, id));
    };
    Ok(case)
}

/// Returns the name that was probably meant, or how to list them.
fn hint(all: &[Case], word: &str) -> String {
    let names: Vec<&str> = all.iter().map(|case| case.id.as_str()).collect();
    let meant = did_you_mean(word, &names);
    if meant.is_empty() { "; --list prints all of them".to_owned() } else { meant }
}
