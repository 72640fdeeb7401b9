//! The picture as pixels: blending, antialiased rectangles and the PNG form.

use std::io::Write;

/// A colour, red, green and blue, 0..=255 each.
pub(crate) type Rgb = [u8; 3];

/// A finished picture: 8 bits of red, green and blue per pixel, rows from top
/// to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// Pixels in a row.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// The pixels, `3 * width * height` bytes.
    pub(crate) pixels: Vec<u8>,
}

impl Image {
    /// A picture of one colour.
    pub(super) fn new(width: u32, height: u32, colour: Rgb) -> Self {
        Self { width, height, pixels: colour.repeat(width as usize * height as usize) }
    }

    /// Mixes a colour into one pixel; outside the picture nothing happens.
    pub(super) fn blend(&mut self, x: i32, y: i32, colour: Rgb, alpha: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.width || y >= self.height || alpha.is_nan() {
            return;
        }
        let alpha = alpha.clamp(0.0, 1.0);
        let at = 3 * (y as usize * self.width as usize + x as usize);
        for (below, above) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            let mixed = f32::from(*below) * (1.0 - alpha) + f32::from(above) * alpha;
            *below = mixed.round() as u8;
        }
    }

    /// Fills a rectangle whose edges may lie within pixels: those are mixed by
    /// the share of them that is covered.
    pub(super) fn fill(&mut self, area: Area, colour: Rgb, alpha: f32) {
        let Area { left, top, right, bottom } = area.clip(self.width as f32, self.height as f32);
        let share =
            |from: f32, to: f32, pixel: i32| (to.min(pixel as f32 + 1.0) - from.max(pixel as f32)).max(0.0);
        for y in top.floor() as i32..bottom.ceil() as i32 {
            for x in left.floor() as i32..right.ceil() as i32 {
                self.blend(x, y, colour, alpha * share(left, right, x) * share(top, bottom, y));
            }
        }
    }

    /// A crisp vertical line of whole pixels, its left edge nearest to `x`.
    pub(super) fn vertical(&mut self, x: f32, top: f32, bottom: f32, width: f32, colour: Rgb, alpha: f32) {
        let width = width.round().max(1.0);
        let left = (x - width / 2.0).round();
        self.fill(
            Area { left, top: top.round(), right: left + width, bottom: bottom.round() },
            colour,
            alpha,
        );
    }

    /// A crisp horizontal line of one pixel.
    pub(super) fn horizontal(&mut self, left: f32, right: f32, y: f32, colour: Rgb, alpha: f32) {
        let top = y.round();
        self.fill(Area { left: left.round(), top, right: right.round(), bottom: top + 1.0 }, colour, alpha);
    }
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Area {
    pub(super) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn clip(self, width: f32, height: f32) -> Self {
        Self {
            left: self.left.clamp(0.0, width),
            top: self.top.clamp(0.0, height),
            right: self.right.clamp(0.0, width),
            bottom: self.bottom.clamp(0.0, height),
        }
    }
}

/// Writes a picture as PNG.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_png(image: &Image, to: impl Write) -> Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(to, image.width, image.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image.pixels)?;
    writer.finish()
}
