//! QR codes, two modules to a cell.

use qrcode::{Color as Module, EcLevel, QrCode};
use ratatui::style::Style;
use ratatui::text::Line;

use crate::stage::Theme;

/// The width in modules of the light edge that readers need (ISO/IEC 18004, section 5.3.8).
const QUIET_ZONE: usize = 4;

/// Returns the QR code of `text`, black on white in every theme, because most readers know no other
/// colours. `None` if the text is too long for a QR code.
pub(super) fn lay_out(text: &str) -> Option<Vec<Line<'static>>> {
    let code = QrCode::with_error_correction_level(text.trim(), EcLevel::M)
        .or_else(|_| QrCode::with_error_correction_level(text.trim(), EcLevel::L))
        .ok()?;
    let modules = code.width();
    let size = modules + 2 * QUIET_ZONE;
    let is_dark = |x: usize, y: usize| {
        let inside = QUIET_ZONE..QUIET_ZONE + modules;
        inside.contains(&x)
            && inside.contains(&y)
            && code[(x - QUIET_ZONE, y - QUIET_ZONE)] == Module::Dark
    };
    let (dark, light) = Theme::BLACK_ON_WHITE;
    let style = Style::new().fg(dark).bg(light);
    let row = |y: usize| -> Line {
        let cell = |x: usize| match (is_dark(x, y), is_dark(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        Line::styled((0..size).map(cell).collect::<String>(), style)
    };
    Some((0..size).step_by(2).map(row).collect())
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Modifier};

    use super::*;
    use crate::stage::{Brightness, BuiltInTheme, ColorDepth};

    /// Returns the first cell of a code as the terminal gets it.
    fn shown(
        depth: ColorDepth,
        theme: &Theme,
        terminal: Brightness,
    ) -> (Option<Color>, Option<Color>, bool) {
        let line = &lay_out("https://example.org/").unwrap()[0];
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        buffer.set_line(0, 0, line, 1);
        depth.downgrade(theme, terminal, &mut buffer);
        let style = buffer[(0, 0)].style();
        (style.fg, style.bg, style.add_modifier.contains(Modifier::REVERSED))
    }

    #[test]
    fn a_code_is_dark_on_light_whatever_the_terminal_can_show() {
        let (black, white) = (Some(Color::Black), Some(Color::White));
        let own = Some(Color::Reset);
        for theme in BuiltInTheme::all() {
            let theme = &theme.colors();
            for terminal in [Brightness::Dark, Brightness::Light] {
                let is_dark = terminal == Brightness::Dark;
                assert_eq!(shown(ColorDepth::Ansi16, theme, terminal), (black, white, false));
                assert_eq!(
                    shown(ColorDepth::Monochrome, theme, terminal),
                    (own, own, is_dark),
                    "reversed where text is light"
                );
            }
        }
    }

    #[test]
    fn a_code_has_its_three_corners_and_a_light_edge() {
        let lines = lay_out("https://example.org/").unwrap();
        let rows: Vec<Vec<char>> =
            lines.iter().map(|line| line.to_string().chars().collect()).collect();
        // Version 2 is 25 modules wide.
        assert!(rows.iter().all(|row| row.len() == 25 + 8), "{rows:?}");
        assert_eq!(rows.len(), 17);
        let edge = rows[0].iter().chain(&rows[1]).all(|&cell| cell == ' ');
        assert!(edge && rows.iter().all(|row| row[..4].iter().all(|&cell| cell == ' ')));
        let corner: String = rows[2][4..11].iter().collect();
        assert_eq!(corner, "█▀▀▀▀▀█");
        assert_eq!(rows[2][22..29].iter().collect::<String>(), "█▀▀▀▀▀█");
        assert_eq!(rows[14][4..11].iter().collect::<String>(), "▀▀▀▀▀▀▀");
    }

    #[test]
    fn a_text_that_no_code_can_hold_is_none() {
        assert_eq!(lay_out(&"x".repeat(3000)), None);
    }
}
