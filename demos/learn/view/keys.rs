//! Words the last line: what each key does now.

use crate::demos::learn::form_editor::FormEditor;
use crate::demos::learn::task_page::{Focus, Task, TaskPage};

/// Returns the keys that answer. `is_cut` says that not all of the task has room.
pub(super) fn answering(page: &TaskPage, is_cut: bool) -> String {
    let check = if page.is_sent { "send it" } else { "check" };
    let enter = if page.form.goes_on() { "next field" } else { check };
    let form = match &page.form {
        FormEditor::Fields { .. } => format!("↑ ↓ field   Enter {enter}"),
        FormEditor::Bytes(_) => format!("type hex   Enter {enter}"),
        FormEditor::Input(_) => format!("Enter {enter}"),
        FormEditor::Head { .. } => {
            format!("Ctrl-S {check}   Enter new line   Ctrl-K delete line")
        }
        FormEditor::ByteAndRule { .. } if page.bytes().is_empty() => {
            format!("↑ ↓ line   1–9 rule   Enter {enter}")
        }
        FormEditor::ByteAndRule { .. } => format!("← → byte   1–9 rule   Enter {enter}"),
        FormEditor::LineAndRemedy { .. } => format!("↑ ↓ line   1–9 remedy   Enter {enter}"),
        FormEditor::Order { is_held: true, .. } => {
            format!("↑ ↓ move it   Space put down   Enter {enter}")
        }
        FormEditor::Order { .. } => format!("↑ ↓ event   Space pick up   Enter {enter}"),
        FormEditor::Choice { .. } => format!("1–9 choose   Enter {enter}"),
        FormEditor::Several { .. } => format!("1–9 choose all that apply   Enter {enter}"),
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
        (true, _) => "Tab the rest   ",
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
