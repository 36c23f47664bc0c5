//! Diagrams in Mermaid's language, drawn as text by `mermaid-text`.

use std::panic::catch_unwind;

use crate::text;

/// The number of columns that a diagram should take.
const WIDTH: usize = 92;
/// The number of bytes of a source that is drawn. The time that a layout takes grows faster than its
/// source.
const MAX_SOURCE_BYTES: usize = 16 << 10;
/// The number of lines of a diagram that is shown.
const MAX_LINES: usize = 500;

/// Returns the diagram that `source` describes, line by line. `None` if the source is not
/// understood or too large; the slide then shows the source.
pub(super) fn lines_of(source: &str) -> Option<Vec<String>> {
    if source.len() > MAX_SOURCE_BYTES {
        return None;
    }
    // A diagram that the library trips over must not cost the deck its colours.
    let drawn = catch_unwind(|| mermaid_text::render_with_width(source, Some(WIDTH)));
    let drawn = drawn.ok()?.ok()?;
    let lines: Vec<String> = drawn
        .lines()
        .map(|line| text::sanitize(&text::expand_tabs(line.trim_end(), 4)).into_owned())
        .collect();
    let last = lines.iter().rposition(|line| !line.is_empty())?;
    let first = lines.iter().position(|line| !line.is_empty())?;
    (last - first < MAX_LINES).then(|| lines[first..=last].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(source: &str) -> Option<Vec<String>> {
        lines_of(source)
    }

    #[test]
    fn a_diagram_shows_its_nodes_in_order() {
        let lines = drawn("graph LR\n  A[Browser] --> B[Server]\n").unwrap();
        let row = lines.iter().find(|line| line.contains("Browser")).unwrap();
        assert!(row.find("Browser") < row.find("Server"), "{lines:#?}");
        assert!(!lines[0].is_empty() && !lines[lines.len() - 1].is_empty());
    }

    #[test]
    fn what_is_not_understood_or_too_large_is_left_to_the_slide() {
        assert_eq!(drawn("nonsense\n"), None);
        assert_eq!(drawn(""), None);
        assert_eq!(drawn(&format!("graph LR\n{}", "A --> B\n".repeat(4000))), None);
    }
}
