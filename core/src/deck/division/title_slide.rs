//! The title slide of a deck whose title stands in its front matter alone.

use crate::deck::content::block::Block;
use crate::deck::content::slide::{Deck, Slide};
use crate::deck::content::text_run::TextRun;
use crate::deck::warning::Warning;

/// Puts a slide with `title`, that of the front matter, before the first one, unless that begins with a
/// heading of level 1, which is the title of the talk already. The warnings stay with their slides.
pub(in crate::deck) fn add_title_slide(
    deck: &mut Deck,
    title: Option<Vec<TextRun>>,
    warnings: &mut [Warning],
) {
    let Some(text) = title else { return };
    let first = deck.slides.first();
    let is_shown =
        |block: &&Block| !matches!(block, Block::Styled { .. } | Block::Middle | Block::Blank(_));
    let begins_with_title = first
        .and_then(|slide| slide.all_blocks().find(is_shown))
        .is_some_and(|block| matches!(block, Block::Heading { level: 1, .. }));
    if begins_with_title {
        return;
    }
    let begin = first.map(|slide| slide.position);
    let section = first.and_then(|slide| slide.section.clone());
    let heading = Block::Heading { level: 1, text };
    // A deck of nothing but front matter has one empty slide.
    if let [only] = deck.slides.as_mut_slice()
        && only.blocks.is_empty()
    {
        only.blocks.push(heading);
        return;
    }
    deck.slides.insert(0, Slide { section, blocks: vec![heading], ..Slide::default() });
    // What is said about the front matter stays on the slide of its title.
    for warning in warnings.iter_mut().filter(|warning| Some(warning.position) >= begin) {
        warning.slide += 1;
    }
}

#[cfg(test)]
mod tests {
    use crate::deck::{Block, parse};

    fn titles(source: &str) -> Vec<Option<String>> {
        parse(source).0.slides.iter().map(crate::deck::Slide::title).collect()
    }

    #[test]
    fn a_title_in_the_front_matter_alone_has_a_slide_of_its_own() {
        let some = |text: &str| Some(text.to_owned());
        let front = "---\ntitle: The talk\nauthor: Me\n---\n";
        assert_eq!(titles(&format!("{front}\n## A\n")), [some("The talk"), some("A")]);
        assert_eq!(titles(&format!("{front}\n# A\n")), [some("A")]);
        assert_eq!(titles(&format!("{front}\ntext\n")), [some("The talk"), None]);
        assert_eq!(titles(front), [some("The talk")]);
        assert_eq!(parse(front).1, [], "a title slide is no empty deck");
        assert_eq!(titles("---\nauthor: Me\n---\n\n## A\n"), [some("A")]);
    }

    #[test]
    fn a_title_has_the_styles_of_a_heading() {
        let (deck, _) = parse("---\ntitle: Reading a _capture_\n---\n\ntext\n");
        let Block::Heading { text, .. } = &deck.slides[0].blocks[0] else { panic!("no title") };
        let runs: Vec<(&str, bool)> =
            text.iter().map(|run| (&*run.text, run.style.italic)).collect();
        assert_eq!(runs, [("Reading a ", false), ("capture", true)]);
        assert_eq!(deck.front_matter.title.as_deref(), Some("Reading a capture"));
        let (deck, _) = parse("---\ntitle: \"All about C #\"\n---\n");
        assert_eq!(deck.slides[0].title().as_deref(), Some("All about C #"));
    }

    #[test]
    fn warnings_stay_with_their_slides() {
        let (deck, warnings) =
            parse("---\ntitle: T\ntitel: x\n---\n\n## A\n\n---\n\n## B\n\n<!-- pasue -->\n");
        assert_eq!(deck.slides.len(), 3);
        assert_eq!(warnings.iter().map(|warning| warning.slide).collect::<Vec<_>>(), [0, 2]);
    }
}
