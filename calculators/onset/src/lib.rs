//! `agogic.onset.strength` and `agogic.onset.times`: how much the mel spectrogram
//! rises, and where that peaks. Both are derived: the strength is made of
//! `agogic.mel`, the times are made of the strength.
//!
//! The strength is librosa's `onset.onset_strength`: per frame the mean over bands of
//! what each band rose, in dB, since the frame before. As in librosa it is given
//! `n_fft / (2 hop)` frames later, where a centred window lies wholly behind the
//! onset, so frame 0 and as many frames are 0, and the last as many rises of an
//! asset do not appear. Where librosa raises the spectrogram to `top_db` below the
//! loudest value of the whole asset, the strength sees it raised to `top_db` below the
//! loudest value so far: on a spectrogram that was raised already the two are the same,
//! and on any other the noise between notes does not count. The times are those of librosa's `onset.onset_detect`
//! without backtracking; the value of each is the strength there.
//!
//! Bounds against librosa 0.11 in float64 (n_fft 2048, hop 512, 22,050 Hz,
//! `top_db` 80, audio in f32): strengths are within 1e-4 dB, and onsets fall on
//! the same frames. Silence has strength 0 and no onsets. Values of the input that
//! are not finite count as no rise.
//!
//! The strength streams and keeps one frame; the times keep all strengths, 4 bytes a
//! frame.

#![forbid(unsafe_code)]

mod flux;
mod input;
mod picking;
mod strength;
mod times;

pub use strength::OnsetStrength;
pub use times::OnsetTimes;
