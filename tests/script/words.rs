//! Every word of both decks is on a screen, at every size, in every theme and with all colours that
//! a terminal may have.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::Widget as _;
use wiretalk::app::AppConfig;
use wiretalk::cli::check::{self, ReadDeck};
use wiretalk::deck::{Block, Deck, DemoFence, Slide, TextRun, Warning};
use wiretalk::demos::REGISTRY;
use wiretalk::slide;
use wiretalk::stage::{BigText, Brightness, BuiltInTheme, ColorDepth, PixelSize, Theme};

use crate::playing::play;
use crate::{SIZES, TALK, TOUR, rows, show};

/// The last rows of a screen, for marks of what is out of sight and for the footer.
const ROWS_BELOW: usize = 2;

/// Every step of every slide, and what Shift+→ shows where a `›` says that there is more.
#[tokio::test]
async fn every_word_of_both_decks_is_on_a_screen_at_every_size() {
    for (name, source) in [("talk", TALK), ("tour", TOUR)] {
        let deck = check::parse_deck(source, REGISTRY).deck;
        for size in SIZES {
            let mut screens: Vec<Vec<Buffer>> = vec![Vec::new(); deck.slides.len()];
            play(show(source), size, |screen| screens[screen.slide].push(screen.cells.clone()));
            let missing: Vec<String> = (0..deck.slides.len())
                .flat_map(|index| {
                    let words = missing_words(&deck, index, &screens[index]);
                    words.into_iter().map(move |word| format!("slide {}: {word}", index + 1))
                })
                .collect();
            assert_eq!(missing, Vec::<String>::new(), "{name} at {size:?}");
        }
    }
}

#[tokio::test]
async fn every_theme_and_palette_shows_the_same_words_at_80x24() {
    assert_same_in_every_theme((80, 24));
}

#[tokio::test]
async fn every_theme_and_palette_shows_the_same_words_at_100x30() {
    assert_same_in_every_theme((100, 30));
}

#[tokio::test]
async fn every_theme_and_palette_shows_the_same_words_at_200x60() {
    assert_same_in_every_theme((200, 60));
}

/// The slides of the tour that are about what does not fit do not fit. At 80x24 a few slides of the
/// talk scroll by a row or two, but none of it is moved sideways.
#[test]
fn no_deck_of_ours_has_a_warning_and_every_slide_fits_100x30() {
    let found = |source: &str, size: (u16, u16)| -> Vec<(String, Warning)> {
        let ReadDeck { deck, warnings, .. } = check::parse_deck(source, REGISTRY);
        assert_eq!(warnings, []);
        let rows = |fence: &DemoFence| {
            let entry = REGISTRY.entries().iter().find(|entry| entry.name == fence.name);
            entry.expect("the demo is known").min_rows
        };
        let overflows = slide::overflows(&deck, source, size.into(), rows);
        let title = |warning: &Warning| deck.slides[warning.slide].title().unwrap_or_default();
        overflows.into_iter().map(|warning| (title(&warning), warning)).collect()
    };
    let wide = |(_, warning): &(String, Warning)| warning.message.contains("too wide");
    assert_eq!(found(TALK, (100, 30)), []);
    let sideways: Vec<_> = found(TALK, (80, 24)).into_iter().filter(wide).collect();
    assert_eq!(sideways, []);
    let tour = found(TOUR, (100, 30));
    assert_eq!(
        tour.iter().map(|(title, _)| title.as_str()).collect::<Vec<&str>>(),
        ["A slide that is too tall scrolls", "Drawings are kept to the character"]
    );
    assert!(tour.iter().any(wide), "else nothing would be found in the talk either: {tour:?}");
}

/// Returns a row of a screen without its bytes in hex: a frame that a lesson is about to send has a
/// masking key of its own each time.
fn without_bytes(row: &str) -> String {
    let is_byte = |word: &&str| word.len() == 2 && word.bytes().all(|c| c.is_ascii_hexdigit());
    let has_bytes = row.split_whitespace().filter(is_byte).count() >= 4;
    if has_bytes { row.replace(|c: char| c.is_ascii_hexdigit(), "0") } else { row.to_owned() }
}

