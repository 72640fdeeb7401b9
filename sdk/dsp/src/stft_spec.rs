//! What a short-time Fourier transform is to compute.

use std::num::NonZeroUsize;

use crate::error::DspError;
use crate::window::Window;

/// The longest transform that a [`StftSpec`] accepts, in samples.
pub const MAX_N_FFT: usize = 1 << 20;

/// What a short-time Fourier transform is to compute. Equal specs give equal rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StftSpec {
    n_fft: usize,
    hop: NonZeroUsize,
    win_length: usize,
    window: Window,
    centre: bool,
}

impl StftSpec {
    /// A checked specification.
    ///
    /// `n_fft` is the length of the transform in samples, within
    /// `2..=`[`MAX_N_FFT`]; it need not be even or a power of two. `hop` is the
    /// distance between frames in samples and may exceed `n_fft`. `win_length` is
    /// within `1..=n_fft`; a shorter window stands in the middle of the frame.
    ///
    /// With `centre`, frame i is centred at sample `i * hop`, the signal being
    /// continued with zeros on both sides. Without, frame i begins there.
    ///
    /// # Errors
    /// [`DspError::NFft`] and [`DspError::WinLength`] for values out of range.
    pub fn new(
        n_fft: usize,
        hop: NonZeroUsize,
        win_length: usize,
        window: Window,
        centre: bool,
    ) -> Result<StftSpec, DspError> {
        if !(2..=MAX_N_FFT).contains(&n_fft) {
            return Err(DspError::NFft(n_fft));
        }
        if !(1..=n_fft).contains(&win_length) {
            return Err(DspError::WinLength { win_length, n_fft });
        }
        Ok(StftSpec { n_fft, hop, win_length, window, centre })
    }

    /// Length of the transform, in samples.
    pub fn n_fft(&self) -> usize {
        self.n_fft
    }

    /// Distance between frames, in samples.
    pub fn hop(&self) -> NonZeroUsize {
        self.hop
    }

    /// Length of the window, in samples.
    pub fn win_length(&self) -> usize {
        self.win_length
    }

    /// Shape of the window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Whether frame i is centred at, rather than begins with, sample `i * hop`.
    pub fn centre(&self) -> bool {
        self.centre
    }

    /// Values of a row: `n_fft / 2 + 1`. Bin k is at `k * rate / n_fft` Hz.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// How many frames `samples` samples give.
    ///
    /// Centred: `1 + samples / hop`, and none for no samples. Otherwise only whole
    /// frames count: `1 + (samples - n_fft) / hop`, and none below `n_fft` samples.
    pub fn frames(&self, samples: u64) -> u64 {
        let hop = self.hop.get() as u64;
        if self.centre {
            if samples == 0 { 0 } else { 1 + samples / hop }
        } else {
            samples.checked_sub(self.n_fft as u64).map_or(0, |rest| 1 + rest / hop)
        }
    }

    /// Zeros before the first sample. As many follow the last one that both make
    /// `n_fft`: the count of frames is then `1 + samples / hop` for odd `n_fft` too.
    pub(crate) fn left_padding(&self) -> usize {
        if self.centre { self.n_fft / 2 } else { 0 }
    }
}
