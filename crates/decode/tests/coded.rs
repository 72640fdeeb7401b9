//! Coded formats, on tiny files that `media/make.sh` makes: right length and
//! alignment, identity under changed tags, and damage of every kind.

mod support;

use std::f32::consts::TAU;

use support::{Temp, decode, error, media};

/// Every file, its codec, its samples, and the largest error of its left
/// channel against the sine that it was made from.
const FILES: &[(&str, &str, usize, f32)] = &[
    ("sine.flac", "flac", 4410, 1e-4),
    ("sine-alac.m4a", "alac", 4410, 1e-4),
    ("sine.ogg", "vorbis", 4410, 0.1),
    ("sine.mp3", "mp3", 4410, 0.1),
    // Made by a coarse encoder; one frame of misalignment would be 0.78.
    ("sine.m4a", "aac", 4410, 0.5),
    // Without a length of their own: encoder delay and padding stay.
    ("sine-noxing.mp3", "mp3", 5760, f32::INFINITY),
    ("sine.mka", "vorbis", 4608, 0.1),
    ("sine-ima.wav", "adpcm_ima_wav", 5085, 0.1),
];

#[test]
fn lengths_and_alignment() {
    for &(name, codec, samples, bound) in FILES {
        let whole = decode(&media(name)).unwrap();
        assert_eq!(whole.info.codec, codec);
        assert_eq!((whole.info.channels, whole.info.rate.hz()), (2, 22_050));
        assert_eq!(whole.channels[0].len(), samples, "{name}");
        assert!(whole.info.samples.is_none_or(|n| n == samples as u64));
        // Away from the edges, where a lossy codec rings.
        for i in 500..3900 {
            let expect = 0.4 * (TAU * 440.0 * i as f32 / 22_050.0).sin();
            let off = (whole.channels[0][i] - expect).abs();
            assert!(off < bound, "{name}: sample {i} is off by {off}");
        }
    }
}

#[test]
fn a_changed_tag_keeps_the_identity() {
    for (plain, tagged) in [
        ("sine.flac", "tagged.flac"),
        ("sine.ogg", "tagged.ogg"),
        ("sine.mp3", "tagged.mp3"),
        ("sine.m4a", "tagged.m4a"),
    ] {
        assert_ne!(std::fs::read(media(plain)).unwrap(), std::fs::read(media(tagged)).unwrap());
        let (plain, tagged) = (decode(&media(plain)).unwrap(), decode(&media(tagged)).unwrap());
        assert_eq!(plain.identity, tagged.identity);
        assert_eq!(plain.channels, tagged.channels);
    }
    let temp = Temp::new();
    let mut mp3 = std::fs::read(media("sine.mp3")).unwrap();
    let identity = decode(&media("sine.mp3")).unwrap().identity;
    let mut ape = b"APETAGEX\xd0\x07\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    let mut id3 = b"TAG\xff\xfb\x90\xff\xfe".to_vec();
    id3.resize(128, b' ');
    mp3.append(&mut ape);
    mp3.append(&mut id3);
    assert_eq!(decode(&temp.write("a.mp3", &mp3)).unwrap().identity, identity);
}

#[test]
fn different_audio_has_a_different_identity() {
    let mut all: Vec<_> = FILES.iter().map(|f| decode(&media(f.0)).unwrap().identity).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), FILES.len());
}

#[test]
fn truncated_files_are_errors() {
    let temp = Temp::new();
    for (name, least) in [
        ("sine.flac", 1),
        ("sine.ogg", 1),
        ("sine-ima.wav", 1),
        ("sine-alac.m4a", 1),
        ("sine.m4a", 1),
        // An MPEG file may miss one frame unseen.
        ("sine.mp3", 500),
    ] {
        let bytes = std::fs::read(media(name)).unwrap();
        let path = |cut: usize| temp.write(name, &bytes[..bytes.len() - cut]);
        for cut in [least, least + 1, bytes.len() / 2, bytes.len() * 9 / 10] {
            let message = error(&path(cut));
            assert!(
                message.starts_with("truncated") || message.starts_with("malformed header"),
                "{name} less {cut}: {message}"
            );
        }
    }
    let half = |name: &str| {
        let bytes = std::fs::read(media(name)).unwrap();
        error(&temp.write(name, &bytes[..bytes.len() * 2 / 3]))
    };
    for (name, expect) in [
        ("sine.flac", "truncated or damaged: 2048 of 4410 samples"),
        ("sine.mp3", "truncated or damaged: 2351 of 4410 samples"),
        // Two pages, the second of them cut: the header is all that is left.
        ("sine.ogg", "malformed header: it is cut off"),
        ("sine-ima.wav", "truncated or damaged: 3382 of 5120 bytes"),
        // The index is at the end.
        ("sine.m4a", "malformed header: an MP4 file that is damaged, cut off or of an unknown kind"),
    ] {
        assert_eq!(half(name), expect);
    }
}

#[test]
fn every_prefix_and_any_flipped_byte_is_survived() {
    let temp = Temp::new();
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    for &(name, ..) in FILES {
        let bytes = std::fs::read(media(name)).unwrap();
        let whole = decode(&media(name)).unwrap();
        // Formats whose check sums cover their audio.
        let guarded = name == "sine.flac" || name == "sine.ogg";
        for end in (0..bytes.len()).step_by(61) {
            let cut = decode(&temp.write(name, &bytes[..end]));
            assert!(!guarded || cut.is_err(), "{name} cut at {end}");
        }
        for _ in 0..300 {
            let mut bytes = bytes.clone();
            let at = next(bytes.len());
            bytes[at] ^= 1 << next(8);
            if let Ok(flipped) = decode(&temp.write(name, &bytes)) {
                assert!(
                    !guarded || flipped.channels == whole.channels,
                    "{name}: a flipped bit at {at} changed the audio unseen"
                );
            }
        }
    }
}
