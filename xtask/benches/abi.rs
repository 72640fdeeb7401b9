//! What the plug-in interface costs: a block through it, as a host drives an
//! instance, against the same calculator called directly, in the same run.
//!
//! Both ways put what they get into memory of the caller's own. What the interface
//! costs is measured at a calculator that does nothing but ask for room, where nothing
//! else drowns it, and held against the own work of the built-in ones: the demand is
//! for blocks of 1,024 frames, beside it blocks of samples of which some are far
//! shorter than a host's own.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]

mod table;

use std::hint::black_box;
use std::time::Instant;

use agogic_calculator::private::abi_stable::sabi_trait::TD_Opaque;
use agogic_calculator::private::abi_stable::std_types::{
    RNone, ROption, RResult, RSlice, RSliceMut, RStr, RVec,
};
use agogic_calculator::private::v1::{self, Block as AbiBlock, InstanceBox, Sink_TO, SinkRef};
use agogic_calculator::private::{Entry, create, entry};
use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, Collected, DescriptorSpec, Error, Frames,
    Kind, Output, PcmInput, Setup,
};

use table::{medians, random, verdict};

/// Samples or frames in a block; the last is the host's own block of samples.
const COUNTS: [usize; 5] = [64, 256, 1024, 4096, 16_384];
/// The block of frames at which the demand holds.
const DEMANDED_AT: usize = 2;
/// The longest block of frames: spectra of as many as of samples take 64 MiB.
const MOST_FRAMES: usize = 4096;
/// Share of a calculator's own work that the interface may cost.
const DEMAND: f64 = 0.02;
const ROUNDS: usize = 31;
/// Seconds of a round, about: long beside the clock's step.
const ROUND: f64 = 2e-3;
const RATE: u32 = 44_100;
const BINS: usize = 1025;

fn main() {
    println!(
        "ns a block of mono, medians of {ROUNDS} rounds in turns: called directly, through the interface, \
         ratio\n\n{:18}{}",
        "",
        COUNTS.map(|count| format!("{count:>28}")).concat()
    );
    let nothing = row::<Nothing>("nothing", 1);
    let own = [
        ("agogic.peaks", row::<agogic_peaks::Peaks>("agogic.peaks", 1)),
        ("agogic.rms", row::<agogic_rms::Rms>("agogic.rms", 1)),
        ("agogic.spectrum", row::<agogic_spectrum::Spectrum>("agogic.spectrum", BINS)),
        ("agogic.mel", row::<agogic_mel::Mel>("agogic.mel", BINS)),
    ];
    let cost = nothing[DEMANDED_AT].through - nothing[DEMANDED_AT].direct;
    println!(
        "\nthe interface costs {cost:.0} ns a block; share of the own work, demand: <= {} %",
        DEMAND * 100.0
    );
    for (name, took) in own {
        print!("{name:18}");
        for (count, took) in COUNTS.iter().zip(&took).skip(DEMANDED_AT) {
            let share = cost / took.direct;
            print!("  {:8.4} % at {count:6} {:6}", share * 100.0, verdict(share <= DEMAND));
        }
        println!();
    }
}

/// Nanoseconds of a block.
struct Took {
    direct: f64,
    through: f64,
}

/// One calculator at all lengths of block, as a line of the table.
fn row<C: Calculator>(name: &str, width: usize) -> Vec<Took> {
    let counts = COUNTS.iter().filter(|&&count| width == 1 || count <= MOST_FRAMES);
    let took: Vec<Took> = counts.map(|&count| measure::<C>(count, width)).collect();
    let cell =
        |Took { direct, through }: &Took| format!("{direct:11.0} {through:11.0} {:5.2}", through / direct);
    println!("{name:18}{}", took.iter().map(cell).collect::<String>());
    took
}

fn measure<C: Calculator>(count: usize, width: usize) -> Took {
    let setup = Collected::setup::<C>(RATE, 1, width as u32);
    let mut random = random(1);
    let data: Vec<f32> = (0..count * width).map(|_| random() as f32).collect();
    let mut direct =
        Direct { calculator: C::new(&setup).expect("an instance"), got: Collected::new::<C>(&setup) };
    let mut through = Through { instance: instance::<C>(&setup), got: Kept::new::<C>(&setup) };
    // The first call is no measure: it allocates.
    direct.block(0, count, width, &data);
    let start = Instant::now();
    direct.block(0, count, width, &data);
    let blocks = (ROUND / start.elapsed().as_secs_f64()).clamp(1.0, 1e5) as usize;
    let blocks_of = |round: usize| (round * blocks..(round + 1) * blocks).map(|n| (n * count) as u64);
    let took = medians(
        ROUNDS,
        [
            &mut |round| {
                for at in blocks_of(round) {
                    direct.block(at, count, width, &data);
                }
            },
            &mut |round| {
                for at in blocks_of(round) {
                    through.block(at, count, width, &data);
                }
            },
        ],
    );
    let [direct, through] = took.map(|seconds| seconds * 1e9 / blocks as f64);
    Took { direct, through }
}

