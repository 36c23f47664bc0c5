//! The lab's record of the libraries, which several demos show.

use std::sync::LazyLock;

use crate::lab::LabRecord;

/// The record of `libraries/recorded.json`: a run of `wiretalk lab`.
pub(super) static RECORDED: LazyLock<LabRecord> =
    // A file that does not parse gives an empty record. A test checks what is in it.
    LazyLock::new(|| {
        serde_json::from_str(include_str!("libraries/recorded.json")).unwrap_or_default()
    });

/// The record of `libraries/sockjs/recorded.json`: the SockJS servers.
pub(super) static RECORDED_SOCKJS: LazyLock<LabRecord> =
    // As above.
    LazyLock::new(|| {
        serde_json::from_str(include_str!("libraries/sockjs/recorded.json")).unwrap_or_default()
    });

/// Returns where the figures of a record come from, as a clause.
pub(super) fn provenance(record: &LabRecord) -> String {
    format!("recorded {}, {}", record.date, record.machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_names_its_date_and_machine_and_has_the_five_of_go() {
        assert_eq!(RECORDED.date.len(), 10, "{:?}", RECORDED.date);
        assert!(!RECORDED.machine.is_empty() && !RECORDED.kernel.is_empty());
        for library in ["xnet", "gorilla", "coder", "gobwas", "gws"] {
            for options in ["", "-tuned"] {
                let id = format!("{library}{options}");
                let contestant = RECORDED.contestant(&id);
                assert!(contestant.is_some_and(|found| found.verdicts.is_some()), "{id}");
            }
        }
    }
}
