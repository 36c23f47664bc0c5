//! Which implementations refuse what breaks a rule: the Go libraries as the lab judged them, and others
//! with the frames of the vectors.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Text};

use crate::conformance::{Verdict, all_cases, broken_rule};
use crate::demos::inspect::parts::canvas::Canvas;
use crate::demos::inspect::parts::prose::{self, labelled_paragraph};
use crate::demos::recorded_lab::{RECORDED, provenance};
use crate::text::units::count;
use crate::wire::FaultCode;
use crate::wire::explain::interop::{self, Reaction};

/// The Go libraries with their default options: their ids in the lab's record, and their names.
const GO_LIBRARIES: [(&str, &str); 5] = [
    ("xnet", "x/net"),
    ("gorilla", "gorilla"),
    ("coder", "coder"),
    ("gobwas", "gobwas"),
    ("gws", "gws"),
];

/// What the signs of a library say of all cases of a rule.
const LEGEND: [(&str, &str); 5] = [
    ("✓", "refuses them"),
    ("○", "lets them pass"),
    ("◐", "refuses some"),
    ("✗", "died"),
    ("–", "was not tried"),
];

/// The cases of `wiretalk conform` that break one rule alone.
static CASES: LazyLock<BTreeMap<&'static str, Vec<String>>> = LazyLock::new(|| {
    let mut cases: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for case in all_cases(1) {
        if let Some(code) = broken_rule(&case) {
            cases.entry(code.name()).or_default().push(case.id);
        }
    }
    cases
});

/// What one library did with the cases of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Judged {
    refused: usize,
    passed: usize,
    died: usize,
}

impl Judged {
    fn of(library: &str, cases: &[String]) -> Self {
        let mut judged = Self::default();
        let contestant = RECORDED.contestant(library);
        let Some(verdicts) = contestant.and_then(|found| found.verdicts.as_ref()) else {
            return judged;
        };
        for case in cases {
            let counter = match verdicts.verdict_of(case) {
                Verdict::Pass | Verdict::Tolerated => &mut judged.refused,
                Verdict::Fail | Verdict::NoAnswer => &mut judged.passed,
                Verdict::Died => &mut judged.died,
                Verdict::NotOffered | Verdict::NotApplicable => continue,
            };
            *counter = counter.saturating_add(1);
        }
        judged
    }

    fn sign(self) -> &'static str {
        match (self.refused, self.passed, self.died) {
            (_, _, 1..) => "✗",
            (0, 0, 0) => "–",
            (_, 0, 0) => "✓",
            (0, _, 0) => "○",
            _ => "◐",
        }
    }
}

/// Returns the reactions to a rule. Of what a client sends, those of the Go libraries come first.
pub(super) fn refuser_lines(
    code: FaultCode,
    is_from_client: bool,
    roomy: bool,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(cases) = CASES.get(code.name()).filter(|_| is_from_client) {
        lines.extend(library_lines(cases, width, canvas));
    } else if !is_from_client {
        let text = "No Go libraries: the lab tests them as servers, and a server sent this frame.";
        lines.extend(labelled_paragraph("", text, 2, width, canvas.theme.dim(), canvas.theme));
    }
    lines.extend(implementation_lines(code, roomy, width, canvas));
    lines
}

fn library_lines(cases: &[String], width: u16, canvas: &Canvas) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let all: Vec<_> =
        GO_LIBRARIES.into_iter().map(|(id, name)| (id, name, Judged::of(id, cases))).collect();
    let piece = |&(id, name, judged): &(&'static str, &'static str, Judged)| {
        let sign = judged.sign();
        let color = match sign {
            "✓" => theme.good,
            "✗" => theme.bad,
            "–" => theme.dim,
            _ => theme.warn,
        };
        let tried = judged.refused.saturating_add(judged.passed).saturating_add(judged.died);
        let some = match sign {
            "◐" => format!(" {} of {tried}", judged.refused),
            "✗" => format!(" {} of {tried}", judged.died),
            _ => String::new(),
        };
        let version = RECORDED.contestant(id).map_or("", |found| found.version.as_str());
        vec![
            Text::styled(format!("  {sign} "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
            Text::styled(format!("{name} {version}{some}"), Style::new().fg(theme.text)),
        ]
    };
    let mut lines = prose::flow_pieces(all.iter().map(piece).collect(), width);
    let used = LEGEND.iter().filter(|(sign, _)| all.iter().any(|(.., one)| one.sign() == *sign));
    let legend: Vec<String> = used.map(|(sign, text)| format!("{sign} {text}")).collect();
    let cases = count(u64::try_from(cases.len()).unwrap_or(u64::MAX), "case");
    let (legend, from) = (legend.join(", "), provenance(&RECORDED));
    let source = format!("Go libraries with default options, {cases}: {legend}; {from}");
    lines.extend(labelled_paragraph("", &source, 2, width, theme.dim(), theme));
    lines
}

fn implementation_lines(
    code: FaultCode,
    roomy: bool,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let answers = interop::results_for(code);
    if answers.is_empty() {
        let text =
            "No frame of the vectors breaks this rule alone, so who refuses it is not known.";
        return labelled_paragraph("", text, 2, width, theme.dim(), theme);
    }
    let piece = |answer: &interop::InteropResult| {
        let (sign, color) = match answer.reaction() {
            Reaction::Rejects => ("✓", theme.good),
            Reaction::Accepts => ("○", theme.warn),
            Reaction::Mixed => ("◐", theme.warn),
            Reaction::NotTested => ("–", theme.dim),
        };
        let some = match answer.reaction() {
            Reaction::Mixed => {
                format!(" {} of {}", answer.rejected, answer.rejected + answer.accepted)
            }
            _ => String::new(),
        };
        let text = if roomy {
            answer.to_string()
        } else {
            format!("{}{some}", answer.implementation.name)
        };
        vec![
            Text::styled(format!("  {sign} "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
            Text::styled(text, Style::new().fg(theme.text)),
        ]
    };
    if roomy {
        return answers.iter().map(|answer| Line::from(piece(answer))).collect();
    }
    let mut lines = prose::flow_pieces(answers.iter().map(piece).collect(), width);
    let used: Vec<Reaction> = answers.iter().map(interop::InteropResult::reaction).collect();
    let legend = [
        (Reaction::Rejects, "✓ refuses it"),
        (Reaction::Accepts, "○ lets it pass"),
        (Reaction::Mixed, "◐ refuses some"),
        (Reaction::NotTested, "– was not tried"),
    ];
    let legend: Vec<&str> =
        legend.iter().filter(|(s, _)| used.contains(s)).map(|(_, text)| *text).collect();
    lines.push(Line::styled(format!("  {}", legend.join("   ")), theme.dim()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_says_what_each_library_did_with_a_rule() {
        let reserved = &CASES[FaultCode::OpcodeReserved.name()];
        assert!(reserved.len() > 20, "{}", reserved.len());
        for library in ["gorilla", "coder"] {
            let judged = Judged::of(library, reserved);
            assert_eq!((judged.refused, judged.sign()), (reserved.len(), "✓"), "{library}");
        }
        let unmasked = Judged::of("xnet", &CASES[FaultCode::RsvNonzero.name()]);
        assert_ne!(unmasked.sign(), "–");
        assert_eq!(Judged::of("no such library", reserved).sign(), "–");
    }
}
