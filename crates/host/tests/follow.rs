//! Derived calculators that follow others of the same run: they give what they
//! would give of the tracks, whatever the blocks, and nothing where those
//! tracks are changed or never come.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use agogic_calculator::{
    Amount, Bins, Block, Calculator, CalculatorSpec, ChannelUse, DescriptorSpec, Error, Event, Frames,
    InputSpec, Kind, Output, PcmInput, Setup,
};
use agogic_host::{
    CallError, Derivation, Follower, Outcome, OutputOf, Prepared, ReceiveError, Receiver, Registry, Session,
    Source, Task,
};
use agogic_schema::Profile;
use agogic_timebase::SampleRate;

fn describe(id: &str, input: InputSpec, frames: Frames) -> CalculatorSpec {
    let one = Bins::Count(Amount::Fixed(1));
    let output = DescriptorSpec::new(&format!("{id}.out"), "", Kind::Dense(frames), one);
    CalculatorSpec::new(id, "1.0.0", input).descriptor(output)
}

fn of_audio(id: &str) -> CalculatorSpec {
    let frames = Frames::Every { hop: Amount::Fixed(1), first: Amount::Fixed(0) };
    describe(id, PcmInput::new(ChannelUse::Mono).into(), frames)
}

fn of(id: &str, input: &str) -> CalculatorSpec {
    describe(id, InputSpec::descriptors(&[input]), Frames::Input)
}

/// Gives its samples.
fn copy(block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
    output.frames(0, block.count())?.copy_from_slice(block.data());
    Ok(())
}

macro_rules! calculator {
    ($name:ident, $spec:expr, $process:expr, $finish:expr) => {
        #[derive(Default)]
        struct $name(f32);
        impl Calculator for $name {
            fn describe() -> CalculatorSpec {
                $spec
            }
            fn new(_: &Setup) -> Result<Self, Error> {
                Ok(Self::default())
            }
            fn process(&mut self, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
                $process(&mut self.0, block, output)
            }
            fn finish(&mut self, output: &mut Output<'_>) -> Result<(), Error> {
                $finish(&mut self.0, output)
            }
        }
    };
}

fn nothing(_: &mut f32, _: &mut Output<'_>) -> Result<(), Error> {
    Ok(())
}

calculator!(Samples, of_audio("t.samples"), |_: &mut f32, block, output| copy(block, output), nothing);
calculator!(
    Raised,
    of_audio("t.raised"),
    |_: &mut f32, block, output| copy(block, output),
    |_: &mut f32, output: &mut Output<'_>| output.raise_floor(0, 0.5)
);
calculator!(
    RaisedInVain,
    of_audio("t.vain"),
    |_: &mut f32, block, output| copy(block, output),
    |_: &mut f32, output: &mut Output<'_>| output.raise_floor(0, -2.0)
);
calculator!(
    Breaks,
    of_audio("t.breaks"),
    |_: &mut f32, block: &Block<'_>, output| if block.position() > 500 {
        Err("enough".into())
    } else {
        copy(block, output)
    },
    nothing
);

/// A running sum, given one frame late, the last at the end.
fn sum(sum: &mut f32, block: &Block<'_>, output: &mut Output<'_>) -> Result<(), Error> {
    let late = usize::from(block.position() == 0);
    let rows = output.frames(0, block.count() - late)?;
    for (at, x) in block.data().iter().enumerate() {
        if at >= late {
            rows[at - late] = *sum;
        }
        *sum += x;
    }
    Ok(())
}

fn last(sum: &mut f32, output: &mut Output<'_>) -> Result<(), Error> {
    output.frames(0, 1)?[0] = *sum;
    Ok(())
}

macro_rules! summed {
    ($($name:ident $id:literal $of:literal),*) => { $(
        calculator!(
            $name,
            of($id, $of),
            sum,
            last
        );
    )* };
}

summed!(
    Sums "t.sums" "t.samples.out",
    Twice "t.twice" "t.sums.out",
    OfRaised "t.of-raised" "t.raised.out",
    OfVain "t.of-vain" "t.vain.out",
    OfBroken "t.of-broken" "t.breaks.out",
    OfThat "t.of-that" "t.of-broken.out"
);

