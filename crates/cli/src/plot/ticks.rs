//! Where axes have their ticks, and what stands beside them. Numbers only: no
//! pixel is drawn here.

/// A place on an axis and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Where, in the axis' unit.
    pub(super) at: f64,
    /// The number beside it.
    pub(super) label: String,
}

/// Steps between ticks in seconds, where 1, 2, 5 is not how time is counted.
const CLOCK: [f64; 14] =
    [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0];

/// Ticks at whole multiples of 1, 2 or 5 times a power of ten in `lo..=hi`, at
/// most `most` of them (but two where even one step fills the axis).
pub(super) fn linear(lo: f64, hi: f64, most: usize) -> Vec<Tick> {
    let step = round_step((hi - lo) / most.max(1) as f64);
    multiples(lo, hi, step).map(|at| Tick { at, label: number(at, decimals(step)) }).collect()
}

/// Ticks of a time axis from 0 to `seconds`: plain seconds up to a minute,
/// clock time beyond. Also says what the labels are.
pub(super) fn time(seconds: f64, most: usize) -> (Vec<Tick>, &'static str) {
    let least = seconds / most.max(1) as f64;
    let step = match CLOCK.iter().find(|&&step| step >= least) {
        Some(&step) if least > 0.5 => step,
        _ if least > 0.5 => 3600.0 * round_step(least / 3600.0),
        _ => round_step(least),
    };
    let clock = seconds > 90.0 && step >= 1.0;
    let label = |at: f64| if clock { clock_time(at) } else { number(at, decimals(step)) };
    let ticks = multiples(0.0, seconds, step).map(|at| Tick { at, label: label(at) }).collect();
    (ticks, if clock { "min:s" } else { "seconds" })
}

/// Ticks of a frequency axis given by the centre frequencies of its bins, in
/// Hz ascending; a tick's place is a real-valued bin. Even bins get even ticks,
/// others 1, 2 and 5 times powers of ten that are at least `gap` bins apart.
pub(super) fn frequency(centres: &[f32], most: usize, gap: f64) -> Vec<Tick> {
    let (Some(&lowest), Some(&highest)) = (centres.first(), centres.last()) else { return Vec::new() };
    let (lowest, highest) = (f64::from(lowest), f64::from(highest));
    if centres.windows(2).any(|pair| pair[0].partial_cmp(&pair[1]) != Some(std::cmp::Ordering::Less)) {
        return Vec::new();
    }
    let middle = f64::from(centres[centres.len() / 2]);
    let even = (middle - (lowest + highest) / 2.0).abs() < 0.05 * (highest - lowest);
    let wanted: Vec<f64> = if even {
        multiples(lowest, highest, round_step((highest - lowest) / most.max(1) as f64)).collect()
    } else {
        let decades = (0..6).map(|power| 10.0_f64.powi(power));
        decades
            .flat_map(|ten| [ten, 2.0 * ten, 5.0 * ten])
            .filter(|hz| (lowest..=highest).contains(hz))
            .collect()
    };
    let mut ticks: Vec<Tick> = Vec::new();
    for hz in wanted {
        let at = bin_of(centres, hz);
        if even || ticks.last().is_none_or(|last| at - last.at >= gap) {
            ticks.push(Tick { at, label: hertz(hz) });
        }
    }
    ticks
}

/// The smallest of 1, 2, 4, 8, ... at which neighbouring bars of that distance
/// are at least `gap` apart. `places` are those of consecutive bars.
pub(super) fn bar_step(places: &[f32], gap: f32) -> usize {
    let fits =
        |&step: &usize| (step..places.len()).step_by(step).all(|i| places[i] - places[i - step] >= gap);
    (0..31).map(|power| 1 << power).find(fits).unwrap_or(1 << 31)
}

