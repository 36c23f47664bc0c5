//! Explains one problem: its bytes and bits, the rule, which implementations refuse it, and the
//! reaction.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Text};

use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::page;
use crate::demos::inspect::parts::page::RulesPage;
use crate::demos::inspect::session::connections::{ConnectionStatus, Refusal};

use super::head_problem;
use super::location::draw_frame;
use super::model::{LocatedFault, ProblemPane, ProblemRef, locate_fault};
use super::refusers::refuser_lines;
use crate::demos::inspect::parts::payload::payload_preview;
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::parts::prose::{labelled_paragraph, short_section};
use crate::demos::inspect::session::Session;
use crate::wire::explain::NonFrame;
use crate::wire::explain::interop;
use crate::wire::explain::reference;
use crate::wire::frame::encode;
use crate::wire::{CloseCode, MaskingKey, Side, format};

/// The width of the labels in the panes in cells.
const LABEL_WIDTH: usize = 9;

/// The Close that answers a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CloseResponse {
    /// Whether we send it, because the other side broke the rule.
    pub(crate) is_ours: bool,
    pub(crate) code: u16,
    pub(crate) raw: Vec<u8>,
    key: Option<MaskingKey>,
}

/// Returns the Close that the receiver of the fault sends; `None` for warnings, for faults that no
/// Close answers, and without a key to mask it with.
pub(crate) fn close_response(
    session: &Session,
    problem: ProblemRef,
    close_key: Option<MaskingKey>,
) -> Option<CloseResponse> {
    let ProblemRef::Frame(from, number) = problem else { return None };
    let found = locate_fault(session, from, number)?;
    let code = found.fault.close_code()?;
    let ours = from == Side::Server;
    // Only a client masks (RFC 6455 section 5.1). Without a key it cannot send.
    let key = if ours { Some(close_key?) } else { None };
    Some(CloseResponse { is_ours: ours, code, raw: encode::close_frame(code, "", key), key })
}

/// Whether `s` sends the Close: on our own connection, while it is open.
pub(super) fn sends_close(session: &Session, response: Option<&CloseResponse>) -> bool {
    response.is_some_and(|response| response.is_ours)
        && session.source.is_own_connection()
        && session.connection().status == ConnectionStatus::Open
}

pub(crate) fn draw(
    session: &Session,
    problem: ProblemRef,
    pane: ProblemPane,
    close_key: Option<MaskingKey>,
    area: Rect,
    canvas: &mut Canvas,
) {
    match problem {
        ProblemRef::Frame(from, number) => {
            let Some(found) = locate_fault(session, from, number) else { return };
            let bits = area.height >= 13;
            let (bytes, rest) = split_rows(area, if bits { 6 } else { 3 });
            draw_frame(session, &found, bits, bytes, canvas);
            let response = close_response(session, problem, close_key);
            draw_panes(session, &found, response.as_ref(), pane, rest, canvas);
        }
        ProblemRef::Head(from, number) => head_problem::draw(session, from, number, area, canvas),
        ProblemRef::Refusal(_) => {
            if let Some(refusal) = session.connection().refusal() {
                page::draw_below(&refusal_page(&refusal), area, canvas);
            }
        }
        ProblemRef::Ending => {
            if let Some(closure) = &session.connection().abnormal {
                page::draw_below(&page::abnormal_closure_page(closure), area, canvas);
            }
        }
    }
}

/// Returns the page of a Close that refuses what was sent.
pub(super) fn refusal_page(refusal: &Refusal) -> RulesPage {
    let Refusal { row, from, code, reason } = refusal;
    let reason = match reason.as_slice() {
        [] => "it gives no reason".to_owned(),
        reason => format!("its reason: {}", format::quote(reason, 120)),
    };
    let paragraphs = vec![
        (
            "Found",
            format!(
                "Frame {row} is the Close of the {from}, {} {}; {reason}.",
                code.code, code.name
            ),
        ),
        ("Means", format!("{}.", code.meaning)),
        (
            "Rules",
            "No rule of framing is broken: the bytes are legal, and the peer will not have them."
                .to_owned(),
        ),
    ];
    RulesPage { title: format!("{} {}, {}", code.code, code.name, code.section), paragraphs }
}

/// Draws the rule, the implementations that refuse it, and the reaction: below each other, or only
/// the chosen pane.
fn draw_panes(
    session: &Session,
    found: &LocatedFault,
    response: Option<&CloseResponse>,
    pane: ProblemPane,
    area: Rect,
    canvas: &mut Canvas,
) {
    let width = area.width;
    let code = found.fault.code;
    let rule_text = rule_lines(session, found, width, canvas);
    let is_from_client = found.from == Side::Client;
    let refusers = refuser_lines(code, is_from_client, area.height >= 30, width, canvas);
    let now = reaction_lines(session, found, response, width, canvas);
    let title = format!("{}, {}", code.name(), short_section(found.fault.section()));
    let cases = match interop::case_count(code) {
        0 => "Who refuses it?".to_owned(),
        1 => "Who refuses it? Measured with 1 frame that breaks this rule alone".to_owned(),
        cases => format!("Who refuses it? Measured with {cases} frames that break this rule alone"),
    };
    let heights = [refusers.len() as u16 + 1, now.len() as u16 + 1];
    if area.height >= heights[0] + heights[1] + 4 {
        let rule = (rule_text.len() as u16 + 1).min(area.height - heights[0] - heights[1]);
        let (first, rest) = split_rows(area, rule);
        let (second, third) = split_rows(rest, heights[0]);
        draw_pane(&title, &rule_text, first, canvas);
        draw_pane(&cases, &refusers, second, canvas);
        return draw_pane("What the receiver must do", &now, third, canvas);
    }
    match pane {
        ProblemPane::Rule => {
            draw_pane(&format!("{title} · w who refuses it"), &rule_text, area, canvas);
        }
        ProblemPane::Implementations => {
            draw_pane(&format!("{cases} · w what the receiver must do"), &refusers, area, canvas);
        }
        ProblemPane::Reaction => {
            draw_pane("What the receiver must do · w the rule", &now, area, canvas);
        }
    }
}

