//! Calculators driven through the interface: good ones give the same whatever
//! the blocks, bad ones fail alone.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, Delta, DescriptorSpec, Error, Event, Frames,
    InputSpec, Kind, Output, ParamSpec, PcmInput, Samples, Setup, SpectrumInput, SpectrumScale, WindowShape,
};
use agogic_host::{
    CallError, Catalogue, LoadedCalculator, Prepared, ReceiveError, Receiver, Registry, Rules, SearchKind,
    SearchPlace, Session, Settings, Source, Task,
};
use agogic_schema::Profile;
use agogic_timebase::SampleRate;

fn pcm() -> InputSpec {
    PcmInput::new(ChannelUse::Mono).into()
}

fn spectrum(scale: SpectrumScale, channels: ChannelUse) -> InputSpec {
    SpectrumInput::new(256, 64).scale(scale).channels(channels).into()
}

fn every(hop: u32) -> Kind {
    Kind::Dense(Frames::Every { hop: Amount::Fixed(hop), first: Amount::Fixed(0) })
}

fn describe(id: &str, input: InputSpec, kind: Kind, bins: Bins) -> CalculatorSpec {
    CalculatorSpec::new(id, "1.0.0", input).descriptor(DescriptorSpec::new(
        &format!("{id}.out"),
        "",
        kind,
        bins,
    ))
}

const ONE: Bins = Bins::Count(Amount::Fixed(1));

/// Declares a calculator without state from its description and its work.
macro_rules! calculator {
    ($name:ident, $spec:expr, |$block:ident, $output:ident| $work:expr) => {
        struct $name;
        impl Calculator for $name {
            fn describe() -> CalculatorSpec {
                $spec
            }
            fn new(_: &Setup) -> Result<Self, Error> {
                Ok(Self)
            }
            fn process(&mut self, $block: &Block<'_>, $output: &mut Output<'_>) -> Result<(), Error> {
                $work
            }
        }
    };
}

calculator!(Copy, describe("t.copy", pcm(), every(1), ONE), |block, output| {
    output.frames(0, block.count())?.copy_from_slice(block.data());
    Ok(())
});
calculator!(
    Rows,
    describe(
        "t.rows",
        spectrum(SpectrumScale::Magnitude, ChannelUse::Each),
        Kind::Dense(Frames::Input),
        Bins::Input
    ),
    |block, output| {
        output.frames(0, block.count())?.copy_from_slice(block.data());
        Ok(())
    }
);
calculator!(Panics, describe("t.panics", pcm(), every(1), ONE), |_block, _output| panic!("out of cheese"));
calculator!(
    TooFew,
    describe("t.few", spectrum(SpectrumScale::Power, ChannelUse::Mono), Kind::Dense(Frames::Input), ONE),
    |_block, output| output.frames(0, 1).map(drop)
);
calculator!(TooMany, describe("t.many", pcm(), every(1), ONE), |_block, output| output
    .frames(0, usize::MAX / 2)
    .map(drop));
calculator!(NoOutput, describe("t.none", pcm(), every(1), ONE), |_block, output| output
    .frames(7, 1)
    .map(drop));
calculator!(
    Backwards,
    describe("t.back", pcm(), Kind::Events, Bins::Count(Amount::Fixed(0))),
    |block, output| {
        let at = Samples(-(block.position() as i64));
        let event = Event { at, duration: Delta(Samples(0)), values: vec![], label: String::new() };
        output.events(0, &[event])
    }
);

calculator!(Peak, one_to_one("t.peak"), |block, output| {
    for (row, magnitudes) in output.frames(0, block.count())?.iter_mut().zip(block.rows()) {
        *row = magnitudes.iter().copied().fold(0.0, f32::max);
    }
    Ok(())
});
calculator!(Late, one_to_one("t.late"), |block, output| {
    let late = usize::from(block.position() == 0);
    output.frames(0, block.count() - late).map(drop)
});
calculator!(Gaps, gaps(), |block, output| {
    output.frames(0, block.count())?.fill(f32::NAN);
    Ok(())
});

