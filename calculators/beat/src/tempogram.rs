//! The strongest tempo around each frame, with its phase, and the pulse of it all.

use std::f64::consts::TAU;
use std::ops::RangeInclusive;

/// Tempi to one bin of the window's discrete Fourier transform: the nearest one to any
/// tempo then has 99 % of its strength, so that a beat is not taken for its half, which
/// happens to be nearer to a bin.
pub(crate) const FINER: usize = 4;
/// Rows that are needed at a time: one bin before and one after the current tempo.
const ROWS: usize = 2 * FINER + 1;
/// A coefficient that is a smaller share than this of the sum over its window counts as
/// rounding error; sums in f32 are off by some 1e-6.
const NOTHING: f32 = 1e-4;

/// Sums over the windows around so many frames as a window is long.
///
/// Frames are numbered from half a window before the first one, so that window `t` is
/// `t..t + window`, and phases are those at number 0.
pub(crate) struct Tempogram {
    /// `exp(2 pi i n / window / FINER)`.
    turns: Vec<[f32; 2]>,
    /// `exp(2 pi i n / window)`.
    once: Vec<[f32; 2]>,
    /// The tempi in range: that many periods in `FINER` windows.
    tempi: RangeInclusive<usize>,
    /// The transforms without a window at the last tempi, by tempo modulo `ROWS`.
    rows: [Row; ROWS],
    /// What the strengths are without their signs.
    sizes: Vec<f32>,
    /// The sum of those over each window.
    level: Row,
    best: Best,
    kernel: Kernel,
}

/// One tempo along time: the real and the imaginary parts.
struct Row {
    re: Vec<f32>,
    im: Vec<f32>,
}

/// The strongest coefficient so far of each window.
struct Best {
    power: Vec<f32>,
    re: Vec<f32>,
    im: Vec<f32>,
    tempo: Vec<u32>,
}

