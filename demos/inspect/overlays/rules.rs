//! The page that `?` opens: what the RFC requires of the item under the cursor. The current tab
//! provides the page.

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::demos::inspect::parts::canvas::Canvas;
use crate::demos::inspect::parts::page::{self, RulesPage};

/// Draws the page, scrolled by `scroll` rows.
pub(crate) fn draw(page: Option<&RulesPage>, scroll: u16, area: Rect, canvas: &mut Canvas) {
    match page {
        Some(page) => page::draw(page, scroll, area, canvas),
        None => canvas.draw_line(
            &Line::raw("Nothing to explain here: ? explains what is under the cursor."),
            0,
            area,
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::demos::inspect::testing::render_text;
    use crate::demos::inspect::testing::{inspector_after, opened, press};
    use crate::wire::Side;
    use crossterm::event::KeyCode;

    #[test]
    fn fields_head_lines_and_problems_have_a_page() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('?'));
        let shown = render_text(&inspect, 100, 30);
        for part in ["FIN, RFC 6455 §5.2", "The RFC", "Why", "E_CTRL_FRAGMENTED"] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
        press(&mut inspect, KeyCode::Esc);
        press(&mut inspect, KeyCode::Char('1'));
        press(&mut inspect, KeyCode::Down);
        press(&mut inspect, KeyCode::Char('?'));
        assert!(render_text(&inspect, 100, 30).contains("Many names can share one address"));
        let (mut inspect, _inbox) = inspector_after(&[(Side::Server, &[0x83, 0x00])]);
        press(&mut inspect, KeyCode::Char('5'));
        press(&mut inspect, KeyCode::Char('?'));
        let shown = render_text(&inspect, 100, 30);
        assert!(shown.contains("E_OPCODE_RESERVED") && shown.contains("Measured"), "{shown}");
    }

    #[test]
    fn a_page_scrolls_to_its_end_and_no_further() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('?'));
        let top = render_text(&inspect, 78, 15);
        for _ in 0..200 {
            press(&mut inspect, KeyCode::Down);
        }
        let end = render_text(&inspect, 78, 15);
        assert!(top != end && end.contains("W_EMPTY_FRAGMENT"), "{end}");
    }
}
