//! The forms that data leaves in. What lives here: how values become CSV, JSON,
//! NPY and audiowaveform's forms. What does not: where they go (`output`), where they come from
//! (`commands`).

pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod npy;
pub(crate) mod text;
pub(crate) mod waveform;

use agogic::schema::{Event, FeatureTrack, Plane, TrackData};
use agogic::timebase::{FrameGrid, SampleRate, Samples, Seconds};

/// The part of a track that was asked for.
#[derive(Debug, PartialEq)]
pub(crate) enum Cut<'a> {
    /// Frames of one plane.
    Frames(FrameCut<'a>),
    /// Events.
    Events(EventCut<'a>),
}

/// Frames on end; `grid.start` is the centre of the first.
#[derive(Debug, PartialEq)]
pub(crate) struct FrameCut<'a> {
    pub(crate) grid: FrameGrid,
    /// Values per frame: channels times bins.
    pub(crate) width: usize,
    pub(crate) data: &'a [f32],
}

/// Events on end, and which columns they need.
#[derive(Debug, PartialEq)]
pub(crate) struct EventCut<'a> {
    pub(crate) rate: SampleRate,
    pub(crate) events: &'a [Event],
    /// Whether any event of the track lasts.
    pub(crate) lasting: bool,
    /// Whether any event of the track has a label.
    pub(crate) labelled: bool,
}

impl FrameCut<'_> {
    /// Each frame with the time of its centre.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Seconds, &[f32])> {
        let rows = self.data.chunks_exact(self.width.max(1));
        rows.zip(0..).map(|(row, i)| (self.grid.seconds(i), row))
    }
}

/// The frames or events of a track at times `from <= t < to`, in seconds.
/// `level` is the resolution of peaks; `None` where a track has no such level.
pub(crate) fn cut(track: &FeatureTrack, from: f64, to: f64, level: usize) -> Option<Cut<'_>> {
    match &track.data {
        TrackData::Dense(plane) => {
            (level == 0).then(|| Cut::Frames(frames_between(plane, track.width(), from, to)))
        }
        TrackData::Peaks(planes) => {
            planes.get(level).map(|plane| Cut::Frames(frames_between(plane, track.width(), from, to)))
        }
        TrackData::Events(events) => {
            let rate = SampleRate::new(track.header.rate).ok()?;
            let before = |time: f64| events.partition_point(|event| rate.seconds(event.at).0 < time);
            let first = before(from);
            (level == 0).then(|| {
                Cut::Events(EventCut {
                    rate,
                    events: &events[first..before(to).max(first)],
                    lasting: events.iter().any(|event| event.duration.raw() != 0),
                    labelled: events.iter().any(|event| !event.label.is_empty()),
                })
            })
        }
    }
}

fn frames_between(plane: &Plane, width: usize, from: f64, to: f64) -> FrameCut<'_> {
    let width = width.max(1);
    let frames = (plane.data.len() / width) as u64;
    // By the times as printed, so that a frame is in whose printed time is.
    let before = |time: f64| {
        let near = plane.grid.index(Seconds(time)).floor().clamp(0.0, frames as f64) as u64;
        let mut frame = near.saturating_sub(1);
        while frame < frames && plane.grid.seconds(frame).0 < time {
            frame += 1;
        }
        frame
    };
    let first = before(from);
    let end = before(to).max(first);
    let start = Samples(plane.grid.centre(first).0);
    FrameCut {
        grid: FrameGrid { start, ..plane.grid },
        width,
        data: &plane.data[first as usize * width..end as usize * width],
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use agogic::schema::{DescriptorId, Shape, TrackHeader};
    use agogic::timebase::Delta;

    use super::*;

    /// A track at 1000 Hz.
    pub(crate) fn track(
        shape: Shape,
        channels: &[&str],
        bins: u32,
        planes: &[(i64, u32)],
        data: TrackData,
    ) -> FeatureTrack {
        FeatureTrack {
            header: TrackHeader {
                descriptor: DescriptorId::new("test.track").unwrap(),
                unit: "dB".into(),
                range: None,
                shape,
                channels: channels.iter().map(|&name| name.into()).collect(),
                bins,
                rate: 1000,
                planes: planes.to_vec(),
            },
            data,
        }
    }

    pub(crate) fn plane(start: i64, hop: u32, data: &[f32]) -> Plane {
        Plane {
            grid: FrameGrid {
                rate: SampleRate::new(1000).unwrap(),
                start: Samples(start),
                hop: hop.try_into().unwrap(),
            },
            data: data.to_vec(),
        }
    }

    /// Frames at 0, 0.1, 0.2, 0.3 s: mono, two bins.
    pub(crate) fn dense() -> FeatureTrack {
        let data = [0.1, 1.0, f32::NAN, -80.0, 1e-7, 3.0, f32::NEG_INFINITY, 4.5];
        track(Shape::Dense, &["mono"], 2, &[(0, 100)], TrackData::Dense(plane(0, 100, &data)))
    }

    pub(crate) fn event(at: i64, duration: i64, value: f32, label: &str) -> Event {
        Event {
            at: Samples(at),
            duration: Delta(Samples(duration)),
            values: vec![value],
            label: label.into(),
        }
    }

    #[test]
    fn cuts_are_half_open_in_seconds() {
        let track = dense();
        #[track_caller]
        fn check(track: &FeatureTrack, from: f64, to: f64, start: i64, frames: usize) {
            let Some(Cut::Frames(cut)) = cut(track, from, to, 0) else { panic!("no frames") };
            assert_eq!((cut.grid.start.0, cut.rows().count()), (start, frames), "{from}..{to}");
        }
        check(&track, f64::NEG_INFINITY, f64::INFINITY, 0, 4);
        check(&track, 0.0, 0.3, 0, 3);
        check(&track, 0.1, 0.2, 100, 1);
        check(&track, 0.1000001, 0.2, 200, 0);
        check(&track, 0.05, 0.21, 100, 2);
        check(&track, 0.3, 1e300, 300, 1);
        check(&track, 5.0, 6.0, 400, 0);
        check(&track, -5.0, -4.0, 0, 0);
        assert!(cut(&track, 0.0, 1.0, 1).is_none());
    }

    #[test]
    fn peaks_have_levels() {
        let planes = vec![plane(0, 100, &[0.0; 8]), plane(100, 200, &[0.0; 4])];
        let track = track(Shape::Peaks, &["left"], 2, &[(0, 100), (100, 200)], TrackData::Peaks(planes));
        let frames = |level| match cut(&track, f64::NEG_INFINITY, f64::INFINITY, level) {
            Some(Cut::Frames(cut)) => Some((cut.grid.start.0, cut.rows().count())),
            _ => None,
        };
        assert_eq!([frames(0), frames(1), frames(2)], [Some((0, 4)), Some((100, 2)), None]);
    }

    #[test]
    fn the_columns_of_events_are_those_of_the_whole_track() {
        let events = vec![event(0, 0, 1.0, ""), event(500, 20, 2.0, "b"), event(900, 0, 3.0, "")];
        let track = track(Shape::Events, &["mono"], 1, &[], TrackData::Events(events));
        let Some(Cut::Events(cut)) = cut(&track, 0.6, 2.0, 0) else { panic!("no events") };
        assert_eq!((cut.events.len(), cut.lasting, cut.labelled), (1, true, true));
    }
}