/// Its frames are independent, and a second's hundreds are worth splitting.
fn one_to_one(id: &str) -> CalculatorSpec {
    let input = SpectrumInput::new(4096, 2);
    describe(id, input.into(), Kind::Dense(Frames::Input), ONE).independent()
}

fn gaps() -> CalculatorSpec {
    let mut spec = describe("t.gaps", pcm(), every(1), ONE);
    spec.descriptors[0].gaps = true;
    spec
}

calculator!(Joint, joint(), |block, output| {
    let (left, right) = (block.channel(0), block.channel(1));
    let centres = (0..block.count()).filter(|at| (block.position() as usize + at) % 80 == 40);
    let values: Vec<f32> = centres.map(|at| left[at] - right[at]).collect();
    output.frames(0, values.len())?.copy_from_slice(&values);
    Ok(())
});

/// One channel made of two, a frame every 10 ms.
fn joint() -> CalculatorSpec {
    let frames = Frames::Every { hop: Amount::Milliseconds(10), first: Amount::Milliseconds(5) };
    let mut spec = describe("t.joint", PcmInput::new(ChannelUse::Each).into(), Kind::Dense(frames), ONE);
    spec.descriptors[0].joint = true;
    spec
}

calculator!(Powers, rows_of("t.powers", SpectrumScale::Power, WindowShape::Hann), |block, output| {
    output.frames(0, block.count())?.copy_from_slice(block.data());
    Ok(())
});
calculator!(Squares, rows_of("t.squares", SpectrumScale::Complex, WindowShape::Hann), |block, output| {
    let bins = block.data().chunks_exact(2).map(|bin| bin[0] * bin[0] + bin[1] * bin[1]);
    output.frames(0, block.count())?.iter_mut().zip(bins).for_each(|(value, power)| *value = power);
    Ok(())
});
calculator!(Ones, rows_of("t.ones", SpectrumScale::Complex, WindowShape::Rectangular), |block, output| {
    let bins = block.data().chunks_exact(2).map(|bin| bin[0]);
    output.frames(0, block.count())?.iter_mut().zip(bins).for_each(|(value, re)| *value = re);
    Ok(())
});

/// A value for each bin of each channel.
fn rows_of(id: &str, scale: SpectrumScale, window: WindowShape) -> CalculatorSpec {
    let input = SpectrumInput::new(256, 64).scale(scale).channels(ChannelUse::Each).window(window);
    describe(id, input.into(), Kind::Dense(Frames::Input), Bins::Input)
}

struct Picky;
impl Calculator for Picky {
    fn describe() -> CalculatorSpec {
        describe("t.picky", pcm(), every(1), ONE).param(ParamSpec::integer("n", 1, 0, 9, "", ""))
    }
    fn new(setup: &Setup) -> Result<Self, Error> {
        Err(format!("n = {:?} does not suit me", setup.params.integer("n")).into())
    }
    fn process(&mut self, _: &Block<'_>, _: &mut Output<'_>) -> Result<(), Error> {
        Ok(())
    }
}

agogic_calculator::export!(
    Copy, Rows, Panics, TooFew, TooMany, NoOutput, Backwards, Peak, Late, Gaps, Powers, Squares, Ones, Joint,
    Picky
);

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<f32>>>);

impl Receiver for Kept {
    fn frames(&mut self, _: usize, values: &[f32]) -> Result<(), ReceiveError> {
        self.0.lock().unwrap().extend_from_slice(values);
        Ok(())
    }
    fn events(&mut self, _: &[Event]) -> Result<(), ReceiveError> {
        Ok(())
    }
    fn raise_floor(&mut self, _: f32) -> Result<(), ReceiveError> {
        Ok(())
    }
}