/// A calculator called directly.
struct Direct<C> {
    calculator: C,
    got: Collected,
}

impl<C: Calculator> Direct<C> {
    fn block(&mut self, at: u64, count: usize, width: usize, data: &[f32]) {
        self.got.clear();
        let block = Block::new(at, count, 1, width, data).expect("a block");
        black_box(&mut self.calculator).process(&block, &mut self.got.output()).expect("no error");
        black_box(&self.got);
    }
}

/// The same through the interface, as `agogic-host` does it.
struct Through {
    instance: InstanceBox,
    got: Kept,
}

/// What was given, as a host keeps it.
struct Kept {
    /// Values per frame, by output.
    width: Vec<usize>,
    planes: [Vec<f32>; 16],
}

impl Kept {
    fn new<C: Calculator>(setup: &Setup) -> Self {
        let width = |descriptor: &DescriptorSpec| match &descriptor.bins {
            Bins::Count(amount) => amount.resolve(&setup.params).expect("a number") as usize,
            Bins::Input => setup.bins as usize,
        };
        Self {
            width: C::describe().descriptors.iter().map(width).collect(),
            planes: std::array::from_fn(|_| vec![]),
        }
    }
}

impl Through {
    fn block(&mut self, at: u64, count: usize, width: usize, data: &[f32]) {
        self.got.planes.iter_mut().for_each(Vec::clear);
        let block = AbiBlock {
            input: 0,
            plane: 0,
            position: at,
            count: count as u64,
            channels: 1,
            width: width as u32,
            data: RSlice::from_slice(data),
            events: RSlice::EMPTY,
            ticks: RSlice::EMPTY,
        };
        {
            let mut lent = Lent(&mut self.got);
            let mut sink: SinkRef<'_> = Sink_TO::from_ptr(&mut lent, TD_Opaque);
            let result = black_box(&mut self.instance).process(block, &mut sink);
            assert!(matches!(result, RResult::ROk(())), "no failure");
        }
        black_box(&self.got);
    }
}

fn instance<C: Calculator>(setup: &Setup) -> InstanceBox {
    fn entries<C: Calculator>() -> [Entry; 1] {
        [entry::<C>()]
    }
    let id = C::describe().id;
    let setup = rmp_serde::to_vec_named(setup).expect("bytes");
    let made = create(entries::<C>, RStr::from_str(id.as_str()), RSlice::from_slice(&setup));
    made.into_result().expect("an instance")
}

/// The host's side of the outputs.
struct Lent<'a>(&'a mut Kept);

impl v1::Sink for Lent<'_> {
    fn frames(&mut self, output: u32, plane: u32, count: u64) -> RSliceMut<'_, f32> {
        let values = &mut self.0.planes[plane as usize];
        let start = values.len();
        values.resize(start + count as usize * self.0.width[output as usize], 0.0);
        RSliceMut::from_mut_slice(&mut values[start..])
    }
    fn events(&mut self, _: u32, _: RSlice<'_, u8>) -> bool {
        true
    }
    fn raise_floor(&mut self, _: u32, _: f32) -> bool {
        true
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn log(&self, _: u32, _: RStr<'_>) {}
    fn progress(&self, _: f32) {}
    fn extension(&mut self, _: RStr<'_>, _: RSlice<'_, u8>) -> ROption<RVec<u8>> {
        RNone
    }
}

/// Asks for room, as every calculator does, and leaves it as it is.
struct Nothing;

impl Calculator for Nothing {
    fn describe() -> CalculatorSpec {
        let frames = Frames::Every { hop: Amount::Fixed(64), first: Amount::Fixed(0) };
        CalculatorSpec::new("bench.nothing", "1.0.0", PcmInput::new(ChannelUse::Mono)).descriptor(
            DescriptorSpec::new("bench.nothing", "", Kind::Dense(frames), Bins::Count(Amount::Fixed(1))),
        )
    }

    fn new(_setup: &Setup) -> Result<Self, Error> {
        Ok(Self)
    }

    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        output.frames(0, block.count() / 64).map(drop)
    }
}
