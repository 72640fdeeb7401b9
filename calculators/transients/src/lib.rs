//! `agogic.transients` and `agogic.transients.times`: a map of where in time and
//! frequency something strikes, and the moments at which it does, of the mean of all
//! channels.
//!
//! The spectrum has a time resolution of its own, `transient_n_fft` and
//! `transient_hop`, 512 and 128 samples by default. With a the amplitude of a bin, 1
//! for a full-scale sine, its loudness is `20 log10(1 + 10000 a)` dB: what is 80 dB
//! below full scale begins to count (Klapuri's logarithmic compression, 2006). A bin
//! rises by `max(0, loudness - the greatest of its own and its two neighbours'
//! loudness a frame before)`, so that vibrato is no transient (S. Böck and G. Widmer,
//! *Maximum filter vibrato suppression for onset detection*, 2013). The map has, for
//! each of `transient_bands` bands of equal ratio between `transient_fmin` and half
//! the sample rate, the mean rise of its bins in dB a frame. Time-frequency maps of
//! transients, and rises in many bands at once as their mark, are P. Masri's and A.
//! Bateman's (*Improved modelling of attack transients in music analysis-resynthesis*,
//! 1996); for the family see J. P. Bello et al., *A tutorial on onset detection in
//! music signals* (2005).
//!
//! The strength of a frame is the mean over the bands. A transient is a frame whose
//! strength is the greatest within `transient_wait` before and after, and exceeds the
//! mean from three times as long before it to as long after it by `transient_delta`
//! dB. It stands where the rise is over: at the last of the frames from there on whose
//! strength is at least a tenth of the peak's, at most half a transform later. A click
//! is found within one `transient_hop`; where a sound swells, the moment may be as late
//! as the swell is long.
//!
//! Silence has rise 0 and no transients. Before the first frame there is silence: a
//! piece that begins with sound begins with a transient. Sound that is cut off at the
//! end may end with one. A frame whose spectrum is not
//! finite has no values (NaN), and the next is compared with the last that has some.
//! There is no peer with the same map; tests hold the times to clicks at known samples.
//!
//! Frames stream; times lag by `transient_wait`.

#![forbid(unsafe_code)]

mod picking;
mod rise;
mod transients;

pub use transients::Transients;
