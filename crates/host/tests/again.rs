//! Instances that are used again: after a reset every built-in calculator gives
//! what a new one gives, bit for bit.

use std::sync::atomic::AtomicBool;

use agogic_host::{CallError, Prepared, ReceiveError, Receiver, Registry, Session, Source, Spares, Task};
use agogic_schema::{Event, Profile};
use agogic_timebase::SampleRate;

/// All that was given for a track, in order.
#[derive(Default, Debug, PartialEq)]
struct Kept {
    bits: Vec<(usize, u32)>,
    events: Vec<Event>,
    floors: Vec<u32>,
}

impl Receiver for Kept {
    fn frames(&mut self, plane: usize, values: &[f32]) -> Result<(), ReceiveError> {
        self.bits.extend(values.iter().map(|value| (plane, value.to_bits())));
        Ok(())
    }
    fn events(&mut self, events: &[Event]) -> Result<(), ReceiveError> {
        self.events.extend_from_slice(events);
        Ok(())
    }
    fn raise_floor(&mut self, floor: f32) -> Result<(), ReceiveError> {
        self.floors.push(floor.to_bits());
        Ok(())
    }
}

fn noise(samples: usize, mut seed: u32) -> Vec<f32> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed as i32 as f32 / 2f32.powi(31)
    };
    // Bursts, so that there are onsets.
    (0..samples).map(|i| next() * (-((i % 3000) as f32) / 400.0).exp()).collect()
}

/// Runs all built-in calculators over mono noise.
fn run(registry: &Registry, profile: &str, samples: usize, seed: u32, spares: &mut Spares) -> Vec<Vec<Kept>> {
    let source = Source { rate: SampleRate::new(22_050).unwrap(), channels: vec!["mono".into()] };
    let profile = Profile::built_in(profile).unwrap();
    let tasks = registry.calculators().map(|calculator| {
        let prepared = Prepared::new(calculator, &profile, &source).unwrap();
        let receivers = prepared.headers.iter().map(|_| Some(Kept::default())).collect();
        Task { prepared, receivers }
    });
    let cancel = AtomicBool::new(false);
    let mut session = Session::with_spares(&source, tasks.collect(), &cancel, spares);
    for block in noise(samples, seed).chunks(4096) {
        session.push(block, block.len());
    }
    let outcomes = session.finish_into(spares).into_iter();
    let result: Result<_, CallError> =
        outcomes.map(|outcome| Ok(outcome.result?.into_iter().flatten().collect())).collect();
    result.unwrap()
}

#[test]
fn an_instance_that_was_reset_is_as_new() {
    let registry = Registry::with_built_in(&[agogic_standard::library()]).unwrap();
    for profile in ["default", "librosa"] {
        let mut spares = Spares::default();
        let first = run(&registry, profile, 30_000, 1, &mut spares);
        assert_eq!(spares.len(), registry.calculators().len());
        assert!(first.iter().flatten().all(|kept| *kept != Kept::default()));
        // Another asset in between leaves no trace.
        let other = run(&registry, profile, 12_345, 2, &mut spares);
        assert_eq!(other, run(&registry, profile, 12_345, 2, &mut Spares::default()));
        assert_eq!(run(&registry, profile, 30_000, 1, &mut spares), first);
        assert_eq!(spares.len(), registry.calculators().len());
    }
}
