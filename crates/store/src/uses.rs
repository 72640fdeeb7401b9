//! What the index keeps of how tracks are used: when each was last, how often
//! what was asked for was there, how long calculators took, and what the last
//! clean-up did. Gathered in memory, and written now and then by whoever
//! writes anyway: a reader never does.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use agogic_schema::{AssetId, CacheKey, CalculatorId, DescriptorId, Namespace, ProfileName, Stem};
use rusqlite::{OptionalExtension, TransactionBehavior, params};

use crate::collect::Collection;
use crate::database::unreadable;
use crate::index::{Index, THAT, that};
use crate::layout::Layout;
use crate::stat::now_ns;
use crate::store::Inner;
use crate::{Store, StoreError};

/// How what somebody asked for was come by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Descriptors that were current in the cache.
    pub hits: u64,
    /// Descriptors that had to be computed.
    pub misses: u64,
    /// Time that the calculator took for them.
    pub busy: Duration,
}

impl Use {
    /// The share of hits; `None` where nothing was asked for.
    pub fn hit_rate(&self) -> Option<f64> {
        let all = self.hits + self.misses;
        (all > 0).then(|| self.hits as f64 / all as f64)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.busy += other.busy;
    }
}

/// Whose uses are counted together.
pub(crate) type Of = (Namespace, AssetId, CalculatorId);

/// Uses that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<HashMap<Of, Use>>);

impl Uses {
    fn add(&self, more: impl IntoIterator<Item = (Of, Use)>) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (of, more) in more {
            uses.entry(of).or_default().add(&more);
        }
    }

    fn take(&self) -> HashMap<Of, Use> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Bytes and tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Tracks.
    pub entries: u64,
    /// Bytes that they take.
    pub bytes: u64,
}

impl Store {
    /// Counts how what was asked for of an asset was come by.
    pub fn count_use(&self, asset: &AssetId, calculator: &CalculatorId, more: Use) {
        self.inner.uses.add([((self.namespace.clone(), *asset, calculator.clone()), more)]);
    }

    /// The tracks of this namespace that were used last, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Index`] where the index cannot be read.
    pub fn recently_used(&self, most: usize) -> Result<Vec<CacheKey>, StoreError> {
        self.flush_uses();
        let mut uses = self.inner.index.uses(&self.inner.layout)?;
        uses.retain(|(key, _)| key.namespace == self.namespace);
        uses.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        Ok(uses.into_iter().take(most).map(|(key, _)| key).collect())
    }

    /// The assets of this namespace that were asked for most, most first.
    ///
    /// # Errors
    /// [`StoreError::Index`] where the index cannot be read.
    pub fn most_used(&self, most: usize) -> Result<Vec<AssetId>, StoreError> {
        self.flush_uses();
        let mut assets: BTreeMap<AssetId, u64> = BTreeMap::new();
        for ((namespace, asset, _), used) in self.inner.index.counted(&self.inner.layout)? {
            if namespace == self.namespace {
                *assets.entry(asset).or_default() += used.hits + used.misses;
            }
        }
        let mut assets: Vec<_> = assets.into_iter().collect();
        assets.sort_by_key(|&(asset, asked)| (std::cmp::Reverse(asked), asset));
        Ok(assets.into_iter().take(most).map(|(asset, _)| asset).collect())
    }

    /// Writes down what was gathered; what cannot be written now is kept.
    pub(crate) fn flush_uses(&self) {
        self.inner.flush_uses();
    }
}

impl Inner {
    pub(crate) fn flush_uses(&self) {
        let _ = self.touches.flush(|batch| self.index.touch(&self.layout, batch));
        let uses = self.uses.take();
        if self.index.add_uses(&self.layout, &uses).is_err() {
            self.uses.add(uses);
        }
    }
}

