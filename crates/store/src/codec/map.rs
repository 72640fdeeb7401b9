//! Values as whole numbers, close where the values are close, and back. Values
//! that a mapping cannot hold within the bound are kept beside the numbers, as
//! runs of equal bits.

use agogic_schema::Tolerance;

/// Bits of an f32's mantissa.
const MANTISSA: u32 = 23;
/// The bit of the sign.
const SIGN: u32 = 1 << 31;
/// Magnitudes of more than so many times the error are not counted in steps:
/// an f32 has hardly more digits.
const STEPS: f64 = (1 << 21) as f64;
/// Added to a number of less than 2^22, it rounds it to a whole one, which is
/// then in the last bits.
const ROUND: f32 = 12_582_912.0;

/// How numbers stand for values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mapping {
    /// The bits of the f32 in the order of its value, without the last `n` of
    /// the mantissa, to which it was rounded; 0 to 22.
    Bits(u32),
    /// Multiples of a step.
    Steps(f32),
}

/// Values with the same bits, one after another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) length: u32,
    pub(super) bits: u32,
}

impl Mapping {
    /// The coarsest that holds the bound; `None` where nothing is gained by
    /// one.
    pub(super) fn of(tolerance: Tolerance, values: &[f32]) -> Option<Self> {
        match tolerance {
            Tolerance::Lossless => None,
            Tolerance::Relative(error) => {
                // Rounded to m bits, a value is off by at most 2^-(m+1) of it.
                // One bit stays, which tells NaN from infinity.
                let bits = (1..MANTISSA).find(|&m| 0.5_f64.powi(m as i32 + 1) <= error)?;
                Some(Self::Bits(MANTISSA - bits))
            }
            Tolerance::Absolute(error) => {
                let greatest = f64::from(greatest(values, (error * STEPS) as f32));
                // Dividing, rounding and multiplying in f32 add less than
                // this to the half step; at most half of the error.
                let step = 2.0 * (error - greatest * 0.5_f64.powi(22));
                let rounded = step as f32;
                let step = if f64::from(rounded) > step { rounded.next_down() } else { rounded };
                let usable = step.is_normal() && (1.0 / step).is_normal();
                usable.then_some(Self::Steps(step))
            }
        }
    }

    /// The numbers of values, and those values that they do not stand for
    /// within the tolerance.
    #[inline(always)]
    pub(super) fn forward(
        self,
        values: &[f32],
        width: usize,
        tolerance: Tolerance,
        numbers: &mut Vec<i32>,
    ) -> Vec<Run> {
        numbers.clear();
        match self {
            Self::Bits(0) => {
                numbers.extend(values.iter().map(|value| order(value.to_bits())));
                return vec![];
            }
            Self::Bits(shift) => numbers.extend(values.iter().map(|value| {
                let bits = if value.is_nan() { f32::NAN.to_bits() & !SIGN } else { value.to_bits() };
                let magnitude = ((bits & !SIGN) + (1 << (shift - 1))) >> shift;
                order(magnitude | (bits & SIGN))
            })),
            Self::Steps(step) => {
                let scale = 1.0 / step;
                numbers.extend(values.iter().map(|value| {
                    let rounded = value * scale + ROUND;
                    (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32)
                }));
            }
        }
        let mut runs: Vec<Run> = Vec::new();
        const PIECE: usize = 256;
        for (piece, some) in values.chunks(PIECE).enumerate() {
            let at = piece * PIECE;
            let good = |value: f32, number: i32| within(tolerance, value, self.value(number));
            if some.iter().zip(&numbers[at..]).fold(true, |all, (&v, &n)| all & good(v, n)) {
                continue;
            }
            for (i, &value) in (at..).zip(some) {
                if good(value, numbers[i]) {
                    continue;
                }
                // As the frame before, so that it costs nothing there.
                numbers[i] = if i >= width { numbers[i - width] } else { 0 };
                let bits = if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() };
                match runs.last_mut() {
                    Some(run) if run.bits == bits && (run.start + run.length) as usize == i => {
                        run.length += 1;
                    }
                    // A chunk has no more than 2^22 values.
                    _ => runs.push(Run { start: i as u32, length: 1, bits }),
                }
            }
        }
        runs
    }

    /// The value that a number stands for.
    #[inline(always)]
    fn value(self, number: i32) -> f32 {
        match self {
            Self::Bits(shift) => {
                let magnitude = (number ^ (number >> 31)) as u32;
                f32::from_bits((magnitude << shift) & !SIGN | (number as u32 & SIGN))
            }
            Self::Steps(step) => number as f32 * step,
        }
    }

    /// Replaces numbers, which stand in place of bits, by their values.
    #[inline(always)]
    pub(super) fn back(self, words: &mut [u32]) {
        // Apart, so that each is a loop without a branch.
        match self {
            Self::Bits(shift) => {
                words.iter_mut().for_each(|word| *word = Self::Bits(shift).value(*word as i32).to_bits());
            }
            Self::Steps(step) => {
                words.iter_mut().for_each(|word| *word = Self::Steps(step).value(*word as i32).to_bits());
            }
        }
    }
}