/// Runs these calculators over stereo noise in blocks of this length; values or
/// the reason by calculator id.
fn run(ids: &[&str], block: usize) -> Vec<Result<Vec<f32>, String>> {
    let registry = Registry::with_built_in(&[library()]).unwrap();
    let source =
        Source { rate: SampleRate::new(8000).unwrap(), channels: vec!["left".into(), "right".into()] };
    let profile = Profile::built_in("default").unwrap();
    let find = |id: &str| -> &LoadedCalculator {
        registry.calculators().find(|calculator| calculator.spec.id.as_str() == id).unwrap()
    };
    let kept: Vec<Kept> = ids.iter().map(|_| Kept::default()).collect();
    let tasks = ids.iter().zip(&kept).map(|(id, kept)| Task {
        prepared: Prepared::new(find(id), &profile, &source).unwrap(),
        receivers: vec![Some(kept.clone())],
    });
    let cancel = AtomicBool::new(false);
    let mut session = Session::new(&source, tasks.collect(), vec![], &cancel);
    let mut seed = 1u32;
    let channels: [Vec<f32>; 2] = std::array::from_fn(|_| {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed as i32 as f32 / 2f32.powi(31)
        };
        (0..5000).map(|_| next()).collect()
    });
    for start in (0..5000).step_by(block) {
        let end = (start + block).min(5000);
        let planar = [&channels[0][start..end], &channels[1][start..end]].concat();
        session.push(&planar, end - start);
    }
    let outcomes = session.finish();
    let result = |(outcome, kept): (agogic_host::Outcome<'_, Kept>, &Kept)| {
        outcome.result.map(|_| kept.0.lock().unwrap().clone()).map_err(|error: CallError| error.to_string())
    };
    outcomes.into_iter().zip(&kept).map(result).collect()
}

#[test]
fn results_do_not_depend_on_blocks() {
    let whole = run(&["t.copy", "t.rows"], 5000);
    assert_eq!(whole[0].as_ref().unwrap().len(), 5000);
    // 1 + 5000 / 64 frames of 129 bins for each of two channels.
    assert_eq!(whole[1].as_ref().unwrap().len(), 79 * 129 * 2);
    for block in [1, 64, 999] {
        assert_eq!(run(&["t.copy", "t.rows"], block), whole, "blocks of {block}");
    }
}

#[test]
fn one_transform_serves_every_scale_with_the_same_bits() {
    let bits = |values: &Result<Vec<f32>, String>| -> Vec<u32> {
        values.as_ref().unwrap().iter().map(|value| value.to_bits()).collect()
    };
    let alone: Vec<_> = ["t.rows", "t.powers", "t.squares"].map(|id| bits(&run(&[id], 5000)[0])).into();
    assert_eq!(alone[1].len(), 79 * 129 * 2);
    assert_eq!(alone[1], alone[2]);
    for (ids, block) in [
        (["t.rows", "t.powers", "t.squares"], 5000),
        (["t.squares", "t.powers", "t.rows"], 64),
        (["t.powers", "t.squares", "t.rows"], 1),
    ] {
        for (id, values) in ids.iter().zip(&run(&ids, block)) {
            let expect = ["t.rows", "t.powers", "t.squares"].iter().position(|other| other == id).unwrap();
            assert_eq!(bits(values), alone[expect], "{id}, blocks of {block}");
        }
    }
}

#[test]
fn a_joint_descriptor_has_one_channel_and_times_become_samples() {
    let registry = Registry::with_built_in(&[library()]).unwrap();
    let calculator = registry.calculators().find(|found| found.spec.id.as_str() == "t.joint").unwrap();
    for (rate, plane) in [(8000, (40, 80)), (44_100, (221, 441)), (22_051, (110, 221))] {
        let channels = vec!["left".into(), "right".into(), "lfe".into()];
        let source = Source { rate: SampleRate::new(rate).unwrap(), channels };
        let prepared = Prepared::new(calculator, &Profile::built_in("default").unwrap(), &source).unwrap();
        assert_eq!(
            (&*prepared.headers[0].channels, &*prepared.headers[0].planes),
            (&["all".to_owned()][..], &[plane][..])
        );
    }
    let whole = run(&["t.joint"], 5000);
    assert_eq!(whole[0].as_ref().unwrap().len(), 62);
    for block in [1, 64, 999] {
        assert_eq!(run(&["t.joint"], block), whole, "blocks of {block}");
    }
}

