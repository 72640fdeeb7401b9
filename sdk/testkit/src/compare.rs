//! The rule of the revision lock: values change together with `changed_in`.

use agogic_schema::Version;

use crate::{Lock, Locked};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warn,
    /// The lock must be written anew.
    Stale,
    /// The rule is broken; the lock must not be written.
    Fail,
}

/// What was noticed of a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The descriptor.
    pub descriptor: String,
    /// How much it matters.
    pub severity: Severity,
    /// What, in one line that names the descriptor.
    pub text: String,
}

/// What changed of a calculator's descriptors between a lock and now.
pub fn compare(lock: &Lock, calculator: &str, now: &Lock) -> Vec<Finding> {
    let mut findings = vec![];
    for (id, is) in &now.descriptors {
        let found = match lock.descriptors.get(id) {
            None => Some((Severity::Stale, "is not in the lock".to_owned())),
            Some(was) => judge(was, is),
        };
        findings.extend(found.map(|(severity, what)| finding(id, severity, &what)));
    }
    for (id, was) in &lock.descriptors {
        if was.calculator == calculator && !now.descriptors.contains_key(id) {
            findings.push(finding(id, Severity::Stale, "is in the lock and is not computed any more"));
        }
    }
    findings
}

fn finding(descriptor: &str, severity: Severity, what: &str) -> Finding {
    Finding { descriptor: descriptor.into(), severity, text: format!("{descriptor} {what}") }
}

fn judge(was: &Locked, is: &Locked) -> Option<(Severity, String)> {
    let (locked, current) = (version(&was.changed_in), version(&is.changed_in));
    if current < locked || version(&is.version) < version(&was.version) {
        return Some((
            Severity::Fail,
            format!(
                "went back to version {} (changed_in {}): the lock knows {} ({})",
                is.version, is.changed_in, was.version, was.changed_in
            ),
        ));
    }
    if was.params != is.params {
        return Some((Severity::Stale, "has other parameters or defaults than in the lock".into()));
    }
    let difference = was.values.iter().find_map(|(signal, was)| match is.values.get(signal) {
        Some(is) => Some(format!("on {signal}: {}", was.difference(is)?)),
        None => Some(format!("on {signal}: there is nothing")),
    });
    match difference {
        Some(what) if current == locked => Some((
            Severity::Fail,
            format!("changed its values and is still changed_in {} ({what})", is.changed_in),
        )),
        Some(_) => Some((Severity::Stale, format!("changed its values in {}", is.changed_in))),
        None if current > locked => Some((
            Severity::Warn,
            format!("says changed_in {} and gives what it gave in {}", is.changed_in, was.changed_in),
        )),
        None => None,
    }
}

/// Versions in a lock were versions once; a damaged one is older than any.
fn version(text: &str) -> Option<Version> {
    Version::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Subject, record};
    use agogic_schema::*;

    /// A calculator with so many frames of this value.
    struct Constant(CalculatorSpec, f32);

    impl Subject for Constant {
        fn spec(&self) -> &CalculatorSpec {
            &self.0
        }

        fn run(&self, _: &Setup, _: &[crate::Piece]) -> Result<crate::Outputs, String> {
            Ok(crate::Outputs(vec![crate::Values::Planes(vec![vec![self.1; 10]])]))
        }
    }

    fn lock(version: &str, changed_in: &str, default: i64, value: f32) -> Lock {
        let frames = Frames::Every { hop: 512.into(), first: 0.into() };
        let spec = CalculatorSpec::new("t", version, PcmInput::new(ChannelUse::Mono))
            .param(ParamSpec::integer("n", default, 0, 9, "", ""))
            .descriptor(
                DescriptorSpec::new("t.a", "", Kind::Dense(frames), Bins::Count(1.into()))
                    .changed_in(changed_in),
            );
        record(&Constant(spec, value)).unwrap()
    }

    #[test]
    fn values_and_versions_change_together() {
        #[track_caller]
        fn check(now: Lock, expect: Option<(Severity, &str)>) {
            let findings = compare(&lock("1.1.0", "1.0.0", 1, 0.5), "t", &now);
            match (&findings[..], expect) {
                ([], None) => {}
                ([found], Some((severity, part))) => {
                    assert_eq!(found.severity, severity, "{}", found.text);
                    assert!(found.text.starts_with("t.a ") && found.text.contains(part), "{}", found.text);
                }
                _ => panic!("{findings:?}"),
            }
        }
        check(lock("1.1.0", "1.0.0", 1, 0.5), None);
        check(lock("1.2.0", "1.0.0", 1, 0.5), None);
        check(lock("1.1.0", "1.0.0", 1, 0.6), Some((Severity::Fail, "still changed_in 1.0.0")));
        // A new version alone does not say which descriptor changed.
        check(lock("1.2.0", "1.0.0", 1, 0.6), Some((Severity::Fail, "still changed_in 1.0.0")));
        check(lock("1.2.0", "1.2.0", 1, 0.6), Some((Severity::Stale, "in 1.2.0")));
        check(lock("1.2.0", "1.2.0", 1, 0.5), Some((Severity::Warn, "gives what it gave in 1.0.0")));
        check(lock("1.1.0", "0.9.0", 1, 0.5), Some((Severity::Fail, "went back")));
        check(lock("1.0.0", "1.0.0", 1, 0.5), Some((Severity::Fail, "went back")));
        check(lock("1.1.0", "1.0.0", 2, 0.6), Some((Severity::Stale, "defaults")));
        check(Lock::default(), Some((Severity::Stale, "not computed any more")));
    }

    #[test]
    fn what_others_gave_is_left_alone() {
        assert_eq!(compare(&lock("1.0.0", "1.0.0", 1, 0.5), "other", &Lock::default()), []);
    }

    #[test]
    fn locks_are_written_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calculator.lock");
        let (old, new) = (lock("1.0.0", "1.0.0", 1, 0.5), lock("1.0.0", "1.0.0", 1, 0.6));
        assert_eq!(Lock::read(&path).unwrap(), Lock::default());
        assert_eq!(Lock::update(&path, "t", &old).unwrap()[0].severity, Severity::Stale);
        assert_eq!(Lock::read(&path).unwrap(), old);
        assert_eq!(Lock::update(&path, "t", &new).unwrap()[0].severity, Severity::Fail);
        assert_eq!(Lock::read(&path).unwrap(), old, "written without a new version");
        let newer = lock("2.0.0", "2.0.0", 1, 0.6);
        assert_eq!(Lock::update(&path, "t", &newer).unwrap()[0].severity, Severity::Stale);
        assert_eq!(Lock::read(&path).unwrap(), newer);
        std::fs::write(&path, "{\"format\": 9, \"descriptors\": {}}").unwrap();
        assert!(Lock::read(&path).unwrap_err().to_string().ends_with("format 9 is not 1"));
        std::fs::write(&path, "half a {").unwrap();
        assert!(Lock::read(&path).is_err());
    }
}