/// The greatest magnitude that is not above a limit.
fn greatest(values: &[f32], limit: f32) -> f32 {
    let higher = |a: f32, b: f32| if b <= limit && b > a { b } else { a };
    let (eights, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for eight in eights {
        for (lane, value) in lanes.iter_mut().zip(eight) {
            *lane = higher(*lane, value.abs());
        }
    }
    lanes.into_iter().chain(rest.iter().map(|value| value.abs())).fold(0.0, higher)
}

/// Bits of a sign and a magnitude as a number that grows with the value. -0
/// comes right before +0.
#[inline(always)]
fn order(bits: u32) -> i32 {
    (bits ^ (((bits as i32) >> 31) as u32 >> 1)) as i32
}

/// Whether a kept value stands for a value. NaN stands for NaN alone.
#[inline(always)]
pub(super) fn within(tolerance: Tolerance, value: f32, kept: f32) -> bool {
    let (wide, wide_kept) = (f64::from(value), f64::from(kept));
    let near = |error: f64| (wide_kept - wide).abs() <= error;
    match tolerance {
        Tolerance::Lossless => value.to_bits() == kept.to_bits(),
        // The difference of infinities is NaN, and infinity is within no
        // bound of a number.
        Tolerance::Absolute(error) => near(error) | (value == kept) | (value.is_nan() & kept.is_nan()),
        Tolerance::Relative(error) => {
            (near(error * wide.abs()) & kept.is_finite()) | (value == kept) | (value.is_nan() & kept.is_nan())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_values() {
        let values =
            [f32::NEG_INFINITY, f32::MIN, -1.0, -f32::from_bits(1), -0.0, 0.0, f32::from_bits(1), 1.5, 2.0];
        let mut numbers = Vec::new();
        for shift in [0, 1, 14, 22] {
            Mapping::Bits(shift).forward(&values, 1, Tolerance::Relative(0.9), &mut numbers);
            assert!(numbers.is_sorted(), "{shift}: {numbers:?}");
        }
        let neighbours = [-0.0_f32, 0.0, f32::from_bits(1)];
        Mapping::Bits(0).forward(&neighbours, 1, Tolerance::Lossless, &mut numbers);
        assert_eq!(numbers, [-1, 0, 1]);
    }

    #[test]
    fn the_coarsest_mapping_is_taken() {
        let relative = |error| Mapping::of(Tolerance::Relative(error), &[]);
        for (error, expect) in [
            (0.99, Some(Mapping::Bits(22))),
            (0.25, Some(Mapping::Bits(22))),
            (0.249, Some(Mapping::Bits(21))),
            (0.5_f64.powi(10), Some(Mapping::Bits(14))),
            (0.5_f64.powi(23), Some(Mapping::Bits(1))),
            (0.5_f64.powi(24), None),
            (1e-300, None),
        ] {
            assert_eq!(relative(error), expect, "{error}");
        }
        let absolute = |error, values: &[f32]| Mapping::of(Tolerance::Absolute(error), values);
        assert_eq!(absolute(0.25, &[]), Some(Mapping::Steps(0.5)));
        let Some(Mapping::Steps(step)) = absolute(0.01, &[-100.0, f32::NAN, f32::INFINITY, 1e30]) else {
            panic!("no steps")
        };
        assert!(step < 0.02 && step > 0.0199);
        for error in [1e-300, 1e-46, f64::from(f32::MIN_POSITIVE) / 4.0, 1e39, f64::MAX] {
            assert_eq!(absolute(error, &[1.0]), None, "{error}");
        }
    }

    #[test]
    fn what_cannot_be_mapped_is_kept() {
        let values = [0.5, f32::NAN, f32::NAN, f32::INFINITY, 1e9, -0.0, f32::NEG_INFINITY, 1.0];
        let mut numbers = Vec::new();
        let bound = Tolerance::Absolute(0.01);
        let mapping = Mapping::of(bound, &values).unwrap();
        let runs = mapping.forward(&values, 1, bound, &mut numbers);
        let starts: Vec<_> = runs.iter().map(|run| (run.start, run.length)).collect();
        assert_eq!(starts, [(1, 2), (3, 1), (4, 1), (6, 1)]);
        assert_eq!(numbers[1], numbers[0]);

        let bound = Tolerance::Relative(0.001);
        let mapping = Mapping::of(bound, &values).unwrap();
        assert_eq!(mapping.forward(&values, 1, bound, &mut numbers), []);
        let odd = [f32::from_bits(3), f32::MAX, f32::from_bits(0xffff_ffff)];
        let runs = mapping.forward(&odd, 1, bound, &mut numbers);
        assert_eq!(runs.iter().map(|run| run.bits).collect::<Vec<_>>(), [3, f32::MAX.to_bits()]);
        assert_eq!(mapping.value(numbers[2]).to_bits(), 0x7fc0_0000);
    }
}
