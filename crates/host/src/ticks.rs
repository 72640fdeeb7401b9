//! Frames that a calculator counts in ticks, made into frames in real time: for
//! calculators of the time when features were kept by tick. Deprecated.

use agogic_schema::{CalculatorSpec, Event, Frames, Kind, Params, TrackHeader};
use agogic_timebase::{FrameGrid, Seconds};

use crate::tempo::{TICKS_PER_QUARTER, TickMap};
use crate::{HostError, Level, ReceiveError, Receiver, Watch};

/// Values gathered before they are handed on.
const BATCH: usize = 1 << 14;

/// Frame `i` comes in at tick `i * hop`; frames every so many samples go out,
/// interpolated linearly in real time. What lies before the first frame is as
/// the first frame; nothing goes out after the last, or after the asset's end.
pub(crate) struct TickGrid<'a> {
    map: &'a dyn TickMap,
    /// Where the frames stand that go out.
    grid: FrameGrid,
    /// Ticks, 960 to the quarter note, between frames that come in.
    hop: f64,
    /// Values per frame.
    width: usize,
    /// The end of the asset, infinite where it is not known.
    end: Seconds,
    /// Frames that came in.
    taken: u64,
    /// Frames that went out.
    given: u64,
    /// The frame that came last, and when it is.
    last: Vec<f32>,
    at: Seconds,
    /// Values on their way out.
    out: Vec<f32>,
}

impl<'a> TickGrid<'a> {
    /// `hop` counts in ticks of which `per_quarter` make a quarter note; the
    /// header is that of the track.
    fn new(
        map: &'a dyn TickMap,
        header: &TrackHeader,
        (per_quarter, hop): (u32, u32),
        end: Seconds,
    ) -> Option<Self> {
        let grid = header.grid(0).ok()?;
        let hop = f64::from(hop) * f64::from(TICKS_PER_QUARTER) / f64::from(per_quarter);
        let (last, out, at) = (vec![], vec![], Seconds(0.0));
        Some(Self { map, grid, hop, width: header.width(), end, taken: 0, given: 0, last, at, out })
    }

    /// Takes whole frames, and gives what can be told by now.
    fn push(
        &mut self,
        frames: &[f32],
        mut give: impl FnMut(&[f32]) -> Result<(), ReceiveError>,
    ) -> Result<(), ReceiveError> {
        for frame in frames.chunks_exact(self.width) {
            let at = self.map.seconds(self.taken as f64 * self.hop);
            while let due = self.grid.seconds(self.given)
                && due.0 <= at.0.min(self.end.0)
            {
                self.interpolate(frame, at, due);
                self.given += 1;
                if self.out.len() >= BATCH {
                    give(&self.out)?;
                    self.out.clear();
                }
            }
            self.last.clear();
            self.last.extend_from_slice(frame);
            self.at = at;
            self.taken += 1;
        }
        give(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Adds the values at `due`, which lies between the last frame and this one.
    fn interpolate(&mut self, frame: &[f32], at: Seconds, due: Seconds) {
        let span = at.0 - self.at.0;
        let part = if self.taken == 0 || span <= 0.0 { 1.0 } else { (due.0 - self.at.0) / span };
        // At a frame its values stand as they are, whatever the other one holds.
        if part >= 1.0 {
            self.out.extend_from_slice(frame);
        } else if part <= 0.0 {
            self.out.extend_from_slice(&self.last);
        } else {
            let between =
                |(&a, &b): (&f32, &f32)| (f64::from(a) + (f64::from(b) - f64::from(a)) * part) as f32;
            self.out.extend(self.last.iter().zip(frame).map(between));
        }
    }
}

/// A receiver as a calculator's output needs it: as it is, or behind a
/// conversion from ticks.
pub struct Fitted<'a, R> {
    inner: R,
    grid: Option<TickGrid<'a>>,
}

impl<R> Fitted<'_, R> {
    /// The receiver.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Receiver> Receiver for Fitted<'_, R> {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        match &mut self.grid {
            None => self.inner.frames(plane, values),
            Some(grid) => grid.push(values, |values| self.inner.frames(plane, values)),
        }
    }

    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
        self.inner.events(events)
    }

    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        self.inner.raise_floor(floor)
    }
}