agogic_calculator::export!(
    Samples,
    Raised,
    RaisedInVain,
    Breaks,
    Sums,
    Twice,
    OfRaised,
    OfVain,
    OfBroken,
    OfThat
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

/// Runs a calculator of audio over 999 samples that rise from -1 to 1, and
/// behind it calculators of which each follows the one before.
fn run(ids: &[&str], block: usize, cancel: bool) -> Vec<Result<Vec<f32>, CallError>> {
    let registry = Registry::with_built_in(&[library()]).unwrap();
    let source = Source { rate: SampleRate::new(8000).unwrap(), channels: vec!["mono".into()] };
    let profile = Profile::built_in("default").unwrap();
    let find = |id: &str| registry.calculators().find(|found| found.spec.id.as_str() == id).unwrap();
    let kept: Vec<Kept> = ids.iter().map(|_| Kept::default()).collect();
    let prepared = Prepared::new(find(ids[0]), &profile, &source).unwrap();
    let mut header = prepared.headers[0].clone();
    let mut followers = vec![];
    for (number, (id, kept)) in ids.iter().zip(&kept).enumerate().skip(1) {
        let derivation = Derivation::new(find(id), &profile, &[header], None).unwrap();
        header = derivation.headers[0].clone();
        let of = OutputOf { number: number - 1, output: 0 };
        followers.push(Follower { derivation, of, receivers: vec![Some(kept.clone())] });
    }
    let watch = AtomicBool::new(false);
    let task = Task { prepared, receivers: vec![Some(kept[0].clone())] };
    let mut session = Session::new(&source, vec![task], followers, &watch);
    let samples: Vec<f32> = (0..999i16).map(|n| f32::from(n) / 499.0 - 1.0).collect();
    for block in samples.chunks(block) {
        session.push(block, block.len());
        watch.store(cancel, std::sync::atomic::Ordering::Relaxed);
    }
    let result = |(outcome, kept): (Outcome<'_, Kept>, Kept)| {
        outcome.result.map(|_| std::mem::take(&mut *kept.0.lock().unwrap()))
    };
    session.finish().into_iter().zip(kept).map(result).collect()
}

fn sums(values: &[f32]) -> Vec<f32> {
    let mut sum = 0.0;
    values
        .iter()
        .map(|x| {
            sum += x;
            sum
        })
        .collect()
}

#[test]
fn followers_take_every_frame_once_and_in_order() {
    for block in [1, 64, 500, 999] {
        let got = run(&["t.samples", "t.sums", "t.twice"], block, false);
        let got: Vec<_> = got.into_iter().map(Result::unwrap).collect();
        assert_eq!(got[0].len(), 999);
        assert_eq!(got[1], sums(&got[0]), "blocks of {block}");
        assert_eq!(got[2], sums(&got[1]), "blocks of {block}");
    }
}

#[test]
fn what_is_made_of_values_that_change_is_given_up() {
    let got = run(&["t.raised", "t.of-raised"], 100, false);
    assert!(got[0].is_ok() && matches!(got[1], Err(CallError::InputLost)), "{got:?}");
    // A floor below all values changes none.
    let got = run(&["t.vain", "t.of-vain"], 100, false);
    assert_eq!(*got[1].as_ref().unwrap(), sums(got[0].as_ref().unwrap()));
}

#[test]
fn what_follows_a_failure_is_lost_and_cancelling_stops_all() {
    let got = run(&["t.breaks", "t.of-broken", "t.of-that"], 100, false);
    assert!(matches!(&got[0], Err(CallError::Failed(reason)) if reason == "enough"), "{got:?}");
    assert!(got[1..].iter().all(|lost| matches!(lost, Err(CallError::InputLost))), "{got:?}");
    let got = run(&["t.samples", "t.sums", "t.twice"], 100, true);
    assert!(got.iter().all(|ended| matches!(ended, Err(CallError::Cancelled))), "{got:?}");
}
