//! The difference between what is wanted and what is cached, for one asset
//! under one profile, and what is to be done about it.

use std::collections::{BTreeMap, BTreeSet};

use agogic_schema::{CacheRecord, ContentHash, DescriptorId};

use crate::freshness::{Input, Wanted, judge};
use crate::levels::levels;
use crate::reason::{Freshness, Obstacle, Reason};

/// How one descriptor stands, why, and what is next for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The descriptor.
    pub descriptor: DescriptorId,
    /// How it stands.
    pub freshness: Freshness,
    /// Why.
    pub reason: Reason,
    /// What is to be done.
    pub step: Step,
}

/// What is to be done about a descriptor.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// It can be computed now, from inputs with this content.
    Run(BTreeMap<DescriptorId, ContentHash>),
    /// This input has to be computed first.
    Wait(DescriptorId),
    /// It cannot be computed.
    Blocked(Obstacle),
}

/// One verdict for each descriptor that is wanted or cached, in order of id.
///
/// Inputs of what is wanted must be wanted too; one that is not counts as
/// computed by nobody. `tempo` is the content of the tempo map, where one is
/// given. `known` says whether anybody could compute a descriptor: a cached one
/// that is not wanted is extraneous either way, but for another reason.
///
/// To close the difference, run what can be run, then ask again: what had to
/// wait either runs now or, where its inputs came out as they were, is current.
pub fn diff(
    wanted: &[Wanted],
    cached: &[CacheRecord],
    tempo: Option<ContentHash>,
    known: impl Fn(&DescriptorId) -> bool,
) -> Vec<Verdict> {
    let cached: BTreeMap<_, _> = cached.iter().map(|record| (&record.key.descriptor, record)).collect();
    let by_id: BTreeMap<_, _> = wanted.iter().map(|wanted| (&wanted.descriptor, wanted)).collect();
    let order = levels(&wanted.iter().map(|w| (w.descriptor.clone(), w.inputs.clone())).collect());
    let mut verdicts: BTreeMap<&DescriptorId, Verdict> = BTreeMap::new();
    for id in order.levels.iter().flatten() {
        let Some((&id, &wanted)) = by_id.get_key_value(id) else { continue };
        let input = |input: &DescriptorId| match (verdicts.get(input), cached.get(input)) {
            _ if *input == DescriptorId::tempo() => tempo.map_or(Input::NotGiven, Input::Content),
            (None, _) => Input::Unknown,
            (Some(Verdict { freshness: Freshness::Current, .. }), Some(record)) => {
                Input::Content(record.content)
            }
            (Some(verdict), _) => Input::Pending(verdict.freshness),
        };
        let inputs = wanted.inputs.iter().map(|id| (id.clone(), input(id))).collect();
        let (freshness, reason) = judge(wanted, &inputs, cached.get(id).copied());
        let step = if freshness == Freshness::Current { Step::Keep } else { next(&inputs) };
        verdicts.insert(id, Verdict { descriptor: id.clone(), freshness, reason, step });
    }
    for (id, cycle) in &order.stuck {
        let freshness = if cached.contains_key(id) { Freshness::Stale } else { Freshness::Missing };
        let step = Step::Blocked(Obstacle::Cycle(cycle.clone()));
        let reason = Reason::Cycle(cycle.clone());
        verdicts.insert(id, Verdict { descriptor: id.clone(), freshness, reason, step });
    }
    let extraneous = |(id, record): (&&DescriptorId, &&CacheRecord)| {
        let calculator = &record.provenance.calculator;
        let reason = if known(id) { Reason::NotWanted } else { Reason::NoCalculator(calculator.clone()) };
        Verdict { descriptor: (*id).clone(), freshness: Freshness::Extraneous, reason, step: Step::Keep }
    };
    let others: Vec<_> = cached.iter().filter(|(id, _)| !by_id.contains_key(*id)).map(extraneous).collect();
    let mut all: Vec<_> = verdicts.into_values().chain(others).collect();
    all.sort_by(|a, b| a.descriptor.cmp(&b.descriptor));
    all
}

/// What is to be done about a descriptor that is not current.
fn next(inputs: &BTreeMap<DescriptorId, Input>) -> Step {
    let mut contents = BTreeMap::new();
    let mut wait = None;
    for (id, input) in inputs {
        match input {
            Input::Content(content) => {
                contents.insert(id.clone(), *content);
            }
            Input::Pending(_) => wait = wait.or(Some(id)),
            Input::Unknown => return Step::Blocked(Obstacle::UnknownInput(id.clone())),
            Input::NotGiven => return Step::Blocked(Obstacle::NoTempo),
        }
    }
    wait.map_or(Step::Run(contents), |id| Step::Wait(id.clone()))
}

