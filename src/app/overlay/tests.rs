//! The overlays as pictures.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use crate::app::overlay::{Overview, OverviewInput, SlideList, draw_help, help_pages};
use crate::app::steering::KeyMap;
use crate::deck::{self, Deck, Depth};
use crate::slide::{Highlights, PictureSizes, SlideStyle};
use crate::stage::{KeyHint, Theme};

const DECK: &str = "<!-- section: Start -->\n\n# Frames\n\nBytes with a *head*.\n\n---\n\n\
                    ## A list\n\n- one\n- two\n\n<!-- pause -->\n\n- three\n\n---\n\n\
                    <!-- section: Live -->\n\n## Echo\n\n```demo inspect\ntext = \"Hello\"\n```\n\n---\n\n\
                    ## 日本語 and a title that is too long for it\n\n```text\na drawing ───────────────────────▶\n```\n\n\
                    <!-- speaker_note: remember the head of the frame -->\n";

fn deck() -> Deck {
    let (mut deck, _) = deck::parse(DECK);
    deck.slides[3].depth = Depth::Deep;
    deck
}

fn picture(size: (u16, u16), draw: impl Fn(Rect, &mut Buffer)) -> Vec<String> {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buffer = Buffer::empty(area);
    draw(area, &mut buffer);
    rows(&buffer)
}

fn rows(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.content.chunks(buffer.area.width.into());
    rows.map(|row| {
        let mut covered = 0;
        let shown = row.iter().filter(|cell| {
            let hidden = covered > 0;
            covered =
                if hidden { covered - 1 } else { crate::text::width(cell.symbol()).max(1) - 1 };
            !hidden
        });
        shown.map(Cell::symbol).collect::<String>().trim_end().to_owned()
    })
    .collect()
}

fn draw_overview(mut overview: Overview, size: (u16, u16)) -> Vec<String> {
    let (deck, highlights) = (deck(), Highlights::default());
    let pictures = PictureSizes::default();
    let style = SlideStyle {
        theme: &Theme::DARK,
        highlights: &highlights,
        pictures: &pictures,
        shows_reasons: false,
    };
    let input = OverviewInput { deck: &deck, open: 1, style };
    overview.lay_out(&input, Rect::new(0, 0, size.0, size.1), true);
    picture(size, |area, buffer| overview.draw(&input, area, buffer))
}

#[test]
fn the_overview_shows_miniatures() {
    let mut overview = Overview::new(1);
    overview.key(&KeyCode::Down.into(), 4, Rect::new(0, 0, 80, 23));
    let shown = draw_overview(overview, (80, 23));
    assert_eq!(
        shown,
        [
            "╭ 1 ─────────────────────╮╭ ● 2 ───────────────────╮╭ 3 ─────────────────────╮",
            "│         Frames         ││ A list                 ││ Echo                   │",
            "│                        ││ ▔▔▔▔▔▔                 ││ ▔▔▔▔                   │",
            "│                        ││ • one                  ││ ▸ inspect              │",
            "│   Bytes with a head.   ││ • two                  ││                        │",
            "│                        ││                        ││                        │",
            "╰────────────────────────╯╰────────────────────────╯╰────────────────────────╯",
            "╔ 4 deep ════════════════╗",
            "║ 日本語 and a title     ║",
            "║ that is too long for…  ║",
            "║ ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔  ║",
            "║ a drawing ───────────› ║",
            "║                        ║",
            "╚════════════════════════╝",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ],
        "\n{}",
        shown.join("\n")
    );
}

#[test]
fn the_overview_can_be_drawn_at_any_size() {
    for width in [1, 2, 3, 25, 26, 27, 300] {
        for height in [1, 2, 3, 7, 8, 100] {
            draw_overview(Overview::new(3), (width, height));
        }
    }
}