/// Fails unless every screen has the same symbols in all themes, and each can be seen however few
/// colours there are.
fn assert_same_in_every_theme(size: (u16, u16)) {
    for source in [TALK, TOUR] {
        let mut shown: Vec<Buffer> = Vec::new();
        play(show(source), size, |screen| shown.push(screen.cells.clone()));
        for theme in BuiltInTheme::all() {
            let (name, theme) = (theme.name, theme.colors());
            let config = AppConfig { themes: theme.into(), ..show(source) };
            let (mut screens, mut looks) = (shown.iter(), Looks::new());
            play(config, size, |screen| {
                let place = format!("slide {} in {name}", screen.slide + 1);
                let other = screens.next().expect("no theme shows more");
                let cells = screen.cells.content.iter().zip(&other.content);
                if cells.clone().any(|(cell, other)| cell.symbol() != other.symbol()) {
                    let shown = |cells| rows(cells).iter().map(|row| without_bytes(row)).collect();
                    let (shown, other): (Vec<String>, Vec<String>) =
                        (shown(&screen.cells), shown(other));
                    assert_eq!(shown, other, "{place}");
                }
                for (cell, _) in cells.filter(|(cell, _)| !cell.symbol().trim().is_empty()) {
                    looks
                        .entry((cell.fg, cell.bg, cell.modifier))
                        .or_insert_with(|| format!("{:?} on {place}", cell.symbol()));
                }
            });
            assert_eq!(screens.next(), None, "{name} shows less");
            assert_visible_in_every_palette(&looks, &theme);
        }
    }
}

/// The ways a letter looks, each with a place where it is seen.
type Looks = HashMap<(Color, Color, Modifier), String>;

/// Fails unless letters differ from their ground. What a palette makes of a frame depends on
/// nothing but the looks of each cell, so one cell has to do for each.
fn assert_visible_in_every_palette(looks: &Looks, theme: &Theme) {
    use ColorDepth::{Ansi16, Ansi256, Monochrome, TrueColor};
    for depth in [TrueColor, Ansi256, Ansi16, Monochrome] {
        let mut cells = Buffer::empty(Rect::new(0, 0, looks.len() as u16, 1));
        for (cell, (text, ground, modifier)) in cells.content.iter_mut().zip(looks.keys()) {
            cell.set_symbol("x").set_fg(*text).set_bg(*ground);
            cell.modifier = *modifier;
        }
        depth.downgrade(theme, Brightness::Dark, &mut cells);
        for (cell, place) in cells.content.iter().zip(looks.values()) {
            let differs = match (cell.fg, cell.bg) {
                (Color::Reset, Color::Reset) => depth == Monochrome,
                (text, ground) => text != ground,
            };
            let is_visible = differs && !cell.modifier.contains(Modifier::HIDDEN);
            assert!(is_visible, "{place} cannot be seen with {depth:?}: {cell:?}");
        }
    }
}

/// Returns the words of a slide that are on its screens less often than in the deck.
fn missing_words(deck: &Deck, index: usize, screens: &[Buffer]) -> Vec<String> {
    let slide = &deck.slides[index];
    let bodies: Vec<Vec<String>> = screens
        .iter()
        .map(|cells| {
            let mut rows = rows(cells);
            rows.truncate(rows.len() - ROWS_BELOW);
            rows
        })
        .collect();
    let mut words = words_of_blocks(slide, has_big_title(slide, screens));
    if index == 0 {
        words.extend(words_of_front_matter(deck));
    }
    let in_deck = |word: &str| words.iter().map(|other| other.matches(word).count()).sum::<usize>();
    let is_shown = |word: &&String| {
        let counts: Vec<usize> = bodies.iter().map(|rows| count_on_screen(word, rows)).collect();
        let wanted = in_deck(word);
        // What does not fit one screen is on several.
        counts.iter().any(|count| *count >= wanted) || counts.iter().sum::<usize>() >= wanted
    };
    let mut missing: Vec<String> = words.iter().filter(|word| !is_shown(word)).cloned().collect();
    missing.dedup();
    missing
}

/// Returns the words of a slide in the order of reading, without its title if that is big. Demos
/// have no words, nor do QR codes.
fn words_of_blocks(slide: &Slide, has_big_title: bool) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for (index, block) in slide.all_blocks().enumerate() {
        match block {
            Block::Heading { .. } if index == 0 && has_big_title => {}
            Block::Heading { text, level: 1 | 2 } if index == 0 => texts.push(text_of_title(text)),
            Block::Heading { text, .. } | Block::Paragraph(text) => texts.push(text_of(text)),
            Block::Table(table) => {
                let cells = std::iter::once(&table.header).chain(&table.rows).flatten();
                texts.extend(cells.map(|cell| text_of(cell)));
            }
            Block::Code(code) if code.language != "qr" => {
                texts.extend(code.lines().map(str::to_owned));
            }
            Block::Image(image) => texts.push(image.alt.clone()),
            Block::Quote { alert: Some(kind), .. } => texts.push(format!("{kind:?}")),
            Block::Footnotes(notes) => texts.extend(notes.iter().map(|note| note.mark.clone())),
            _ => {}
        }
    }
    split(&texts)
}

