//! The rows of a grid: rules, each with the cases that test it, from `rules.toml` or
//! `sockjs_rules.toml`.

use serde::Deserialize;

use crate::conform::{Case, CaseKind};

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// The rule in a few words.
    pub(super) title: String,
    /// The section that has it.
    pub(super) section: String,
    /// The ids of its cases; `*` at the end stands for any rest.
    #[serde(default)]
    cases: Vec<String>,
    /// The classes of the protocol test whose tests its cases repeat.
    #[serde(default)]
    classes: Vec<String>,
    /// The harm where nobody keeps it.
    pub(super) why: String,
}

/// The rules with their cases.
#[derive(Debug, Default)]
pub(super) struct RuleTable {
    /// The rules, in the order of the file.
    pub(super) rules: Vec<Rule>,
    /// All cases.
    pub(super) cases: Vec<Case>,
    /// The indices of each rule's cases.
    members: Vec<Vec<usize>>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    rule: Vec<Rule>,
}

impl RuleTable {
    pub(super) fn parse(source: &str, cases: Vec<Case>) -> Result<Self, toml::de::Error> {
        let rules = toml::from_str::<RulesFile>(source)?.rule;
        let mut members = vec![Vec::new(); rules.len()];
        for (index, case) in cases.iter().enumerate() {
            if let Some(rule) = rules.iter().position(|rule| rule.has(case)) {
                members[rule].push(index);
            }
        }
        Ok(Self { rules, cases, members })
    }

    /// Returns the indices of a rule's cases.
    pub(super) fn cases_of(&self, rule: usize) -> &[usize] {
        self.members.get(rule).map_or(&[], Vec::as_slice)
    }

    /// Returns the index of the case of that name.
    pub(super) fn case_index(&self, id: &str) -> Option<usize> {
        self.cases.iter().position(|case| case.id == id)
    }
}

impl Rule {
    fn has(&self, case: &Case) -> bool {
        let is_named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => case.id.starts_with(start),
            None => case.id == *pattern,
        };
        let class = twin(case).and_then(|twin| twin.split('.').next());
        class.is_some_and(|class| self.classes.iter().any(|one| one == class))
            || self.cases.iter().any(is_named)
    }
}

/// Returns the test of the protocol's own suite that a case repeats, `Class.test`, if there is one.
pub(super) fn twin(case: &Case) -> Option<&'static str> {
    match &case.kind {
        CaseKind::SockJs(script) => script.twin,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::{all_cases, sockjs_cases};
    use crate::text;

    #[test]
    fn every_case_has_one_rule_and_every_pattern_has_a_case() {
        let suites = [
            RuleTable::parse(include_str!("rules.toml"), all_cases(1)),
            RuleTable::parse(include_str!("sockjs_rules.toml"), sockjs_cases()),
        ];
        for table in suites.map(Result::unwrap) {
            let counted: usize = table.members.iter().map(Vec::len).sum();
            let missing: Vec<_> = table
                .cases
                .iter()
                .filter(|case| !table.rules.iter().any(|rule| rule.has(case)))
                .map(|case| &case.id)
                .collect();
            assert_eq!((missing, counted), (Vec::<&String>::new(), table.cases.len()));
            for (index, rule) in table.rules.iter().enumerate() {
                assert!(
                    !table.cases_of(index).is_empty(),
                    "{}: earlier rules have all",
                    rule.title
                );
                assert!(text::width(&rule.title) <= 21, "{}", rule.title);
                for pattern in &rule.cases {
                    let (cases, classes) = (vec![pattern.clone()], Vec::new());
                    let alone = Rule { cases, classes, ..rule.clone() };
                    assert!(table.cases.iter().any(|case| alone.has(case)), "{pattern}");
                }
            }
        }
    }
}