fn bin_of(centres: &[f32], hz: f64) -> f64 {
    let above =
        centres.partition_point(|&centre| f64::from(centre) < hz).clamp(1, (centres.len() - 1).max(1));
    match (centres.get(above - 1), centres.get(above)) {
        (Some(&below), Some(&upper)) => {
            (above - 1) as f64 + (hz - f64::from(below)) / f64::from(upper - below)
        }
        _ => 0.0,
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is no less.
fn round_step(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let ten = 10.0_f64.powi(least.log10().floor() as i32);
    let least = least * (1.0 - 1e-9);
    [1.0, 2.0, 5.0].into_iter().map(|m| m * ten).find(|&step| step >= least).unwrap_or(10.0 * ten)
}

/// The multiples of a step in `lo..=hi`; at most a few thousand, whatever is
/// asked.
fn multiples(lo: f64, hi: f64, step: f64) -> impl Iterator<Item = f64> {
    let slack = 1e-6;
    let first = (lo / step - slack).ceil();
    let last = (hi / step + slack).floor();
    let count = if (last - first).is_finite() { (last - first + 1.0).clamp(0.0, 4096.0) as u32 } else { 0 };
    // Adding zero makes a zero of a negative zero.
    (0..count).map(move |i| (first + f64::from(i)) * step + 0.0)
}

fn decimals(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 9.0) as usize
}

fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    match text.strip_prefix('-') {
        Some(rest) if zero => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

fn clock_time(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

fn hertz(hz: f64) -> String {
    if hz < 999.5 {
        return format!("{hz:.0} Hz");
    }
    let thousands = format!("{:.2}", hz / 1000.0);
    format!("{} kHz", thousands.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ticks: &[Tick], expect: &[&str]) {
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, expect);
    }

    #[test]
    fn numbers() {
        check(&linear(0.0, 1.0, 5), &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(&linear(-80.0, 0.0, 4), &["−80", "−60", "−40", "−20", "0"]);
        check(&linear(-0.3, 0.31, 4), &["−0.2", "0.0", "0.2"]);
        check(&linear(12.0, 13.0, 2), &["12.0", "12.5", "13.0"]);
        check(&linear(0.0, 0.0, 4), &["0"]);
        check(&linear(f64::NAN, 1.0, 4), &[]);
        check(&linear(0.0, f64::INFINITY, 4), &[]);
        check(&linear(1.0, 0.0, 4), &[]);
    }

    #[test]
    fn times() {
        let (ticks, caption) = time(30.0, 8);
        check(&ticks, &["0", "5", "10", "15", "20", "25", "30"]);
        assert_eq!(caption, "seconds");
        check(&time(1.0, 5).0, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(&time(0.004, 5).0, &["0.000", "0.001", "0.002", "0.003", "0.004"]);
        let (ticks, caption) = time(262.0, 6);
        check(&ticks, &["0:00", "1:00", "2:00", "3:00", "4:00"]);
        assert_eq!(caption, "min:s");
        check(&time(3700.0, 5).0, &["0:00", "15:00", "30:00", "45:00", "1:00:00"]);
        check(&time(86_400.0, 3).0, &["0:00", "10:00:00", "20:00:00"]);
    }

    #[test]
    fn frequencies() {
        let even: Vec<f32> = (0..1025).map(|bin| bin as f32 * 11_025.0 / 1024.0).collect();
        check(&frequency(&even, 6, 80.0), &["0 Hz", "2 kHz", "4 kHz", "6 kHz", "8 kHz", "10 kHz"]);
        let octaves: Vec<f32> = (0..10).map(|bin| 40.0 * 2.0_f32.powi(bin)).collect();
        let all = ["50 Hz", "100 Hz", "200 Hz", "500 Hz", "1 kHz", "2 kHz", "5 kHz", "10 kHz", "20 kHz"];
        check(&frequency(&octaves, 6, 0.5), &all);
        check(&frequency(&octaves, 6, 1.2), &["50 Hz", "200 Hz", "500 Hz", "2 kHz", "5 kHz", "20 kHz"]);
        assert!((frequency(&octaves, 6, 0.5)[0].at - 0.25).abs() < 1e-9);
        for odd in [&[][..], &[f32::NAN, 1.0], &[2.0, 1.0]] {
            check(&frequency(odd, 6, 1.0), &[]);
        }
        assert!(frequency(&[440.0], 6, 1.0).len() <= 1);
    }

    #[test]
    fn bars_are_thinned_by_powers_of_two() {
        let even = |gap: f32| (0..64).map(|i| i as f32 * gap).collect::<Vec<_>>();
        for (gap, expect) in [(40.0, 1), (30.0, 1), (29.0, 2), (10.0, 4), (1.0, 32), (0.01, 64)] {
            assert_eq!(bar_step(&even(gap), 30.0), expect, "{gap}");
        }
        assert_eq!(bar_step(&[], 30.0), 1);
    }
}
