//! `agogic.spectral`: numbers that describe the shape of a spectrum, of the mean
//! of all channels, seven of them in one pass.
//!
//! With `A[k] = |X[k]|` the magnitude of bin `k`, `f[k]` its frequency and `n` the
//! number of bins, under librosa's names where librosa has them:
//!
//! | descriptor | formula | silence |
//! |---|---|---|
//! | `agogic.spectral.centroid` | `sum f A / sum A`, Hz | 0 |
//! | `agogic.spectral.bandwidth` | `sqrt(sum (f - centroid)^2 A / sum A)`, Hz | 0 |
//! | `agogic.spectral.rolloff` | least `f[k]` with `A[0] + .. + A[k] >= roll_percent sum A`, Hz | 0 |
//! | `agogic.spectral.flatness` | geometric over arithmetic mean of `max(amin, A^2)` | 1 |
//! | `agogic.spectral.flux` | `sqrt(sum (A - A')^2)`, `A'` the frame before | 0 |
//! | `agogic.spectral.crest` | `max A / mean A` | 0 |
//! | `agogic.spectral.contrast` | per band: dB of its peaks less dB of its valleys | 0 |
//!
//! Sources: centroid, roll-off, crest and flux are those of G. Peeters, *A large
//! set of audio features for sound description* (2004), on magnitudes and without
//! normalisation; bandwidth is of order 2; flatness is that of J. D. Johnston,
//! *Transform coding of audio signals using perceptual noise criteria* (1988);
//! contrast is that of D.-N. Jiang et al., *Music type classification by spectral
//! contrast feature* (2002), as in librosa. With `flux_rise` the flux counts rises
//! only, as S. Dixon, *Onset detection revisited* (2006), has it. The flux of frame
//! 0, which nothing precedes, is 0.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz, `top_db`
//! 80, audio in f32), on noise, clicks and drums: all within 1e-6, relative, contrast
//! within 1e-4 dB, roll-off the same bin. The transform is in f32: bins more than about
//! 120 dB below the loudest of their frame hold its rounding. Where almost all bins do,
//! as of a lone tone, centroid, flux and crest stay within 3e-5, but bandwidth, flatness
//! and the contrast of empty bands speak of that rounding, as they do in librosa in f32.
//!
//! A frame whose spectrum is not finite has no values: NaN stands for them (and,
//! of the flux, for the frame after it).
//!
//! Only what is wanted is computed. Contrast with `top_db` above 0 depends on the
//! loudest frame of the asset and is kept to the end: `8 contrast_bands` bytes a
//! frame. All else streams.

#![forbid(unsafe_code)]

mod contrast;
mod flatness;
mod shape;
mod spectral;

pub use spectral::Spectral;