/// The window times `exp(2 pi i tempo n / window / FINER)`.
struct Kernel {
    tempo: usize,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Tempogram {
    /// For windows of so many frames, and tempi from so many periods in a window to so
    /// many. `None` where none is possible. Fewer than two periods cannot be told from
    /// the mean of the strength, half as many as frames not from each other's mirror.
    pub(crate) fn new(window: usize, periods: [f64; 2]) -> Option<Self> {
        let [from, to] = periods.map(|periods| periods * FINER as f64);
        let first = ((from - 1e-9).ceil() as usize).max(2 * FINER);
        let last = ((to + 1e-9) as usize).min(FINER * window.saturating_sub(1) / 2);
        if first > last {
            return None;
        }
        let length = FINER * window;
        let turn = |n| {
            let (sin, cos) = (TAU * n as f64 / length as f64).sin_cos();
            [cos as f32, sin as f32]
        };
        let row = || Row { re: vec![0.0; window], im: vec![0.0; window] };
        let zeros = || vec![0.0; window];
        Some(Self {
            turns: (0..length).map(turn).collect(),
            once: (0..length).step_by(FINER).map(turn).collect(),
            tempi: first..=last,
            rows: std::array::from_fn(|_| row()),
            sizes: vec![0.0; 2 * window],
            level: row(),
            best: Best { power: zeros(), re: zeros(), im: zeros(), tempo: vec![0; window] },
            kernel: Kernel { tempo: 0, cos: zeros(), sin: zeros() },
        })
    }

    /// Adds the kernels of the windows that begin within the first half of `strengths`,
    /// as many as `pulse` has room for; both begin at the same number, a multiple of the
    /// window's length, and `strengths` are two windows long.
    pub(crate) fn add(&mut self, strengths: &[f32], windows: usize, pulse: &mut [f32]) {
        if strengths.iter().all(|&strength| strength == 0.0) {
            return;
        }
        self.find(strengths);
        for t in 0..windows.min(self.once.len()) {
            let power = f64::from(self.best.power[t]);
            let least = f64::from(NOTHING * self.level.re[t]);
            if power <= least * least {
                continue;
            }
            let tempo = self.best.tempo[t] as usize;
            if tempo != self.kernel.tempo {
                self.kernel.fill(tempo, &self.turns, &self.once);
            }
            // The phase at the window's start.
            let [cos, sin] = self.turns[tempo * t % self.turns.len()];
            let (re, im) = (f64::from(self.best.re[t]), f64::from(self.best.im[t]));
            let scale = 1.0 / re.hypot(im);
            let (re, im) = ((re * scale) as f32, (im * scale) as f32);
            let (re, im) = (re * cos - im * sin, re * sin + im * cos);
            let kernel = self.kernel.cos.iter().zip(&self.kernel.sin);
            for (value, (cos, sin)) in pulse[t..].iter_mut().zip(kernel) {
                *value += re * cos - im * sin;
            }
        }
    }

    /// The strongest tempo in range of each window, the slowest of equals.
    fn find(&mut self, strengths: &[f32]) {
        for (size, strength) in self.sizes.iter_mut().zip(strengths) {
            *size = strength.abs();
        }
        self.level.fill(0, &self.sizes, &self.turns);
        self.best.power.fill(0.0);
        let (first, last) = (self.tempi.start() - FINER, self.tempi.end() + FINER);
        for tempo in first..=last {
            self.rows[tempo % ROWS].fill(tempo, strengths, &self.turns);
            if tempo >= first + 2 * FINER {
                let row = |back| &self.rows[(tempo - back) % ROWS];
                let rows = [row(2 * FINER), row(FINER), row(0)];
                self.best.meet((tempo - FINER) as u32, rows, &self.once);
            }
        }
    }
}

impl Row {
    /// The sums of `strength[n] exp(-2 pi i tempo n / window / FINER)` over the windows:
    /// of what a window has in the first half, added up from its end, and of what it has
    /// in the second. Nothing is ever taken off a sum, so that no error outlives its
    /// window.
    fn fill(&mut self, tempo: usize, strengths: &[f32], turns: &[[f32; 2]]) {
        let window = self.re.len();
        let (first, second) = strengths.split_at(window);
        let middle = tempo * window % turns.len();
        let (mut re, mut im) = (0.0, 0.0);
        let mut turn = middle;
        for ((re_at, im_at), strength) in self.re.iter_mut().zip(&mut self.im).zip(first).rev() {
            turn = if turn < tempo { turn + turns.len() - tempo } else { turn - tempo };
            let [cos, sin] = turns[turn];
            re += strength * cos;
            im -= strength * sin;
            (*re_at, *im_at) = (re, im);
        }
        (re, im, turn) = (0.0, 0.0, middle);
        for ((re_at, im_at), strength) in self.re.iter_mut().zip(&mut self.im).zip(second) {
            *re_at += re;
            *im_at += im;
            let [cos, sin] = turns[turn];
            re += strength * cos;
            im -= strength * sin;
            turn = if turn + tempo < turns.len() { turn + tempo } else { turn + tempo - turns.len() };
        }
    }
}

impl Best {
    /// Takes over where a tempo is stronger. The Hann window is 1/2 - 1/4 exp(i a) - 1/4
    /// exp(-i a), a turning once in it: its transform is made of three without one, a
    /// period to the window apart.
    fn meet(&mut self, tempo: u32, [before, at, after]: [&Row; 3], once: &[[f32; 2]]) {
        let best = self.power.iter_mut().zip(&mut self.re).zip(&mut self.im).zip(&mut self.tempo);
        let before = before.re.iter().zip(&before.im);
        let after = after.re.iter().zip(&after.im);
        let rows = before.zip(at.re.iter().zip(&at.im)).zip(after);
        for (((((power, re), im), which), ((before, at), after)), [cos, sin]) in best.zip(rows).zip(once) {
            // exp(-i a) turns the row before, exp(i a) the one after.
            let sum_re = (before.0 + after.0) * cos + (before.1 - after.1) * sin;
            let sum_im = (before.1 + after.1) * cos - (before.0 - after.0) * sin;
            let (new_re, new_im) = (0.5 * at.0 - 0.25 * sum_re, 0.5 * at.1 - 0.25 * sum_im);
            let new = new_re * new_re + new_im * new_im;
            let stronger = new > *power;
            *power = if stronger { new } else { *power };
            *re = if stronger { new_re } else { *re };
            *im = if stronger { new_im } else { *im };
            *which = if stronger { tempo } else { *which };
        }
    }
}

impl Kernel {
    fn fill(&mut self, tempo: usize, turns: &[[f32; 2]], once: &[[f32; 2]]) {
        self.tempo = tempo;
        let mut turn = 0;
        for ((cos_at, sin_at), [once, _]) in self.cos.iter_mut().zip(&mut self.sin).zip(once) {
            let window = 0.5 - 0.5 * once;
            let [cos, sin] = turns[turn];
            (*cos_at, *sin_at) = (window * cos, window * sin);
            turn = (turn + tempo) % turns.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The coefficients by their definition, in f64.
    fn defined(strengths: &[f32], window: usize, tempo: usize, start: usize) -> (f64, f64) {
        let mut sum = (0.0, 0.0);
        for m in 0..window {
            let hann = 0.5 - 0.5 * (TAU * m as f64 / window as f64).cos();
            let (sin, cos) = (TAU * (tempo * (start + m)) as f64 / (FINER * window) as f64).sin_cos();
            let value = f64::from(strengths[start + m]) * hann;
            sum = (sum.0 + value * cos, sum.1 - value * sin);
        }
        sum
    }

    #[test]
    fn the_strongest_tempo_is_as_defined() {
        for window in [16, 33, 384] {
            let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 1.7e7;
            let strengths: Vec<f32> = (0..2 * window as u32).map(noise).collect();
            let mut tempogram = Tempogram::new(window, [2.0, 4.0]).unwrap();
            tempogram.find(&strengths);
            for start in 0..window {
                let power = |tempo| {
                    let (re, im) = defined(&strengths, window, tempo, start);
                    re * re + im * im
                };
                let most = (2 * FINER..=4 * FINER).map(power).fold(0.0, f64::max);
                let best = &tempogram.best;
                let (re, im) = defined(&strengths, window, best.tempo[start] as usize, start);
                let near = 1e-5 * f64::from(tempogram.level.re[start]);
                assert!((re - f64::from(best.re[start])).abs() < near);
                assert!((im - f64::from(best.im[start])).abs() < near);
                assert!((most.sqrt() - f64::from(best.power[start]).sqrt()).abs() < near);
            }
        }
    }

    #[test]
    fn tempi_that_a_window_can_tell_apart() {
        for (window, periods, expect) in [
            (384, [2.23, 22.3], Some(9..=89)),
            (384, [3.0, 22.0], Some(12..=88)),
            (384, [0.1, 5.0], Some(8..=20)),
            (16, [4.0, 100.0], Some(16..=30)),
            (16, [0.1, 1.9], None),
            (16, [9.0, 100.0], None),
            (16, [4.05, 4.2], None),
        ] {
            assert_eq!(Tempogram::new(window, periods).map(|tempogram| tempogram.tempi), expect);
        }
    }
}
