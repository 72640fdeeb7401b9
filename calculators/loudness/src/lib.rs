//! `agogic.loudness`: loudness by EBU R 128, and peaks.
//!
//! - `agogic.loudness.momentary` and `.short-term`, in LUFS: ITU-R BS.1770-5
//!   (Annex 1) under windows of 400 ms and of 3 s, `-0.691 + 10 log10(sum over
//!   channels of weight * mean(z^2))` of the K-weighted channels `z`; EBU Tech
//!   3341. Frame `i` is centred at `i * hop`, silence beyond the ends. Hops are 20 ms
//!   and 100 ms, rounded to whole samples (882 and 4410 at 44.1 kHz, 441 and 2205 at
//!   22,051 Hz), windows 20 and 30 hops; the former are so short because the
//!   greatest momentary loudness would otherwise depend on where the audio begins
//!   (Tech 3341, signal 13). `n` samples give `1 + n / hop` frames. At least -120.
//! - `.integrated`, in LUFS: the programme's, gated at -70 LUFS and at 10 LU
//!   below the mean (BS.1770-5, EBU R 128). -70 where nothing passes the gate:
//!   for silence, and for less than 400 ms. A tenth of a second is here as above.
//! - `.range`, in LU: EBU Tech 3342, from short-term values a tenth of a second
//!   apart. 0 where nothing passes the gate, and for less than 3 s.
//! - `.true-peak`, in dBTP: BS.1770-5, Annex 2, four times as dense below 96 kHz,
//!   twice below 192 kHz. Never below the greatest sample; may exceed 0. At least
//!   -120.
//! - `.sample-peak`, in dBFS: the greatest absolute sample. At least -120.
//!
//! The last four are events: one over the whole asset, for peaks one per channel,
//! in their order, labelled with the channel's name. An asset without samples has
//! none.
//!
//! Channels count by name: LFE not at all, side channels, or rear ones where there
//! are no side ones, 1.41, all others 1; channels that are only numbered count as
//! those of a WAV file with as many. A mono asset counts once, as R 128 has it,
//! and 3.01 LU more with `dual_mono`, for what will be played from two
//! loudspeakers.
//!
//! The rate is the asset's own. A sample that is not finite, or beyond 1e30, counts as
//! 0.

#![forbid(unsafe_code)]

mod channels;
mod gate;
mod meter;
mod true_peak;
mod weighting;

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, Delta, DescriptorSpec, Error, Event, Frames,
    Kind, Output, ParamSpec, PcmInput, Samples, Setup,
};

use crate::gate::loudness;
use crate::meter::{Meter, Window};
use crate::true_peak::{Kernel, Peak};

/// What lies beyond is no sample; sums of squares and of a few samples are finite.
const GREATEST: f32 = 1e30;
/// Loudness under a window and peaks are at least this, in dB.
const FLOOR: f64 = -120.0;

// Numbers of the outputs.
const MOMENTARY: usize = 0;
const SHORT_TERM: usize = 1;
const INTEGRATED: usize = 2;
const RANGE: usize = 3;
const TRUE_PEAK: usize = 4;
const SAMPLE_PEAK: usize = 5;
const OUTPUTS: usize = 6;

/// Of momentary and short-term loudness: the hop, and how many lie before and
/// after a window's centre.
const WINDOWS: [(Amount, usize); 2] = [(Amount::Milliseconds(20), 10), (Amount::Milliseconds(100), 15)];

/// Loudness by EBU R 128, and peaks.
pub struct Loudness {
    names: Vec<String>,
    wanted: [bool; OUTPUTS],
    /// Where any loudness is wanted.
    meter: Option<Meter>,
    kernel: Kernel,
    /// By channel, where peaks are wanted.
    peaks: Vec<Peak>,
    samples: u64,
    /// A block with 0 in place of what is no sample.
    clean: Vec<f32>,
}

impl Calculator for Loudness {
    fn describe() -> CalculatorSpec {
        let one = || Bins::Count(Amount::Fixed(1));
        let frames = |id: &str, number: usize, about: &str| {
            let frames = Frames::Every { hop: WINDOWS[number].0.clone(), first: Amount::Fixed(0) };
            DescriptorSpec::new(id, "LUFS", Kind::Dense(frames), one())
                .about(about)
                .joint()
                .reads(&["dual_mono"])
        };
        let whole = |id: &str, unit: &str, about: &str, reads: &[&str]| {
            DescriptorSpec::new(id, unit, Kind::Events, one()).about(about).reads(reads)
        };
        let momentary = "Loudness under 400 ms by ITU-R BS.1770, at least -120.";
        let short_term = "Loudness under 3 s by ITU-R BS.1770, at least -120.";
        let integrated = "Gated loudness of the whole by EBU R 128; -70 for silence.";
        let range = "Loudness range by EBU Tech 3342; 0 for silence and below 3 s.";
        let true_peak =
            "Greatest value between samples by ITU-R BS.1770, Annex 2, per channel; at least -120.";
        let sample_peak = "Greatest absolute sample, per channel; at least -120.";
        let dual_mono = "Whether a mono asset counts as two channels, 3.01 LU more.";
        CalculatorSpec::new("agogic.loudness", "1.0.0", PcmInput::new(ChannelUse::Each).native_rate())
            .about("Loudness by EBU R 128, and true peaks.")
            .author("Agogic")
            .latency(Amount::Milliseconds(1500))
            .param(ParamSpec::flag("dual_mono", false, dual_mono))
            .descriptor(frames("agogic.loudness.momentary", MOMENTARY, momentary))
            .descriptor(frames("agogic.loudness.short-term", SHORT_TERM, short_term))
            .descriptor(whole("agogic.loudness.integrated", "LUFS", integrated, &["dual_mono"]))
            .descriptor(whole("agogic.loudness.range", "LU", range, &["dual_mono"]))
            .descriptor(whole("agogic.loudness.true-peak", "dBTP", true_peak, &[]))
            .descriptor(whole("agogic.loudness.sample-peak", "dBFS", sample_peak, &[]))
    }

