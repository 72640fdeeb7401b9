//! How an input is cut into blocks.

/// How an input is cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All at once.
    Whole,
    /// Blocks of this many samples or frames, the last one shorter.
    Every(usize),
    /// Blocks of 1 to 4096, by this seed.
    Random(u64),
}

impl Cut {
    /// The lengths of the blocks of `count` samples or frames.
    pub fn lengths(self, count: usize) -> Vec<usize> {
        let mut state = match self {
            Self::Random(seed) => seed,
            _ => 0,
        };
        let mut left = count;
        let mut lengths = vec![];
        while left > 0 {
            let next = match self {
                Self::Whole => left,
                Self::Every(length) => length.max(1),
                Self::Random(_) => {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    // As likely a few samples as a few thousand.
                    1 << ((state >> 60) % 13)
                }
            };
            lengths.push(next.min(left));
            left -= next.min(left);
        }
        lengths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_add_up() {
        for cut in [Cut::Whole, Cut::Every(1), Cut::Every(7), Cut::Every(0), Cut::Random(1), Cut::Random(2)] {
            for count in [0, 1, 6, 7, 10_000] {
                let lengths = cut.lengths(count);
                assert_eq!(lengths.iter().sum::<usize>(), count, "{cut:?}");
                assert!(lengths.iter().all(|&length| length > 0), "{cut:?}");
            }
        }
        assert_eq!(Cut::Every(4).lengths(10), [4, 4, 2]);
        assert!(Cut::Random(1).lengths(10_000).len() > 3);
    }
}
