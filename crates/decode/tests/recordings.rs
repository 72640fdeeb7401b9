//! Real recordings, where they are present: `AGOGIC_TEST_DATA`, or a folder
//! beside the workspace.

#![allow(clippy::print_stdout, reason = "says what it skips")]

mod support;

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    std::env::var_os("AGOGIC_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from)
}

#[test]
fn real_recordings_decode_to_their_length() {
    // Lengths as ffmpeg decodes them.
    for (name, channels, rate, samples) in [
        ("hungarian-dance-5.ogg", 2, 44_100, 2_021_760),
        ("speech.ogg", 1, 22_050, 327_222),
        // With a cover picture as a second stream.
        ("vibe-ace.ogg", 2, 44_100, 2_710_336),
    ] {
        let path = folder().join(name);
        if !path.exists() {
            println!("skipped: {name} is not there");
            continue;
        }
        let whole = support::decode(&path).unwrap();
        let info = &whole.info;
        assert_eq!((info.channels, info.rate.hz()), (channels, rate), "{name}");
        assert_eq!(info.samples, Some(samples));
        assert_eq!(whole.channels[0].len() as u64, samples);
        let loudest = whole.channels[0].iter().fold(0f32, |a, x| a.max(x.abs()));
        assert!((0.1..1.5).contains(&loudest), "{name}: peak {loudest}");
    }
}

#[test]
fn a_cut_or_damaged_recording_is_an_error() {
    let path = folder().join("speech.ogg");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: speech.ogg is not there");
        return;
    };
    let temp = support::Temp::new();
    let whole = bytes.len();
    for (cut, expect) in [
        (1, "truncated or damaged: 314112 of 327222 samples"),
        (whole / 2, "truncated or damaged: the end is missing after 1"),
    ] {
        let message = support::error(&temp.write("cut.ogg", &bytes[..whole - cut]));
        assert!(message.starts_with(expect), "{message}");
    }
    // One page less in the middle.
    let mut damaged = bytes.clone();
    damaged[whole / 2] ^= 0x10;
    let message = support::error(&temp.write("damaged.ogg", &damaged));
    assert!(message.ends_with(" of 327222 samples"), "{message}");
    // Two streams, one after the other.
    let chained = [bytes.clone(), bytes].concat();
    let message = support::error(&temp.write("chained.ogg", &chained));
    assert!(message.starts_with("a second stream starts at sample 327222"), "{message}");
}