    fn new(setup: &Setup) -> Result<Self, Error> {
        let dual_mono = setup.params.flag("dual_mono").ok_or("dual_mono is missing")?;
        let wanted: [bool; OUTPUTS] = std::array::from_fn(|output| setup.wants(output));
        let keep = wanted[INTEGRATED] || wanted[RANGE];
        let window = |number: usize| {
            let (hop, half) = &WINDOWS[number];
            let hop = hop.resolve_at(&setup.params, setup.rate).filter(|&hop| hop > 0);
            let hop = hop.ok_or_else(|| format!("a rate of {} Hz is too low for loudness", setup.rate))?;
            Ok::<_, Error>(Window::new(hop as usize, *half, keep && number == SHORT_TERM))
        };
        let meter = if wanted[..TRUE_PEAK].contains(&true) {
            let weights = channels::weights(&setup.channels, dual_mono);
            Some(Meter::new(setup.rate, weights, vec![window(MOMENTARY)?, window(SHORT_TERM)?]))
        } else {
            None
        };
        let kernel = Kernel::new(setup.rate);
        let peaks = wanted[TRUE_PEAK..].contains(&true);
        let peaks = setup.channels.iter().filter(|_| peaks).map(|_| Peak::new(&kernel)).collect();
        let (names, clean) = (setup.channels.clone(), vec![]);
        Ok(Self { names, wanted, meter, kernel, peaks, samples: 0, clean })
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let count = block.count();
        self.samples += count as u64;
        let mut clean = std::mem::take(&mut self.clean);
        let data = finite(block.data(), &mut clean);
        let channel = |index: usize| &data[index * count..(index + 1) * count];
        for (index, peak) in self.peaks.iter_mut().enumerate() {
            if self.wanted[TRUE_PEAK] {
                peak.push(&self.kernel, channel(index));
            } else {
                peak.push_plain(channel(index));
            }
        }
        if let Some(meter) = &mut self.meter {
            meter.push(channel, count);
            self.give(output)?;
        }
        self.clean = clean;
        Ok(())
    }

    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        if self.samples == 0 {
            return Ok(());
        }
        if let Some(meter) = &mut self.meter {
            meter.finish();
            let tenths = meter.windows()[SHORT_TERM].kept.as_deref().unwrap_or_default();
            for (number, value) in [(INTEGRATED, gate::integrated as fn(&[f64]) -> f64), (RANGE, gate::range)]
            {
                if self.wanted[number] {
                    output.events(number, &[whole(self.samples, value(tenths), "")])?;
                }
            }
            self.give(output)?;
        }
        self.peaks.iter_mut().for_each(|peak| peak.finish(&self.kernel));
        for (number, of) in [(TRUE_PEAK, Peak::signal as fn(&Peak) -> f32), (SAMPLE_PEAK, Peak::sample)] {
            if self.wanted[number] {
                let decibels = |peak| (20.0 * f64::from(of(peak)).log10()).max(FLOOR);
                let events = self.peaks.iter().zip(&self.names);
                let events: Vec<Event> =
                    events.map(|(peak, name)| whole(self.samples, decibels(peak), name)).collect();
                output.events(number, &events)?;
            }
        }
        Ok(())
    }
}

impl Loudness {
    /// Gives the frames that are ready.
    fn give(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
        let windows = self.meter.iter_mut().flat_map(|meter| meter.windows());
        for (number, window) in windows.enumerate() {
            if self.wanted[number] {
                let rows = output.frames(number, window.ready.len())?;
                for (row, &mean_square) in rows.iter_mut().zip(&window.ready) {
                    *row = loudness(mean_square, FLOOR) as f32;
                }
            }
            window.ready.clear();
        }
        Ok(())
    }
}

/// A value of the whole asset.
fn whole(samples: u64, value: f64, label: &str) -> Event {
    Event {
        at: Samples(0),
        duration: Delta(Samples(i64::try_from(samples).unwrap_or(i64::MAX))),
        values: vec![value as f32],
        label: label.into(),
    }
}

/// The samples, with 0 in place of those that are none: in `clean` if there are
/// any such.
fn finite<'a>(samples: &'a [f32], clean: &'a mut Vec<f32>) -> &'a [f32] {
    if samples.iter().fold(true, |fine, x| fine & (x.abs() <= GREATEST)) {
        return samples;
    }
    clean.clear();
    clean.extend(samples.iter().map(|&x| if x.abs() <= GREATEST { x } else { 0.0 }));
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use agogic_calculator::Collected;

    #[test]
    fn the_description_holds() {
        Loudness::describe().check().expect("a valid description");
        assert!(Loudness::new(&Collected::setup::<Loudness>(24, 1, 1)).is_err());
        let mut setup = Collected::setup::<Loudness>(44_100, 1, 1);
        setup.params.0.clear();
        assert!(Loudness::new(&setup).is_err());
    }
}
