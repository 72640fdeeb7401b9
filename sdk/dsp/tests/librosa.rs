//! Figures of librosa 0.11.0, computed in float64, on signals that are generated
//! here again bit for bit: 4 s at 22,050 Hz, n_fft 2048, hop 512, centred with
//! zeros, periodic Hann; mel with Slaney's scale and norm, 128 bands up to
//! 11,025 Hz.

use std::f64::consts::TAU;
use std::num::NonZeroUsize;

use agogic_dsp::{MelBank, MelNorm, MelScale, Stft, StftSpec, Window, hz_to_mel};

const RATE: usize = 22_050;
const N_FFT: usize = 2048;
const BINS: usize = N_FFT / 2 + 1;
const SHOWN_BINS: [usize; 6] = [24, 80, 128, 320, 800, 1024];
const SHOWN_BANDS: [usize; 4] = [0, 10, 64, 127];

/// Noise within -1..1: the top 24 bits of Knuth's MMIX generator.
fn noise(length: usize) -> Vec<f64> {
    let mut state = 12345u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 8_388_608.0 - 1.0
    };
    (0..length).map(|_| next()).collect()
}

fn signal(name: &str) -> Vec<f32> {
    let n = RATE * 4;
    let noise = noise(n);
    let seconds = |i: usize| i as f64 / RATE as f64;
    let tone = |hz: f64, i: usize| (TAU * hz * seconds(i)).sin();
    let sample = |i: usize| match name {
        "noise" => 0.25 * noise[i],
        "chord" => {
            let tones = [261.6255653005986, 329.6275569128699, 391.99543598174927];
            tones.iter().map(|&hz| 0.15 * tone(hz, i)).sum::<f64>() + 1e-4 * noise[i]
        }
        "chirp" => {
            let t = seconds(i);
            0.5 * (TAU * (220.0 * t + (880.0 - 220.0) / 8.0 * t * t)).sin()
        }
        "clicks" => f64::from(u8::from(i.is_multiple_of(RATE / 2))),
        "drums" => {
            // Hits every half second, each shorter than that.
            let (hit, since) = (i / (RATE / 2), i % (RATE / 2));
            let gain = match (hit, since) {
                (8.., _) | (_, 4000..) => 0.0,
                (hit, _) if hit % 2 == 0 => 1.0,
                _ => 0.6,
            };
            0.5 * noise[since] * (-(since as f64) / 600.0).exp() * gain + 1e-5 * noise[i]
        }
        _ => 0.0,
    };
    (0..n).map(|i| sample(i) as f32).collect()
}

fn power_rows(name: &str) -> Vec<f32> {
    let hop = NonZeroUsize::new(512).expect("a hop");
    let spec = StftSpec::new(N_FFT, hop, N_FFT, Window::Hann, true).expect("a valid spec");
    let mut stft = Stft::new(spec);
    let mut rows = Vec::new();
    stft.push(&signal(name), |_, batch| rows.extend_from_slice(batch));
    stft.finish(|_, batch| rows.extend_from_slice(batch));
    assert_eq!(rows.len(), 173 * BINS);
    rows
}

fn slaney_bank() -> MelBank {
    MelBank::new(RATE as f64, N_FFT, 128, 0.0, 11_025.0, MelScale::Slaney, MelNorm::Slaney)
        .expect("valid parameters")
}

fn weight(bank: &MelBank, band: usize, bin: usize) -> f64 {
    let (first, weights) = bank.band(band).expect("a band");
    bin.checked_sub(first).and_then(|i| weights.get(i)).copied().map_or(0.0, f64::from)
}

#[track_caller]
fn check_relative(got: f64, expect: f64, tolerance: f64, what: &str) {
    assert!((got - expect).abs() <= tolerance * expect.abs(), "{what}: {got} is not {expect}");
}

#[test]
fn magnitudes() {
    for of_signal in MAGNITUDES.chunk_by(|a, b| a.0 == b.0) {
        let rows = power_rows(of_signal[0].0);
        for &(name, frame, expect) in of_signal {
            let row = &rows[frame * BINS..][..BINS];
            let peak = f64::from(row.iter().copied().fold(0.0, f32::max)).sqrt();
            for (bin, expect) in SHOWN_BINS.into_iter().zip(expect) {
                let error = (f64::from(row[bin]).sqrt() - expect).abs();
                assert!(error <= 1e-6 * peak, "{name} frame {frame} bin {bin}: {error:e} of {peak}");
            }
        }
    }
}

