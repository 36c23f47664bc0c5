//! Words the last line: what each key does now.

use crate::demos::learn::form_editor::FormEditor;
use crate::demos::learn::task_page::{Focus, Task, TaskPage};
use crate::text;

/// The blanks between two keys.
const SEPARATOR: &str = "   ";

/// The keys that are dropped where there is no room, the first ones first.
const DISPENSABLE: &[&str] =
    &["Ctrl-K delete line", "Enter new line", "↑ ↓ field", "g another one", "e try again"];

/// Returns the keys that answer. `is_cut` says that not all of the task has room.
pub(super) fn answering(page: &TaskPage, is_cut: bool) -> String {
    let check = if page.is_sent { "send it" } else { "check" };
    let enter = if page.form.goes_on() { "next field" } else { check };
    let digits = format!("1–{}", page.form.choices());
    let form = match &page.form {
        FormEditor::Fields { .. } => format!("↑ ↓ field   Enter {enter}"),
        FormEditor::Bytes(_) => format!("type hex   Enter {enter}"),
        FormEditor::Input(_) => format!("Enter {enter}"),
        FormEditor::Head { .. } => {
            format!("Ctrl-S {check}   Enter new line   Ctrl-K delete line")
        }
        FormEditor::ByteAndRule { .. } if page.bytes().is_empty() => {
            format!("↑ ↓ line   {digits} rule   Enter {enter}")
        }
        FormEditor::ByteAndRule { .. } => format!("← → byte   {digits} rule   Enter {enter}"),
        FormEditor::LineAndRemedy { .. } => format!("↑ ↓ line   {digits} remedy   Enter {enter}"),
        FormEditor::Order { is_held: true, .. } => {
            format!("↑ ↓ move it   Space put down   Enter {enter}")
        }
        FormEditor::Order { .. } => format!("↑ ↓ event   Space pick up   Enter {enter}"),
        FormEditor::Choice { .. } => format!("{digits} choose   Enter {enter}"),
        FormEditor::Several { .. } => format!("{digits} choose all that apply   Enter {enter}"),
    };
    let has_more_hints = page.hints_shown < page.hints().len();
    let hint = match (has_more_hints, page.takes_letters()) {
        (false, _) => "",
        (true, true) => "   F1 hint",
        (true, false) => "   h hint",
    };
    let is_tab_free = !matches!(page.form, FormEditor::Fields { .. });
    let rest = match (is_cut && is_tab_free, page.focus) {
        (false, _) => "",
        (true, Focus::End) => "Tab back   ",
        (true, _) => "Tab rest   ",
    };
    format!("{rest}{form}{hint}   Esc list")
}

/// Returns the keys after the verdict.
pub(super) fn after_verdict(page: &TaskPage) -> String {
    let inspector = if page.has_bytes() { "   i inspector" } else { "" };
    if page.is_waiting() {
        return format!("e try again{inspector}   Esc list");
    }
    let anew = if matches!(page.task, Task::Exercise(_)) { "   g another one" } else { "" };
    let servers = if page.recorded.is_some() { "   x run both here" } else { "" };
    let (enter, inspector) = if page.is_to_be_inspected() {
        ("Enter inspector   n next", "")
    } else {
        ("Enter next", inspector)
    };
    format!("{enter}   e try again{anew}{inspector}{servers}   Esc list")
}

/// Drops keys until the others have room.
pub(super) fn fitting(keys: &str, width: usize) -> String {
    let mut keys: Vec<&str> = keys.split(SEPARATOR).collect();
    for key in DISPENSABLE {
        if text::width(&keys.join(SEPARATOR)) <= width {
            break;
        }
        keys.retain(|shown| shown != key);
    }
    keys.join(SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_dropped_whole() {
        let keys = "Enter next   e try again   g another one   Esc list";
        assert_eq!(fitting(keys, 51), keys);
        assert_eq!(fitting(keys, 50), "Enter next   e try again   Esc list");
        assert_eq!(fitting(keys, 1), "Enter next   Esc list");
        let keys = "↑ ↓ field   Enter next field   F1 hint   Esc list";
        assert_eq!(fitting(keys, 40), "Enter next field   F1 hint   Esc list");
    }
}