#[test]
fn windows_have_their_shapes() {
    // Frame 20 of the left channel: under a rectangular window bin 0 is the sum
    // of its samples.
    let values = run(&["t.ones", "t.copy"], 999);
    let [ones, copy] = &values[..] else { panic!("two results") };
    let samples = copy.as_ref().unwrap();
    assert_eq!(samples.len(), 5000);
    let rows = ones.as_ref().unwrap();
    let row = |frame: usize, channel: usize| rows[(frame * 2 + channel) * 129];
    // The copy is of the mix.
    let sum: f32 = samples[20 * 64 - 128..20 * 64 + 128].iter().sum();
    let got = 0.5 * (row(20, 0) + row(20, 1));
    assert!((got - sum).abs() < 1e-3, "{got} is not {sum}");
}

#[test]
fn independent_frames_are_the_same_on_any_number_of_threads() {
    let on = |threads, block| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(&["t.peak"], block))
    };
    let whole = on(1, 5000);
    assert_eq!(whole[0].as_ref().unwrap().len(), 2501);
    for (threads, block) in [(2, 5000), (3, 5000), (8, 5000), (8, 1000), (8, 1), (5, 333)] {
        assert_eq!(on(threads, block), whole, "{threads} threads, blocks of {block}");
    }
}

#[test]
fn a_frame_that_comes_late_is_not_independent() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let results = pool.install(|| run(&["t.late", "t.peak"], 5000));
    let reason = results[0].as_ref().unwrap_err();
    assert!(reason.starts_with("the calculator broke the interface: t.late.out has "), "{reason}");
    assert!(results[1].is_ok());
}

#[test]
fn gaps_may_be_nan() {
    let values = run(&["t.gaps"], 1000).remove(0).unwrap();
    assert!(values.len() == 5000 && values.iter().all(|value| value.is_nan()));
}

#[test]
fn each_fault_is_its_own_and_harms_no_other() {
    let faults = [
        ("t.panics", "the calculator panicked: out of cheese"),
        ("t.few", "the calculator broke the interface: t.few.out has 3 frames instead of 79"),
        (
            "t.many",
            "the calculator broke the interface: 9223372036854775807 frames of t.many.out in one call",
        ),
        ("t.none", "the calculator broke the interface: it gave values for output 7, but describes only 1"),
        (
            "t.back",
            "the calculator broke the interface: events of t.back.out are out of order at sample -1000",
        ),
        ("t.picky", "the calculator cannot be set up: n = Some(1) does not suit me"),
    ];
    let ids: Vec<_> = faults.iter().map(|(id, _)| *id).chain(["t.copy"]).collect();
    let results = run(&ids, 1000);
    for ((id, expect), result) in faults.iter().zip(&results) {
        let reason = result.as_ref().unwrap_err();
        assert!(reason.starts_with(expect), "{id}: {reason}");
        assert_eq!(reason.lines().count(), 1, "{id}: {reason}");
    }
    assert_eq!(results.last().unwrap(), &run(&["t.copy"], 5000)[0]);
}

#[test]
fn files_that_are_no_plug_ins_are_named_and_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join(format!("text.{}", std::env::consts::DLL_EXTENSION));
    std::fs::write(&text, "I am no library").unwrap();
    std::fs::write(folder.path().join("README.txt"), "passed over in silence").unwrap();
    let place = |path: &std::path::Path| SearchPlace { path: path.into(), kind: SearchKind::Named };
    let nowhere = folder.path().join("nowhere");
    let catalogue = Catalogue::open(Settings {
        built_in: vec![library()],
        places: vec![place(folder.path()), place(&nowhere)],
        memory: None,
        worker: None,
        rules: Rules::default(),
        scan_timeout: Settings::SCAN_TIMEOUT,
    })
    .unwrap();
    let registry = catalogue.registry();
    let [lost, refusal] = registry.refusals() else { panic!("{} refusals", registry.refusals().len()) };
    assert_eq!((&refusal.path, &lost.path), (&text, &nowhere));
    let reason = refusal.reason.to_string();
    assert!(reason.starts_with("not a loadable library: "), "{reason}");
    assert_eq!(reason.lines().count(), 1, "{reason}");
    assert_eq!(registry.calculators().len(), 15);
}