#[test]
fn mel_powers() {
    let bank = slaney_bank();
    for of_signal in MEL.chunk_by(|a, b| a.0 == b.0) {
        let rows = power_rows(of_signal[0].0);
        for &(name, frame, expect) in of_signal {
            let mut bands = [0.0; 128];
            bank.apply(&rows[frame * BINS..][..BINS], &mut bands);
            let peak = f64::from(bands.iter().copied().fold(0.0, f32::max));
            for (band, expect) in SHOWN_BANDS.into_iter().zip(expect) {
                let error = (f64::from(bands[band]) - expect).abs();
                assert!(error <= 1e-6 * peak, "{name} frame {frame} band {band}: {error:e} of {peak}");
            }
        }
    }
}

#[test]
fn filter_weights() {
    let bank = slaney_bank();
    for &(band, sum) in ROW_SUMS {
        let got: f64 = (0..BINS).map(|bin| weight(&bank, band, bin)).sum();
        check_relative(got, sum, 1e-7, &format!("sum of band {band}"));
    }
    for &(band, first, weights) in WEIGHTS {
        for bin in 0..BINS {
            let expect = bin.checked_sub(first).and_then(|i| weights.get(i)).copied().unwrap_or(0.0);
            check_relative(weight(&bank, band, bin), expect, 1e-7, &format!("band {band} bin {bin}"));
        }
    }
    for &(bin, expect) in LAST_BAND {
        check_relative(weight(&bank, 127, bin), expect, 1e-7, &format!("band 127 bin {bin}"));
    }
}

#[test]
fn mel_scales() {
    for &(hz, slaney, htk) in MELS {
        check_relative(hz_to_mel(hz, MelScale::Slaney), slaney, 1e-14, "slaney");
        check_relative(hz_to_mel(hz, MelScale::Htk), htk, 1e-14, "htk");
    }
}