/// The descriptors that were named, all that they are made of, and so on.
/// `inputs` says what one is made of.
pub fn with_inputs<'a>(
    named: impl IntoIterator<Item = &'a DescriptorId>,
    inputs: impl Fn(&DescriptorId) -> &'a [DescriptorId],
) -> BTreeSet<&'a DescriptorId> {
    let mut all = BTreeSet::new();
    let mut open: Vec<_> = named.into_iter().collect();
    while let Some(id) = open.pop() {
        if all.insert(id) {
            open.extend(inputs(id));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::hash::{Hash as _, Hasher as _};

    use agogic_schema::*;
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> DescriptorId {
        DescriptorId::new(text).unwrap()
    }

    fn wanted(installed: &str, changed_in: &str) -> Wanted {
        Wanted {
            descriptor: id("t.a"),
            calculator: CalculatorId::new("t").unwrap(),
            installed: Version::parse(installed).unwrap(),
            changed_in: Version::parse(changed_in).unwrap(),
            revision: Revision([1; 32]),
            inputs: vec![],
        }
    }

    fn cached(version: &str) -> CacheRecord {
        let wanted = wanted(version, version);
        CacheRecord {
            version: RECORD_VERSION,
            key: CacheKey::new(
                AssetId([0; 32]),
                ProfileName::new("default").unwrap(),
                wanted.descriptor.clone(),
            ),
            provenance: Provenance {
                calculator: wanted.calculator,
                version: wanted.installed,
                revision: wanted.revision,
                inputs: BTreeMap::new(),
            },
            header: TrackHeader {
                descriptor: wanted.descriptor,
                unit: String::new(),
                range: None,
                shape: Shape::Dense,
                channels: vec!["mono".into()],
                bins: 1,
                rate: 44_100,
                planes: vec![(0, 512)],
            },
            frames: vec![1],
            content: ContentHash([3; 32]),
            max_error: Default::default(),
            notes: Notes::default(),
        }
    }

    /// (installed, changed_in) against the version that computed it.
    #[test]
    fn versions() {
        for (installed, changed_in, computed_by, expect) in [
            ("1.0.0", "1.0.0", "1.0.0", "current"),
            ("1.0.1", "1.0.0", "1.0.0", "current"),
            ("1.0.1", "1.0.1", "1.0.0", "stale"),
            ("2.0.0", "1.0.0", "1.5.0", "current"),
            ("2.0.0", "2.0.0", "1.5.0", "stale"),
            ("2.0.0", "1.2.0", "1.1.9", "stale"),
            ("1.0.0", "1.0.0", "1.0.1", "stale"),
            ("2.0.0-beta.1", "2.0.0-beta.1", "1.9.0", "stale"),
            ("2.0.0", "2.0.0", "2.0.0-beta.1", "stale"),
            ("2.0.0-beta.1", "1.0.0", "2.0.0", "stale"),
        ] {
            let (freshness, reason) =
                judge(&wanted(installed, changed_in), &BTreeMap::new(), Some(&cached(computed_by)));
            assert_eq!(freshness.as_str(), expect, "{installed}, {changed_in}, {computed_by}: {reason}");
        }
    }

    #[test]
    fn everything_else() {
        let check = |change: &dyn Fn(&mut CacheRecord), expect: &str| {
            let mut record = cached("1.0.0");
            record.provenance.inputs = [(id("t.in"), ContentHash([2; 32]))].into();
            change(&mut record);
            let inputs = [(id("t.in"), Input::Content(ContentHash([2; 32])))].into();
            let (freshness, reason) = judge(&wanted("1.0.0", "1.0.0"), &inputs, Some(&record));
            assert_eq!(format!("{freshness}: {reason}"), expect);
        };
        check(&|_| {}, "current: up to date");
        check(&|r| r.provenance.revision = Revision([9; 32]), "stale: a parameter that it reads has changed");
        check(
            &|r| r.provenance.calculator = CalculatorId::new("u").unwrap(),
            "stale: it is now computed by t",
        );
        check(
            &|r| *r.provenance.inputs.get_mut(&id("t.in")).unwrap() = ContentHash([9; 32]),
            "stale: its input t.in has changed",
        );
        check(&|r| r.provenance.inputs.clear(), "stale: its input t.in has changed");
        check(
            &|r| r.provenance.inputs.extend([(id("t.old"), ContentHash([2; 32]))]),
            "stale: its input t.old has changed",
        );
        check(
            &|r| r.provenance.inputs.extend([(DescriptorId::tempo(), ContentHash([2; 32]))]),
            "stale: the tempo map has changed",
        );
        // What is no part of the rule changes nothing.
        check(&|r| r.content = ContentHash([9; 32]), "current: up to date");
        check(&|r| r.header.unit = "dB".into(), "current: up to date");
        check(&|r| r.notes.sample_rate = Some(1), "current: up to date");
        assert_eq!(judge(&wanted("1.0.0", "1.0.0"), &BTreeMap::new(), None).0, Freshness::Missing);
    }

    /// What is said of a descriptor while its input stands so, cached or not.
    #[test]
    fn inputs_that_are_not_known() {
        let (a, tempo) = (id("t.a"), DescriptorId::tempo());
        let content = ContentHash([2; 32]);
        for (input, state, expect, step) in [
            (&a, Input::Content(content), "current: up to date", "Run"),
            (&a, Input::Content(ContentHash([9; 32])), "stale: its input t.a has changed", "Run"),
            (&a, Input::Pending(Freshness::Stale), "stale: its input t.a is stale", "Wait"),
            (&a, Input::Pending(Freshness::Missing), "stale: its input t.a is missing", "Wait"),
            (&a, Input::Unknown, "stale: no calculator computes its input t.a", "Blocked"),
            (&tempo, Input::Content(content), "current: up to date", "Run"),
            (&tempo, Input::Content(ContentHash([9; 32])), "stale: the tempo map has changed", "Run"),
            (
                &tempo,
                Input::NotGiven,
                "current: up to date with the tempo map that it was computed with",
                "Blocked",
            ),
        ] {
            let mut record = cached("1.0.0");
            record.provenance.inputs = [(input.clone(), content)].into();
            let inputs = [(input.clone(), state)].into();
            let (freshness, reason) = judge(&wanted("1.0.0", "1.0.0"), &inputs, Some(&record));
            assert_eq!(format!("{freshness}: {reason}"), expect);
            assert!(format!("{:?}", next(&inputs)).starts_with(step), "{state:?}: {:?}", next(&inputs));
        }
    }

    #[test]
    fn cycles_and_strangers_are_blocked_alone() {
        let made_of = |name: &str, inputs: &[&str]| Wanted {
            descriptor: id(name),
            inputs: inputs.iter().map(|of| id(of)).collect(),
            ..wanted("1.0.0", "1.0.0")
        };
        let all = [
            made_of("a", &["b"]),
            made_of("b", &["a"]),
            made_of("c", &["a"]),
            made_of("d", &["nobody"]),
            made_of("e", &[]),
            made_of("f", &["e"]),
            made_of("g", &["tempo"]),
        ];
        let told: Vec<_> = diff(&all, &[], None, |_| true)
            .into_iter()
            .map(|verdict| match verdict.step {
                Step::Blocked(obstacle) => obstacle.to_string(),
                Step::Wait(input) => format!("wait for {input}"),
                step => format!("{step:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "it cannot be computed before itself: a is made of b, b of a",
                "it cannot be computed before itself: b is made of a, a of b",
                "it cannot be computed before itself: a is made of b, b of a",
                "no calculator computes its input nobody",
                "Run({})",
                "wait for e",
                "it depends on tempo and no tempo map is given",
            ]
        );
    }

    #[test]
    fn what_nobody_wants_is_extraneous() {
        let mut other = cached("1.0.0");
        other.key.descriptor = id("t.b");
        let verdicts = |known| {
            let verdicts = diff(&[wanted("1.0.0", "1.0.0")], &[other.clone()], None, |_| known);
            verdicts
                .iter()
                .map(|v| format!("{} {}: {}", v.descriptor, v.freshness, v.reason))
                .collect::<Vec<_>>()
        };
        assert_eq!(verdicts(true), ["t.a missing: not in the cache", "t.b extraneous: nobody asks for it"]);
        assert_eq!(verdicts(false)[1], "t.b extraneous: its calculator t is not installed");
    }

    proptest! {
        /// Each id has one verdict, and those cover what is wanted and cached.
        #[test]
        fn verdicts_cover_both_sides(want in 0u8..32, have in 0u8..32) {
            let ids: Vec<_> = (0..5).map(|i| id(&format!("t.{i}"))).collect();
            let pick = |bits: u8| (0..5usize).filter(move |i| bits >> i & 1 == 1);
            let wanted: Vec<_> = pick(want)
                .map(|i| Wanted { descriptor: ids[i].clone(), ..wanted("1.0.0", "1.0.0") })
                .collect();
            let cached: Vec<_> = pick(have)
                .map(|i| {
                    let mut record = cached("1.0.0");
                    record.key.descriptor = ids[i].clone();
                    record
                })
                .collect();
            let verdicts = diff(&wanted, &cached, None, |_| true);
            prop_assert_eq!(verdicts.len(), (want | have).count_ones() as usize);
            for verdict in verdicts {
                let i = ids.iter().position(|id| *id == verdict.descriptor).unwrap();
                let expect = match (want >> i & 1, have >> i & 1) {
                    (1, 1) => Freshness::Current,
                    (1, _) => Freshness::Missing,
                    _ => Freshness::Extraneous,
                };
                prop_assert_eq!(verdict.freshness, expect);
            }
        }

        /// Running what can be run until nothing is left runs each descriptor
        /// once. After that a source that is computed again makes its
        /// dependents run if it came out otherwise, and none if it did not.
        #[test]
        fn exactly_the_dependents_of_what_changed_run(
            of in proptest::collection::vec(proptest::collection::vec(0usize..9, 0..4), 9),
            source in 0usize..9,
            changes in any::<bool>(),
        ) {
            let ids: Vec<_> = (0..9).map(|i| id(&format!("t.{i}"))).collect();
            let mut wanted: Vec<_> = (0..9)
                .map(|i| Wanted {
                    descriptor: ids[i].clone(),
                    inputs: of[i].iter().filter(|of| **of < i).map(|of| ids[*of].clone()).collect(),
                    ..wanted("1.0.0", "1.0.0")
                })
                .collect();
            let mut cache = BTreeMap::new();
            prop_assert_eq!(close(&wanted, &mut cache, &mut |_| 0).len(), 9);
            prop_assert_eq!(close(&wanted, &mut cache, &mut |_| 0).len(), 0);

            wanted[source].installed = Version::new(2, 0, 0);
            wanted[source].changed_in = Version::new(2, 0, 0);
            let seed = u8::from(changes);
            let ran = close(&wanted, &mut cache, &mut |id| if *id == ids[source] { seed } else { 0 });
            let mut expect = BTreeSet::from([source]);
            for i in source + 1..9 {
                if changes && of[i].iter().any(|of| *of < i && expect.contains(of)) {
                    expect.insert(i);
                }
            }
            prop_assert_eq!(ran, expect.iter().map(|i| ids[*i].clone()).collect::<Vec<_>>());
        }
    }

    /// Runs what can be run, again and again. Content is made of the contents of
    /// the inputs and of `seed`. Returns what ran, in order of id.
    fn close(
        wanted: &[Wanted],
        cache: &mut BTreeMap<DescriptorId, CacheRecord>,
        seed: &mut dyn FnMut(&DescriptorId) -> u8,
    ) -> Vec<DescriptorId> {
        let mut ran = vec![];
        loop {
            let records: Vec<_> = cache.values().cloned().collect();
            let before = ran.len();
            for verdict in diff(wanted, &records, None, |_| true) {
                let Step::Run(inputs) = verdict.step else { continue };
                let now = wanted.iter().find(|wanted| wanted.descriptor == verdict.descriptor).unwrap();
                let mut record = cached(&now.installed.to_string());
                record.key.descriptor = verdict.descriptor.clone();
                let mut hash = std::hash::DefaultHasher::new();
                (&verdict.descriptor, seed(&verdict.descriptor)).hash(&mut hash);
                inputs.values().for_each(|input| input.0.hash(&mut hash));
                let mut content = [0; 32];
                content[..8].copy_from_slice(&hash.finish().to_le_bytes());
                record.content = ContentHash(content);
                record.provenance.inputs = inputs;
                cache.insert(verdict.descriptor.clone(), record);
                ran.push(verdict.descriptor);
            }
            if ran.len() == before {
                ran.sort();
                return ran;
            }
        }
    }
}