/// Returns the words that the title page takes from the front matter. The title is that of the
/// slide.
fn words_of_front_matter(deck: &Deck) -> Vec<String> {
    let meta = &deck.front_matter;
    let texts = [&meta.sub_title, &meta.event, &meta.location, &meta.date];
    let title = deck.slides[0].title();
    let other_title = meta.title.iter().filter(|own| Some(*own) != title.as_ref());
    let texts: Vec<String> =
        texts.into_iter().flatten().chain(&meta.authors).chain(other_title).cloned().collect();
    split(&texts)
}

fn split(texts: &[String]) -> Vec<String> {
    texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}

/// Returns the text of a title without what is raised, whose letters are other ones.
fn text_of_title(runs: &[TextRun]) -> String {
    let letters = |run: &TextRun| {
        if run.is_break() || run.style.superscript { " ".to_owned() } else { run.text.to_string() }
    };
    runs.iter().map(letters).collect()
}

/// Returns a text with the address of each link behind it, unless the text already shows it.
fn text_of(runs: &[TextRun]) -> String {
    let with_address = |at: usize| {
        let (run, next) = (&runs[at], runs.get(at + 1));
        let text = text_of_title(std::slice::from_ref(run));
        match &run.link {
            Some(link) if next.is_none_or(|next| next.link.as_ref() != Some(link)) => {
                if link.ends_with(&*run.text) { text } else { format!("{text} ({})", &**link) }
            }
            _ => text,
        }
    };
    (0..runs.len()).map(with_address).collect()
}

/// Returns the number of times that `word` is on a screen: in a row, or from the end of one piece
/// of a row to the beginning of one in the next, where it is too long for a line.
fn count_on_screen(word: &str, rows: &[String]) -> usize {
    let whole: usize = rows.iter().map(|row| row.matches(word).count()).sum();
    let broken = (0..rows.len()).filter(|&y| is_broken_from(word, rows, y)).count();
    whole + broken
}

/// Whether row `y` has the beginning of `word` before a blank, and the rows below it have the rest
/// of it, each part behind a blank.
fn is_broken_from(word: &str, rows: &[String], y: usize) -> bool {
    let ends = word.char_indices().map(|(at, _)| at).skip(1);
    let [Some(row), Some(_)] = [rows.get(y), rows.get(y + 1)] else { return false };
    ends.into_iter().any(|end| {
        let (head, rest) = word.split_at(end);
        has_part(row, head, true) && continues(rest, rows, y + 1)
    })
}

/// Whether the rows from `y` on have the rest of a broken word.
fn continues(rest: &str, rows: &[String], y: usize) -> bool {
    let Some(row) = rows.get(y) else { return false };
    has_part(row, rest, false) || {
        let ends = rest.char_indices().map(|(at, _)| at).skip(1);
        let is_alone = |part: &str| row.split_whitespace().any(|word| word == part);
        ends.into_iter().any(|end| {
            let (part, rest) = rest.split_at(end);
            is_alone(part) && continues(rest, rows, y + 1)
        })
    }
}

/// Whether `part` stands at the end of a word of `row`, or at its beginning.
fn has_part(row: &str, part: &str, at_end: bool) -> bool {
    row.split_whitespace().any(
        |word| {
            if at_end { word.ends_with(part) } else { word.starts_with(part) }
        },
    )
}

/// Whether the title of a slide is drawn in big letters: each of its words, in one size.
fn has_big_title(slide: &Slide, screens: &[Buffer]) -> bool {
    let Some(Block::Heading { text, .. }) = slide.blocks.first() else { return false };
    let text = text_of_title(text);
    let is_big = |size: PixelSize| {
        text.split_whitespace().all(|word| {
            let word = picture_of(word, size);
            screens.first().is_some_and(|cells| holds(cells, &word))
        })
    };
    [PixelSize::HalfHeight, PixelSize::Quadrant].into_iter().any(is_big)
}

/// Returns a word in big letters.
fn picture_of(word: &str, size: PixelSize) -> Buffer {
    let area = Rect::new(0, 0, BigText::width_in_cells(word, size), size.glyph_cells().1);
    let mut picture = Buffer::empty(area);
    BigText::new(word, size, Style::new()).render(area, &mut picture);
    picture
}

/// Whether a screen has the symbols of `part` somewhere.
fn holds(cells: &Buffer, part: &Buffer) -> bool {
    let (area, size) = (cells.area, part.area);
    let is_at = |x: u16, y: u16| {
        (0..size.height).all(|dy| {
            (0..size.width).all(|dx| cells[(x + dx, y + dy)].symbol() == part[(dx, dy)].symbol())
        })
    };
    if size.width > area.width || size.height > area.height {
        return false;
    }
    (0..=area.height - size.height).any(|y| (0..=area.width - size.width).any(|x| is_at(x, y)))
}
