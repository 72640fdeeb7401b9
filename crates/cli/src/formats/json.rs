//! JSON: one object, its rows streamed. Values that are not finite are `null`.

use std::io::{self, Write};

use agogic::schema::{TempoProjection, TrackHeader};
use agogic::view::{Columns, Diagnostics, Fallback, Hit};
use serde::Serialize;

use super::{EventCut, FrameCut};
use crate::args::Beyond;

/// What stands before the rows of frames. `start` and `hop` count samples of
/// `sample_rate`; a row has all bins of a channel, channel after channel.
#[derive(Serialize)]
struct FramesHead<'a> {
    descriptor: &'a str,
    profile: &'a str,
    unit: &'a str,
    range: Option<(f32, f32)>,
    sample_rate: u32,
    start: i64,
    hop: u32,
    start_seconds: f64,
    hop_seconds: f64,
    channels: &'a [String],
    bins: u32,
    /// Of peaks only.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    levels: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tempo_projection: Option<&'a TempoProjection>,
}

#[derive(Serialize)]
struct EventsHead<'a> {
    descriptor: &'a str,
    profile: &'a str,
    unit: &'a str,
    range: Option<(f32, f32)>,
    sample_rate: u32,
    channels: &'a [String],
    bins: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tempo_projection: Option<&'a TempoProjection>,
}

#[derive(Serialize)]
struct EventRow<'a> {
    time: f64,
    duration: f64,
    values: &'a [f32],
    label: &'a str,
}

#[derive(Serialize)]
struct ColumnsHead<'a> {
    descriptor: &'a str,
    profile: &'a str,
    unit: &'a str,
    range: Option<(f32, f32)>,
    channels: &'a [String],
    bins: u32,
    revision: Option<String>,
    /// Of tracks with frames: where those stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<FramesText>,
    every: &'a str,
    every_beats: f64,
    sampling: &'a str,
    oversampling: u16,
    smoothing_seconds: Option<f64>,
    /// `hold`, `nan`, or the value.
    outside: OutsideText,
    /// Stretches of columns, first and last but one, that are not all data.
    missing: Vec<Stretch>,
    /// Stretches of columns that were read in another way than asked.
    fallbacks: Vec<Stretch>,
    edges: Edges,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OutsideText {
    Word(&'static str),
    Value(f32),
}

/// Where the frames stand that columns were made of; of peaks the finest.
#[derive(Serialize)]
struct FramesText {
    sample_rate: u32,
    start: i64,
    hop: u32,
    start_seconds: f64,
    hop_seconds: f64,
}

/// Columns `from..to` and what is to be said of them.
#[derive(Serialize)]
struct Stretch {
    from: usize,
    to: usize,
    what: &'static str,
}

/// One more edge than there are columns.
#[derive(Serialize)]
struct Edges {
    beats: Vec<f64>,
    seconds: Vec<f64>,
}

/// `{"descriptor", ..., "frames": [[...], ...]}`. `level` is said of peaks,
/// `tempo` of tracks that note it.
pub(crate) fn frames(
    out: &mut dyn Write,
    header: &TrackHeader,
    profile: &str,
    tempo: Option<&TempoProjection>,
    level: Option<usize>,
    cut: &FrameCut<'_>,
) -> io::Result<()> {
    let hop = cut.grid.hop.get();
    let head = FramesHead {
        descriptor: header.descriptor.as_str(),
        profile,
        unit: &header.unit,
        range: header.range,
        sample_rate: header.rate,
        start: cut.grid.start.0,
        hop,
        start_seconds: cut.grid.seconds(0).0,
        hop_seconds: f64::from(hop) / f64::from(header.rate),
        channels: &header.channels,
        bins: header.bins,
        level,
        levels: level.map(|_| header.planes.len()),
        tempo_projection: tempo,
    };
    object(out, &head, "frames", cut.rows().map(|(_, row)| row))
}

/// `{"descriptor", ..., "events": [{"time", "duration", "values", "label"}]}`.
pub(crate) fn events(
    out: &mut dyn Write,
    header: &TrackHeader,
    profile: &str,
    tempo: Option<&TempoProjection>,
    cut: &EventCut<'_>,
) -> io::Result<()> {
    let head = EventsHead {
        descriptor: header.descriptor.as_str(),
        profile,
        unit: &header.unit,
        range: header.range,
        sample_rate: header.rate,
        channels: &header.channels,
        bins: header.bins,
        tempo_projection: tempo,
    };
    let rows = cut.events.iter().map(|event| EventRow {
        time: cut.rate.seconds(event.at).0,
        duration: cut.rate.seconds(event.duration.0).0,
        values: &event.values,
        label: &event.label,
    });
    object(out, &head, "events", rows)
}

/// How the columns of a view came about.
pub(crate) struct ViewText<'a> {
    pub(crate) profile: &'a str,
    pub(crate) every: &'a str,
    pub(crate) every_beats: f64,
    pub(crate) sampling: &'a str,
    pub(crate) oversampling: u16,
    pub(crate) smoothing: Option<f64>,
    pub(crate) outside: Beyond,
}

