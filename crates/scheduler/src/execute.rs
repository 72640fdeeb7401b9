//! The thin executor: jobs are fed to as many drivers as there are threads to
//! work, and told of in the order in which they were given.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Runs `work` over all jobs, at most `drivers` at a time, and hands each
/// result to `each` in the order of the jobs. Returns when all are told of.
///
/// When `each` returns false no further job is begun and nothing more is told;
/// what is running is waited for. To end that soon, cancel it.
///
/// Drivers are threads of their own, apart from the pool in which a job spreads
/// its blocks: a pool thread that waits inside one job would begin another on
/// top of it.
pub fn execute<J: Sync, R: Send>(
    jobs: &[J],
    drivers: usize,
    work: impl Fn(&J) -> R + Sync,
    each: impl FnMut(&J, R) -> bool + Send,
) {
    let state = Mutex::new(State { next: 0, told: 0, waiting: BTreeMap::new(), stopped: false, each });
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let drive = || {
        loop {
            let index = {
                let mut state = lock();
                if state.stopped || state.next >= jobs.len() {
                    return;
                }
                state.next += 1;
                state.next - 1
            };
            let result = work(&jobs[index]);
            let mut state = lock();
            state.waiting.insert(index, result);
            state.tell(jobs);
            if state.stopped {
                return;
            }
        }
    };
    match drivers.min(jobs.len()) {
        0 => {}
        1 => drive(),
        drivers => std::thread::scope(|scope| {
            for _ in 1..drivers {
                scope.spawn(drive);
            }
            drive();
        }),
    }
}

struct State<R, F> {
    next: usize,
    told: usize,
    waiting: BTreeMap<usize, R>,
    stopped: bool,
    each: F,
}

impl<R, F> State<R, F> {
    fn tell<J>(&mut self, jobs: &[J])
    where
        F: FnMut(&J, R) -> bool,
    {
        while !self.stopped
            && let Some(result) = self.waiting.remove(&self.told)
        {
            self.stopped = !(self.each)(&jobs[self.told], result);
            self.told += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_once() {
        let jobs: Vec<usize> = (0..100).collect();
        for drivers in [1, 2, 7, 200] {
            let mut told = vec![];
            execute(
                &jobs,
                drivers,
                |job| job * 2,
                |&job, result| {
                    assert_eq!(result, job * 2);
                    told.push(job);
                    true
                },
            );
            assert_eq!(told, jobs, "{drivers} drivers");
        }
        execute(&[] as &[u8], 4, |_| (), |_, ()| true);
    }

    #[test]
    fn a_stop_is_final() {
        let jobs: Vec<usize> = (0..50).collect();
        let begun = AtomicUsize::new(0);
        let mut told = vec![];
        execute(
            &jobs,
            1,
            |&job| {
                begun.fetch_add(1, Ordering::Relaxed);
                job
            },
            |_, job| {
                told.push(job);
                job < 3
            },
        );
        assert_eq!((told, begun.into_inner()), (vec![0, 1, 2, 3], 4));
    }
}
