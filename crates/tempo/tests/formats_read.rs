//! Tempo maps out of the files of other programs: what is read, by what it is
//! known, and what is refused.

use std::io::{Cursor, Write};

use agogic_tempo::formats::{Format, detect, export, import};
use agogic_tempo::{Law, TempoError, TempoMap};
use agogic_timebase::{Beats, Seconds};
use zip::write::SimpleFileOptions;

/// The format, known by the content alone; beats and their seconds; signatures.
#[track_caller]
fn check(bytes: &[u8], format: Format, pairs: &[(f64, f64)], signatures: &[(f64, u32, u32)]) -> TempoMap {
    assert_eq!(detect(bytes), Some(format));
    let map = TempoMap::from_bytes(bytes).unwrap();
    assert_eq!(import(bytes, Some(format)).unwrap(), map);
    for &(beat, seconds) in pairs {
        let found = map.seconds(Beats(beat)).0;
        assert!(
            (found - seconds).abs() <= 1e-12 * (1.0 + seconds.abs()),
            "beat {beat} is at {found}, not {seconds}"
        );
        assert!((map.beats(Seconds(seconds)).0 - beat).abs() <= 1e-11 * (1.0 + beat.abs()));
    }
    let found: Vec<_> =
        map.meter().signatures().iter().map(|s| (s.beat.0, s.numerator, s.denominator)).collect();
    assert_eq!(found, signatures);
    map
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, format: Option<Format>, expect: &str) {
    let error = import(bytes.as_ref(), format).unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const PROJECT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Project version="1.0"><Application name="Some DAW" version="5.0"/>
<Transport><Tempo max="666" min="20" unit="bpm" value="149" id="id0" name="Tempo"/>
<TimeSignature denominator="8" numerator="7" id="id1"/></Transport>
<Structure><Track contentType="notes"><Channel role="regular"><Volume unit="linear" value="1"/></Channel></Track></Structure>
<Arrangement id="id2"><Lanes timeUnit="beats"><Points><Target parameter="id9"/><RealPoint time="0" value="1"/></Points></Lanes>
AUTOMATION</Arrangement><Scenes/></Project>"#;

const AUTOMATION: &str = r#"<TempoAutomation timeUnit="beats" unit="bpm"><Target parameter="id0"/>
<RealPoint time="0.0" value="120" interpolation="linear"/><RealPoint time="4" value="60" interpolation="linear"/>
<RealPoint time="4" value="90"/><RealPoint time="8" value="100" interpolation="hold"/></TempoAutomation>
<TimeSignatureAutomation timeUnit="beats"><TimeSignaturePoint time="0" numerator="3" denominator="4"/>
<TimeSignaturePoint time="6" numerator="4" denominator="4"/></TimeSignatureAutomation>"#;

#[test]
fn dawproject() {
    let ramp = 4.0 * 2.0_f64.ln();
    let pairs = [(4.0, ramp), (7.0, ramp + 2.0), (8.0, ramp + 8.0 / 3.0), (18.0, ramp + 8.0 / 3.0 + 6.0)];
    let signatures = [(0.0, 3, 4), (6.0, 4, 4)];
    let text = PROJECT.replace("AUTOMATION", AUTOMATION);
    let map = check(text.as_bytes(), Format::Dawproject, &pairs, &signatures);
    assert_eq!((map.points().len(), map.points()[0].to), (3, Some(60.0)));
    let archive =
        zipped(&[("metadata.xml", "<MetaData/>"), ("project.xml", &text), ("samples/a.wav", "RIFF")]);
    assert_eq!(check(&archive, Format::Dawproject, &pairs, &signatures), map);
    // Nothing is automated: the transport's tempo holds.
    let plain = PROJECT.replace("AUTOMATION", "");
    check(plain.as_bytes(), Format::Dawproject, &[(149.0, 60.0)], &[(0.0, 7, 8)]);
    // In seconds, a linear move is linear over time.
    let timed = text.replace("timeUnit=\"beats\" unit", "timeUnit=\"seconds\" unit");
    check(timed.as_bytes(), Format::Dawproject, &[(6.0, 4.0), (12.0, 8.0), (22.0, 14.0)], &signatures);
}

#[test]
fn dawproject_refused() {
    let with = |old, new| PROJECT.replace("AUTOMATION", AUTOMATION).replace(old, new);
    refused(with("value=\"60\"", "value=\"inf\""), None, "value \"inf\" is no number");
    refused(with("value=\"60\"", "value=\"0\""), None, "tempo 0 bpm");
    refused(with("\"hold\"", "\"spline\""), None, "unknown interpolation \"spline\"");
    refused(with("numerator=\"3\"", "numerator=\"0\""), None, "TimeSignaturePoint has no numerator");
    refused(with("</Project>", ""), None, "cut off");
    refused("<Project><Transport/></Project>", None, "it states no tempo");
    refused("<Music/>", Some(Format::Dawproject), "its root is \"Music\"");
    refused(zipped(&[("other.xml", "<Project/>")]), None, "no form");
    refused(zipped(&[("other.xml", "<Project/>")]), Some(Format::Dawproject), "there is no \"project.xml\"");
}

const REAPER: &str = "<REAPER_PROJECT 0.1 \"7.09/linux-x86_64\" 1700000000
  RIPPLE 0
  TEMPO 100 3 4
  <NOTES 0 2
    |<TEMPOENVEX
    |PT 0 1 1
  >
  <TEMPOENVEX
    EGUID {3B6B4C1A-0000-0000-0000-000000000000}
    ACT 1 -1
    DEFSHAPE 1 -1 -1
POINTS  >
  <TRACK {0}
    <VOLENV2
      PT 0 1 0
    >
  >
>
";

#[test]
fn reaper() {
    let points = "    PT 0.000000000000 120.0000000000 0 262148 0 1\n    PT 4.000000000000 60.0000000000 1 0
    PT 8 90 1 524294\n";
    // 120 to 60 over four seconds are six beats; four more at 60.
    let pairs = [(6.0, 4.0), (10.0, 8.0), (13.0, 10.0)];
    let text = REAPER.replace("POINTS", points);
    let map = check(text.as_bytes(), Format::Reaper, &pairs, &[(0.0, 4, 4), (10.0, 6, 8)]);
    assert_eq!(map.points()[0].law, Law::LinearTime);
    // Half the ramp: 105 bpm on average for two seconds.
    assert!((map.seconds(Beats(3.5)).0 - 2.0).abs() < 1e-12);
    // Windows ends lines otherwise.
    assert_eq!(TempoMap::from_bytes(text.replace('\n', "\r\n").as_bytes()).unwrap(), map);
    check(REAPER.replace("POINTS", "").as_bytes(), Format::Reaper, &[(100.0, 60.0)], &[(0.0, 3, 4)]);
    // The project's tempo holds until the first point.
    let late = REAPER.replace("POINTS", "    PT 6 60 1\n");
    check(late.as_bytes(), Format::Reaper, &[(10.0, 6.0), (11.0, 7.0)], &[(0.0, 3, 4)]);
}

#[test]
fn reaper_refused() {
    let with = |points: &str| REAPER.replace("POINTS", points);
    refused(with("PT 0 120 5\n"), None, "line 12: \"PT 0 120 5\" is no tempo");
    refused(with("PT 0\n"), None, "is no tempo");
    refused(with("PT 0 x 1\n"), None, "is no tempo");
    refused(with("PT 0 120 1 -4\n"), None, "is no tempo");
    refused(with("PT 0 0 1\n"), None, "tempo 0 bpm");
    refused(with("PT -1 120 1\n"), None, "before the start");
    refused(with("PT 0 120 1 65536\n"), None, "time signature 0/1");
    refused("<REAPER_PROJECT 0.1\n>\n", None, "it states no tempo");
    refused("<REAPER_PROJECT 0.1\nTEMPO 120 4 4\n", None, "cut off");
}

const SCORE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>A</part-name></score-part></part-list>
<part id="P1">
<measure number="0" implicit="yes"><attributes><divisions>2</divisions><time><beats>3</beats><beat-type>4</beat-type></time></attributes>
 <direction><direction-type><words>Allegro</words></direction-type><sound tempo="120"/></direction>
 <note><pitch><step>C</step><octave>4</octave></pitch><duration>2</duration></note></measure>
<measure number="1">
 <note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>
 <note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note>
 <note><chord/><pitch><step>E</step><octave>4</octave></pitch><duration>4</duration></note>
 <direction><direction-type><words>a tempo</words></direction-type><offset sound="yes">-1</offset><sound tempo="60"/></direction>
 <note><rest/><duration>2</duration></note>
 <backup><duration>6</duration></backup><forward><duration>2</duration></forward>
 <direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/><per-minute>80</per-minute></metronome></direction-type></direction>
 <note><rest/><duration>4</duration></note></measure>
<measure number="2"><attributes><divisions>4</divisions><time><beats>2+3</beats><beat-type>8</beat-type></time></attributes>
 <sound tempo="90"/><note><rest/><duration>10</duration></note></measure>
<measure number="3"/>
</part>
<part id="P2"><measure number="0"/><measure number="1"/><measure number="2"/>
<measure number="3"><direction><offset>5</offset><sound tempo="30"><offset>1</offset></sound></direction></measure></part>
</score-partwise>"#;

#[test]
fn musicxml() {
    // 120 from 0; 120 (a dotted quarter at 80) at 2; 60 at 2.5; 90 at 4; and 30
    // a quarter note into the last measure.
    let pairs = [(2.5, 1.25), (4.0, 2.75), (7.5, 2.75 + 3.5 / 1.5), (8.5, 2.75 + 3.5 / 1.5 + 2.0)];
    // A pick-up of one beat, then bars of three.
    let signatures = [(0.0, 3, 4), (1.0, 3, 4), (4.0, 5, 8)];
    let map = check(SCORE.as_bytes(), Format::Musicxml, &pairs, &signatures);
    assert_eq!(map.points().len(), 5);
    let container = r#"<container><rootfiles><rootfile full-path="score.xml"/><rootfile full-path="x.pdf"/></rootfiles></container>"#;
    let archive = zipped(&[("META-INF/container.xml", container), ("score.xml", SCORE)]);
    assert_eq!(check(&archive, Format::Musicxml, &pairs, &signatures), map);
    let wide: Vec<u8> = format!("\u{feff}{SCORE}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(TempoMap::from_bytes(&wide).unwrap(), map);
    refused(zipped(&[("META-INF/container.xml", container)]), None, "there is no \"score.xml\"");
}

#[test]
fn musicxml_refused() {
    let with = |old, new| SCORE.replace(old, new);
    refused(with("tempo=\"60\"", "tempo=\"0\""), None, "tempo 0 bpm");
    refused(with("tempo=\"60\"", "tempo=\"fast\""), None, "tempo \"fast\" is no number");
    refused(with("<divisions>2<", "<divisions>0<"), None, "0 divisions");
    refused(with("<duration>10<", "<duration>ten<"), None, "duration \"ten\" is no number");
    refused(with("2+3", "2+x"), None, "no number of beats");
    refused(with("</part>\n</score", "</score"), None, "byte");
    refused("<score-partwise><part><measure/></part></score-partwise>", None, "it states no tempo");
    refused("<score-timewise/>", None, "timewise");
}

#[test]
fn tables_of_beats() {
    let times = [(1.0, 0.5), (2.0, 1.0), (3.0, 1.75), (4.0, 2.25)];
    let (plain, waltz) = ([(-3.0, 4, 4)], [(-2.0, 3, 4)]);
    check(b"0.5\n1.0\n1.75\n\n2.25\n", Format::Csv, &times, &plain);
    check(b"\xef\xbb\xbf# beats\r\n0.5\r\n1.0\r\n1.75\r\n2.25", Format::Csv, &times, &plain);
    check(b"0.5\t1\n1.0\t2\n1.75\t3\n2.25\t1\n", Format::Csv, &times, &waltz);
    check(b"0.5,1:1\n1.0,1:2\n1.75,1:3\n2.25,2:1\n", Format::Csv, &times, &waltz);
    check(b"0.5 1.1\n1.0 1.2\n1.75 1.3\n2.25 2.1\n", Format::Csv, &times, &waltz);
    check(b"0.5,\"1\"\n1.0,\"2\"\n1.75,\"3\"\n2.25,\"1\"\n", Format::SvCsv, &times, &waltz);
    check(b"0.5,120.5,1\n1.0,99,2\n1.75,80,3\n2.25,70,1\n", Format::SvCsv, &times, &waltz);
    check(b"0.5,-60.0\n1.0,99\n1.75,80\n2.25,70\n", Format::SvCsv, &times, &plain);
    check(
        b"0.5,120.5,0.1,\"a, \"\"b\"\"\"\n1.0,99,0,\n1.75,80,0,c\n2.25,70,0,d\n",
        Format::SvCsv,
        &times,
        &plain,
    );
    check(b"TIME,LABEL\n0.5,1\n1.0,2\n1.75,3\n2.25,1\n", Format::SvCsv, &times, &waltz);
}

#[test]
fn tables_refused() {
    refused("0.5\nx\n", None, "line 2: \"x\" is no time in seconds");
    refused("0.5\n1e999\n", None, "is no time");
    refused("0.5\n0.5\n", None, "the beat at 0.5 s follows one at 0.5 s");
    refused("1\n0.5\n", None, "the beat at 0.5 s follows one at 1 s");
    refused("0.5\n", None, "it takes two beats");
    refused("0\n0.00001\n", None, "tempo");
    refused("FRAME,LABEL\n22050,1\n44100,2\n", None, "no time in seconds");
    refused("0.5,1,2,3\n1,2,3,4,5\n", None, "line 2 has 5 columns");
    for text in ["hello", "hello\n0.5\n", "1,2,3,4,5\n", "", "\n\n", "# only this"] {
        refused(text, None, "no form of tempo map");
    }
    refused("beat,seconds,bpm,law,to\n0,0,120,wobbly,\n", None, "line 2");
    refused("beat,seconds,bpm,law,to\n0,0,120,step\n", None, "line 2");
    refused("beat,seconds,bpm,law,to\n", None, "no points");
}

#[test]
fn jams() {
    let times = [(1.0, 0.5), (2.0, 1.0), (3.0, 1.75), (4.0, 2.25)];
    let (plain, waltz) = ([(-3.0, 4, 4)], [(-2.0, 3, 4)]);
    let file = |namespace: &str, data: &str| {
        format!(
            r#"{{"file_metadata": {{"duration": 30}}, "annotations": [{{"namespace": "chord", "data": [{{"time": 0, "value": "C"}}]}},
            {{"namespace": "beat", "data": []}}, {{"namespace": "{namespace}", "data": {data}}}], "sandbox": {{}}}}"#
        )
    };
    let rows = r#"[{"time": 0.5, "duration": 0, "value": 1, "confidence": null}, {"time": 1.75, "duration": 0, "value": 3.0},
        {"time": 1.0, "duration": 0, "value": 2}, {"time": 2.25, "value": 1}]"#;
    check(file("beat", rows).as_bytes(), Format::Jams, &times, &waltz);
    let columns =
        r#"{"time": [0.5, 1.0, 1.75, 2.25], "duration": [0, 0, 0, 0], "value": [null, null, null, null]}"#;
    check(file("beat", columns).as_bytes(), Format::Jams, &times, &plain);
    let places = r#"[{"time": 0.5, "value": {"position": 1, "measure": 4, "num_beats": 3, "beat_units": 4}},
        {"time": 1.0, "value": {"position": 2, "measure": 4}}, {"time": 1.75, "value": {"position": 3, "measure": 4}},
        {"time": 2.25, "value": {"position": 1, "measure": 5}}]"#;
    check(file("beat_position", places).as_bytes(), Format::Jams, &times, &waltz);
    refused(file("onset", rows), None, "it has no annotation of beats");
    refused(file("beat", "[{\"time\": \"now\"}]"), None, "no list of times");
    refused(file("beat", "[{\"time\": 1}]"), None, "two beats");
    refused(r#"{"annotations": 3}"#, None, "no tempo map in jams");
    // Our own form may have any other names beside its points.
    let own = r#"{"annotations": [], "points": [{"beat": 0, "bpm": 60}]}"#;
    assert_eq!(detect(own.as_bytes()), Some(Format::Json));
}

