//! Positions on the four axes, the distances between them, and ranges.

use core::fmt;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// A point on a time axis. The field is the raw number, in the axis' unit.
pub trait Position: Copy + PartialEq + PartialOrd + fmt::Debug {
    /// The number underneath: `f64` for real axes, `i64` for integer ones.
    type Raw: Copy + PartialOrd + Add<Output = Self::Raw> + Sub<Output = Self::Raw> + Neg<Output = Self::Raw>;
    /// The position at a raw number.
    fn new(raw: Self::Raw) -> Self;
    /// The raw number of this position.
    fn raw(self) -> Self::Raw;
}

macro_rules! position {
    ($(#[$doc:meta])* $name:ident($raw:ty): $($derive:ident),*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, $($derive),*)]
        pub struct $name(pub $raw);

        impl Position for $name {
            type Raw = $raw;
            fn new(raw: $raw) -> Self {
                Self(raw)
            }
            fn raw(self) -> $raw {
                self.0
            }
        }

        impl Sub for $name {
            type Output = Delta<$name>;
            fn sub(self, other: Self) -> Delta<$name> {
                Delta(Self(self.0 - other.0))
            }
        }

        impl Add<Delta<$name>> for $name {
            type Output = $name;
            fn add(self, by: Delta<$name>) -> $name {
                Self(self.0 + by.0.0)
            }
        }

        impl Sub<Delta<$name>> for $name {
            type Output = $name;
            fn sub(self, by: Delta<$name>) -> $name {
                Self(self.0 - by.0.0)
            }
        }

        impl AddAssign<Delta<$name>> for $name {
            fn add_assign(&mut self, by: Delta<$name>) {
                self.0 += by.0.0;
            }
        }

        impl SubAssign<Delta<$name>> for $name {
            fn sub_assign(&mut self, by: Delta<$name>) {
                self.0 -= by.0.0;
            }
        }
    };
}

position! {
    /// A position in seconds of real time from the start of the asset.
    Seconds(f64):
}
position! {
    /// A position in beats: quarter notes from the origin of the tempo map.
    Beats(f64):
}
position! {
    /// A position in the ticks of a tempo map, whose resolution the map states.
    Ticks(i64): Eq, Ord, Hash
}
position! {
    /// A position in samples per channel from the start of the asset.
    Samples(i64): Eq, Ord, Hash
}

/// A distance between two positions on the axis `T`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Eq, Ord, Hash)]
pub struct Delta<T>(pub T);

impl<T: Position> Delta<T> {
    /// The raw number of this distance, in the axis' unit.
    pub fn raw(self) -> T::Raw {
        self.0.raw()
    }
}

impl<T: Position> Add for Delta<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(T::new(self.raw() + other.raw()))
    }
}

impl<T: Position> Sub for Delta<T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(T::new(self.raw() - other.raw()))
    }
}

impl<T: Position> Neg for Delta<T> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(T::new(-self.raw()))
    }
}

/// A half-open range of positions: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Range<T> {
    /// First position inside.
    pub start: T,
    /// First position after.
    pub end: T,
}

impl<T: Position> Range<T> {
    /// The range from `start` up to and without `end`.
    pub fn new(start: T, end: T) -> Self {
        Self { start, end }
    }

    /// Distance from start to end; negative when the range runs backwards.
    pub fn len(&self) -> Delta<T> {
        Delta(T::new(self.end.raw() - self.start.raw()))
    }

    /// Whether no position lies inside.
    pub fn is_empty(&self) -> bool {
        !matches!(self.start.partial_cmp(&self.end), Some(core::cmp::Ordering::Less))
    }

    /// Whether `at` lies inside.
    pub fn contains(&self, at: T) -> bool {
        self.start <= at && at < self.end
    }

    /// The part that both ranges share, or `None` where they share nothing.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let start = if self.start > other.start { self.start } else { other.start };
        let end = if self.end < other.end { self.end } else { other.end };
        let both = Self { start, end };
        (!both.is_empty()).then_some(both)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)?;
        f.write_str(" s")
    }
}

impl fmt::Display for Beats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)?;
        f.write_str(" beats")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_positions() {
        assert_eq!(Samples(512) - Samples(1024), Delta(Samples(-512)));
        assert_eq!(Ticks(960) + Delta(Ticks(-960)), Ticks(0));
        let mut at = Seconds(1.5);
        at += Delta(Seconds(0.25));
        at -= Delta(Seconds(0.75));
        assert_eq!(at, Seconds(1.0));
        assert_eq!(-(Delta(Beats(1.0)) + Delta(Beats(2.0))), Delta(Beats(-3.0)));
    }

    #[test]
    fn ranges() {
        let r = |a, b| Range::new(Samples(a), Samples(b));
        for (a, b, expect) in [
            (r(0, 4), r(2, 8), Some(r(2, 4))),
            (r(0, 4), r(4, 8), None),
            (r(0, 8), r(2, 3), Some(r(2, 3))),
            (r(5, 5), r(0, 9), None),
        ] {
            assert_eq!(a.intersect(&b), expect);
            assert_eq!(b.intersect(&a), expect);
        }
        assert!(r(3, 3).is_empty() && r(4, 3).is_empty() && !r(3, 4).is_empty());
        assert!(r(0, 2).contains(Samples(0)) && !r(0, 2).contains(Samples(2)));
        assert!(Range::new(Seconds(f64::NAN), Seconds(1.0)).is_empty());
    }
}
