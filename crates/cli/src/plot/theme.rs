//! Colours and sizes of the picture.

use super::image::Rgb;

/// Around the panels.
pub(super) const PAPER: Rgb = [0x17, 0x18, 0x20];
/// Behind values, and where there are none.
pub(super) const PANEL: Rgb = [0x0d, 0x0d, 0x13];
/// Title and numbers of bars.
pub(super) const INK: Rgb = [0xf2, 0xf1, 0xec];
/// Numbers of axes.
pub(super) const NUMBERS: Rgb = [0xbd, 0xbf, 0xca];
/// Captions and the subtitle.
pub(super) const QUIET: Rgb = [0x8e, 0x91, 0xa3];
/// Ticks and frames.
pub(super) const RULE: Rgb = [0x5a, 0x5d, 0x70];
/// Bar and beat lines.
pub(super) const LINE: Rgb = [0xff, 0xff, 0xff];
/// Curves, one per bin, brightest first.
pub(super) const CURVES: [Rgb; 7] = [
    [0xff, 0xb0, 0x5c],
    [0x6f, 0xc8, 0xd8],
    [0xe8, 0x7a, 0x9c],
    [0x9f, 0xd3, 0x7c],
    [0xb4, 0x9b, 0xf0],
    [0xf2, 0xdc, 0x7e],
    [0x8f, 0xb2, 0xff],
];
/// Waveforms.
pub(super) const WAVE: Rgb = [0x6f, 0xc8, 0xd8];
/// Events.
pub(super) const STEM: Rgb = [0xff, 0xb0, 0x5c];

/// The colour of a value of a heat map, 0.0 the least to 1.0 the greatest.
pub(super) fn heat(share: f32) -> Rgb {
    let colorous::Color { r, g, b } = colorous::MAGMA.eval_continuous(f64::from(share));
    [r, g, b]
}
