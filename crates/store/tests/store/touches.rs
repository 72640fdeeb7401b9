//! Touches by cases, and against a plain map.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use agogic_store::touch::{Batch, Touches};
use proptest::prelude::*;

/// Touches under this bound, and the one batch that they make.
fn check(bound: usize, uses: &[(u8, i64)], batch: &[(u8, i64)], lost: u64) {
    let touches = Touches::new(bound);
    for (key, at) in uses {
        touches.touch(key, *at);
        assert!(touches.len() <= bound);
    }
    assert_eq!(touches.lost(), lost);
    assert_eq!(touches.drain(), batch);
    assert!(touches.is_empty() && touches.drain().is_empty());
}

#[test]
fn a_batch_has_the_latest_time_of_each_key() {
    check(3, &[], &[], 0);
    check(3, &[(1, 10), (2, 11)], &[(1, 10), (2, 11)], 0);
    check(3, &[(1, 10), (2, 11), (1, 12)], &[(2, 11), (1, 12)], 0);
    // A clock that was set back takes nothing back.
    check(3, &[(1, 10), (1, 9)], &[(1, 10)], 0);
    check(3, &[(1, i64::MIN), (2, i64::MAX)], &[(1, i64::MIN), (2, i64::MAX)], 0);
}

#[test]
fn keys_are_bounded_in_number() {
    check(2, &[(1, 10), (2, 11), (3, 12)], &[(2, 11), (3, 12)], 1);
    check(2, &[(1, 10), (2, 11), (1, 12), (3, 13)], &[(1, 12), (3, 13)], 1);
    check(1, &[(1, 10), (2, 11), (3, 12)], &[(3, 12)], 2);
    check(0, &[(1, 10)], &[], 1);
}

#[test]
fn a_touch_says_when_to_write() {
    for (bound, due) in [(1, 1), (2, 1), (3, 2), (8, 4)] {
        let touches = Touches::new(bound);
        for key in 1..=bound {
            assert_eq!(touches.touch(&key, 0), key >= due, "{key} of {bound}");
        }
        touches.drain();
        assert_eq!(touches.touch(&0, 0), due == 1, "{bound}");
    }
}

#[test]
fn what_is_put_back_is_older() {
    // Bound, batch put back, touched since, batch after, lost.
    type Case = (usize, &'static [(u8, i64)], &'static [(u8, i64)], &'static [(u8, i64)], u64);
    let cases: [Case; 6] = [
        (4, &[(1, 10), (2, 11)], &[], &[(1, 10), (2, 11)], 0),
        (4, &[], &[(1, 10)], &[(1, 10)], 0),
        (4, &[(1, 10), (2, 11)], &[(3, 12)], &[(1, 10), (2, 11), (3, 12)], 0),
        (4, &[(1, 10), (2, 11)], &[(1, 12)], &[(2, 11), (1, 12)], 0),
        (4, &[(1, 20), (1, 10)], &[(1, 12)], &[(1, 20)], 0),
        (2, &[(1, 10), (2, 11)], &[(3, 12)], &[(2, 11), (3, 12)], 1),
    ];
    for (case, (bound, back, since, after, lost)) in cases.into_iter().enumerate() {
        let touches = Touches::new(bound);
        for (key, at) in since {
            touches.touch(key, *at);
        }
        touches.restore(back.to_vec());
        assert_eq!((touches.drain().as_slice(), touches.lost()), (after, lost), "{case}");
    }
}

#[test]
fn a_flush_that_fails_puts_back() {
    let touches = Touches::new(10);
    let none = touches.flush(|_| -> Result<(), ()> { unreachable!("there is nothing to write") });
    assert_eq!(none, Ok(0));
    touches.touch(&1, 10);
    touches.touch(&2, 11);
    let fails = touches.flush(|batch| {
        assert_eq!(batch, [(1, 10), (2, 11)]);
        // No lock is held meanwhile.
        touches.touch(&1, 12);
        Err("full")
    });
    assert_eq!((fails, touches.len()), (Err("full"), 2));
    let panics = || touches.flush::<()>(|_| std::panic::resume_unwind(Box::new("on purpose")));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    let written = touches.flush::<()>(|batch| {
        assert_eq!(batch, [(2, 11), (1, 12)]);
        touches.touch(&3, 13);
        Ok(())
    });
    assert_eq!((written, touches.drain()), (Ok(2), vec![(3, 13)]));
}

#[test]
fn the_last_batch_is_given() {
    for (uses, given) in [(&[][..], None), (&[(1, 10), (2, 11)], Some(vec![(1, 10), (2, 11)]))] {
        let seen: Arc<Mutex<Option<Batch<u8>>>> = Arc::default();
        let last = Arc::clone(&seen);
        let touches = Touches::with_last(10, move |batch| *last.lock().unwrap() = Some(batch));
        for (key, at) in uses {
            touches.touch(key, *at);
        }
        drop(touches);
        assert_eq!(*seen.lock().unwrap(), given);
    }
}

#[derive(Clone, Debug)]
enum Op {
    Touch(u8, i64),
    Flush,
    FlushFails,
    /// Takes a batch, to be put back or written by a later step.
    Drain,
    Restore,
    Write,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..6_u8, 0..100_i64).prop_map(|(key, at)| Op::Touch(key, at)),
        1 => Just(Op::Flush),
        1 => Just(Op::FlushFails),
        1 => Just(Op::Drain),
        1 => Just(Op::Restore),
        1 => Just(Op::Write),
    ]
}

fn write(index: &mut BTreeMap<u8, i64>, batch: &[(u8, i64)]) {
    for &(key, at) in batch {
        let row = index.entry(key).or_insert(at);
        *row = at.max(*row);
    }
}

proptest! {
    /// Whatever is flushed, fails and is put back in whatever order, in the end
    /// the index has the latest time of each key.
    #[test]
    fn the_index_has_the_latest_time(ops in proptest::collection::vec(op(), 0..60)) {
        let touches = Touches::new(6);
        let mut taken: Vec<Batch<u8>> = Vec::new();
        let (mut index, mut all) = (BTreeMap::new(), BTreeMap::new());
        for op in ops {
            match op {
                Op::Touch(key, at) => {
                    touches.touch(&key, at);
                    write(&mut all, &[(key, at)]);
                }
                Op::Flush => {
                    let held = touches.len();
                    let written = touches.flush::<()>(|batch| { write(&mut index, batch); Ok(()) });
                    prop_assert_eq!((written, touches.len()), (Ok(held), 0));
                }
                Op::FlushFails => {
                    let held = touches.len();
                    prop_assert_eq!(touches.flush(|_| Err(())).is_err(), held > 0);
                    prop_assert_eq!(touches.len(), held);
                }
                Op::Drain => taken.push(touches.drain()),
                Op::Restore => if let Some(batch) = taken.pop() { touches.restore(batch) },
                Op::Write => if let Some(batch) = taken.pop() { write(&mut index, &batch) },
            }
        }
        for batch in taken {
            write(&mut index, &batch);
        }
        write(&mut index, &touches.drain());
        prop_assert_eq!(index, all);
        prop_assert_eq!(touches.lost(), 0);
    }
}