impl Index {
    /// Tracks and when each was last used.
    pub(crate) fn uses(&self, layout: &Layout) -> Result<Vec<(CacheKey, i64)>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection
                .prepare("SELECT namespace, asset, stem, profile, descriptor, used_ns FROM entry")?;
            let rows = statement.query_map([], |row| {
                let text = |i| row.get::<_, String>(i);
                let key = CacheKey {
                    namespace: Namespace::new(text(0)?).map_err(unreadable)?,
                    asset: AssetId(row.get(1)?),
                    stem: Stem::new(text(2)?).map_err(unreadable)?,
                    profile: ProfileName::new(text(3)?).map_err(unreadable)?,
                    descriptor: DescriptorId::new(text(4)?).map_err(unreadable)?,
                };
                Ok((key, row.get(5)?))
            })?;
            rows.collect()
        })
    }

    /// Notes later uses.
    fn touch(&self, layout: &Layout, batch: &[(CacheKey, i64)]) -> Result<(), StoreError> {
        let now = now_ns();
        self.run(layout, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (key, at) in batch {
                let (namespace, asset, stem, profile, descriptor) = that(key);
                // A later time than now is that of a clock that was set back.
                transaction
                    .prepare_cached(&format!(
                        "UPDATE entry SET used_ns = max(min(used_ns, ?7), ?6) WHERE {THAT}"
                    ))?
                    .execute(params![namespace, asset, stem, profile, descriptor, at, now])?;
            }
            transaction.commit()
        })
    }

    fn add_uses(&self, layout: &Layout, uses: &HashMap<Of, Use>) -> Result<(), StoreError> {
        if uses.is_empty() {
            return Ok(());
        }
        self.run(layout, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for ((namespace, asset, calculator), of) in uses {
                let busy = i64::try_from(of.busy.as_nanos()).unwrap_or(i64::MAX);
                transaction
                    .prepare_cached(
                        "INSERT INTO usage VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT DO UPDATE SET
                         hits = hits + ?4, misses = misses + ?5, busy_ns = busy_ns + ?6",
                    )?
                    .execute(params![
                        namespace.as_str(),
                        asset.0,
                        calculator.as_str(),
                        of.hits as i64,
                        of.misses as i64,
                        busy
                    ])?;
            }
            transaction.commit()
        })
    }

    /// All uses that were counted since the index was made.
    pub(crate) fn counted(&self, layout: &Layout) -> Result<Vec<(Of, Use)>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection
                .prepare("SELECT namespace, asset, calculator, hits, misses, busy_ns FROM usage")?;
            let rows = statement.query_map([], |row| {
                let number = |i| row.get::<_, i64>(i).map(|n| n.max(0) as u64);
                let of = (
                    Namespace::new(row.get::<_, String>(0)?).map_err(unreadable)?,
                    AssetId(row.get(1)?),
                    CalculatorId::new(row.get::<_, String>(2)?).map_err(unreadable)?,
                );
                let busy = Duration::from_nanos(number(5)?);
                Ok((of, Use { hits: number(3)?, misses: number(4)?, busy }))
            })?;
            rows.collect()
        })
    }

    /// Tracks and bytes of each namespace.
    pub(crate) fn by_namespace(&self, layout: &Layout) -> Result<BTreeMap<Namespace, Total>, StoreError> {
        self.totals_by(layout, "SELECT namespace, entries, bytes FROM total WHERE entries > 0", |row| {
            Namespace::new(row.get::<_, String>(0)?).map_err(unreadable)
        })
    }

    /// Tracks and bytes of each asset of a namespace.
    pub(crate) fn by_asset(
        &self,
        layout: &Layout,
        namespace: &Namespace,
    ) -> Result<BTreeMap<AssetId, Total>, StoreError> {
        let query = format!(
            "SELECT asset, count(*), sum(size) FROM entry WHERE namespace = '{namespace}' GROUP BY asset"
        );
        self.totals_by(layout, &query, |row| Ok(AssetId(row.get(0)?)))
    }

    /// Tracks and bytes of each calculator of a namespace.
    pub(crate) fn by_calculator(
        &self,
        layout: &Layout,
        namespace: &Namespace,
    ) -> Result<BTreeMap<CalculatorId, Total>, StoreError> {
        let query = format!(
            "SELECT calculator, count(*), sum(size) FROM entry WHERE namespace = '{namespace}' GROUP BY calculator"
        );
        self.totals_by(layout, &query, |row| CalculatorId::new(row.get::<_, String>(0)?).map_err(unreadable))
    }

    fn totals_by<K: Ord>(
        &self,
        layout: &Layout,
        query: &str,
        key: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<K>,
    ) -> Result<BTreeMap<K, Total>, StoreError> {
        self.run(layout, |connection| {
            let mut statement = connection.prepare(query)?;
            let rows = statement.query_map([], |row| {
                let number = |i| row.get::<_, i64>(i).map(|n| n.max(0) as u64);
                Ok((key(row)?, Total { entries: number(1)?, bytes: number(2)? }))
            })?;
            rows.collect()
        })
    }

    /// Remembers what a clean-up did, and when.
    pub(crate) fn note_collection(&self, layout: &Layout, done: &Collection) -> Result<(), StoreError> {
        let numbers = [
            ("collected_ns", now_ns()),
            ("collected_tracks", done.gone.len() as i64),
            ("collected_bytes", done.before.saturating_sub(done.after) as i64),
        ];
        self.run(layout, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (name, value) in numbers {
                transaction
                    .execute("INSERT OR REPLACE INTO counter VALUES (?1, ?2)", params![name, value])?;
            }
            transaction.commit()
        })
    }

    /// When the last clean-up was, in nanoseconds since 1970, and how many tracks
    /// and bytes went.
    pub(crate) fn last_collection(&self, layout: &Layout) -> Result<Option<(i64, Total)>, StoreError> {
        self.run(layout, |connection| {
            let number = |name: &str| {
                connection
                    .query_row("SELECT value FROM counter WHERE name = ?1", [name], |row| {
                        row.get::<_, i64>(0)
                    })
                    .optional()
            };
            let Some(at) = number("collected_ns")? else { return Ok(None) };
            let count = |found: Option<i64>| found.unwrap_or(0).max(0) as u64;
            let (entries, bytes) = (count(number("collected_tracks")?), count(number("collected_bytes")?));
            Ok(Some((at, Total { entries, bytes })))
        })
    }
}
