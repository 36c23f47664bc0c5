//! The cases of Autobahn|Testsuite and of the SockJS protocol test that test the same as ours, as the tables
//! say by which the verdicts of both are compared.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::conform::{Case, CaseKind};

#[derive(Default, Deserialize)]
struct Table {
    twins: BTreeMap<String, Vec<String>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads it, so it is never the default.
    toml::from_str(include_str!("../../../demos/libraries/autobahn.toml")).unwrap_or_default()
});

/// Returns the test of the SockJS protocol test that demands the same as a case, `Class.test_name`.
pub(super) fn sockjs_twin(case: &Case) -> Option<&'static str> {
    match &case.kind {
        CaseKind::SockJs(script) => script.twin,
        _ => None,
    }
}

/// Returns the names of the twins of a case, in which `*` stands for any number: `6.4.1`, `9.1.*`.
pub(super) fn twins(case: &str) -> &'static [String] {
    TABLE.twins.get(case).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::conformance::all_cases;

    #[test]
    fn each_case_of_the_table_exists() {
        let cases = all_cases(1);
        let names: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let unknown: Vec<_> =
            TABLE.twins.keys().filter(|name| !names.contains(name.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(TABLE.twins.len() > 150);
        assert_eq!(twins("fragments/two-byte-by-byte"), ["5.5"]);
    }
}
