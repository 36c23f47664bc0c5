//! The page about a library: how it is built inside.

use crate::cli::decode::text_page::TextPage;
use crate::lab::LibraryInside;

/// Returns the page.
pub(super) fn page(inside: &LibraryInside) -> String {
    let mut page = TextPage::default();
    page.paragraph("", &format!("{} {}", inside.module, inside.version));
    page.blank_line();
    page.paragraph("", &format!("{}.", inside.principle.trim_end_matches('.')));
    page.paragraph("", &inside.principle_says);
    page.blank_line();
    page.line("The source, in demos/libraries/go; Go fetches what is missing:");
    page.line(&format!(
        "  cd \"$(go mod download && go list -m -f '{{{{.Dir}}}}' {})\"",
        inside.module
    ));
    let mut topic = "";
    for place in &inside.places {
        if place.topic != topic {
            topic = &place.topic;
            page.blank_line();
            page.line(topic);
        }
        page.paragraph("  ", &format!("{}:{} {}", place.file, place.line, place.function));
        page.paragraph("    ", &place.does);
        page.paragraph("    ", &place.matters);
    }
    page.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Place;

    #[test]
    fn a_page_has_each_topic_once_with_its_places() {
        let place = |topic: &str, line| Place {
            topic: topic.to_owned(),
            file: "mask.go".to_owned(),
            function: "maskBytes".to_owned(),
            line,
            does: "Works a word at a time.".to_owned(),
            matters: "Eight bytes a step without assembly, ".repeat(4).trim().to_owned(),
        };
        let inside = LibraryInside {
            library: "x".to_owned(),
            module: "example.com/x".to_owned(),
            version: "v1.0.0".to_owned(),
            principle: "One writer".to_owned(),
            principle_says: "There is one.".to_owned(),
            places: vec![place("masking", 14), place("masking", 20), place("limits", 7)],
        };
        let page = page(&inside);
        assert!(
            page.starts_with("example.com/x v1.0.0\n\nOne writer.\nThere is one.\n\nThe source, ")
        );
        assert!(page.contains("&& go list -m -f '{{.Dir}}' example.com/x)\"\n\nmasking\n"));
        assert_eq!(page.matches("masking\n").count(), 1);
        assert!(page.contains("\n  mask.go:14 maskBytes\n    Works a word at a time.\n    Eight"));
        assert!(page.contains("\n\nlimits\n  mask.go:7 maskBytes\n"));
        assert!(page.lines().all(|line| line.len() <= 80), "{page}");
    }
}
