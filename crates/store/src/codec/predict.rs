//! What a number is expected to be from those before it. Only the difference
//! is written, folded so that small ones of either sign are small: 0, -1, 1,
//! -2... become 0, 1, 2, 3... All arithmetic wraps.
//!
//! `s` are the numbers of a chunk, `w` is how many a frame has. In the first
//! frame whatever looks along time looks along bins instead.

/// What the next number is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    /// 0.
    Nothing,
    /// The bin before, `s[i - 1]`; for the first bin of a frame the same bin
    /// of the frame before.
    Bin,
    /// The frame before, `s[i - w]`.
    Frame,
    /// The mean of the two frames before, rounded down; in the second frame as
    /// [`Self::Frame`].
    Mean,
    /// On the line through the two frames before, `2 s[i - w] - s[i - 2w]`; in
    /// the second frame as [`Self::Frame`].
    Line,
}

impl Predictor {
    pub(super) const ALL: [Self; 5] = [Self::Nothing, Self::Bin, Self::Frame, Self::Mean, Self::Line];

    /// The number in a chunk's header: the place in [`Self::ALL`].
    pub(super) fn code(self) -> u8 {
        self as u8
    }

    /// The folded differences. `out` is as long as `s` or longer, and `w` at
    /// least 1.
    #[inline(always)]
    pub(super) fn differences(self, s: &[i32], w: usize, out: &mut [u32]) {
        let put = |out: &mut u32, now: i32, expected: i32| *out = fold(now.wrapping_sub(expected));
        if self == Self::Nothing {
            out.iter_mut().zip(s).for_each(|(out, &now)| put(out, now, 0));
            return;
        }
        let first = w.min(s.len());
        let mut before = 0;
        for (out, &now) in out.iter_mut().zip(&s[..first]) {
            put(out, now, before);
            before = now;
        }
        let (out, later) = (&mut out[first..], &s[first..]);
        match self {
            Self::Nothing => {}
            Self::Bin => {
                let previous = s[first - usize::from(first > 0)..].iter();
                out.iter_mut().zip(later).zip(previous).for_each(|((out, &now), &then)| put(out, now, then));
                for i in (0..later.len()).step_by(w) {
                    put(&mut out[i], later[i], s[i]);
                }
            }
            Self::Frame => {
                out.iter_mut().zip(later).zip(s).for_each(|((out, &now), &then)| put(out, now, then));
            }
            Self::Mean | Self::Line => {
                let second = w.min(later.len());
                out.iter_mut().zip(&later[..second]).zip(s).for_each(|((o, &now), &then)| put(o, now, then));
                let out = out[second..].iter_mut().zip(&later[second..]);
                let out = out.zip(&s[first..]).zip(s);
                if self == Self::Mean {
                    out.for_each(|(((o, &now), &a), &b)| put(o, now, mean(a, b)));
                } else {
                    out.for_each(|(((o, &now), &a), &b)| put(o, now, line(a, b)));
                }
            }
        }
    }

    /// Turns folded differences into the numbers, in place.
    #[inline(always)]
    pub(super) fn undo(self, s: &mut [u32], w: usize) {
        if self == Self::Nothing {
            s.iter_mut().for_each(|s| *s = unfold(*s));
            return;
        }
        let (head, rest) = s.split_at_mut(w.min(s.len()));
        let mut before = 0_u32;
        for s in head.iter_mut() {
            before = before.wrapping_add(unfold(*s));
            *s = before;
        }
        match (self, w) {
            (Self::Nothing, _) => {}
            (Self::Bin, _) => {
                let mut start = head.first().copied().unwrap_or(0);
                for frame in rest.chunks_mut(w) {
                    let mut before = start;
                    for s in frame.iter_mut() {
                        before = before.wrapping_add(unfold(*s));
                        *s = before;
                    }
                    start = frame.first().copied().unwrap_or(0);
                }
            }
            (_, 1) => self.undo_narrow::<1>(head, rest),
            (_, 2) => self.undo_narrow::<2>(head, rest),
            (_, 3) => self.undo_narrow::<3>(head, rest),
            (_, 4) => self.undo_narrow::<4>(head, rest),
            (_, 5) => self.undo_narrow::<5>(head, rest),
            (_, 6) => self.undo_narrow::<6>(head, rest),
            (_, 7) => self.undo_narrow::<7>(head, rest),
            (_, 8) => self.undo_narrow::<8>(head, rest),
            (Self::Frame, _) => {
                for at in (w..s.len()).step_by(w) {
                    let (then, now) = s.split_at_mut(at);
                    let then = &then[at - w..];
                    now.iter_mut().zip(then).for_each(|(s, then)| *s = unfold(*s).wrapping_add(*then));
                }
            }
            (Self::Mean, _) => undo_wide(s, w, expected),
            (Self::Line, _) => undo_wide(s, w, |a, b| line(a as i32, b as i32) as u32),
        }
    }

