//! Removing tracks on purpose: those that a filter names, and those of audio
//! that is no longer where it was.

use agogic_schema::{AssetId, CacheRecord, CalculatorId, DescriptorId, ProfileName, Stem};

use crate::store::Inner;
use crate::{Entry, Store, StoreError};

/// Which tracks of a namespace are meant; all of them where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Of these assets; of all where there is none.
    pub assets: Vec<AssetId>,
    /// Of this stem.
    pub stem: Option<Stem>,
    /// Under this profile.
    pub profile: Option<ProfileName>,
    /// Of these descriptors; of all where there is none.
    pub descriptors: Vec<DescriptorId>,
    /// Of descriptors whose names begin so.
    pub prefix: Option<String>,
    /// Computed by this calculator.
    pub calculator: Option<CalculatorId>,
}

impl Filter {
    /// Whether a track is meant.
    pub fn matches(&self, record: &CacheRecord) -> bool {
        let key = &record.key;
        (self.assets.is_empty() || self.assets.contains(&key.asset))
            && self.stem.as_ref().is_none_or(|stem| *stem == key.stem)
            && self.profile.as_ref().is_none_or(|profile| *profile == key.profile)
            && (self.descriptors.is_empty() || self.descriptors.contains(&key.descriptor))
            && self.prefix.as_ref().is_none_or(|prefix| key.descriptor.as_str().starts_with(prefix.as_str()))
            && self.calculator.as_ref().is_none_or(|known| *known == record.provenance.calculator)
    }
}

impl Store {
    /// The tracks of this namespace that the index knows and `wanted` picks, in
    /// order of their keys.
    ///
    /// # Errors
    /// [`StoreError::Index`] where the index cannot be read.
    pub fn entries(&self, wanted: impl Fn(&CacheRecord) -> bool) -> Result<Vec<Entry>, StoreError> {
        let Inner { layout, index, .. } = &*self.inner;
        let rows = index.all_rows(layout)?.into_iter();
        let rows = rows.filter(|row| row.record.key.namespace == self.namespace && wanted(&row.record));
        let mut entries: Vec<_> =
            rows.map(|row| Entry { bytes: row.stat.size, record: row.record }).collect();
        entries.sort_by(|a, b| a.record.key.cmp(&b.record.key));
        Ok(entries)
    }

    /// Removes tracks: they are computed again when they are next asked for.
    /// Returns how many there were.
    ///
    /// # Errors
    /// As [`Store::remove`]. Those before it are removed then.
    pub fn remove_all(&self, entries: &[Entry]) -> Result<u64, StoreError> {
        let mut removed = 0;
        for entry in entries {
            removed += u64::from(self.remove(&entry.record.key)?);
        }
        Ok(removed)
    }

    /// Removes what was computed of audio that is nowhere any more, unless it
    /// is pinned.
    pub(crate) fn remove_lost(&self, asset: AssetId) -> Result<(), StoreError> {
        if self.pinned().contains(&asset) {
            return Ok(());
        }
        let lost = Filter { assets: vec![asset], ..Filter::default() };
        self.remove_all(&self.entries(|record| lost.matches(record))?)?;
        Ok(())
    }
}
