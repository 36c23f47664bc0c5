//! The page of rules for one line of a head.

use super::accept_steps::lettered_checks;
use super::head_line::purpose;
use crate::demos::inspect::parts::page::{RulesPage, head_problem_page};
use crate::demos::inspect::session::Session;
use crate::wire::{Side, format};

/// Returns the page of a line of a head: its purpose, its checks and its problems.
pub(crate) fn line_page(session: &Session, (from, number): (Side, usize)) -> Option<RulesPage> {
    let validated = session.connection().trace.head(from)?;
    let head = validated.head.as_ref()?;
    let line = head.lines().get(number)?;
    let text = format::quote(&head.raw()[line.text.clone()], 200);
    let mut paragraphs = vec![("Here", text), ("Why", purpose(head, number).to_owned())];
    let mut title =
        if from == Side::Client { "A line of the request" } else { "A line of the response" }
            .to_owned();
    for row in lettered_checks(session) {
        if row.from == from && row.check.line == Some(number) {
            title = format!("{}, {}", row.check.name, row.check.section);
            paragraphs
                .push(("Checked", format::escape_controls(&format!("{}.", row.check.finding))));
        }
    }
    for problem in &validated.validation.problems {
        let within = |span: &std::ops::Range<usize>| {
            span.start >= line.text.start && span.start < line.line_end.end
        };
        if problem.span.as_ref().is_some_and(within) {
            let page = head_problem_page(problem.code, problem.hint.as_deref());
            paragraphs.extend(page.paragraphs);
        }
    }
    Some(RulesPage { title, paragraphs })
}