    /// Along time, with the frames before in registers.
    #[inline(always)]
    fn undo_narrow<const W: usize>(self, head: &[u32], rest: &mut [u32]) {
        let Some(&(mut a)) = head.first_chunk::<W>() else { return };
        let b = a;
        let (frames, _) = rest.as_chunks_mut::<W>();
        if self == Self::Frame {
            for frame in frames {
                for (s, a) in frame.iter_mut().zip(&mut a) {
                    *a = a.wrapping_add(unfold(*s));
                    *s = *a;
                }
            }
            return;
        }
        if self == Self::Mean {
            undo_frames(frames, a, b, expected);
        } else {
            undo_frames(frames, a, b, |a, b| line(a as i32, b as i32) as u32);
        }
    }
}

/// Frames in turn, from the two before, which are one for the second frame.
#[inline(always)]
fn undo_frames<const W: usize>(
    frames: &mut [[u32; W]],
    mut a: [u32; W],
    mut b: [u32; W],
    expect: impl Fn(u32, u32) -> u32,
) {
    for frame in frames {
        for ((s, a), b) in frame.iter_mut().zip(&mut a).zip(&mut b) {
            *s = unfold(*s).wrapping_add(expect(*a, *b));
            (*a, *b) = (*s, *a);
        }
    }
}

/// The same of long frames, which are one in the second frame.
#[inline(always)]
fn undo_wide(s: &mut [u32], w: usize, expect: impl Fn(u32, u32) -> u32) {
    for at in (w..s.len()).step_by(w) {
        let (then, now) = s.split_at_mut(at);
        let a = &then[at - w..];
        let b = if at >= 2 * w { &then[at - 2 * w..at - w] } else { a };
        let now = now.iter_mut().zip(a).zip(b);
        now.for_each(|((s, &a), &b)| *s = unfold(*s).wrapping_add(expect(a, b)));
    }
}

#[inline(always)]
fn fold(difference: i32) -> u32 {
    ((difference << 1) ^ (difference >> 31)) as u32
}

#[inline(always)]
fn unfold(folded: u32) -> u32 {
    (folded >> 1) ^ (folded & 1).wrapping_neg()
}

#[inline(always)]
fn mean(a: i32, b: i32) -> i32 {
    (a >> 1).wrapping_add(b >> 1).wrapping_add(a & b & 1)
}

#[inline(always)]
fn line(a: i32, b: i32) -> i32 {
    a.wrapping_add(a).wrapping_sub(b)
}

#[inline(always)]
fn expected(a: u32, b: u32) -> u32 {
    mean(a as i32, b as i32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, number by number.
    fn plain(predictor: Predictor, s: &[i32], w: usize) -> Vec<u32> {
        let expect = |i: usize| match (predictor, i / w) {
            (Predictor::Nothing, _) => 0,
            (_, 0) => i.checked_sub(1).map_or(0, |before| s[before]),
            (Predictor::Bin, _) if i.is_multiple_of(w) => s[i - w],
            (Predictor::Bin, _) => s[i - 1],
            (Predictor::Frame, _) | (Predictor::Mean | Predictor::Line, 1) => s[i - w],
            (Predictor::Line, _) => s[i - w].wrapping_mul(2).wrapping_sub(s[i - 2 * w]),
            (Predictor::Mean, _) => (i64::from(s[i - w]) + i64::from(s[i - 2 * w])).div_euclid(2) as i32,
        };
        let folded = |i: usize| match i64::from(s[i].wrapping_sub(expect(i))) {
            d if d < 0 => (-2 * d - 1) as u32,
            d => (2 * d) as u32,
        };
        (0..s.len()).map(folded).collect()
    }

    #[test]
    fn differences_are_as_defined_and_lead_back() {
        for w in (1..=10).chain([64, 128]) {
            for frames in [0, 1, 2, 3, 7] {
                let number = |i: usize| match i % 11 {
                    0 => i32::MIN,
                    5 => i32::MAX,
                    _ => (i as i32).wrapping_mul(0x9e37_79b9_u32 as i32) >> (i % 30),
                };
                let s: Vec<i32> = (0..frames * w).map(number).collect();
                for predictor in Predictor::ALL {
                    let mut out = vec![0; s.len()];
                    predictor.differences(&s, w, &mut out);
                    assert_eq!(out, plain(predictor, &s, w), "{predictor:?} {w} {frames}");
                    predictor.undo(&mut out, w);
                    let back: Vec<i32> = out.iter().map(|&s| s as i32).collect();
                    assert_eq!(back, s, "{predictor:?} {w} {frames}");
                }
            }
        }
    }
}