/// Signal, frame, and the magnitudes of bins 24, 80, 128, 320, 800 and 1024.
const MAGNITUDES: &[(&str, usize, [f64; 6])] = &[
    ("noise", 0, [4.83739042778, 2.86194229555, 1.46981162348, 1.72616938072, 2.04839877975, 5.18239339369]),
    ("noise", 2, [4.70456712147, 4.15412571669, 0.837945970763, 1.88713873649, 4.24864347591, 5.59456226955]),
    ("noise", 17, [3.90789816044, 4.95373132308, 4.12955589213, 2.16477598914, 2.71352418707, 2.01096292672]),
    ("noise", 86, [1.87233067324, 1.71808530065, 5.34491092989, 1.25239040298, 5.88452857436, 1.01833759346]),
    (
        "noise",
        172,
        [4.22037985023, 2.22355647508, 3.62677637656, 3.71616668612, 5.32729791787, 4.70432146318],
    ),
    (
        "chord",
        0,
        [40.1675979347, 0.834256537124, 0.293468478658, 0.0471609819801, 0.0110453750048, 0.00844199355334],
    ),
    (
        "chord",
        2,
        [
            72.3975726311,
            0.00212738360156,
            0.000283599396672,
            0.00075367569466,
            0.0016994849893,
            0.00223784557886,
        ],
    ),
    (
        "chord",
        17,
        [
            72.419177115,
            0.00209086525965,
            0.00166293080433,
            0.000865153801978,
            0.00108538942598,
            0.00080438414812,
        ],
    ),
    (
        "chord",
        86,
        [
            72.4363173263,
            0.000647984617849,
            0.00213951958468,
            0.000500253220026,
            0.00235377844598,
            0.000407335313408,
        ],
    ),
    (
        "chord",
        172,
        [48.3290054087, 0.176907176839, 0.0831842280507, 0.0269452002328, 0.01134364809, 0.0136751526058],
    ),
    (
        "chirp",
        0,
        [20.7051437769, 0.559297903413, 0.211207746806, 0.0353973870934, 0.00884340931144, 0.00783874117305],
    ),
    (
        "chirp",
        2,
        [
            4.01074309785,
            0.000200724235497,
            3.71703760227e-05,
            2.02183070717e-06,
            9.45602391534e-08,
            3.19109525609e-09,
        ],
    ),
    (
        "chirp",
        17,
        [
            9.64701746217,
            0.000536301948453,
            8.10299012569e-05,
            3.7650234462e-06,
            1.71675034868e-07,
            1.68699406944e-08,
        ],
    ),
    (
        "chirp",
        86,
        [
            0.000558371560931,
            0.000462057264348,
            2.26707231878e-05,
            6.59487819821e-07,
            2.79531612261e-08,
            1.23190992476e-09,
        ],
    ),
    (
        "chirp",
        172,
        [2.07847765272, 87.4740848939, 1.32400708205, 0.143711478761, 0.0340888287811, 0.0301584168171],
    ),
    ("clicks", 0, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
    ("clicks", 2, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ("clicks", 17, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    (
        "clicks",
        86,
        [0.98915868536, 0.98915868536, 0.98915868536, 0.98915868536, 0.98915868536, 0.98915868536],
    ),
    ("clicks", 172, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ("drums", 0, [6.09884149809, 3.11101961715, 2.33675836707, 3.59380911072, 4.27918221496, 7.81317457391]),
    ("drums", 2, [3.54596513887, 0.38252245817, 0.816530810596, 1.17511049874, 1.1525763292, 2.77607352155]),
    (
        "drums",
        17,
        [
            0.000156315926418,
            0.000198149252923,
            0.000165182235685,
            8.65910395654e-05,
            0.000108540967483,
            8.04385170689e-05,
        ],
    ),
    ("drums", 86, [5.47271190673, 2.67679130502, 2.23822248463, 3.56237197189, 4.24519770204, 7.32403545266]),
    (
        "drums",
        172,
        [
            0.000168815194009,
            8.89422590031e-05,
            0.000145071055062,
            0.000148646667445,
            0.000213091916715,
            0.000188172858527,
        ],
    ),
    ("silence", 17, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
];

/// Signal, frame, and the mel powers of bands 0, 10, 64 and 127.
const MEL: &[(&str, usize, [f64; 4])] = &[
    ("noise", 17, [0.347758433802, 0.931097476321, 3.04473614871, 1.85044970213]),
    ("noise", 86, [2.0998046648, 0.283776335853, 0.985193210093, 1.27561811933]),
    ("chord", 17, [9.49401462509e-07, 56.7827253203, 4.87195797034e-07, 2.96071952842e-07]),
    ("chord", 86, [6.61675798278e-07, 56.7616706487, 1.57623558023e-07, 2.0409889884e-07]),
    ("chirp", 17, [4.24653259963e-06, 2927.57602789, 4.32898733971e-11, 5.89487810063e-17]),
    ("chirp", 86, [1.66543007121e-10, 5.61089022489e-08, 1.85555929602e-12, 1.00534316081e-18]),
    ("drums", 17, [5.56413494083e-10, 1.48975596211e-09, 4.87157783794e-09, 2.96071952341e-09]),
    ("drums", 86, [0.194961246282, 0.46161645456, 0.246126535789, 1.04459272574]),
];

/// Band and the sum of its weights, sample rate 22,050, n_fft 2048, 128 bands.
const ROW_SUMS: &[(usize, f64)] = &[
    (0, 0.0903458824912),
    (1, 0.0933738815267),
    (5, 0.0906935018347),
    (10, 0.0910411211783),
    (20, 0.0917363598654),
    (40, 0.0908653778895),
    (63, 0.0926384038454),
    (64, 0.0928004873685),
    (80, 0.0927587798235),
    (100, 0.0929145055609),
    (120, 0.0928445388395),
    (126, 0.0928975325572),
    (127, 0.0928692416067),
];

/// Band, first bin that is not zero, and the weights from there.
const WEIGHTS: &[(usize, usize, &[f64])] = &[
    (0, 1, &[0.0161828532082, 0.0323657064164, 0.0289900880374, 0.0128072348292]),
    (10, 24, &[0.00069523868708, 0.0168780918953, 0.0330609451035, 0.0282948493503, 0.0121119961421]),
    (
        64,
        182,
        &[
            0.00108076377015,
            0.00489988702628,
            0.00871901028241,
            0.0125381335385,
            0.0163572567947,
            0.0172788323773,
            0.0135599597843,
            0.00984108719129,
            0.00612221459829,
            0.0024033420053,
        ],
    ),
];

/// The last band, by some bins: its first, second, 27th and last.
const LAST_BAND: &[(usize, f64)] =
    &[(971, 7.184815843e-06), (972, 0.000140956574912), (997, 0.00348525055165), (1023, 0.000130260296711)];

/// Hz, Slaney mel, HTK mel.
const MELS: &[(f64, f64, f64)] = &[
    (0.0, 0.0, 0.0),
    (60.0, 0.8999999999999999, 92.681858131657),
    (440.0, 6.6, 549.6386753811499),
    (999.9, 14.998499999999998, 999.9192414144051),
    (1000.0, 14.999999999999998, 999.9855371396244),
    (1000.1, 15.001454435130032, 1000.0518289652098),
    (8000.0, 45.245640471924965, 2840.023046708319),
    (22050.0, 59.99247463746737, 3923.337321740179),
];
