//! Writing a track again in other bytes: one of an earlier format version as
//! it is written today, or an exact one with a bound. Nothing is computed. Who
//! wants that, and when, is decided elsewhere.

use agogic_schema::{CacheKey, CacheRecord, MaxError, Shape};

use crate::{FORMAT_VERSION, Store, StoreError, TrackWriter};

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
        let Some(mut reader) = self.reader(key)? else { return Ok(None) };
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
        writer.publish().map(Some)
    }
}
