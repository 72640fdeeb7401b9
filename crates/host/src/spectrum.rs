//! The spectra of one feed of samples: one transform for each distinct request,
//! on every scale that anybody asks for.

use agogic_dsp::{Rows, Stft, StftSpec, wide};
use agogic_schema::SpectrumScale;

use crate::feed::{PcmFeed, Piece};

/// One short-time Fourier transform of a feed of samples.
pub(crate) struct SpectrumFeed {
    /// The feed's number.
    pub(crate) pcm: usize,
    /// One per channel.
    stfts: Vec<Stft>,
    /// Frames of each channel, before they are interleaved; unused for one.
    apart: Vec<Rows>,
    /// Frames as the transform gives them: complex if anybody asks for that,
    /// otherwise power.
    rows: Rows,
    /// Made of complex rows, if anybody asks.
    power: Option<Rows>,
    /// Made of either, if anybody asks.
    magnitude: Option<Rows>,
    count: usize,
    position: u64,
}

impl SpectrumFeed {
    pub(crate) fn new(pcm: usize, channels: usize, spec: StftSpec) -> Self {
        Self {
            pcm,
            stfts: (0..channels).map(|_| Stft::new(spec)).collect(),
            apart: vec![Rows::default(); channels],
            rows: Rows::default(),
            power: None,
            magnitude: None,
            count: 0,
            position: 0,
        }
    }

    pub(crate) fn spec(&self) -> &StftSpec {
        self.stfts[0].spec()
    }

    /// Serves a scale from now on; before the first sample only.
    pub(crate) fn ask_for(&mut self, scale: SpectrumScale) {
        match scale {
            SpectrumScale::Power => _ = self.power.get_or_insert_default(),
            SpectrumScale::Magnitude => _ = self.magnitude.get_or_insert_default(),
            SpectrumScale::Complex if self.is_complex() => {}
            SpectrumScale::Complex => {
                self.stfts.iter_mut().for_each(|stft| *stft = Stft::complex(*stft.spec()));
            }
        }
    }

    fn is_complex(&self) -> bool {
        self.stfts[0].is_complex()
    }

    /// Transforms what its feed gave last and, at the end, what remains.
    pub(crate) fn transform(&mut self, pcm: &PcmFeed, last: bool) {
        self.position += self.count as u64;
        for (channel, (stft, rows)) in self.stfts.iter_mut().zip(&mut self.apart).enumerate() {
            rows.clear();
            stft.push_onto(pcm.channel(channel), rows);
            if last {
                stft.finish_onto(rows);
            }
        }
        self.count = self.apart[0].values().len() / self.stfts[0].width();
        self.interleave();
        self.scale();
    }

    fn interleave(&mut self) {
        if let [only] = &mut self.apart[..] {
            std::mem::swap(only, &mut self.rows);
            return;
        }
        let width = self.stfts[0].width();
        self.rows.clear();
        for frame in 0..self.count {
            for rows in &self.apart {
                let row = &rows.values()[frame * width..(frame + 1) * width];
                self.rows.room(width).copy_from_slice(row);
            }
        }
    }

    fn scale(&mut self) {
        let complex = self.is_complex();
        let rows = self.rows.values();
        let bins = rows.as_chunks().0;
        if let Some(powers) = self.power.as_mut().filter(|_| complex) {
            fill(powers, bins, power);
        }
        if let Some(magnitudes) = &mut self.magnitude {
            if complex {
                fill(
                    magnitudes,
                    bins,
                    #[inline(always)]
                    |bin| power(bin).sqrt(),
                );
            } else {
                fill(
                    magnitudes,
                    rows,
                    #[inline(always)]
                    |power: &f32| power.sqrt(),
                );
            }
        }
    }

    /// The last frames on a scale that was asked for.
    pub(crate) fn piece(&self, scale: SpectrumScale) -> Piece<'_> {
        let bins = self.spec().bins();
        let complex = self.is_complex();
        let (width, data) = match scale {
            SpectrumScale::Complex => (2 * bins, Some(&self.rows)),
            SpectrumScale::Power if !complex => (bins, Some(&self.rows)),
            SpectrumScale::Power => (bins, self.power.as_ref()),
            SpectrumScale::Magnitude => (bins, self.magnitude.as_ref()),
        };
        let data = data.map_or(&[][..], Rows::values);
        Piece { position: self.position, count: self.count, channels: self.stfts.len(), width, data }
    }
}

#[inline(always)]
fn power([re, im]: &[f32; 2]) -> f32 {
    re * re + im * im
}

/// What `value` makes of each of `given`.
#[inline(always)]
fn fill<T>(rows: &mut Rows, given: &[T], value: impl Fn(&T) -> f32) {
    rows.clear();
    let room = rows.room(given.len());
    wide(
        #[inline(always)]
        || {
            for (room, given) in room.iter_mut().zip(given) {
                *room = value(given);
            }
        },
    );
}
