//! Whatever goes in comes out, within the bound or bit by bit; whatever else
//! is read is refused.

use agogic_schema::Tolerance;
use proptest::prelude::*;

use super::map::{self, Mapping};
use super::*;

const BOUNDS: [Tolerance; 7] = [
    Tolerance::Lossless,
    Tolerance::Absolute(0.01),
    Tolerance::Absolute(1e-6),
    Tolerance::Absolute(1e30),
    Tolerance::Relative(0.001),
    Tolerance::Relative(0.3),
    Tolerance::Relative(1e-7),
];

const ODD: [f32; 14] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    -0.0,
    0.0,
    f32::MAX,
    f32::MIN,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE / 3.0,
    1e-45,
    -1.0,
    1.0 + f32::EPSILON,
    16_777_217.0,
    -100.0,
];

/// What a decoder that nobody trusts makes of a chunk, in whole and of its first
/// frames.
fn decoded(bytes: &[u8], width: usize, count: usize) -> Vec<f32> {
    let mut out = vec![7.0; count];
    decode(bytes, width, &mut out).unwrap();
    let frames = count / width;
    for first in [0, 1, frames / 2, frames.saturating_sub(1)] {
        let mut part = vec![7.0; first.min(frames) * width];
        decode_first(bytes, width, count, &mut part).unwrap();
        assert_eq!(bits(&part), bits(&out[..part.len()]), "{first} of {count}");
    }
    out
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Packed with a mapping, whether that is worth it or not, and read again.
fn check(tolerance: Tolerance, width: usize, values: &[f32]) {
    let mapping = Mapping::of(tolerance, values).unwrap_or(Mapping::Bits(0));
    let mut encoder = Encoder::new(tolerance, true, width);
    encoder.write(mapping, tolerance, values, f32::NEG_INFINITY);
    assert!(encoder.bytes.len().is_multiple_of(4));
    assert!(encoder.bytes.len() as u64 >= least_length(values.len() as u64));
    let out = decoded(&encoder.bytes, width, values.len());
    for (&value, &kept) in values.iter().zip(&out) {
        assert!(map::within(tolerance, value, kept), "{value:?} as {kept:?}, {tolerance:?}");
    }
    assert!(encoder.holds(tolerance, values));
    let raw = size_of_val(values);
    if let Some(packed) = encoder.encode(values, f32::NEG_INFINITY) {
        assert!(packed.bytes.len() < raw);
        assert_eq!(bits(packed.values), bits(&decoded(packed.bytes, width, values.len())));
    }
}

#[test]
fn every_bound_and_odd_length() {
    for tolerance in BOUNDS {
        for count in [0, 1, 2, 3, 127, 128, 129, 255, 256, 300] {
            for width in [1, 2, 5, 12, 128, 300].into_iter().filter(|&width| count % width == 0) {
                let smooth = |i: usize| (i as f32 * 0.37).sin() * 30.0 - 20.0;
                check(tolerance, width, &(0..count).map(smooth).collect::<Vec<_>>());
                check(tolerance, width, &vec![0.0; count]);
                check(tolerance, width, &(0..count).map(|i| ODD[i % ODD.len()]).collect::<Vec<_>>());
                let some_odd = |i: usize| if i % 17 == 3 { ODD[i / 17 % ODD.len()] } else { smooth(i) };
                check(tolerance, width, &(0..count).map(some_odd).collect::<Vec<_>>());
            }
        }
    }
}

/// A chunk of format version 2 put together by hand, as the format page
/// describes it.
#[test]
fn a_chunk_as_described() {
    let mut bytes = vec![1, 2, 0, 0];
    for value in [0.5_f32, 0.75] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(1_u32.to_le_bytes());
    // Frames of two: 2 3 / 1 1000 / 2 2 are the numbers. Differences: 2 1 /
    // -1 997 / 1 -998, folded 4 2 1 1994 2 1995: three bits, and 249 beyond.
    bytes.extend([3, 2]);
    for word in [4 | 2 << 3, 2 | 3 << 3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0_u32] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([3, 5, 249, 249]);
    for word in [4, 1, f32::INFINITY.to_bits()] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([0; 2]);
    assert_eq!(decoded(&bytes, 2, 6), [1.0, 1.5, 0.75, 500.0, f32::INFINITY, 1.0]);
}

/// The same numbers as they are written today, with zeros among them.
#[test]
fn a_chunk_without_its_zeros() {
    let mut bytes = vec![1, 2, 0, TIGHT | RUNS | GAPS];
    for value in [0.5_f32, f32::NEG_INFINITY] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(1_u32.to_le_bytes());
    // Nine places, of which the first and three in the middle are empty.
    bytes.extend([0b1100_0110, 1]);
    // 2 3 1 1000 2; differences 2 1 -2 999 -998, folded 4 2 3 1998 1995: three
    // bits, and 249 beyond, of the last two.
    bytes.extend([3, 2]);
    let low = 4 | 2 << 3 | 3 << 6 | 6 << 9 | 3 << 12_u16;
    bytes.extend(u16::to_le_bytes(low));
    bytes.extend([3, 4, 249, 249]);
    for word in [2, 1, f32::INFINITY.to_bits()] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(vec![0; bytes.len().next_multiple_of(4) - bytes.len()]);
    let expect = [0.0, 1.0, 1.5, 0.0, 0.0, 0.0, f32::INFINITY, 500.0, 1.0];
    assert_eq!(decoded(&bytes, 3, 9), expect);
    for (at, to, expect) in [
        (16, 0b1100_0111, "a place in a block"),
        (17, 3, "its bits are more than its values"),
        (3, TIGHT | GAPS, "too long"),
    ] {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        let error = decode(&bytes, 3, &mut [0.0; 9]).unwrap_err();
        assert!(error.contains(expect), "{error} / {expect}");
    }
    bytes.truncate(17);
    assert_eq!(decode(&bytes, 3, &mut [0.0; 9]), Err("its bits are cut off"));
    assert_eq!(decode_first(&bytes, 3, 9, &mut [0.0; 12]), Err("it has fewer values"));
}

/// Zeros are left out where that is shorter, and only there.
#[test]
fn zeros_take_a_bit() {
    let pulse = |i: usize| ((i as f32 * 0.13).cos().max(0.0) * 1000.0).round() / 1000.0;
    let rare = |i: usize| if i.is_multiple_of(9) { 0.0 } else { 1.0 + pulse(i) / 1000.0 };
    let signs = |i: usize| if pulse(i) == 0.0 { -0.0 } else { pulse(i) };
    let value = |which: &str, i| match which {
        "pulse" => pulse(i),
        "rare" => rare(i),
        _ => signs(i),
    };
    for (which, width, left_out) in
        [("pulse", 1, true), ("pulse", 8, true), ("pulse", 9, false), ("rare", 1, false), ("signs", 1, false)]
    {
        let values: Vec<f32> = (0..1800).map(|i| value(which, i)).collect();
        for (tolerance, share) in [(Tolerance::Relative(0.001), 0.3), (Tolerance::Lossless, 0.7)] {
            check(tolerance, width, &values);
            let mut encoder = Encoder::new(tolerance, true, width);
            let packed = encoder.encode(&values, f32::NEG_INFINITY).unwrap();
            assert_eq!(packed.bytes[3] & GAPS != 0, left_out, "{which} {width}");
            let length = packed.bytes.len() as f32 / size_of_val(&values[..]) as f32;
            assert!(!left_out || length < share, "{which} {width}: {length}");
        }
    }
}

/// Every predictor, each where it is the best one.
#[test]
fn the_best_predictor_is_taken() {
    let noise = |i: usize| (i as u32).wrapping_mul(0x9e37_79b9) >> 12;
    let value = |which: u8, i: usize| {
        let (frame, bin) = (i / 64, i % 64);
        match which {
            0 => noise(i) as f32,
            1 => (bin * 20 + noise(frame) as usize) as f32,
            2 => (noise(bin) as usize + noise(frame) as usize % 500) as f32,
            3 => (noise(bin) as usize + frame % 2 * 1000) as f32,
            _ => (noise(bin) as usize + frame * (noise(bin + 64) as usize % 5000)) as f32,
        }
    };
    for which in 0..5 {
        let values: Vec<f32> = (0..64 * 64).map(|i| value(which, i)).collect();
        let mut encoder = Encoder::new(Tolerance::Absolute(0.5), true, 64);
        let packed = encoder.encode(&values, f32::NEG_INFINITY).unwrap();
        assert_eq!(packed.bytes[..2], [1, which]);
    }
}

#[test]
fn signs_of_zero_and_nan() {
    let values = [-0.0, 0.0, f32::from_bits(0xffc0_1234), -1e-9];
    for (tolerance, expect) in [
        (Tolerance::Lossless, [0x8000_0000, 0, 0xffc0_1234, (-1e-9_f32).to_bits()]),
        (Tolerance::Absolute(0.1), [0, 0, 0x7fc0_0000, 0]),
        (Tolerance::Relative(0.3), [0x8000_0000, 0, 0x7fc0_0000, 0xb080_0000]),
    ] {
        let mut encoder = Encoder::new(tolerance, true, 1);
        let mapping = Mapping::of(tolerance, &values).unwrap_or(Mapping::Bits(0));
        encoder.write(mapping, tolerance, &values, f32::NEG_INFINITY);
        assert_eq!(bits(&decoded(&encoder.bytes, 1, 4)), expect, "{tolerance:?}");
    }
}

/// A quantiser that overflows must not pass.
#[test]
fn what_does_not_hold_is_packed_exactly() {
    let values: Vec<f32> = (0..1024).map(|i| if i == 700 { 1e12 } else { i as f32 }).collect();
    let mut encoder = Encoder::new(Tolerance::Absolute(0.001), true, 1);
    // As a faulty mapping would have it.
    encoder.write(Mapping::Steps(0.002), Tolerance::Absolute(1e30), &values, f32::NEG_INFINITY);
    assert_eq!(decoded(&encoder.bytes, 1, 1024)[9].round(), 9.0);
    assert!(!encoder.holds(Tolerance::Absolute(0.001), &values));

    // Numbers of 20 bits and more are worse than the bits themselves.
    let jumps: Vec<f32> = (0..1024).map(|i| if i % 2 == 0 { 1.0 } else { 1e9 }).collect();
    let packed = encoder.encode(&jumps, f32::NEG_INFINITY).unwrap();
    assert_eq!((packed.bytes[0], packed.bytes[2]), (0, 0));
    assert_eq!(bits(packed.values), bits(&jumps));

    let noise: Vec<f32> = (0..1024_u32).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b9))).collect();
    assert!(encoder.encode(&noise, f32::NEG_INFINITY).is_none());
    let mut unpacked = Encoder::new(Tolerance::Lossless, false, 1);
    assert!(unpacked.encode(&jumps, f32::NEG_INFINITY).is_none());
}

