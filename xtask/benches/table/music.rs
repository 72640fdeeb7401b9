//! The music that is measured: the bundled piece over and over, each time a little
//! slower or faster and louder or softer, so that no frame comes twice.

use std::io;
use std::path::Path;

use agogic_decode::{AudioFile, PcmBlock};
use anyhow::Result;

use crate::table::random;

pub(crate) const RATE: u32 = 44_100;

/// The bundled piece, left and right.
pub(crate) struct Piece([Vec<f32>; 2]);

impl Piece {
    pub(crate) fn read() -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/media/slow-turn.ogg");
        let mut sides = [vec![], vec![]];
        let mut blocks = AudioFile::open(&path)?.blocks();
        let mut block = PcmBlock::default();
        while blocks.next(&mut block)? {
            for (channel, side) in (0_u16..).zip(&mut sides) {
                side.extend_from_slice(block.channel(channel.min(block.channels - 1)));
            }
        }
        Ok(Self(sides))
    }

    /// Gives so many samples of it to `put`, left and right.
    pub(crate) fn play(
        &self,
        samples: usize,
        mut put: impl FnMut(f32, f32) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut random = random(5);
        let Self([left, right]) = self;
        let last = left.len().min(right.len()) as f64 - 2.0;
        let (mut at, mut step, mut gain) = (0.0, 1.0, 1.0);
        for _ in 0..samples {
            let (whole, part) = (at as usize, (at % 1.0) as f32);
            let sample = |side: &[f32]| (side[whole] + (side[whole + 1] - side[whole]) * part) * gain;
            put(sample(left), sample(right))?;
            at += step;
            if at >= last {
                at = random();
                step = 0.99 + 0.02 * random();
                gain = (0.8 + 0.2 * random()) as f32;
            }
        }
        Ok(())
    }
}
