//! Soft masks: how much of a bin is tone and how much is beat.

use agogic_dsp::MEDIAN_LANES;

/// The two masks' parameters.
pub(crate) struct Mask {
    pub(crate) power: f32,
    /// What the percussive median is multiplied with in the harmonic mask.
    pub(crate) margin_harmonic: f32,
    /// What the harmonic median is multiplied with in the percussive mask.
    pub(crate) margin_percussive: f32,
}

impl Mask {
    /// Adds the energies of a bin, in several frames side by side: of what is harmonic
    /// and of what is percussive.
    pub(crate) fn add(
        &self,
        magnitudes: &[f32; MEDIAN_LANES],
        harmonic: &[f32; MEDIAN_LANES],
        percussive: &[f32; MEDIAN_LANES],
        energies: &mut [[f32; MEDIAN_LANES]; 2],
    ) {
        let [of_harmonic, of_percussive] = energies;
        if self.power == 2.0 && self.margin_harmonic == 1.0 && self.margin_percussive == 1.0 {
            for lane in 0..MEDIAN_LANES {
                let (h, p) = (harmonic[lane], percussive[lane]);
                let greater = if h > p { h } else { p };
                let nothing = greater < f32::MIN_POSITIVE;
                let scale = if nothing { 1.0 } else { 1.0 / greater.min(MOST) };
                let (h, p) = (h * scale, p * scale);
                let (h, p) = if nothing { (1.0, 1.0) } else { (h * h, p * p) };
                let x = magnitudes[lane] / (h + p);
                of_harmonic[lane] += (x * h) * (x * h);
                of_percussive[lane] += (x * p) * (x * p);
            }
            return;
        }
        let split = self.margin_harmonic == 1.0 && self.margin_percussive == 1.0;
        let nothing = if split { 0.5 } else { 0.0 };
        for lane in 0..MEDIAN_LANES {
            let (x, h, p) = (magnitudes[lane], harmonic[lane], percussive[lane]);
            let tone = x * soft(h, p * self.margin_harmonic, self.power, nothing);
            let beat = x * soft(p, h * self.margin_percussive, self.power, nothing);
            of_harmonic[lane] += tone * tone;
            of_percussive[lane] += beat * beat;
        }
    }
}

/// The greatest number whose reciprocal is no subnormal one.
const MOST: f32 = 8.5e37;

/// `value^power / (value^power + other^power)`; `nothing` where both are 0.
fn soft(value: f32, other: f32, power: f32, nothing: f32) -> f32 {
    let greater = value.max(other);
    if greater < f32::MIN_POSITIVE {
        return nothing;
    }
    let (value, other) = ((value / greater).powf(power), (other / greater).powf(power));
    value / (value + other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energies(mask: &Mask, x: f32, h: f32, p: f32) -> (f32, f32) {
        let mut energies = [[0.0; MEDIAN_LANES]; 2];
        mask.add(&[x; MEDIAN_LANES], &[h; MEDIAN_LANES], &[p; MEDIAN_LANES], &mut energies);
        (energies[0][3], energies[1][3])
    }

    #[test]
    fn shares_and_silence() {
        let plain = Mask { power: 2.0, margin_harmonic: 1.0, margin_percussive: 1.0 };
        assert_eq!(energies(&plain, 2.0, 0.0, 0.0), (1.0, 1.0));
        assert_eq!(energies(&plain, 2.0, 1e-30, 0.0), (4.0, 0.0));
        assert_eq!(energies(&plain, 5.0, 3e20, 3e20), (6.25, 6.25));
        let (tone, beat) = energies(&plain, 5.0, 1.0, 2.0);
        assert!((tone - 1.0).abs() < 1e-5 && (beat - 16.0).abs() < 1e-4);
        // The other way to the same.
        let other = Mask { power: 2.000_001, ..plain };
        let (tone, beat) = energies(&other, 5.0, 1.0, 2.0);
        assert!((tone - 1.0).abs() < 1e-4 && (beat - 16.0).abs() < 1e-3);
        let wide = Mask { power: 1.0, margin_harmonic: 3.0, margin_percussive: 1.0 };
        assert_eq!(energies(&wide, 2.0, 0.0, 0.0), (0.0, 0.0));
        assert_eq!(energies(&wide, 4.0, 1.0, 1.0), (1.0, 4.0));
    }
}