#[test]
fn a_floor_is_set_afterwards() {
    let values: Vec<f32> = (0..500).map(|i| (i as f32 * 0.1).sin() * 60.0).chain([f32::NAN; 3]).collect();
    for tolerance in BOUNDS {
        let mut encoder = Encoder::new(tolerance, true, 1);
        let Some(packed) = encoder.encode(&values, f32::NEG_INFINITY) else { continue };
        let (mut bytes, mut expect) = (packed.bytes.to_vec(), packed.values.to_vec());
        set_floor(&mut bytes, 12.345);
        raise(&mut expect, 12.345);
        assert_eq!(bits(&decoded(&bytes, 1, values.len())), bits(&expect));
        let mut raised = values.clone();
        raise(&mut raised, 12.345);
        let all = raised.iter().zip(&expect).all(|(&value, &kept)| map::within(tolerance, value, kept));
        assert!(all, "{tolerance:?}");
    }
}

#[test]
fn heads_that_lie_are_refused() {
    let values: Vec<f32> = (0..256).map(|i| if i < 3 { f32::NAN } else { i as f32 }).collect();
    let mut encoder = Encoder::new(Tolerance::Absolute(0.5), true, 1);
    let good = encoder.encode(&values, f32::NEG_INFINITY).unwrap().bytes.to_vec();
    let kept = [0_u32, 3, f32::NAN.to_bits()].map(u32::to_le_bytes).as_flattened().to_vec();
    let run = good.windows(RUN).rposition(|bytes| bytes == kept).unwrap();
    let refused = |change: &dyn Fn(&mut Vec<u8>), expect: &str| {
        let mut bytes = good.clone();
        change(&mut bytes);
        let mut out = vec![0.0; values.len()];
        let error = decode(&bytes, 1, &mut out).unwrap_err();
        assert!(error.contains(expect), "{error} / {expect}");
    };
    refused(&|b| b.truncate(15), "head is cut off");
    refused(&|b| b[0] = 2, "mapping");
    refused(&|b| b[0] = 0, "mapping");
    refused(&|b| b[2] = 1, "mapping");
    refused(&|b| b[4..8].fill(0), "mapping");
    refused(&|b| b[4..8].fill(0xff), "mapping");
    refused(&|b| b[1] = 5, "predictor");
    refused(&|b| b[3] = 2, "head is not valid");
    refused(&|b| b[3] = 8, "head is not valid");
    refused(&|b| b[3] = 1, "too long");
    refused(&|b| b[8..12].copy_from_slice(&f32::NAN.to_le_bytes()), "head is not valid");
    refused(&|b| b[12] = 2, "kept values are cut off");
    refused(&|b| b[12..16].fill(0xff), "kept values are cut off");
    refused(&|b| b[12] = 0, "too long");
    refused(&|b| b.extend([0; 4]), "too long");
    refused(&|b| b.extend([0, 1, 0]), "too long");
    refused(&|b| b[run..run + 4].fill(0xff), "place of a kept value");
    refused(&|b| b[run + 6] = 1, "place of a kept value");
    refused(
        &|b| {
            b.truncate(run);
            b.extend([&kept[..], &kept].concat());
            b[12] = 2;
        },
        "place of a kept value",
    );
}