/// `{"descriptor", ..., "edges": {"beats", "seconds"}, "columns": [[...], ...]}`.
pub(crate) fn columns(out: &mut dyn Write, view: &ViewText<'_>, columns: &Columns) -> io::Result<()> {
    let head = ColumnsHead {
        descriptor: columns.descriptor.as_str(),
        profile: view.profile,
        unit: &columns.unit,
        range: columns.range,
        channels: &columns.channels,
        bins: columns.bins,
        revision: columns.origin.as_ref().map(|origin| origin.revision.to_string()),
        frames: columns.frames.map(|grid| FramesText {
            sample_rate: grid.rate.hz(),
            start: grid.start.0,
            hop: grid.hop.get(),
            start_seconds: grid.seconds(0).0,
            hop_seconds: f64::from(grid.hop.get()) / f64::from(grid.rate.hz()),
        }),
        every: view.every,
        every_beats: view.every_beats,
        sampling: view.sampling,
        oversampling: view.oversampling,
        smoothing_seconds: view.smoothing,
        outside: match view.outside {
            Beyond::Hold => OutsideText::Word("hold"),
            Beyond::Nan => OutsideText::Word("nan"),
            Beyond::Value(value) => OutsideText::Value(value),
        },
        missing: columns.diagnostics.as_ref().map(missing).unwrap_or_default(),
        fallbacks: columns.diagnostics.as_ref().map(fallbacks).unwrap_or_default(),
        edges: Edges {
            beats: columns.beats.iter().map(|beat| beat.0).collect(),
            seconds: columns.seconds.iter().map(|second| second.0).collect(),
        },
    };
    let width = (columns.channels.len() * columns.bins as usize).max(1);
    object(out, &head, "columns", columns.data.chunks_exact(width))
}

/// Columns without all their data, neighbours of a kind in one stretch.
fn missing(told: &Diagnostics) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (column, hit) in told.hits.iter().enumerate() {
        let what = match hit {
            Hit::Inside => continue,
            Hit::Gap => "gap",
            Hit::Partly => "partly outside",
            Hit::Outside => "outside",
        };
        match stretches.last_mut() {
            Some(last) if last.what == what && last.to == column => last.to += 1,
            _ => stretches.push(Stretch { from: column, to: column + 1, what }),
        }
    }
    stretches
}

fn fallbacks(told: &Diagnostics) -> Vec<Stretch> {
    let what = |fallback| match fallback {
        Fallback::MedianOfMeans { .. } => "median of means",
        Fallback::NearestFrame => "nearest frame",
        Fallback::EndRepeated => "end repeated",
        Fallback::PeaksCell => "peaks at the position",
        Fallback::Counted => "counted",
        _ => "other",
    };
    told.fallbacks
        .iter()
        .map(|(columns, fallback)| Stretch { from: columns.start, to: columns.end, what: what(*fallback) })
        .collect()
}