#[test]
fn names() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
        let map = TempoMap::constant(120.0).unwrap();
        match export(&map, format) {
            Ok(bytes) => assert_eq!(detect(&bytes), Some(format)),
            Err(error) => {
                assert!(matches!(error, TempoError::Export { .. }));
                assert!(!format.is_written());
            }
        }
    }
    assert!("smf".parse::<Format>().is_err());
}

/// Files of all formats, sound ones.
fn files() -> Vec<Vec<u8>> {
    let map = TempoMap::from_json(
        r#"[{"beat": 0, "bpm": 120, "law": "geometric-beats"}, {"beat": 1, "bpm": 60, "law": "linear-beats", "to": 70}, {"beat": 2, "bpm": 60}]"#,
    )
    .unwrap();
    let mut files: Vec<_> = Format::ALL.into_iter().filter_map(|format| export(&map, format).ok()).collect();
    files.push(PROJECT.replace("AUTOMATION", AUTOMATION).into_bytes());
    files.push(REAPER.replace("POINTS", "PT 0 120 0 262148\nPT 4 90 1\n").into_bytes());
    files.push(SCORE.into());
    let container = r#"<container><rootfile full-path="s"/></container>"#;
    files.push(zipped(&[("META-INF/container.xml", container), ("s", SCORE)]));
    files.push(b"0.5,120.5,1\n1.0,99,2\n1.75,80,3\n2.25,70,1\n".to_vec());
    files.push(
        br#"{"annotations": [{"namespace": "beat", "data": [{"time": 0.5}, {"time": 1.0, "value": 2}]}]}"#
            .to_vec(),
    );
    files
}

#[test]
fn no_prefix_panics() {
    for file in files() {
        TempoMap::from_bytes(&file).unwrap();
        let step = (file.len() / 4000).max(1);
        for end in (0..file.len()).step_by(step) {
            let _ = TempoMap::from_bytes(&file[..end]);
            for format in Format::ALL {
                let _ = import(&file[..end.min(600)], Some(format));
            }
        }
    }
}

#[test]
fn no_corruption_panics() {
    let mut state = 7_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for file in files() {
        for _ in 0..2000 {
            let mut bytes = file.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                bytes[at] = [0, 0xff, b'9', b'<', b'"', b'-', b'e', random(256) as u8][random(8)];
            }
            let _ = TempoMap::from_bytes(&bytes);
        }
    }
}