fn any_bound() -> impl Strategy<Value = Tolerance> {
    prop_oneof![
        Just(Tolerance::Lossless),
        (-12.0..12.0).prop_map(|e| Tolerance::Absolute(10_f64.powf(e))),
        (-9.0..-0.01).prop_map(|e| Tolerance::Relative(10_f64.powf(e))),
    ]
}

fn any_values() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        8 => -100.0_f32..40.0,
        2 => any::<u32>().prop_map(f32::from_bits),
        1 => prop::sample::select(ODD.to_vec()),
        2 => Just(f32::NAN),
        3 => Just(0.0),
    ];
    prop_oneof![
        prop::collection::vec(value, 0..700),
        // Smooth, as features are.
        (prop::collection::vec(-1.0_f32..1.0, 0..700), -5.0_f32..5.0).prop_map(|(steps, scale)| {
            let mut sum = 0.0;
            let mut next = |step: &f32| {
                sum += step * 10_f32.powf(scale);
                sum
            };
            steps.iter().map(&mut next).collect()
        }),
    ]
}

proptest! {
    #[test]
    fn every_bound_holds(tolerance in any_bound(), values in any_values(), width in 1_usize..20) {
        let values = &values[..values.len() / width * width];
        check(tolerance, width, values);
    }

    #[test]
    fn exact_is_exact(values in prop::collection::vec(any::<u32>(), 0..400), width in 1_usize..5) {
        let values: Vec<f32> = values.into_iter().map(f32::from_bits).collect();
        let values = &values[..values.len() / width * width];
        let mut encoder = Encoder::new(Tolerance::Lossless, true, width);
        encoder.write(Mapping::Bits(0), Tolerance::Lossless, values, f32::NEG_INFINITY);
        prop_assert_eq!(bits(&decoded(&encoder.bytes, width, values.len())), bits(values));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), count in 0_usize..600, width in 0_usize..9) {
        let _ = decode(&bytes, width, &mut vec![0.0; count]);
    }

    #[test]
    fn no_change_panics(
        values in any_values(),
        tolerance in any_bound(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        count in 0_usize..700,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut encoder = Encoder::new(tolerance, true, 1);
        let mapping = Mapping::of(tolerance, &values).unwrap_or(Mapping::Bits(0));
        encoder.write(mapping, tolerance, &values, f32::NEG_INFINITY);
        let mut bytes = encoder.bytes;
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        let _ = decode(&bytes, 3, &mut vec![0.0; count]);
        let _ = decode_first(&bytes, 1, values.len(), &mut vec![0.0; count]);
        let _ = decode(&bytes, 1, &mut vec![0.0; values.len()]);
        let _ = decode(&bytes[..cut.index(bytes.len())], 1, &mut vec![0.0; values.len()]);
    }
}
