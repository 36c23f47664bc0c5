//! Decodes a picture and encodes it for a terminal. Nothing here reads a file.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget as _;
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::halfblocks::Halfblocks;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use crate::app::pictures::support::{GraphicsSupport, PictureProtocol};
use crate::stage::ColorDepth;

/// The largest width and height of a picture, in pixels.
const MAX_SIDE: u32 = 16_384;
/// The most memory that decoding a picture may take, in bytes: a small file may claim to be huge.
const MAX_DECODED_BYTES: u64 = 128 << 20;

/// Decodes a picture: PNG, JPEG, GIF (its first frame) or WebP. The error is a sentence.
pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err("it isn't a PNG, JPEG, GIF or WebP file".to_owned());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|error| error.to_string())
}

/// Returns a picture's size in cells of `cell` pixels.
pub(super) fn size_in_cells(image: &DynamicImage, cell: Size) -> Size {
    let cells = |pixels: u32, cell: u16| {
        pixels.div_ceil(u32::from(cell.max(1))).clamp(1, u32::from(u16::MAX)) as u16
    };
    Size { width: cells(image.width(), cell.width), height: cells(image.height(), cell.height) }
}

/// A picture in the form in which a terminal draws it, at one size.
pub struct EncodedPicture(Protocol);

impl std::fmt::Debug for EncodedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_tuple("EncodedPicture").field(&self.0.size()).finish()
    }
}

impl EncodedPicture {
    /// Encodes `image` for an area of `size` cells. `id` tells it from others in the terminal. The
    /// error is a sentence.
    pub(super) fn new(
        image: &DynamicImage,
        size: Size,
        id: u32,
        support: GraphicsSupport,
    ) -> Result<Self, String> {
        let pixels = |cells: u16, cell: u16| u32::from(cells.max(1)) * u32::from(cell.max(1));
        let cell = match support.protocol {
            PictureProtocol::HalfBlocks => Size { width: 1, height: 2 },
            _ => support.cell,
        };
        let (width, height) = (pixels(size.width, cell.width), pixels(size.height, cell.height));
        let scaled = image.resize_exact(width, height, FilterType::Triangle);
        let encoded = match support.protocol {
            PictureProtocol::HalfBlocks => Halfblocks::new(scaled, size).map(Protocol::Halfblocks),
            PictureProtocol::Sixel => Sixel::new(scaled, size, false).map(Protocol::Sixel),
            PictureProtocol::Kitty => {
                Kitty::new(scaled, size, id, false, true).map(Protocol::Kitty)
            }
            PictureProtocol::ITerm2 => Iterm2::new(scaled, size, false).map(Protocol::ITerm2),
        };
        encoded.map(Self).map_err(|error| error.to_string())
    }

    /// Whether the picture is nothing but coloured cells.
    pub(crate) fn is_made_of_cells(&self) -> bool {
        matches!(self.0, Protocol::Halfblocks(_))
    }

    /// Draws the picture into `area`, cut on the right and below where it is larger. Returns
    /// whether it was drawn: not all forms can be cut, and some need colours.
    pub(crate) fn draw(&self, area: Rect, depth: ColorDepth, buffer: &mut Buffer) -> bool {
        let size = self.0.size();
        let cut = area.width < size.width || area.height < size.height;
        let halves = self.is_made_of_cells();
        let can_be_cut = halves || matches!(self.0, Protocol::Kitty(_));
        if (cut && !can_be_cut) || (halves && depth == ColorDepth::Monochrome) {
            return false;
        }
        Image::new(&self.0).allow_clipping(true).render(area, buffer);
        if halves && depth != ColorDepth::TrueColor {
            for position in area.intersection(buffer.area).positions() {
                let cell = &mut buffer[position];
                (cell.fg, cell.bg) = (depth.nearest(cell.fg), depth.nearest(cell.bg));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage};
    use ratatui::style::Color;

    use super::*;

    /// A picture that is red on its left half and blue on its right.
    fn two_colours() -> Vec<u8> {
        let image =
            RgbImage::from_fn(
                40,
                40,
                |x, _| {
                    if x < 20 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }
                },
            );
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn half_blocks_show_the_picture_in_every_depth() {
        let image = decode(&two_colours()).unwrap();
        assert_eq!(size_in_cells(&image, Size::new(10, 20)), Size::new(4, 2));
        let picture =
            EncodedPicture::new(&image, Size::new(4, 2), 1, GraphicsSupport::default()).unwrap();
        for (depth, left, right) in [
            (ColorDepth::TrueColor, Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255)),
            (ColorDepth::Ansi256, Color::Indexed(196), Color::Indexed(21)),
            (ColorDepth::Ansi16, Color::LightRed, Color::Blue),
        ] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 3));
            assert!(picture.draw(Rect::new(1, 1, 4, 2), depth, &mut buffer));
            let ground = |x, y| {
                let cell = &buffer[(x, y)];
                if cell.symbol() == "▀" || cell.symbol() == "█" { cell.fg } else { cell.bg }
            };
            assert_eq!((ground(1, 1), ground(4, 2)), (left, right), "{depth:?}");
            assert_eq!(buffer[(0, 0)].symbol(), " ");
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 3));
        assert!(!picture.draw(Rect::new(0, 0, 4, 2), ColorDepth::Monochrome, &mut buffer));
        assert!(picture.draw(Rect::new(0, 0, 2, 1), ColorDepth::TrueColor, &mut buffer));
        assert_eq!(buffer[(3, 0)].symbol(), " ", "what is cut is not drawn");
    }

    #[test]
    fn each_protocol_writes_its_own_sequences() {
        let image = decode(&two_colours()).unwrap();
        for (protocol, start) in [
            (PictureProtocol::Sixel, "\x1bP"),
            (PictureProtocol::Kitty, "\x1b_G"),
            (PictureProtocol::ITerm2, "\x1b]1337;File="),
        ] {
            let support = GraphicsSupport { protocol, ..GraphicsSupport::default() };
            let picture = EncodedPicture::new(&image, Size::new(4, 2), 7, support).unwrap();
            let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 3));
            assert!(picture.draw(Rect::new(1, 1, 4, 2), ColorDepth::TrueColor, &mut buffer));
            assert!(buffer[(1, 1)].symbol().contains(start), "{:?}", buffer[(1, 1)].symbol());
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused_with_a_reason() {
        assert_eq!(decode(b"<svg/>").unwrap_err(), "it isn't a PNG, JPEG, GIF or WebP file");
        let bytes = two_colours();
        assert!(decode(&bytes[..bytes.len() / 2]).is_err());
        // The width in the header (PNG, section 11.2.2) becomes 65,576, with a checksum to fit.
        let mut bomb = bytes;
        bomb[17] = 1;
        let checksum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        let refused = decode(&bomb).unwrap_err();
        assert!(
            refused.to_lowercase().contains("limit") || refused.contains("too large"),
            "{refused}"
        );
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}
