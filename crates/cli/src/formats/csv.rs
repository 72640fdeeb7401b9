//! CSV in the column order of Sonic Annotator: time, duration, values, label;
//! no header. Times have nine decimals, values are the shortest text that reads
//! back as the same number, labels stand in quotes.

use std::fmt;
use std::io::{self, Write};

use agogic::view::Columns;

use super::{EventCut, FrameCut};

/// `time,v0,v1,...`: per channel all bins, channel after channel.
pub(crate) fn frames(out: &mut dyn Write, cut: &FrameCut<'_>) -> io::Result<()> {
    for (time, row) in cut.rows() {
        write!(out, "{:.9}", time.0)?;
        values(out, row)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// `time,values...`, with a duration after the time where any event of the
/// track lasts, and a label at the end where any has one.
pub(crate) fn events(out: &mut dyn Write, cut: &EventCut<'_>) -> io::Result<()> {
    for event in cut.events {
        write!(out, "{:.9}", cut.rate.seconds(event.at).0)?;
        if cut.lasting {
            write!(out, ",{:.9}", cut.rate.seconds(event.duration.0).0)?;
        }
        values(out, &event.values)?;
        if cut.labelled {
            write!(out, ",{}", Quoted(&event.label))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// `time,duration,values...,"beat"`.
pub(crate) fn columns(out: &mut dyn Write, columns: &Columns) -> io::Result<()> {
    let width = (columns.channels.len() * columns.bins as usize).max(1);
    let edges = columns.seconds.windows(2).zip(&columns.beats);
    for (row, (time, beat)) in columns.data.chunks_exact(width).zip(edges) {
        write!(out, "{:.9},{:.9}", time[0].0, time[1].0 - time[0].0)?;
        values(out, row)?;
        writeln!(out, ",\"{}\"", beat.0)?;
    }
    Ok(())
}

fn values(out: &mut dyn Write, row: &[f32]) -> io::Result<()> {
    row.iter().try_for_each(|&value| write!(out, ",{}", Number(value)))
}

/// The shortest text that reads back as the same number.
struct Number(f32);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Far from one, powers of ten are shorter than zeros.
        if self.0 == 0.0 || !self.0.is_finite() || (1e-6..1e12).contains(&self.0.abs()) {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}

/// Text in quotes, quotes inside doubled.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use agogic::schema::{DescriptorId, FeatureTrack, Shape, TrackData};
    use agogic::timebase::{Beats, Seconds};

    use super::*;
    use crate::formats::tests::{dense, event, plane, track};
    use crate::formats::{Cut, cut};

    fn text(track: &FeatureTrack) -> String {
        let mut out = Vec::new();
        match cut(track, f64::NEG_INFINITY, f64::INFINITY, 0).unwrap() {
            Cut::Frames(cut) => frames(&mut out, &cut).unwrap(),
            Cut::Events(cut) => events(&mut out, &cut).unwrap(),
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn frames_are_time_and_values() {
        let expect = "0.000000000,0.1,1\n0.100000000,NaN,-80\n0.200000000,1e-7,3\n0.300000000,-inf,4.5\n";
        assert_eq!(text(&dense()), expect);
        let planes = vec![plane(8, 16, &[-0.5, 0.5, -1.0, 1.0])];
        let peaks = track(Shape::Peaks, &["left", "right"], 2, &[(8, 16)], TrackData::Peaks(planes));
        assert_eq!(text(&peaks), "0.008000000,-0.5,0.5,-1,1\n");
    }

    #[test]
    fn events_have_the_columns_they_need() {
        #[track_caller]
        fn check(events: Vec<agogic::schema::Event>, expect: &str) {
            let track = track(Shape::Events, &["mono"], 1, &[], TrackData::Events(events));
            assert_eq!(text(&track), expect);
        }
        check(vec![], "");
        check(vec![event(0, 0, 1.0, ""), event(5, 0, 2.5, "")], "0.000000000,1\n0.005000000,2.5\n");
        check(
            vec![event(0, 0, 1.0, ""), event(5, 7, 2.0, "")],
            "0.000000000,0.000000000,1\n0.005000000,0.007000000,2\n",
        );
        check(
            vec![event(0, 0, 1.0, ""), event(5, 0, 2.0, "a \"b\", c")],
            "0.000000000,1,\"\"\n0.005000000,2,\"a \"\"b\"\", c\"\n",
        );
    }

    #[test]
    fn columns_have_their_beat_as_label() {
        let view = Columns {
            descriptor: DescriptorId::new("test.view").unwrap(),
            unit: String::new(),
            range: None,
            channels: vec!["mono".into()],
            bins: 2,
            frames: None,
            origin: None,
            beats: vec![Beats(-0.25), Beats(0.0), Beats(0.25)],
            seconds: vec![Seconds(-0.125), Seconds(0.0), Seconds(0.125)],
            data: vec![1.0, 2.0, 3.0, 4.0],
            diagnostics: None,
        };
        let mut out = Vec::new();
        columns(&mut out, &view).unwrap();
        let expect = "-0.125000000,0.125000000,1,2,\"-0.25\"\n0.000000000,0.125000000,3,4,\"0\"\n";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn values_read_back_as_themselves() {
        let cases = [0.0, -0.0, 1.0, 0.1, 1e-6, 9.999e-7, 1e12, 1e30, f32::MIN_POSITIVE, 1e-45, f32::MAX];
        for value in cases.into_iter().flat_map(|value: f32| [value, -value]) {
            let text = Number(value).to_string();
            assert_eq!(text.parse::<f32>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() < 18, "{text}");
        }
    }
}
