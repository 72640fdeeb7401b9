//! The difference between what is wanted and what is cached, for one asset
//! under one profile.

use std::collections::BTreeMap;

use agogic_schema::{CacheRecord, DescriptorId};

use crate::freshness::{Freshness, Reason, Wanted, judge};

/// How one descriptor stands, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The descriptor.
    pub descriptor: DescriptorId,
    /// How it stands.
    pub freshness: Freshness,
    /// Why.
    pub reason: Reason,
}

impl Verdict {
    /// Whether it has to be computed.
    pub fn must_run(&self) -> bool {
        matches!(self.freshness, Freshness::Missing | Freshness::Stale)
    }
}

/// One verdict for each descriptor that is wanted or cached, in order of id.
/// `known` says whether anybody could compute a descriptor: a cached one that
/// is not wanted is extraneous either way, but for another reason.
pub fn diff(
    wanted: &[Wanted],
    cached: &[CacheRecord],
    known: impl Fn(&DescriptorId) -> bool,
) -> Vec<Verdict> {
    let mut sides: BTreeMap<&DescriptorId, (Option<&Wanted>, Option<&CacheRecord>)> = BTreeMap::new();
    for wanted in wanted {
        sides.entry(&wanted.descriptor).or_default().0 = Some(wanted);
    }
    for record in cached {
        sides.entry(&record.key.descriptor).or_default().1 = Some(record);
    }
    let verdicts = sides.into_iter().map(|(descriptor, (wanted, cached))| {
        let (freshness, reason) = match (wanted, cached) {
            (Some(wanted), cached) => judge(wanted, cached),
            (None, Some(cached)) if !known(descriptor) => {
                (Freshness::Extraneous, Reason::NoCalculator(cached.provenance.calculator.clone()))
            }
            (None, _) => (Freshness::Extraneous, Reason::NotWanted),
        };
        Verdict { descriptor: descriptor.clone(), freshness, reason }
    });
    verdicts.collect()
}

#[cfg(test)]
mod tests {
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
            inputs: [(id("t.in"), ContentHash([2; 32]))].into(),
        }
    }

    fn cached(version: &str) -> CacheRecord {
        let wanted = wanted(version, version);
        CacheRecord {
            version: RECORD_VERSION,
            key: CacheKey {
                asset: AssetId([0; 32]),
                profile: ProfileName::new("default").unwrap(),
                descriptor: wanted.descriptor.clone(),
            },
            provenance: Provenance {
                calculator: wanted.calculator,
                version: wanted.installed,
                revision: wanted.revision,
                inputs: wanted.inputs,
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
            let (freshness, reason) = judge(&wanted(installed, changed_in), Some(&cached(computed_by)));
            assert_eq!(freshness.as_str(), expect, "{installed}, {changed_in}, {computed_by}: {reason}");
        }
    }

    #[test]
    fn everything_else() {
        let check = |change: &dyn Fn(&mut CacheRecord), expect: &str| {
            let mut record = cached("1.0.0");
            change(&mut record);
            let (freshness, reason) = judge(&wanted("1.0.0", "1.0.0"), Some(&record));
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
        // What is no part of the rule changes nothing.
        check(&|r| r.content = ContentHash([9; 32]), "current: up to date");
        check(&|r| r.header.unit = "dB".into(), "current: up to date");
        assert_eq!(judge(&wanted("1.0.0", "1.0.0"), None).0, Freshness::Missing);
    }

    #[test]
    fn what_nobody_wants_is_extraneous() {
        let mut other = cached("1.0.0");
        other.key.descriptor = id("t.b");
        let verdicts = |known| {
            let verdicts = diff(&[wanted("1.0.0", "1.0.0")], &[other.clone()], |_| known);
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
            let verdicts = diff(&wanted, &cached, |_| true);
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
    }
}