/// What an output that counts in ticks is made with.
pub(crate) struct Fit<'a, 'b> {
    pub(crate) spec: &'b CalculatorSpec,
    pub(crate) params: &'b Params,
    pub(crate) tempo: Option<&'a dyn TickMap>,
    /// The end of the asset, where it is known.
    pub(crate) end: Option<Seconds>,
    pub(crate) watch: &'b dyn Watch,
}

impl<'a> Fit<'a, '_> {
    /// A receiver for the output with this header, behind a conversion where
    /// the output counts in ticks; then the log gets a warning.
    pub(crate) fn receiver<R: Receiver>(
        &self,
        header: &TrackHeader,
        inner: R,
    ) -> Result<Fitted<'a, R>, HostError> {
        let id = &header.descriptor;
        let kind = self.spec.descriptors.iter().find(|own| own.id == *id).map(|own| &own.kind);
        let Some(Kind::Dense(Frames::Ticks { per_quarter, hop, .. })) = kind else {
            return Ok(Fitted { inner, grid: None });
        };
        let fail = |reason: String| HostError::Setup { calculator: self.spec.id.clone(), reason };
        let map =
            self.tempo.ok_or_else(|| fail(format!("{id} counts in ticks, and there is no tempo map")))?;
        let end = self.end.unwrap_or(Seconds(f64::INFINITY));
        let hop = hop.resolve(self.params).filter(|hop| *hop > 0);
        let grid = hop.and_then(|hop| TickGrid::new(map, header, (*per_quarter, hop), end));
        let grid = Some(grid.ok_or_else(|| fail(format!("{id} has a hop of 0 ticks")))?);
        let text =
            format!("frames of {id} count in ticks, which is deprecated; they are converted to real time");
        self.watch.log(&self.spec.id, Level::Warning, &text);
        Ok(Fitted { inner, grid })
    }
}

#[cfg(test)]
mod tests {
    use agogic_schema::{DescriptorId, Shape};

    use super::*;
    use crate::tempo::tests::Steady;

    /// A second has 1920 ticks and 1000 samples; frames come in every 480 ticks,
    /// 250 samples apart, and go out every 100 samples.
    #[track_caller]
    fn check(start: f64, frames: &[f32], expect: &[f32]) {
        check_until(f64::INFINITY, start, frames, expect);
    }

    #[track_caller]
    fn check_until(end: f64, start: f64, frames: &[f32], expect: &[f32]) {
        let map = Steady { per_second: 1920.0, start };
        let header = TrackHeader {
            descriptor: DescriptorId::new("t.ticks").unwrap(),
            unit: String::new(),
            range: None,
            shape: Shape::Dense,
            channels: vec!["mono".into()],
            bins: 1,
            rate: 1000,
            planes: vec![(0, 100)],
        };
        for block in [1, 2, frames.len().max(1)] {
            let mut grid = TickGrid::new(&map, &header, (480, 240), Seconds(end)).unwrap();
            let mut out: Vec<f32> = vec![];
            for frames in frames.chunks(block) {
                let keep = |values: &[f32]| {
                    out.extend_from_slice(values);
                    Ok(())
                };
                grid.push(frames, keep).unwrap();
            }
            let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5 || (a.is_nan() && b.is_nan());
            assert!(out.len() == expect.len() && out.iter().zip(expect).all(near), "{out:?}");
        }
    }

    #[test]
    fn frames_are_interpolated_in_real_time() {
        check(0.0, &[], &[]);
        check(0.0, &[7.0], &[7.0]);
        check(0.0, &[0.0, 250.0, 500.0], &[0.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
        check(0.0, &[0.0, 250.0, 0.0], &[0.0, 100.0, 200.0, 200.0, 100.0, 0.0]);
    }

    #[test]
    fn before_the_first_tick_is_the_first_frame() {
        check(0.15, &[1.0, 251.0], &[1.0, 1.0, 51.0, 151.0, 251.0]);
        check(-0.15, &[1.0, 251.0], &[151.0, 251.0]);
    }

    #[test]
    fn nothing_goes_out_after_the_end() {
        check_until(0.3, 0.0, &[0.0, 250.0, 500.0], &[0.0, 100.0, 200.0, 300.0]);
        check_until(0.3, 1e9, &[5.0], &[5.0; 4]);
    }

    #[test]
    fn gaps_stay_where_they_are() {
        let nan = f32::NAN;
        check(0.0, &[1.0, nan, nan, 2.0], &[1.0, nan, nan, nan, nan, nan, nan, nan]);
    }
}
