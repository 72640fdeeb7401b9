//! Signals that every machine makes alike, but for the last bits of a sine.

use std::f64::consts::TAU;
use std::fmt;

/// Sample rates that audio really has, and one that shares no factor with any.
pub const ODD_RATES: [u32; 6] = [8_000, 11_025, 22_050, 44_100, 47_999, 96_000];

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Zeros.
    Silence,
    /// Half of full scale, all the time.
    Constant,
    /// 440 Hz at half of full scale.
    Sine,
    /// From 20 Hz to half the sample rate.
    Sweep,
    /// White noise at a quarter of full scale.
    Noise,
    /// A single sample at full scale, four times a second.
    Clicks,
    /// Noise up to ten times full scale, as float files may hold.
    Loud,
    /// Decaying bursts of noise over a chord, two a second: something of
    /// everything.
    Music,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Silence,
        Self::Constant,
        Self::Sine,
        Self::Sweep,
        Self::Noise,
        Self::Clicks,
        Self::Loud,
        Self::Music,
    ];
}

/// A test signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What is heard.
    pub shape: Shape,
    /// Samples per second.
    pub rate: u32,
    /// Channels, each with noise of its own.
    pub channels: usize,
    /// Samples per channel.
    pub samples: usize,
    /// What the noise is made from.
    pub seed: u64,
}

impl Signal {
    /// One channel.
    pub fn new(shape: Shape, rate: u32, samples: usize) -> Self {
        Self { shape, rate, channels: 1, samples, seed: 1 }
    }

    /// With so many channels.
    #[must_use]
    pub fn channels(mut self, channels: usize) -> Self {
        self.channels = channels;
        self
    }

    /// With noise made from this number.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The samples of a channel.
    pub fn channel(&self, channel: usize) -> Vec<f32> {
        let mut noise = Noise::new(self.seed, channel);
        (0..self.samples).map(|i| self.sample(i, &mut noise) as f32).collect()
    }

    fn sample(&self, i: usize, noise: &mut Noise) -> f64 {
        let rate = f64::from(self.rate);
        let t = i as f64 / rate;
        match self.shape {
            Shape::Silence => 0.0,
            Shape::Constant => 0.5,
            Shape::Sine => 0.5 * (TAU * 440.0 * t).sin(),
            Shape::Sweep => {
                let length = self.samples.max(1) as f64 / rate;
                0.5 * (TAU * (20.0 * t + (rate / 2.0 - 20.0) / (2.0 * length) * t * t)).sin()
            }
            Shape::Noise => 0.25 * noise.next(),
            Shape::Clicks => f64::from(u8::from(i.is_multiple_of((self.rate as usize / 4).max(1)))),
            Shape::Loud => 10.0 * noise.next(),
            Shape::Music => {
                let chord: f64 = [220.0, 277.18, 329.63].iter().map(|hz| (TAU * hz * t).sin()).sum();
                let since = t % 0.5;
                0.1 * chord + 0.4 * (-since / 0.05).exp() * noise.next()
            }
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, rate, channels, samples, seed } = self;
        let shape = format!("{shape:?}").to_lowercase();
        write!(f, "{shape} ({samples} samples, {rate} Hz, {channels} ch, seed {seed})")
    }
}

/// White noise within -1..1: the top 24 bits of Knuth's MMIX generator.
struct Noise(u64);

impl Noise {
    fn new(seed: u64, channel: usize) -> Self {
        // Seeds that are near give states that are not.
        Self((seed ^ ((channel as u64) << 48)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / 8_388_608.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_what_they_say() {
        for shape in Shape::ALL {
            let signal = Signal::new(shape, 22_050, 22_050).seed(7);
            let samples = signal.channel(0);
            let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
            assert_eq!(samples.len(), 22_050);
            let (least, most) = match shape {
                Shape::Silence => (0.0, 0.0),
                Shape::Loud => (5.0, 10.0),
                Shape::Noise => (0.2, 0.25),
                _ => (0.45, 1.0),
            };
            assert!((least..=most).contains(&peak), "{signal}: {peak}");
        }
    }

    #[test]
    fn noise_follows_the_seed_and_the_channel() {
        let noise = |seed, channel| Signal::new(Shape::Noise, 8000, 100).seed(seed).channel(channel);
        assert_eq!(noise(3, 0), noise(3, 0));
        assert_ne!(noise(3, 0), noise(4, 0));
        assert_ne!(noise(3, 0), noise(3, 1));
    }
}