/// One value and the end of its line.
pub(crate) fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The head's object with one more field, whose rows are never all in memory.
fn object<T: Serialize>(
    out: &mut dyn Write,
    head: &impl Serialize,
    field: &str,
    rows: impl Iterator<Item = T>,
) -> io::Result<()> {
    let head = serde_json::to_string(head)?;
    write!(out, "{},\"{field}\":[", head.strip_suffix('}').unwrap_or(&head))?;
    for (i, row) in rows.enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        out.write_all(b"\n")?;
        serde_json::to_writer(&mut *out, &row)?;
    }
    out.write_all(b"\n]}\n")
}

#[cfg(test)]
mod tests {
    use agogic::schema::{DescriptorId, FeatureTrack, Shape, TrackData};
    use agogic::timebase::{Beats, Seconds};
    use serde_json::{Value, json};

    use super::*;
    use crate::formats::tests::{dense, event, plane, track};
    use crate::formats::{Cut, cut};

    fn value(track: &FeatureTrack, from: f64, level: Option<usize>) -> Value {
        let mut out = Vec::new();
        match cut(track, from, f64::INFINITY, level.unwrap_or(0)).unwrap() {
            Cut::Frames(cut) => frames(&mut out, &track.header, "default", None, level, &cut).unwrap(),
            Cut::Events(cut) => events(&mut out, &track.header, "default", None, &cut).unwrap(),
        }
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn frames_say_where_they_stand() {
        let found = value(&dense(), 0.15, None);
        let expect = json!({
            "descriptor": "test.track", "profile": "default", "unit": "dB", "range": null,
            "sample_rate": 1000, "start": 200, "hop": 100, "start_seconds": 0.2, "hop_seconds": 0.1,
            "channels": ["mono"], "bins": 2, "frames": [[1e-7, 3.0], [null, 4.5]],
        });
        assert_eq!(found, expect);
    }

    #[test]
    fn no_frames_are_an_empty_list() {
        assert_eq!(value(&dense(), 9.0, None)["frames"], json!([]));
    }

    #[test]
    fn events_are_objects() {
        let events = vec![event(5, 0, 1.0, ""), event(250, 100, 2.0, "a \"b\"")];
        let found = value(&track(Shape::Events, &["mono"], 1, &[], TrackData::Events(events)), 0.0, None);
        let expect = json!([
            {"time": 0.005, "duration": 0.0, "values": [1.0], "label": ""},
            {"time": 0.25, "duration": 0.1, "values": [2.0], "label": "a \"b\""},
        ]);
        assert_eq!(found["events"], expect);
    }

    #[test]
    fn columns_return_their_edges() {
        let view = Columns {
            descriptor: DescriptorId::new("test.view").unwrap(),
            unit: "dB".into(),
            range: Some((-100.0, 0.0)),
            channels: vec!["left".into(), "right".into()],
            bins: 1,
            frames: Some(plane(50, 100, &[]).grid),
            origin: None,
            beats: vec![Beats(0.0), Beats(1.0), Beats(2.0)],
            seconds: vec![Seconds(0.0), Seconds(0.5), Seconds(1.0)],
            data: vec![1.0, 2.0, f32::NAN, 4.0],
            diagnostics: None,
        };
        let text = ViewText {
            profile: "default",
            every: "1/4",
            every_beats: 1.0,
            sampling: "mean",
            oversampling: 1,
            smoothing: Some(0.5),
            outside: Beyond::Value(-80.0),
        };
        let mut out = Vec::new();
        columns(&mut out, &text, &view).unwrap();
        let expect = json!({
            "descriptor": "test.view", "profile": "default", "unit": "dB", "range": [-100.0, 0.0],
            "channels": ["left", "right"], "bins": 1, "revision": null,
            "frames": {
                "sample_rate": 1000, "start": 50, "hop": 100, "start_seconds": 0.05, "hop_seconds": 0.1,
            },
            "every": "1/4", "every_beats": 1.0, "sampling": "mean",
            "oversampling": 1, "smoothing_seconds": 0.5, "outside": -80.0, "missing": [], "fallbacks": [],
            "edges": {"beats": [0.0, 1.0, 2.0], "seconds": [0.0, 0.5, 1.0]},
            "columns": [[1.0, 2.0], [null, 4.0]],
        });
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expect);
    }
}
