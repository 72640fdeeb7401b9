//! Touches against drains, flushes and what is put back: none is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use loom::thread::{self, JoinHandle};

use crate::outcomes;
use crate::sync::Mutex;
use crate::touch::Touches;

/// The index as whoever writes it must: of two times the later stays.
#[derive(Default)]
struct Index(Mutex<BTreeMap<u8, i64>>);

impl Index {
    fn write(&self, batch: &[(u8, i64)]) {
        let mut rows = self.0.lock().unwrap();
        for &(key, at) in batch {
            let row = rows.entry(key).or_insert(at);
            *row = at.max(*row);
        }
    }

    /// Flushes into this index. How many keys that were.
    fn take(&self, touches: &Touches<u8>) -> usize {
        let write = |batch: &[(u8, i64)]| {
            self.write(batch);
            Ok::<_, ()>(())
        };
        touches.flush(write).unwrap()
    }

    fn check(&self, rows: &[(u8, i64)]) {
        assert_eq!(*self.0.lock().unwrap(), rows.iter().copied().collect());
    }
}

fn parts(bound: usize) -> (Arc<Touches<u8>>, Arc<Index>) {
    (Arc::new(Touches::new(bound)), Arc::new(Index::default()))
}

fn touch(touches: &Arc<Touches<u8>>, uses: &'static [(u8, i64)]) -> JoinHandle<()> {
    let touches = Arc::clone(touches);
    thread::spawn(move || {
        for (key, at) in uses {
            touches.touch(key, *at);
        }
    })
}

#[test]
fn a_touch_during_a_flush_is_in_this_batch_or_the_next() {
    let outcomes = outcomes(|| {
        let (touches, index) = parts(10);
        touches.touch(&1, 10);
        let readers = [&[(1, 20), (2, 21)][..], &[(2, 30)]].map(|uses| touch(&touches, uses));
        let first = touches.drain();
        index.write(&first);
        for reader in readers {
            reader.join().unwrap();
        }
        let second = touches.drain();
        index.write(&second);
        index.check(&[(1, 20), (2, 30)]);
        // None is in both without cause: key 2 was touched twice, and each
        // touch is in one batch at most.
        assert!(first.iter().all(|touch| !second.contains(touch)));
        second.len()
    });
    assert_eq!(outcomes, [0, 1, 2]);
}

#[test]
fn a_flush_that_fails_loses_nothing() {
    let outcomes = outcomes(|| {
        let (touches, index) = parts(10);
        touches.touch(&1, 10);
        touches.touch(&2, 11);
        let readers = [&[(1, 20)][..], &[(3, 5), (2, 9)]].map(|uses| touch(&touches, uses));
        let mut taken = 0;
        let fails = |batch: &[(u8, i64)]| {
            taken = batch.len();
            Err(())
        };
        assert_eq!(touches.flush(fails), Err(()));
        for reader in readers {
            reader.join().unwrap();
        }
        // Nothing was touched since, so that all is in one batch.
        assert_eq!(index.take(&touches), 3);
        index.check(&[(1, 20), (2, 11), (3, 5)]);
        assert!(touches.is_empty());
        assert_eq!(touches.lost(), 0);
        taken
    });
    assert_eq!(outcomes, [2, 3]);
}

#[test]
fn two_that_flush_lose_nothing() {
    let outcomes = outcomes(|| {
        let (touches, index) = parts(10);
        touches.touch(&1, 10);
        let reader = touch(&touches, &[(1, 20), (2, 21)]);
        let other = {
            let (touches, index) = (Arc::clone(&touches), Arc::clone(&index));
            thread::spawn(move || index.take(&touches))
        };
        // This one fails, and meets the other and the reader on its way.
        let batch = touches.drain();
        let taken = batch.len();
        touches.restore(batch);
        reader.join().unwrap();
        let written = other.join().unwrap();
        index.write(&touches.drain());
        index.check(&[(1, 20), (2, 21)]);
        (taken, written)
    });
    // Each found no key, one or both; one of them found the first.
    let all = [0, 1, 2].map(|taken| [0, 1, 2].map(|written| (taken, written))).concat();
    assert_eq!(outcomes, all[1..]);
}

#[test]
fn what_is_left_at_the_end_is_given() {
    let outcomes = outcomes(|| {
        let index = Arc::new(Index::default());
        let last = Arc::clone(&index);
        let given = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&given);
        let touches = Arc::new(Touches::with_last(10, move |batch| {
            count.store(batch.len(), SeqCst);
            last.write(&batch);
        }));
        let reader = touch(&touches, &[(1, 10), (2, 11)]);
        index.write(&touches.drain());
        // Whoever has the last reference, drops.
        drop(touches);
        reader.join().unwrap();
        index.check(&[(1, 10), (2, 11)]);
        given.load(SeqCst)
    });
    assert_eq!(outcomes, [0, 1, 2]);
}
