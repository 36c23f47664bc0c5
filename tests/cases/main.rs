//! Captures, dumps and logs as engineers have them, run through the program: `cases.json` says what
//! it must show of each file of `files`, and tshark must read the same frames in each capture.

mod case;
mod record;
mod tshark;

use std::collections::BTreeSet;

use case::Case;

#[test]
fn every_case_holds() {
    let cases = Case::all();
    let failures: Vec<String> = cases.iter().flat_map(Case::failures).collect();
    assert!(failures.is_empty(), "{} cases:\n{}", cases.len(), failures.join("\n"));
}

#[test]
fn each_file_belongs_to_a_case_and_each_case_has_a_name_of_its_own() {
    let cases = Case::all();
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len());
    let used: BTreeSet<String> = cases.iter().flat_map(Case::files).collect();
    let entries = std::fs::read_dir(case::folder()).unwrap();
    let there: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(used, there);
}
