//! Room for values that are read: not filled before it is needed, since to
//! write 90 MB of zeros first takes as long as to read the values, and in large
//! pages, since the system takes as long again to hand out small ones.
//!
//! The one place in this crate with unsafe code. It rests on a count: the room
//! is a `Vec` only once every value of it was written.
#![expect(unsafe_code, reason = "memory that is not written yet")]

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a large page; less than some of them are not worth asking for.
const PAGE: usize = 2 << 20;

/// Room for so many values.
pub(crate) struct Room {
    values: Vec<f32>,
    length: usize,
    written: AtomicUsize,
}

/// Room that is handed out piece by piece, from its start on.
pub(crate) struct Rest<'a> {
    free: &'a mut [MaybeUninit<f32>],
    written: &'a AtomicUsize,
}

/// A part of the room, which nobody else has.
pub(crate) struct Part<'a> {
    values: &'a mut [MaybeUninit<f32>],
    written: &'a AtomicUsize,
}

impl Room {
    /// `None` where there is no memory for it.
    pub(crate) fn new(length: usize) -> Option<Self> {
        let mut values = Vec::new();
        values.try_reserve_exact(length).ok()?;
        ask_for_large_pages(&mut values.spare_capacity_mut()[..length]);
        Some(Self { values, length, written: AtomicUsize::new(0) })
    }

    /// All of it, to be handed out once.
    pub(crate) fn parts(&mut self) -> Rest<'_> {
        // What was written for others before is theirs no more.
        *self.written.get_mut() = 0;
        Rest { free: &mut self.values.spare_capacity_mut()[..self.length], written: &self.written }
    }

    /// The values; `None` where a part was not written.
    pub(crate) fn into_values(mut self) -> Option<Vec<f32>> {
        if *self.written.get_mut() != self.length {
            return None;
        }
        // SAFETY: there is room for `length` values, and as many were written:
        // `written` grows by the length of a part when all of it was, a part
        // can be written once, and parts do not overlap.
        unsafe { self.values.set_len(self.length) };
        Some(self.values)
    }
}

impl<'a> Rest<'a> {
    /// The next values, at most as many as are left.
    pub(crate) fn take(&mut self, length: usize) -> Part<'a> {
        let free = std::mem::take(&mut self.free);
        let (values, free) = free.split_at_mut(length.min(free.len()));
        self.free = free;
        Part { values, written: self.written }
    }
}

impl<'a> Part<'a> {
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Zeros, to be written over: just before that, they stay close to the
    /// processor.
    pub(crate) fn zeros(self) -> &'a mut [f32] {
        self.values.fill(MaybeUninit::new(0.0));
        self.written.fetch_add(self.values.len(), Ordering::Relaxed);
        // SAFETY: all of them were written.
        unsafe { self.values.assume_init_mut() }
    }

    /// A copy of values, as many as there is room for.
    pub(crate) fn copy(self, values: &[f32]) {
        self.values.write_copy_of_slice(values);
        self.written.fetch_add(self.values.len(), Ordering::Relaxed);
    }
}

/// A wish that the system may not grant.
fn ask_for_large_pages(room: &mut [MaybeUninit<f32>]) {
    #[cfg(target_os = "linux")]
    if size_of_val(room) >= 2 * PAGE {
        use rustix::mm::{Advice, madvise};
        let start = room.as_mut_ptr().addr().next_multiple_of(PAGE);
        let length = (room.as_ptr_range().end.addr() - start) / PAGE * PAGE;
        // SAFETY: the range lies within memory that is ours alone, and the
        // advice changes none of what is in it.
        let _ = unsafe { madvise(room.as_mut_ptr().with_addr(start).cast(), length, Advice::LinuxHugepage) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (room, PAGE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_values_once_all_of_it_was_written() {
        for (parts, whole) in
            [(&[][..], false), (&[3, 5], false), (&[3, 7], true), (&[0, 10, 4], true), (&[99], true)]
        {
            let mut room = Room::new(10).unwrap();
            let mut rest = room.parts();
            for (i, &length) in parts.iter().enumerate() {
                let part = rest.take(length);
                let length = part.len();
                if i % 2 == 0 { part.zeros().fill(i as f32) } else { part.copy(&vec![i as f32; length]) }
            }
            let values = room.into_values();
            assert_eq!(values.is_some(), whole, "{parts:?}");
            if let Some(values) = values {
                let expect = parts.iter().enumerate().flat_map(|(i, &n)| vec![i as f32; n]).take(10);
                assert_eq!(values, expect.collect::<Vec<_>>());
            }
        }
        assert_eq!(Room::new(0).unwrap().into_values(), Some(vec![]));
        assert!(Room::new(usize::MAX / 4).is_none());
    }

    #[test]
    fn large_room_is_as_good() {
        let mut room = Room::new(3 << 20).unwrap();
        room.parts().take(3 << 20).zeros().fill(1.0);
        assert!(room.into_values().unwrap().iter().all(|&value| value == 1.0));
    }

    #[test]
    fn what_was_written_before_does_not_count() {
        let mut room = Room::new(4).unwrap();
        room.parts().take(4).zeros();
        room.parts().take(2).zeros();
        assert_eq!(room.into_values(), None);
    }
}
