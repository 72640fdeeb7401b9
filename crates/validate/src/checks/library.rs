//! The library as a whole.

use std::thread;
use std::time::Duration;

use agogic_host::LoadedCalculator;

use crate::report::Verdict;

/// What a user does not notice when a program starts.
const QUICK: Duration = Duration::from_millis(500);

pub(super) fn load(loaded: &[LoadedCalculator], took: Duration) -> Verdict {
    if took > QUICK {
        let seconds = took.as_secs_f64();
        let cost = "every program that looks for plug-ins waits so long";
        return Verdict::warn(format!("loading {} calculators took {seconds:.1} s; {cost}", loaded.len()));
    }
    Verdict::pass()
}

pub(super) fn steady(loaded: &[LoadedCalculator], _: Duration) -> Verdict {
    for calculator in loaded {
        let same = || match calculator.describe_again() {
            Ok(again) if again == calculator.spec => Ok(()),
            Ok(_) => Err(format!("{} describes itself differently now and then", calculator.spec.id)),
            Err(error) => Err(error.to_string()),
        };
        let often = || (0..20).try_for_each(|_| same());
        let found = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(often)).collect();
            let mut ended = threads.into_iter().map(|thread| thread.join());
            ended.try_for_each(|ended| ended.unwrap_or_else(|_| Err("describing panicked".into())))
        });
        if let Err(reason) = found {
            return Verdict::fail(reason);
        }
    }
    Verdict::pass()
}
