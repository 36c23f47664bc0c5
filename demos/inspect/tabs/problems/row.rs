//! One line of the list of problems.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::model::{ProblemRef, locate_fault};
use crate::demos::inspect::parts::canvas::Canvas;
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::prose::short_section;
use crate::demos::inspect::session::Session;
use crate::text;
use crate::wire::explain::reference::abnormal_closure;
use crate::wire::frame::Severity;
use crate::wire::{Fault, Side};

/// Returns the names of the columns. `code` is the width of the column of codes.
pub(crate) fn column_titles(code: usize, width: u16, canvas: &Canvas) -> Line<'static> {
    let titles = format!("  severity  frame  way  byte    bits  {:<code$}  close  what", "code");
    let room = usize::from(width).saturating_sub(7);
    let section = if text::width(&titles) + 20 <= room { "section" } else { "" };
    Line::styled(format!("{titles:<room$}{section}"), canvas.theme.faint())
}

/// One line of the list as cells.
pub(crate) struct ProblemRow {
    from: Side,
    severity: Severity,
    frame: String,
    byte: String,
    bits: String,
    pub(crate) code: &'static str,
    close: String,
    summary: &'static str,
    section: &'static str,
}

impl ProblemRow {
    pub(crate) fn from_problem(session: &Session, problem: ProblemRef) -> Self {
        let none = || "–".to_owned();
        match problem {
            ProblemRef::Head(from, number) => {
                let problems = session
                    .connection()
                    .trace
                    .head(from)
                    .map(|validated| &validated.validation.problems);
                let problem = problems.and_then(|problems| problems.get(number));
                let code = problem.map(|problem| problem.code.rule());
                Self {
                    from,
                    severity: problem.map_or(Severity::Info, |problem| problem.severity),
                    frame: "head".to_owned(),
                    byte: problem
                        .and_then(|problem| problem.span.as_ref())
                        .map_or_else(none, |span| format!("0x{:02x}", span.start)),
                    bits: none(),
                    code: code.map_or("", |rule| rule.name),
                    close: none(),
                    summary: code.map_or("", |rule| rule.summary),
                    section: code.map_or("", |rule| rule.section),
                }
            }
            ProblemRef::Frame(from, number) => {
                let found = locate_fault(session, from, number);
                let fault = found.as_ref().map(|found| found.fault);
                Self {
                    from,
                    severity: fault.map_or(Severity::Info, Fault::severity),
                    frame: found
                        .as_ref()
                        .and_then(|found| found.row)
                        .map_or_else(|| "…".to_owned(), |row| row.to_string()),
                    byte: found
                        .as_ref()
                        .map_or_else(none, |found| format!("0x{:02x}", found.byte_in_frame())),
                    bits: fault
                        .and_then(|fault| fault.bits)
                        .map_or_else(none, |bits| bits.to_string().replace('-', "–")),
                    code: fault.map_or("", |fault| fault.code.name()),
                    close: fault
                        .and_then(Fault::close_code)
                        .map_or_else(none, |code| code.to_string()),
                    summary: fault.map_or("", Fault::summary),
                    section: fault.map_or("", Fault::section),
                }
            }
            ProblemRef::Refusal(from) => Self::from_refusal(session, from),
            ProblemRef::Ending => {
                let closure = session.connection().abnormal.as_ref();
                Self {
                    // The side that ended it, if that is known; otherwise the one that hears of it.
                    from: closure.and_then(|closure| closure.by).unwrap_or(Side::Server),
                    severity: Severity::Warning,
                    frame: "end".to_owned(),
                    byte: none(),
                    bits: none(),
                    code: abnormal_closure::NAME,
                    close: abnormal_closure::CLOSE_CODE.to_string(),
                    summary: abnormal_closure::SUMMARY,
                    section: abnormal_closure::SECTION,
                }
            }
        }
    }

    /// Returns the line of a Close that refuses what was sent.
    fn from_refusal(session: &Session, from: Side) -> Self {
        let refusal = session.connection().refusal();
        let code = refusal.as_ref().map(|refusal| refusal.code);
        let none = || "–".to_owned();
        Self {
            from,
            severity: Severity::Warning,
            frame: refusal.map_or_else(none, |refusal| refusal.row.to_string()),
            byte: none(),
            bits: none(),
            code: "REFUSED",
            close: code.map_or_else(none, |code| code.code.to_string()),
            summary: code.map_or("", |code| code.name),
            section: code.map_or("", |code| code.section),
        }
    }

    pub(crate) fn line(
        &self,
        chosen: bool,
        ignored: bool,
        code: usize,
        width: u16,
        canvas: &Canvas,
    ) -> Line<'static> {
        let theme = canvas.theme;
        let (sign, color) = match self.severity {
            Severity::Fatal => ("✗", theme.bad),
            Severity::Warning => ("!", theme.warn),
            Severity::Info => ("i", theme.accent),
        };
        let (color, weight) =
            if ignored { (theme.dim, theme.dim()) } else { (color, Style::new()) };
        let name = if ignored { "ignored" } else { self.severity.name() };
        let (way, arrow) = side_style(self.from, theme);
        let Self { frame, byte, bits, close, .. } = self;
        let mut line = Line::from(vec![
            Span::styled(if chosen { "▶ " } else { "  " }, Style::new().fg(theme.accent)),
            Span::styled(
                format!("{sign} {name:<8}"),
                Style::new().fg(color).add_modifier(Modifier::BOLD),
            ),
            Span::styled(format!("{frame:>5}  "), weight),
            Span::styled(format!("{arrow}  "), if ignored { weight } else { Style::new().fg(way) }),
            Span::styled(format!("{byte:<6}  {bits:<5} "), theme.dim()),
            Span::styled(format!("{:<code$}  ", self.code), Style::new().fg(color)),
            Span::styled(format!("{close:>5}  "), weight),
        ]);
        let section = short_section(self.section);
        let room = usize::from(width).saturating_sub(line.width() + text::width(section) + 2);
        // Without enough room for the summary the section is left out.
        if room >= 16 {
            let what = text::ellipsize(self.summary, room);
            line.push_span(Span::styled(format!("{what:<room$}  "), weight));
            line.push_span(Span::styled(section, theme.dim()));
        } else {
            let room = usize::from(width).saturating_sub(line.width());
            line.push_span(Span::styled(text::ellipsize(self.summary, room).into_owned(), weight));
        }
        line
    }
}
