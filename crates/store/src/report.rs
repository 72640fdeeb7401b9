//! How a cache is doing: what is in it by namespace, asset and calculator, how
//! often what was asked for was there, and whether anything is amiss.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agogic_schema::{AssetId, CalculatorId, Namespace};

use crate::limits::Limits;
use crate::memory::MemoryStats;
use crate::store::Inner;
use crate::uses::{Total, Use};
use crate::{Stats, Store, StoreError};

/// Tracks, bytes and uses of one namespace, asset or calculator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// What is in the cache.
    pub total: Total,
    /// How it was used, since the index was made.
    pub used: Use,
}

/// How a cache is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Figures about the folder.
    pub stats: Stats,
    /// Of all namespaces.
    pub namespaces: BTreeMap<Namespace, Share>,
    /// Of the assets of this namespace.
    pub assets: BTreeMap<AssetId, Share>,
    /// Of the calculators, in this namespace.
    pub calculators: BTreeMap<CalculatorId, Share>,
    /// When the cache was last cleaned up, and what went.
    pub collected: Option<(SystemTime, Total)>,
    /// The memory tier of this process.
    pub memory: MemoryStats,
    /// The limits that hold.
    pub limits: Limits,
    /// What is amiss.
    pub complaints: Vec<Complaint>,
}

/// Something amiss with a cache.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Complaint {
    /// Little of what was asked for was there.
    HitRateLow {
        /// The share of hits.
        rate: f64,
        /// How much was asked for.
        requests: u64,
    },
    /// Little is left of the size limit.
    NearlyFull {
        /// The share that is taken.
        share: f64,
    },
    /// Files failed a check.
    VerificationErrors {
        /// How many, since the folder was made.
        files: u64,
    },
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HitRateLow { rate, requests } => {
                write!(f, "hit rate low: {:.0} % of {requests} requests", 100.0 * rate)
            }
            Self::NearlyFull { share } => write!(f, "nearly full: {:.0} % of the size limit", 100.0 * share),
            Self::VerificationErrors { files } => write!(f, "verification errors: {files} files"),
        }
    }
}

impl Store {
    /// How the cache is doing.
    ///
    /// # Errors
    /// [`StoreError::Index`] where the index cannot be read.
    pub fn report(&self) -> Result<Report, StoreError> {
        let Inner { layout, index, limits, memory, .. } = &*self.inner;
        self.flush_uses();
        let stats = self.stats()?;
        let (mut namespaces, mut assets, mut calculators) =
            (BTreeMap::<_, Share>::new(), BTreeMap::<_, Share>::new(), BTreeMap::<_, Share>::new());
        for (name, total) in index.by_namespace(layout)? {
            namespaces.entry(name).or_default().total = total;
        }
        for (asset, total) in index.by_asset(layout, &self.namespace)? {
            assets.entry(asset).or_default().total = total;
        }
        for (calculator, total) in index.by_calculator(layout, &self.namespace)? {
            calculators.entry(calculator).or_default().total = total;
        }
        for ((namespace, asset, calculator), used) in index.counted(layout)? {
            if namespace == self.namespace {
                assets.entry(asset).or_default().used.add(&used);
                calculators.entry(calculator).or_default().used.add(&used);
            }
            namespaces.entry(namespace).or_default().used.add(&used);
        }
        let collected = index.last_collection(layout)?;
        let collected = collected.and_then(|(at, total)| {
            let since = Duration::from_nanos(u64::try_from(at).ok()?);
            Some((UNIX_EPOCH.checked_add(since)?, total))
        });
        let limits = limits.get();
        let all = namespaces.values().fold(Use::default(), |mut all, share| {
            all.add(&share.used);
            all
        });
        let complaints = complaints(&limits, &stats, &all);
        Ok(Report {
            stats,
            namespaces,
            assets,
            calculators,
            collected,
            memory: memory.stats(),
            limits,
            complaints,
        })
    }
}

fn complaints(limits: &Limits, stats: &Stats, used: &Use) -> Vec<Complaint> {
    let mut found = vec![];
    let requests = used.hits + used.misses;
    if let Some(rate) = used.hit_rate()
        && requests >= limits.health.requests
        && rate < limits.health.hit_rate
    {
        found.push(Complaint::HitRateLow { rate, requests });
    }
    if let Some(size) = limits.size {
        let share = stats.bytes as f64 / size.max(1) as f64;
        if share > limits.health.full {
            found.push(Complaint::NearlyFull { share });
        }
    }
    if stats.damaged > limits.health.damaged {
        found.push(Complaint::VerificationErrors { files: stats.damaged });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_keep_to_their_thresholds() {
        let stats = Stats {
            path: "cache".into(),
            version: 1,
            entries: 1,
            bytes: 95,
            assets: 1,
            damaged: 0,
            quarantined: 0,
            adopted: 0,
        };
        let used = |hits, misses| Use { hits, misses, busy: Duration::ZERO };
        let told = |limits: &Limits, stats: &Stats, used: &Use| {
            let all = complaints(limits, stats, used);
            all.iter().map(Complaint::to_string).collect::<Vec<_>>().join("; ")
        };
        let mut limits = Limits { size: Some(100), ..Limits::default() };
        assert_eq!(told(&limits, &stats, &used(0, 99)), "nearly full: 95 % of the size limit");
        limits.health.full = 0.95;
        assert_eq!(told(&limits, &stats, &used(50, 50)), "");
        assert_eq!(told(&limits, &stats, &used(1, 199)), "hit rate low: 0 % of 200 requests");
        limits.health.hit_rate = 0.0;
        let damaged = Stats { damaged: 3, ..stats };
        assert_eq!(told(&limits, &damaged, &used(1, 199)), "verification errors: 3 files");
        limits.health.damaged = 3;
        assert_eq!(told(&limits, &damaged, &used(1, 199)), "");
    }
}
