//! Words in the picture, in the one font that comes with the program.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};

use super::image::{Image, Rgb};

/// Where a text stands relative to its point, horizontally; vertically the
/// point is on the middle line of the capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// Draws and measures text.
pub(super) struct Pen {
    font: Option<FontRef<'static>>,
}

impl Pen {
    /// A pen of the bundled font. Should the font not load, texts are left out.
    pub(super) fn new() -> Self {
        Self { font: FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).ok() }
    }

    /// Width of a text in pixels.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let Some(font) = &self.font else { return 0.0 };
        let mut end = 0.0;
        self.lay(font, text, size, |_, _, advance| end = advance);
        end
    }

    /// The text, or as much of its start as fits a width, with an ellipsis.
    pub(super) fn fit(&self, text: &str, size: f32, width: f32) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let shorter: String = kept.iter().collect::<String>().trim_end().to_owned() + "…";
            if self.width(&shorter, size) <= width {
                return shorter;
            }
        }
        String::new()
    }

    /// Draws a text of a size in pixels.
    #[expect(
        clippy::too_many_arguments,
        reason = "a text, its place and its look; a struct would only rename them"
    )]
    pub(super) fn draw(
        &self,
        image: &mut Image,
        text: &str,
        x: f32,
        y: f32,
        size: f32,
        align: Align,
        colour: Rgb,
    ) {
        let Some(font) = &self.font else { return };
        let left = match align {
            Align::Left => x,
            Align::Centre => x - self.width(text, size) / 2.0,
            Align::Right => x - self.width(text, size),
        };
        // Capitals and digits of this font are 0.62 of its line height high.
        let baseline = (y + 0.31 * size).round();
        let mut glyphs = Vec::new();
        self.lay(font, text, size, |id, at, _| {
            glyphs.push(id.with_scale_and_position(PxScale::from(size), point(left.round() + at, baseline)));
        });
        for outline in glyphs.into_iter().filter_map(|glyph| font.outline_glyph(glyph)) {
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                // Thin light strokes on dark look thinner than they are.
                let alpha = coverage.clamp(0.0, 1.0).powf(0.75);
                image.blend(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, colour, alpha);
            });
        }
    }

    /// Calls with each glyph, its place from the left, and where the text ends
    /// after it.
    fn lay(&self, font: &FontRef<'_>, text: &str, size: f32, mut glyph: impl FnMut(GlyphId, f32, f32)) {
        let font = font.as_scaled(PxScale::from(size));
        let (mut at, mut previous) = (0.0, None);
        for letter in text.chars().filter(|letter| !letter.is_control()) {
            let id = font.glyph_id(letter);
            at += previous.map_or(0.0, |previous| font.kern(previous, id));
            let end = at + font.h_advance(id);
            glyph(id, at, end);
            (at, previous) = (end, Some(id));
        }
    }
}
