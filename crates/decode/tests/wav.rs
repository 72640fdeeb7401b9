//! WAV files written by hand: formats, lengths, headers and every bad input
//! that can be said in a few bytes.

mod support;

use std::path::Path;

use agogic_decode::{AudioFile, BLOCK_FRAMES, PcmBlock};
use proptest::prelude::*;
use support::{Temp, decode, error, wav, wav_f32, wav_i16};

#[test]
fn sample_formats() {
    let temp = Temp::new();
    let check = |tag, bits, data: &[u8], expect: &[f32], codec: &str| {
        let whole = decode(&temp.write("a.wav", &wav(tag, 1, 8000, bits, data))).unwrap();
        assert_eq!(whole.channels, [expect], "{codec}");
        assert_eq!(whole.info.codec, codec);
        assert_eq!(whole.info.samples, Some(expect.len() as u64));
    };
    let f64s: Vec<u8> = [0.5f64, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    check(1, 8, &[0, 128, 192], &[-1.0, 0.0, 0.5], "pcm_u8");
    check(1, 16, &[0, 0x80, 0, 0x40], &[-1.0, 0.5], "pcm_s16le");
    check(1, 24, &[0, 0, 0x80, 0, 0, 0x40], &[-1.0, 0.5], "pcm_s24le");
    check(1, 32, &[0, 0, 0, 0x80, 0, 0, 0, 0x40], &[-1.0, 0.5], "pcm_s32le");
    check(3, 32, &[0, 0, 0, 0x3f, 0, 0, 0, 0xc0], &[0.5, -2.0], "pcm_f32le");
    check(3, 64, &f64s, &[0.5, -2.0], "pcm_f64le");
}

#[test]
fn channels_and_their_names() {
    let temp = Temp::new();
    for (channels, names) in [
        (1, &["mono"] as &[&str]),
        (2, &["left", "right"]),
        (3, &["left", "right", "centre"]),
        (6, &["left", "right", "centre", "lfe", "rear-left", "rear-right"]),
    ] {
        let samples: Vec<i16> = (0..channels as i16 * 3).collect();
        let whole = decode(&temp.write("a.wav", &wav_i16(channels, 48_000, &samples))).unwrap();
        assert_eq!(whole.info.names, names);
        assert_eq!(whole.info.rate.hz(), 48_000);
        for (c, plane) in whole.channels.iter().enumerate() {
            let expect: Vec<f32> =
                samples.iter().skip(c).step_by(channels.into()).map(|&x| f32::from(x) / 32768.0).collect();
            assert_eq!(plane, &expect);
        }
    }
}

#[test]
fn blocks_are_full_and_reuse_their_buffer() {
    let temp = Temp::new();
    let n = 2 * BLOCK_FRAMES + 5;
    let samples: Vec<f32> = (0..2 * n).map(|i| i as f32).collect();
    let path = temp.write("a.wav", &wav_f32(2, 44_100, &samples));
    let mut blocks = AudioFile::open(&path).unwrap().blocks();
    let mut block = PcmBlock::default();
    let mut seen = Vec::new();
    let mut buffers = Vec::new();
    while blocks.next(&mut block).unwrap() {
        seen.push((block.position.0, block.frames));
        buffers.push(block.data.as_ptr());
        let right = 2.0 * block.position.0 as f32 + 1.0;
        assert_eq!(block.channel(1)[..2], [right, right + 2.0]);
        assert!(block.channel(2).is_empty());
    }
    let size = BLOCK_FRAMES as i64;
    assert_eq!(seen, [(0, BLOCK_FRAMES), (size, BLOCK_FRAMES), (2 * size, 5)]);
    assert!(buffers.iter().all(|&b| b == buffers[0]));
}

#[test]
fn identity_of_a_stream_read_in_part() {
    let temp = Temp::new();
    let samples: Vec<f32> = (0..3 * BLOCK_FRAMES).map(|i| i as f32).collect();
    let path = temp.write("a.wav", &wav_f32(1, 44_100, &samples));
    let identity = decode(&path).unwrap().identity;
    let mut blocks = AudioFile::open(&path).unwrap().blocks();
    assert!(blocks.next(&mut PcmBlock::default()).unwrap());
    assert_eq!(blocks.finish().unwrap(), identity);
    let unhashed = AudioFile::open(&path).unwrap().without_identity();
    assert!(unhashed.blocks().finish().unwrap_err().to_string().ends_with("its identity was not asked for"));
}

#[test]
fn identity_is_of_the_audio_alone() {
    let temp = Temp::new();
    let plain = wav_i16(2, 44_100, &[1, 2, 3, 4]);
    let mut listed = plain.clone();
    listed.splice(12..12, *b"LIST\x0e\0\0\0INFOINAM\x02\0\0\0a\0");
    let mut trailing = plain.clone();
    trailing.extend(b"id3 \x04\0\0\0tags");
    let mut piped = plain.clone();
    piped[4..8].fill(0xff);
    piped[40..44].fill(0xff);
    let mut zeroed = plain.clone();
    zeroed[4..8].fill(0);
    zeroed[40..44].fill(0);
    let id = |bytes: &[u8]| decode(&temp.write("a.wav", bytes)).unwrap().identity;
    for same in [&listed, &trailing, &piped, &zeroed] {
        assert_eq!(id(same), id(&plain));
    }
    for other in [
        wav_i16(2, 44_100, &[1, 2, 3, 5]),
        wav_i16(2, 44_100, &[1, 2]),
        wav_i16(2, 48_000, &[1, 2, 3, 4]),
        wav_i16(1, 44_100, &[1, 2, 3, 4]),
        wav(1, 4, 44_100, 8, &plain[44..]),
    ] {
        assert_ne!(id(&other), id(&plain));
    }
}

#[test]
fn streamed_headers_are_open_ended() {
    let temp = Temp::new();
    for fill in [0x00, 0xff] {
        let mut bytes = wav_i16(2, 8000, &[100; 9000]);
        bytes[4..8].fill(fill);
        bytes[40..44].fill(fill);
        // Cut inside a sample: a killed recorder leaves that.
        bytes.truncate(bytes.len() - 3);
        let whole = decode(&temp.write("a.wav", &bytes)).unwrap();
        assert_eq!(whole.info.samples, None);
        assert_eq!(whole.channels[1].len(), 4499);
    }
}

#[test]
fn bad_files() {
    let temp = Temp::new();
    let check = |name: &str, bytes: &[u8], expect: &str| {
        assert_eq!(error(&temp.write(name, bytes)), expect, "{name}");
    };
    let sine = wav_i16(1, 8000, &[7; 2000]);
    check("empty.wav", b"", "is empty");
    check("text.wav", b"To whom it may concern, this is text.\n", "not a recognised audio file");
    check("long-text.wav", &b"la ".repeat(50_000), "not a recognised audio file");
    check("zero.wav", &[0; 4096], "not a recognised audio file");
    check("none.wav", &wav_i16(2, 8000, &[]), "holds no audio");
    check("cut.wav", &sine[..44 + 2001], "truncated or damaged: 1000 of 2000 samples");
    check("header.wav", &sine[..30], "malformed header: it is cut off");
    check("slow.wav", &wav_i16(1, 99, &[0]), "sample rate 99 Hz is outside 100..=1536000 Hz");
    check("fast.wav", &wav_i16(1, 2_000_000, &[0]), "sample rate 2000000 Hz is outside 100..=1536000 Hz");
    let mut nan = vec![0.0; 40_000];
    nan[2 * 17_001 + 1] = f32::NAN;
    check("nan.wav", &wav_f32(2, 8000, &nan), "sample 17001 of channel 2 is NaN, infinite or beyond 1e10");
    check(
        "inf.wav",
        &wav_f32(1, 8000, &[0.0, f32::NEG_INFINITY]),
        "sample 1 of channel 1 is NaN, infinite or beyond 1e10",
    );

    assert_eq!(error(Path::new("/no/such/file.wav")), "cannot be opened: no such file or directory");
    assert_eq!(error(temp.write("x", b"x").parent().unwrap()), "is a directory");
}

#[test]
fn one_sample() {
    let temp = Temp::new();
    let whole = decode(&temp.write("one.wav", &wav_i16(1, 44_100, &[-16384]))).unwrap();
    assert_eq!(whole.channels, [[-0.5]]);
}

#[test]
fn a_failed_stream_stays_failed() {
    let temp = Temp::new();
    let path = temp.write("nan.wav", &wav_f32(1, 8000, &[f32::NAN]));
    let mut blocks = AudioFile::open(&path).unwrap().blocks();
    let mut block = PcmBlock::default();
    assert!(blocks.next(&mut block).is_err() && block.data.is_empty());
    assert!(blocks.next(&mut block).is_err());
    assert!(blocks.finish().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn floats_come_back_as_written(
        channels in 1u16..70,
        frames in 1usize..300,
        rate in 100u32..200_000,
        seed in -1000i32..1000,
    ) {
        let n = usize::from(channels) * frames;
        let samples: Vec<f32> = (0..n).map(|i| (i as i32 * seed) as f32 / 7.0).collect();
        let temp = Temp::new();
        let path = temp.write("a.wav", &wav_f32(channels, rate, &samples));
        // More channels than there are places for in a room need another header.
        if let Ok(whole) = decode(&path) {
            prop_assert_eq!(whole.info.rate.hz(), rate);
            for (c, plane) in whole.channels.iter().enumerate() {
                let expect: Vec<f32> =
                    samples.iter().skip(c).step_by(channels.into()).copied().collect();
                prop_assert_eq!(plane, &expect);
            }
        } else {
            prop_assert!(channels > 18);
        }
    }

    #[test]
    fn headers_of_any_bytes_never_panic(at in 0usize..44, bytes in proptest::collection::vec(any::<u8>(), 1..12)) {
        let mut file = wav_i16(2, 44_100, &[3; 64]);
        for (i, b) in bytes.into_iter().enumerate() {
            file[at + i] = b;
        }
        let temp = Temp::new();
        let _ = decode(&temp.write("a.wav", &file));
    }
}