fn draw_pane(title: &str, lines: &[Line], area: Rect, canvas: &mut Canvas) {
    canvas.draw_divider(title, area);
    prose::draw_lines(lines, split_rows(area, 1).1, canvas);
}

fn rule_lines(
    session: &Session,
    found: &LocatedFault,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let page = reference::for_fault(found.fault.code);
    let detail = found.fault.detail.to_string();
    let here =
        if detail.is_empty() { page.title.to_owned() } else { format!("{}: {detail}", page.title) };
    let strong = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let mut lines = labelled_paragraph(
        "  Found",
        &format::escape_controls(&here),
        LABEL_WIDTH,
        width,
        strong,
        theme,
    );
    // What the bytes are says more than the rule that they happen to break first.
    let hint = found.non_frame(session).map(NonFrame::hint).or_else(|| found.fault.hint());
    let hint = hint.unwrap_or_default();
    for (label, text) in [
        ("  Hint", hint),
        ("  RFC", page.requirement),
        ("  Means", page.common_cause),
        ("  Why", page.rationale),
    ] {
        if !text.is_empty() {
            lines.extend(labelled_paragraph(
                label,
                text,
                LABEL_WIDTH,
                width,
                Style::new().fg(theme.text),
                theme,
            ));
        }
    }
    lines
}

fn reaction_lines(
    session: &Session,
    found: &LocatedFault,
    response: Option<&CloseResponse>,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let plain = Style::new().fg(theme.text);
    let mut lines = if let Some(response) = response {
        close_response_lines(session, found, response, width, canvas)
    } else {
        labelled_paragraph(
            "",
            &reference::for_fault(found.fault.code).consequence,
            2,
            width,
            plain,
            theme,
        )
    };
    // Bounded, because drawing must not depend on the length of a capture.
    let after = session.connection().trace.rows()[found.row.map_or(0, |row| row + 1)..]
        .iter()
        .take(100_000)
        .filter(|row| row.from() == found.from && row.is_after_fault())
        .count();
    if found.row.is_some() && found.fault.is_fatal() && after > 0 {
        let (frames, them) = if after == 1 {
            ("1 frame".to_owned(), "it")
        } else {
            (format!("{after} frames"), "them")
        };
        let text = format!(
            "{frames} came after it (↯ in the list): a receiver that stops here never reads {them}"
        );
        lines.extend(labelled_paragraph("", &text, 2, width, theme.dim(), theme));
    }
    lines
}

fn close_response_lines(
    session: &Session,
    found: &LocatedFault,
    response: &CloseResponse,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let bold = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let sends = sends_close(session, Some(response));
    let actor = match (sends, response.is_ours) {
        (true, _) => "send",
        (false, true) => "the client must answer",
        (false, false) => "the server must answer",
    };
    let about = CloseCode::new(response.code);
    let mask = response.key.map_or_else(
        || "not masked".to_owned(),
        |key| format!("masked with {}", format::hex(&key)),
    );
    let mut first = Line::from(vec![
        Text::styled("  1  ", bold),
        Text::styled(format!("{actor}  "), Style::new().fg(theme.text)),
        Text::styled(
            format::spaced_hex(&response.raw, 16),
            Style::new().fg(theme.good).add_modifier(Modifier::BOLD),
        ),
        Text::styled(format!("   Close {} {}, {mask}", response.code, about.name), theme.dim()),
    ]);
    if sends && first.width() + 10 <= usize::from(width) {
        first.push_span(Text::styled("   s ", bold));
        first.push_span(Text::styled("sends it", theme.dim()));
    }
    let mut lines = vec![first];
    let second = if response.is_ours {
        "stop reading, wait until the server closes TCP, then close (§7.1.1, §7.1.7)".to_owned()
    } else {
        server_reaction(session, found)
    };
    lines.extend(labelled_paragraph("  2", &second, 5, width, Style::new().fg(theme.text), theme));
    lines
}

/// Describes how the server has reacted to our fault.
fn server_reaction(session: &Session, found: &LocatedFault) -> String {
    let after = found.row.map_or(session.connection().trace.rows().len(), |row| row + 1);
    // Bounded for the same reason as above.
    let rows = session.connection().trace.rows().iter().enumerate().skip(after).take(10_000);
    let mut closes = rows.filter(|(_, row)| row.from() != found.from && row.is_close());
    let close = closes.next().map(|(number, _)| number);
    match (close, &session.connection().status) {
        (Some(row), _) => {
            let text = session.frame(row).map_or_else(String::new, |frame| payload_preview(&frame));
            format!("what it did: frame {row} is its Close {text}")
        }
        (None, ConnectionStatus::Ended(_) | ConnectionStatus::FromFile(_)) => {
            "what it did: it ended the connection without a Close".to_owned()
        }
        (None, _) => "what it did: no Close from it so far; it may have let this pass".to_owned(),
    }
}
