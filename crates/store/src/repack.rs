//! Writing a track again in other bytes: one of an earlier format version as
//! it is written today, or an exact one with a bound. Nothing is computed. Those
//! of an earlier version are written anew little by little, when they were read
//! and others are published, and all of them by a verification that repairs.

use std::sync::PoisonError;

use agogic_schema::{CacheKey, CacheRecord, MaxError, Shape};

use crate::{FORMAT_VERSION, Store, StoreError, TrackWriter, publish};

/// Tracks that are written anew beside others.
const AT_ONCE: usize = 4;
/// Values that are moved at a time: a few megabytes.
const PIECE: usize = 1 << 20;

impl Store {
    /// Writes a track anew where it is exact and `bound` is not, or where its
    /// file is of an earlier format version; leaves it as it is otherwise.
    /// What is known of the track stays, but for `max_error`. A bound changes
    /// the content hash, which makes stale what was computed from the track;
    /// [`MaxError::LOSSLESS`] changes nothing that can be seen.
    ///
    /// A track that has a bound already never gets another one: errors would
    /// add up. Returns the record as it is then; `None` is a miss, and damage
    /// is one. A track that somebody publishes meanwhile may be replaced by
    /// the earlier one, which is found stale then.
    ///
    /// # Errors
    /// As [`Store::reader`] and [`Store::publish_all`].
    pub fn repack(&self, key: &CacheKey, bound: MaxError) -> Result<Option<CacheRecord>, StoreError> {
        let Some(mut reader) = self.open_track(key)? else { return Ok(None) };
        let record = reader.record().clone();
        let exact = record.max_error.is_lossless();
        let gains = exact && !bound.is_lossless() && record.header.shape != Shape::Events;
        if !gains && reader.format_version() == FORMAT_VERSION {
            return Ok(Some(record));
        }
        let CacheRecord { key, provenance, header, notes, .. } = record;
        let width = header.width();
        let events = header.shape == Shape::Events;
        let writer = self.writer(key, provenance, header)?;
        let mut writer: TrackWriter = writer.max_error(bound).with_notes(notes);
        if events {
            let Some(events) = reader.events()? else { return Ok(None) };
            writer.events(&events)?;
        } else {
            for (plane, frames) in record.frames.into_iter().enumerate() {
                let step = (PIECE / width).max(1);
                for start in (0..frames).step_by(step) {
                    let Some(part) = reader.frames(plane, start..start + step as u64)? else {
                        return Ok(None);
                    };
                    writer.frames(plane, &part.data)?;
                }
            }
        }
        let records = publish::publish_all(self, vec![writer.into_sealed()?])?;
        Ok(records.into_iter().next())
    }

    /// Remembers a track whose file is of an earlier format version.
    pub(crate) fn note_old(&self, key: &CacheKey) {
        if !self.inner.layout.is_read_only() {
            self.inner.old.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        }
    }

    /// Writes some of the tracks anew that were met in files of an earlier
    /// format version: few, and only when tracks are written anyway.
    pub(crate) fn renew_some(&self) {
        for _ in 0..AT_ONCE {
            let next = self.inner.old.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
            let Some(key) = next else { return };
            // One that cannot be written now is met again.
            let _ = self.renew(&key);
        }
    }

    /// Writes a track of any namespace anew if its file is of an earlier format
    /// version.
    pub(crate) fn renew(&self, key: &CacheKey) -> Result<(), StoreError> {
        self.in_namespace(key.namespace.clone()).repack(key, MaxError::LOSSLESS).map(drop)
    }
}
