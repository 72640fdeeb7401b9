//! Text for people: tables, lengths of time, sizes.

use std::fmt;

/// Seconds as `minutes:seconds.tenths`, with hours where there are any.
pub(crate) struct Clock(pub(crate) f64);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded first, so that 59.96 s is no 0:60.0.
        let tenths = (self.0.max(0.0) * 10.0).round() as u64;
        let (minutes, tenths) = (tenths / 600, tenths % 600);
        let rest = format!("{:02}.{}", tenths / 10, tenths % 10);
        match minutes / 60 {
            0 => f.pad(&format!("{minutes}:{rest}")),
            hours => f.pad(&format!("{hours}:{:02}:{rest}", minutes % 60)),
        }
    }
}

/// A number of bytes in the unit that suits it.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut size = self.0 as f64;
        for unit in ["B", "kB", "MB", "GB"] {
            // 999.95 and more would be printed as 1000.0.
            if size < 999.95 {
                let decimals = if unit == "B" { 0 } else { 1 };
                return f.pad(&format!("{size:.decimals$} {unit}"));
            }
            size /= 1000.0;
        }
        f.pad(&format!("{size:.1} TB"))
    }
}

/// A number of seconds in the unit that suits it.
pub(crate) struct Span(pub(crate) u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("d", 86_400), ("h", 3600), ("m", 60)];
        let whole = |&&(_, seconds): &&(&str, u64)| self.0 >= seconds && self.0.is_multiple_of(seconds);
        match units.iter().find(whole) {
            Some((unit, seconds)) => f.pad(&format!("{} {unit}", self.0 / seconds)),
            None => f.pad(&format!("{} s", self.0)),
        }
    }
}

/// How wide each column must be. The last one may be as long as it likes.
pub(crate) fn widths<const N: usize>(rows: &[[String; N]]) -> [usize; N] {
    std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        for (seconds, expect) in
            [(0, "0 s"), (59, "59 s"), (300, "5 m"), (3600, "1 h"), (3601, "3601 s"), (604_800, "7 d")]
        {
            assert_eq!(Span(seconds).to_string(), expect);
        }
    }

    #[test]
    fn lengths_of_time() {
        #[track_caller]
        fn check(seconds: f64, expect: &str) {
            assert_eq!(Clock(seconds).to_string(), expect);
        }
        check(0.0, "0:00.0");
        check(0.04, "0:00.0");
        check(59.96, "1:00.0");
        check(61.25, "1:01.3");
        check(3599.99, "1:00:00.0");
        check(36_000.5, "10:00:00.5");
        check(f64::NAN, "0:00.0");
    }

    #[test]
    fn sizes() {
        #[track_caller]
        fn check(bytes: u64, expect: &str) {
            assert_eq!(Bytes(bytes).to_string(), expect);
        }
        check(0, "0 B");
        check(999, "999 B");
        check(1000, "1.0 kB");
        check(999_960, "1.0 MB");
        check(12_345_678, "12.3 MB");
        check(u64::MAX, "18446744.1 TB");
    }
}
