//! The built program: code that the compiler makes anew for each type is made for few types.

use std::collections::BTreeSet;
use std::fs;

/// The types of tasks that tokio runs here: a scope's own, those of libraries, and their blocking
/// look-ups of names; some of them for both of tokio's schedulers. Each future that tokio were given
/// by itself would add one or two.
const MAX_TASK_TYPES: usize = 10;

/// The end of the mangled name of tokio's function that polls a task, and what follows it: a hash of
/// the task's type.
const POLL_TASK: &str = "5tokio7runtime4task3raw4poll17h";
const HASH_LEN: usize = 16;

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the program holds its symbols on Linux")]
fn tokio_runs_tasks_of_few_types() {
    let program = fs::read(env!("CARGO_BIN_EXE_wiretalk")).expect("the program is built");
    let names = memchr::memmem::find_iter(&program, POLL_TASK).filter_map(|at| {
        let hash = at + POLL_TASK.len();
        program.get(hash..hash + HASH_LEN)
    });
    let types: BTreeSet<&[u8]> = names.collect();
    assert!(!types.is_empty(), "the program has no symbols, or tokio's have other names");
    assert!(types.len() <= MAX_TASK_TYPES, "tokio runs tasks of {} types", types.len());
}
