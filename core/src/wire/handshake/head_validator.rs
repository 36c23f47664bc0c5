//! The checks that requests and responses have in common: line structure, headers that may occur
//! once, lists of tokens.
//! `request` and `response` know which headers are required.

use std::ops::Range;

use crate::wire::frame::Severity;
use crate::wire::handshake::extension::is_token;
use crate::wire::handshake::head::{FieldLine, Head, HeadLineKind};
use crate::wire::handshake::problem::{Problem, ProblemCode};

/// A head that is being validated, with the problems found so far.
pub(crate) struct HeadValidator<'a> {
    pub(crate) head: &'a Head,
    pub(crate) problems: Vec<Problem>,
}

/// The result of looking for a header that may occur only once.
pub(crate) enum SingleField<'a> {
    Missing,
    Present(&'a FieldLine),
    /// The header has a problem that was already reported, so it is not checked further.
    Unusable,
}

impl<'a> HeadValidator<'a> {
    pub(crate) fn new(head: &'a Head) -> Self {
        Self { head, problems: Vec::new() }
    }

    pub(crate) fn report(&mut self, code: ProblemCode, span: Option<Range<usize>>) {
        self.report_with(code, code.rule().severity, span, None);
    }

    pub(crate) fn report_with(
        &mut self,
        code: ProblemCode,
        severity: Severity,
        span: Option<Range<usize>>,
        hint: Option<String>,
    ) {
        self.problems.push(Problem { code, severity, span, hint });
    }

    /// Reports lines that end in a bare LF (RFC 9112 section 2.2). This is reported once, for the
    /// first such line.
    pub(crate) fn check_bare_lf(&mut self) {
        let bare = self.head.lines().iter().find(|line| line.line_end.len() == 1);
        if let Some(span) = bare.map(|line| line.line_end.clone()) {
            self.report(ProblemCode::BareLf, Some(span));
        }
    }

    /// Reports empty lines before the start line, which are passed over (RFC 9112 section 2.2).
    pub(crate) fn check_leading_blank_lines(&mut self) {
        let start = self.head.start_line().start;
        if start > 0 {
            self.report(ProblemCode::BlankLineBefore, Some(0..start));
        }
    }

    /// Checks the structure of the lines (RFC 9112 sections 2.2, 5.1 and 5.2, RFC 9110 section
    /// 5.5). `fold` is the severity of a folded line.
    pub(crate) fn check_field_lines(&mut self, fold: Severity) {
        for line in self.head.lines().iter().filter(|line| line.kind == HeadLineKind::Other) {
            let bytes = self.head.slice(&line.text);
            if matches!(bytes.first(), Some(b' ' | b'\t')) {
                self.report_with(ProblemCode::ObsFold, fold, Some(line.text.clone()), None);
            } else if self.has_control_byte(&line.text) {
                self.report(ProblemCode::ControlChar, Some(line.text.clone()));
            } else {
                self.report(ProblemCode::FieldLine, Some(line.text.clone()));
            }
        }
        for field in self.head.fields() {
            let name = self.head.slice(&field.name);
            // A control character is reported below, and once is enough.
            if !is_token(name) && !self.has_control_byte(&field.name) {
                self.report(ProblemCode::FieldName, Some(field.line.clone()));
            } else if field.space_before_colon {
                self.report(ProblemCode::SpaceBeforeColon, Some(field.line.clone()));
            }
            if field.is_folded() {
                self.report_with(ProblemCode::ObsFold, fold, Some(field.line.clone()), None);
            }
            if self.has_control_character(field) {
                self.report(ProblemCode::ControlChar, Some(field.line.clone()));
            }
        }
    }

    /// Reports the second occurrence of each header in `names`, which may occur only once.
    pub(crate) fn check_duplicates(&mut self, names: &[&str]) {
        for name in names {
            if let Some(second) =
                self.head.fields_named(name).nth(1).map(|field| field.line.clone())
            {
                self.report(ProblemCode::Duplicate, Some(second));
            }
        }
    }

    pub(crate) fn single_field(&self, name: &str) -> SingleField<'a> {
        let head = self.head;
        let mut fields = head.fields().iter().filter(|field| head.is_named(field, name));
        match (fields.next(), fields.next()) {
            (None, _) => SingleField::Missing,
            (Some(field), None) if !self.has_control_character(field) => {
                SingleField::Present(field)
            }
            _ => SingleField::Unusable,
        }
    }

    /// Checks a header that is a list of tokens over all its lines (RFC 9110 section 5.6.1).
    /// Reports `missing` if the header is not there, and `wrong` if `fits` rejects the tokens,
    /// which are passed in lower case.
    pub(crate) fn check_token_list(
        &mut self,
        name: &str,
        missing: ProblemCode,
        wrong: ProblemCode,
        fits: impl Fn(&[String]) -> bool,
    ) {
        let lines: Vec<&FieldLine> = self.head.fields_named(name).collect();
        let Some(first) = lines.first().map(|field| field.line.clone()) else {
            return self.report(missing, None);
        };
        if lines.iter().any(|field| self.has_control_character(field)) {
            return;
        }
        // Several lines with the same name are one list (RFC 9110 section 5.3).
        let tokens: Vec<String> =
            lines.iter().flat_map(|field| self.head.list_elements(field)).collect();
        let tokens: Vec<String> = tokens.iter().map(|token| token.to_ascii_lowercase()).collect();
        if !fits(&tokens) {
            self.report(wrong, Some(first));
        }
    }

    pub(crate) fn has_control_character(&self, field: &FieldLine) -> bool {
        self.has_control_byte(&field.name)
            || field.pieces.iter().any(|piece| self.has_control_byte(piece))
    }

    /// Reports a control character in the start line, where not even a tab is allowed (RFC 9112
    /// sections 2.2, 3 and 4). Returns whether there is one.
    pub(crate) fn check_start_line_controls(&mut self) -> bool {
        let line = self.head.start_line();
        let found = self.head.slice(&line).iter().any(u8::is_ascii_control);
        if found {
            self.report(ProblemCode::ControlChar, Some(line));
        }
        found
    }

    /// Whether there is a control character, including a CR without LF.
    fn has_control_byte(&self, part: &Range<usize>) -> bool {
        self.head.slice(part).iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
    }
}