#[test]
fn a_search_lists_its_hits_with_their_context() {
    let mut list = SlideList::search(&deck());
    list.type_text("he");
    list.key(&KeyEvent::from(KeyCode::Down), 10);
    let shown = picture((80, 12), |area, buffer| list.draw(area, buffer, &Theme::DARK));
    assert_eq!(
        shown,
        [
            "",
            "╭ Search ──────────────────────────────────────────────────────────────────────╮",
            "│ /he▏  3 slides                                                               │",
            "│                                                                              │",
            "│ 1  Frames   Bytes with a head.                                               │",
            "│ 3  Echo   demo: inspect  text = Hello                                        │",
            "│ 4  日本語 and a title that is too long for it   note: remember the head of … │",
            "│                                                                              │",
            "│                                                                              │",
            "│                                                                              │",
            "╰ ↑↓ choose · Enter opens · Esc closes ─────────────────────────────────── 2/3 ╯",
            "",
        ],
        "\n{}",
        shown.join("\n")
    );
    list.type_text("xx");
    let shown = picture((80, 12), |area, buffer| list.draw(area, buffer, &Theme::DARK));
    assert!(shown.concat().contains("/hexx▏  not in this deck"), "{shown:?}");
    for size in [(1, 1), (3, 3), (8, 4), (300, 100)] {
        picture(size, |area, buffer| list.draw(area, buffer, &Theme::DARK));
    }
}

#[test]
fn the_sections_are_listed_with_the_cursor_at_the_open_one() {
    let list = SlideList::sections(&deck(), 3);
    let shown = picture((60, 8), |area, buffer| list.draw(area, buffer, &Theme::DARK));
    assert_eq!(
        shown,
        [
            "",
            "",
            "╭ Sections ────────────────────────────────────────────────╮",
            "│ 1  Start                                                 │",
            "│ 3  Live                                                  │",
            "╰ ↑↓ choose · Enter opens · Esc closes ─────────────── 2/2 ╯",
            "",
            "",
        ],
        "\n{}",
        shown.join("\n")
    );
    let without = Deck { slides: vec![deck::Slide::default(); 2], ..Deck::default() };
    let list = SlideList::sections(&without, 0);
    let shown = picture((60, 8), |area, buffer| list.draw(area, buffer, &Theme::DARK)).concat();
    assert!(shown.contains(" Slides ") && shown.contains("2  (no title)"), "{shown}");
}

#[test]
fn the_help_fits_any_screen_in_pages() {
    let keys = [KeyHint { keys: "x", about: "does something" }];
    for height in [1, 5, 10, 23, 40, 100] {
        let area = Rect::new(0, 0, 80, height);
        let pages = help_pages(&KeyMap::default(), &[&keys, &keys], area);
        let room = usize::from(height).saturating_sub(4).max(1);
        assert!(pages.iter().all(|page| page.len() <= room), "{height} rows");
        let all: usize = pages.iter().flatten().filter(|row| !row.1.is_empty()).count();
        assert_eq!(all, 32 + 2 * 2, "{height} rows");
    }
    let pages = help_pages(&KeyMap::default(), &[], Rect::new(0, 0, 80, 23));
    let shown =
        picture((80, 23), |area, buffer| draw_help(&pages, 1, "?", area, buffer, &Theme::DARK));
    assert_eq!(
        shown,
        [
            "",
            "",
            "     ╭ Keys 2/2 ───────────────────────────────────────────────────────────╮",
            "     │                                                                     │",
            "     │  Backspace Ctrl-O  back to where you were                           │",
            "     │           Shift+→  more of code and drawings that are too wide      │",
            "     │           Shift+←  and back                                         │",
            "     │         Enter Tab  control the demo; Esc: back to the slides        │",
            "     │                 r  start the slide's demos again                    │",
            "     │                 a  allow what a demo asks for; its slide says what  │",
            "     │                 s  speaker notes                                    │",
            "     │                 w  warnings about the slide, for its author         │",
            "     │               b .  blank screen; any key ends it                    │",
            "     │                 f  hold this picture while you look elsewhere       │",
            "     │                 L  laser pointer: follows the mouse                 │",
            "     │            Ctrl-L  draw the screen again                            │",
            "     │                 ?  these keys                                       │",
            "     │                 q  end the talk                                     │",
            "     │            Ctrl-Z  back to the shell; fg returns                    │",
            "     │            Ctrl-C  end the talk at once                             │",
            "     │                                                                     │",
            "     ╰─────────────────────────────────────────────────────────────────────╯",
            "",
        ],
        "\n{}",
        shown.join("\n")
    );
}
