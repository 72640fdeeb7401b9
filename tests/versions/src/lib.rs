//! Calculators whose versions, defaults and values are told from outside, so
//! that one library stands for every release of a calculator. The environment
//! variable `AGOGIC_TEST_RELEASE` holds `key=value` pairs, separated by `;`.
//!
//! `v.a` and `v.b` are made of the audio, `v.c` of `v.a`, and `v.d` of `v.c` and
//! `v.b`. `v.note` notes the tempo, `v.tick` depends on it and counts in ticks.

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Frames, InputSpec,
    Kind, Level, Output, ParamSpec, PcmInput, Setup, TempoUse,
};

/// Samples between frames.
const HOP: u32 = 512;

/// What this release says of `key`.
fn told(key: &str, default: &str) -> String {
    let all = std::env::var("AGOGIC_TEST_RELEASE").unwrap_or_default();
    let found = all.split(';').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key);
    found.map_or(default, |(_, value)| value).to_owned()
}

fn number(key: &str, default: f64) -> f64 {
    told(key, "").parse().unwrap_or(default)
}

fn pcm() -> InputSpec {
    PcmInput::new(ChannelUse::Mono).into()
}

fn every_hop() -> Frames {
    Frames::Every { hop: Amount::Fixed(HOP), first: Amount::Fixed(0) }
}

/// A descriptor of one bin. Without a word from outside its values last changed
/// in the calculator's own version.
fn dense(id: &str, frames: Frames) -> DescriptorSpec {
    let descriptor = DescriptorSpec::new(id, "", Kind::Dense(frames), Bins::Count(Amount::Fixed(1)));
    match told(&format!("{id}.changed_in"), "").as_str() {
        "" => descriptor,
        version => descriptor.changed_in(version),
    }
}

fn calculator(id: &str, input: InputSpec) -> CalculatorSpec {
    CalculatorSpec::new(id, &told(id, "1.0.0"), input)
}

/// The samples that frames stand on.
fn centres<'a>(block: &Block<'a>) -> impl Iterator<Item = f32> + use<'a> {
    let first = (u64::from(HOP) - block.position() % u64::from(HOP)) % u64::from(HOP);
    block.channel(0).iter().skip(first as usize).step_by(HOP as usize).copied()
}

fn give(output: &mut Output<'_>, number: usize, values: &[f32]) -> Result<(), Error> {
    output.frames(number, values.len())?.copy_from_slice(values);
    Ok(())
}

/// `v.a` reads `gain`, `v.b` reads `bias`.
struct Source {
    gain: f32,
    bias: f32,
}

impl Calculator for Source {
    fn describe() -> CalculatorSpec {
        calculator("v.source", pcm())
            .param(ParamSpec::float("gain", number("gain", 1.0), 0.0, 10.0, "", ""))
            .param(ParamSpec::float("bias", number("bias", 0.0), 0.0, 10.0, "", ""))
            .descriptor(dense("v.a", every_hop()).reads(&["gain"]))
            .descriptor(dense("v.b", every_hop()).reads(&["bias"]))
    }
    fn new(setup: &Setup) -> Result<Self, Error> {
        let param = |name| setup.params.float(name).map(|value| value as f32).ok_or("no such parameter");
        let scale = number("scale", 1.0) as f32;
        Ok(Self { gain: param("gain")? * scale, bias: param("bias")? })
    }
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        if told("fails", "") == "v.source" {
            return Err("as it was told".into());
        }
        let samples: Vec<f32> = centres(block).collect();
        give(output, 0, &samples.iter().map(|sample| sample * self.gain).collect::<Vec<_>>())?;
        give(output, 1, &samples.iter().map(|sample| sample + self.bias).collect::<Vec<_>>())
    }
}

/// `v.c` is twice `v.a`.
struct Twice;

impl Calculator for Twice {
    fn describe() -> CalculatorSpec {
        let input = told("v.c.input", "v.a");
        calculator("v.twice", InputSpec::descriptors(&[&input])).descriptor(dense("v.c", Frames::Input))
    }
    fn new(_: &Setup) -> Result<Self, Error> {
        Ok(Self)
    }
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        give(output, 0, &block.data().iter().map(|value| value * 2.0).collect::<Vec<_>>())
    }
}

/// `v.d` is the sum of `v.c` and `v.b`.
#[derive(Default)]
struct Sum {
    /// Values of each input that wait for the other's.
    waiting: [Vec<f32>; 2],
}

impl Calculator for Sum {
    fn describe() -> CalculatorSpec {
        calculator("v.sum", InputSpec::descriptors(&["v.c", "v.b"])).descriptor(dense("v.d", Frames::Input))
    }
    fn new(_: &Setup) -> Result<Self, Error> {
        Ok(Self::default())
    }
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        self.waiting[block.input()].extend_from_slice(block.data());
        let [a, b] = &mut self.waiting;
        let count = a.len().min(b.len());
        let sums: Vec<f32> = a.drain(..count).zip(b.drain(..count)).map(|(a, b)| a + b).collect();
        give(output, 0, &sums)
    }
}

/// `v.note` has to do with tempo and does not depend on it.
struct Note;

impl Calculator for Note {
    fn describe() -> CalculatorSpec {
        calculator("v.note", pcm()).tempo(TempoUse::Annotation).descriptor(dense("v.note", every_hop()))
    }
    fn new(_: &Setup) -> Result<Self, Error> {
        Ok(Self)
    }
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        if let Some([first, .., last]) = block.ticks() {
            output.log(Level::Info, if first < last { "ticks go on" } else { "ticks stand" });
        }
        give(output, 0, &centres(block).collect::<Vec<_>>())
    }
}

/// `v.tick` has a frame every 240 ticks, which holds its own tick.
#[derive(Default)]
struct Tick {
    given: u32,
}

impl Calculator for Tick {
    fn describe() -> CalculatorSpec {
        let (hop, every) = (Amount::Fixed(240), Amount::Fixed(HOP));
        calculator("v.tick", pcm())
            .tempo(TempoUse::Input)
            .descriptor(dense("v.tick", Frames::Ticks { per_quarter: 960, hop, every }))
    }
    fn new(_: &Setup) -> Result<Self, Error> {
        Ok(Self::default())
    }
    fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
        let Some([_, end]) = block.ticks() else {
            return Err("no ticks of the first and last sample".into());
        };
        let mut ticks = vec![];
        while f64::from(self.given * 240) < *end {
            ticks.push((self.given * 240) as f32);
            self.given += 1;
        }
        give(output, 0, &ticks)
    }
}

agogic_calculator::export!(Source, Twice, Sum, Note, Tick);
