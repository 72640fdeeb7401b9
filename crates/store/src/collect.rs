//! Keeping a cache within its limits: what goes, in which order, and removing
//! it. One process at a time does so, and nobody waits for it: a reader keeps
//! the file that it has open, and finds no file where one went.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agogic_schema::{CacheKey, Namespace};

use crate::disk::{Disk, gone};
use crate::file::ChunkFile;
use crate::limits::Limits;
use crate::stat::{Stat, now_ns};
use crate::store::Inner;
use crate::{Store, StoreError};

/// What was used so lately goes only where nothing else is left.
const JUST_USED: Duration = Duration::from_secs(60);
/// Cleaning goes down to this share of a limit, so that it is not needed again
/// at once.
const DOWN_TO: f64 = 0.9;

/// Why a track goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Why {
    /// Its guest's time is over.
    Guest,
    /// Nobody used it for longer than the TTL.
    Unused,
    /// Its namespace takes more than its quota.
    Quota,
    /// The cache takes more than its size limit.
    Size,
}

impl Why {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Unused => "unused",
            Self::Quota => "quota",
            Self::Size => "size",
        }
    }
}

/// A track that goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Gone {
    /// The file, below the cache folder.
    pub path: PathBuf,
    /// The track; `None` of a file that the index does not know.
    pub key: Option<CacheKey>,
    /// Bytes that it takes.
    pub bytes: u64,
    /// Why it goes.
    pub why: Why,
}

/// What a clean-up did, or would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    /// Bytes of all tracks before.
    pub before: u64,
    /// Bytes of all tracks afterwards.
    pub after: u64,
    /// What goes, in the order in which it goes.
    pub gone: Vec<Gone>,
    /// Guests whose namespaces go as a whole.
    pub guests: Vec<Namespace>,
    /// What could not be removed, and why.
    pub failed: Vec<(PathBuf, String)>,
}

/// A chunk file, as the clean-up sees it.
#[derive(Clone, Debug)]
struct Seen {
    path: PathBuf,
    key: Option<CacheKey>,
    namespace: Namespace,
    stat: Stat,
    used_ns: i64,
    pinned: bool,
}

impl Store {
    /// Brings the cache within its limits: removes guests whose time is over,
    /// tracks that nobody used for longer than the TTL, and then the longest
    /// unused until quotas and size limit are kept, down to 90 % of them. What
    /// is pinned stays. With `dry_run` nothing is removed. `None` where
    /// another process is cleaning already.
    ///
    /// # Errors
    /// [`StoreError::Index`] or [`StoreError::Io`] where the index or a folder
    /// cannot be read, [`StoreError::ReadOnly`] where nothing may be removed.
    pub fn collect(&self, dry_run: bool) -> Result<Option<Collection>, StoreError> {
        let Inner { layout, index, limits, .. } = &*self.inner;
        if !dry_run {
            layout.check_writable()?;
        }
        let lock = layout.locks().join("collect");
        let open = || OpenOptions::new().write(true).create(true).truncate(false).open(&lock).ok();
        // Where nothing may be written nobody cleans.
        let lock = if layout.is_read_only() { None } else { open() };
        // A file system without locks: two that clean find what the other left.
        if matches!(lock.as_ref().map(File::try_lock), Some(Err(TryLockError::WouldBlock))) {
            return Ok(None);
        }
        self.flush_uses();
        let files = self.seen()?;
        let guests = layout.expired(now_ns() / 1_000_000_000);
        let chosen = choose(&files, &limits.get(), &guests, now_ns());
        let before = files.iter().map(|file| file.stat.size).sum();
        let mut collection = Collection { before, after: before, guests, ..Collection::default() };
        let gone = |&(number, why): &(usize, Why)| {
            let Seen { path, key, stat, .. } = &files[number];
            let path = layout.relative(path).to_path_buf();
            Gone { path, key: key.clone(), bytes: stat.size, why }
        };
        if !dry_run {
            // The rows first: a file without a row is no damage, a row without
            // a file is.
            let keys: Vec<&CacheKey> = chosen.iter().filter_map(|&(n, _)| files[n].key.as_ref()).collect();
            index.drop_rows(layout, &keys)?;
        }
        for choice in &chosen {
            let Seen { path, stat, key, .. } = &files[choice.0];
            if !dry_run && !self.discard(path, stat, key.as_ref(), &mut collection)? {
                continue;
            }
            collection.after -= stat.size;
            collection.gone.push(gone(choice));
        }
        if !dry_run {
            for guest in &collection.guests {
                if let Err(cause) = layout.remove_namespace(guest) {
                    let folder = layout.namespace(guest);
                    collection.failed.push((layout.relative(&folder).to_path_buf(), cause.to_string()));
                }
            }
            index.note_collection(layout, &collection)?;
        }
        Ok(Some(collection))
    }

    /// Removes a file whose row is gone or never was. Whether it is gone.
    fn discard(
        &self,
        path: &Path,
        stat: &Stat,
        key: Option<&CacheKey>,
        collection: &mut Collection,
    ) -> Result<bool, StoreError> {
        let Inner { layout, index, .. } = &*self.inner;
        let own = || ChunkFile::open(layout.disk(), path).ok().map(|file| file.record.key);
        let known = key.is_some();
        let key = key.cloned().or_else(own);
        // One without a row that has got one since was published just now.
        if let Some(key) = key.as_ref().filter(|_| !known)
            && index.has(layout, key)?
        {
            return Ok(false);
        }
        if let Err(cause) = remove(&**layout.disk(), path, stat) {
            collection.failed.push((layout.relative(path).to_path_buf(), cause.to_string()));
            return Ok(false);
        }
        // At once: a row that came in between, of somebody who looked at the
        // file, stands for one that is gone; one that comes later sees so itself.
        if let Some(key) = key.filter(|_| !path.exists()) {
            index.drop_row(layout, &key)?;
        }
        Ok(true)
    }

    /// Cleans up while a limit is exceeded. What goes wrong is left to the next.
    pub(crate) fn collect_if_full(&self) {
        // Asked again afterwards: somebody who published meanwhile found that
        // there is somebody who cleans up.
        while self.is_full() {
            let done = self.collect(false).ok().flatten();
            if done.is_none_or(|collection| collection.gone.is_empty()) {
                break;
            }
        }
    }

    /// Whether a limit is exceeded, as far as the index knows.
    fn is_full(&self) -> bool {
        let Inner { layout, index, limits, .. } = &*self.inner;
        let limits = limits.get();
        if limits.size.is_none() && limits.quota.is_none() && limits.quotas.is_empty() {
            return false;
        }
        let Ok(totals) = index.by_namespace(layout) else { return false };
        let over = |bytes: u64, limit: Option<u64>| limit.is_some_and(|limit| bytes > limit);
        totals.iter().any(|(name, total)| over(total.bytes, limits.quota_of(name)))
            || over(totals.values().map(|total| total.bytes).sum(), limits.size)
    }

    /// Every chunk file, with what is known of its use.
    fn seen(&self) -> Result<Vec<Seen>, StoreError> {
        let Inner { layout, index, .. } = &*self.inner;
        let mut known: HashMap<PathBuf, (CacheKey, i64)> = HashMap::new();
        for (key, used_ns) in index.uses(layout)? {
            known.insert(layout.track(&key), (key, used_ns));
        }
        let pins = layout.pins();
        let mut files = vec![];
        let list = |cause| StoreError::io("list the tracks in", &layout.namespaces(), cause);
        for (namespace, path) in layout.tracks_by_namespace().map_err(list)? {
            // Removed since it was listed.
            let Ok(meta) = fs::metadata(&path) else { continue };
            let stat = Stat::of(&meta);
            let found = known.remove(&path);
            let used_ns = found.as_ref().map_or(stat.mtime_ns, |(_, used_ns)| *used_ns);
            let key = found.map(|(key, _)| key);
            let pinned =
                layout.asset_of(&path).is_some_and(|asset| pins.contains(&(namespace.clone(), asset)));
            files.push(Seen { path, key, namespace, stat, used_ns, pinned });
        }
        Ok(files)
    }
}

/// What has to go, in order.
fn choose(files: &[Seen], limits: &Limits, guests: &[Namespace], now_ns: i64) -> Vec<(usize, Why)> {
    let guests: HashSet<&Namespace> = guests.iter().collect();
    let mut chosen: Vec<(usize, Why)> = vec![];
    let mut order: Vec<usize> = vec![];
    // A time to come is that of a clock that was set back since: it is now.
    let idle = |file: &Seen| Duration::from_nanos(now_ns.saturating_sub(file.used_ns).max(0) as u64);
    for (number, file) in files.iter().enumerate() {
        if guests.contains(&file.namespace) {
            chosen.push((number, Why::Guest));
        } else if !file.pinned && limits.ttl.is_some_and(|ttl| idle(file) > Duration::from_secs(ttl)) {
            chosen.push((number, Why::Unused));
        } else {
            order.push(number);
        }
    }
    order.sort_by(|&a, &b| (files[a].used_ns, &files[a].path).cmp(&(files[b].used_ns, &files[b].path)));
    let mut namespaces: BTreeMap<Namespace, Vec<usize>> = BTreeMap::new();
    for &number in &order {
        namespaces.entry(files[number].namespace.clone()).or_default().push(number);
    }
    let mut out = HashSet::new();
    for (namespace, order) in &namespaces {
        if let Some(quota) = limits.quota_of(namespace) {
            for number in shrink(files, order, quota, &idle) {
                out.insert(number);
                chosen.push((number, Why::Quota));
            }
        }
    }
    order.retain(|number| !out.contains(number));
    if let Some(size) = limits.size {
        chosen.extend(shrink(files, &order, size, &idle).into_iter().map(|number| (number, Why::Size)));
    }
    chosen
}

/// What has to go of these files, the longest unused first, so that they keep
/// the limit. What was just used goes only where the rest is not enough, and
/// then no further than to the limit itself.
fn shrink(files: &[Seen], order: &[usize], limit: u64, idle: &impl Fn(&Seen) -> Duration) -> Vec<usize> {
    let mut bytes: u64 = order.iter().map(|&number| files[number].stat.size).sum();
    let mut chosen = vec![];
    if bytes <= limit {
        return chosen;
    }
    let low = (limit as f64 * DOWN_TO) as u64;
    for (fresh, target) in [(false, low), (true, limit)] {
        for &number in order {
            let file = &files[number];
            if bytes <= target {
                break;
            }
            if !file.pinned && (idle(file) < JUST_USED) == fresh {
                bytes -= file.stat.size;
                chosen.push(number);
            }
        }
    }
    chosen
}

/// Removes a file, unless another has taken its place since.
fn remove(disk: &dyn Disk, path: &Path, seen: &Stat) -> io::Result<()> {
    match disk.metadata(path) {
        Ok(meta) if Stat::of(&meta) == *seen => {}
        Ok(_) => return Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cause),
    }
    gone(disk.remove(path))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: i64 = 1_000_000_000;

    /// Files of 10 bytes each of a namespace, used so many seconds ago.
    fn files(of: &[(&str, i64)]) -> Vec<Seen> {
        let file = |(number, &(name, ago)): (usize, &(&str, i64))| {
            let (name, pinned) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
            Seen {
                path: format!("{number:03}").into(),
                key: None,
                namespace: Namespace::new(name).unwrap(),
                stat: Stat { size: 10, mtime_ns: 0, ctime_ns: 0, inode: 0 },
                used_ns: 1000 * S - ago * S,
                pinned,
            }
        };
        of.iter().enumerate().map(file).collect()
    }

    #[track_caller]
    fn check(of: &[(&str, i64)], limits: &Limits, guests: &[&str], expect: &[(usize, Why)]) {
        let guests: Vec<Namespace> = guests.iter().map(|&name| Namespace::new(name).unwrap()).collect();
        assert_eq!(choose(&files(of), limits, &guests, 1000 * S), expect);
    }

    #[test]
    fn what_goes_and_in_which_order() {
        let none = Limits::default();
        let size = |size| Limits { size: Some(size), ..Limits::default() };
        let ttl = |ttl| Limits { ttl: Some(ttl), ..Limits::default() };
        let some = [("a", 300), ("a", 500), ("b", 400), ("b", 200)];
        check(&some, &none, &[], &[]);
        check(&some, &size(40), &[], &[]);
        // Down to 90 % of 39 bytes: one file is enough.
        check(&some, &size(39), &[], &[(1, Why::Size)]);
        check(&some, &size(25), &[], &[(1, Why::Size), (2, Why::Size)]);
        check(&some, &size(0), &[], &[(1, Why::Size), (2, Why::Size), (0, Why::Size), (3, Why::Size)]);
        check(&some, &ttl(350), &[], &[(1, Why::Unused), (2, Why::Unused)]);
        check(&some, &none, &["b"], &[(2, Why::Guest), (3, Why::Guest)]);
        // Pins, and what was just used: that goes down to the limit only.
        check(&[("a!", 900), ("a", 5)], &size(10), &[], &[(1, Why::Size)]);
        check(&[("a!", 900), ("a!", 900)], &size(10), &[], &[]);
        check(&[("a", 30), ("a", 20), ("a", 10)], &size(20), &[], &[(0, Why::Size)]);
        check(&[("a", 30), ("a", 200), ("a", 100)], &size(20), &[], &[(1, Why::Size), (2, Why::Size)]);
        // A clock that was set back.
        check(&[("a", -500), ("a", 400)], &ttl(300), &[], &[(1, Why::Unused)]);
        // A quota, and then the size of what is left.
        let mut both = Limits { quota: Some(20), ..size(39) };
        both.quotas.insert(Namespace::new("b").unwrap(), 100);
        check(
            &[("a", 500), ("a", 400), ("a", 300), ("b", 600), ("b", 100), ("b", 90)],
            &both,
            &[],
            &[(0, Why::Quota), (1, Why::Quota), (3, Why::Size)],
        );
    }

    proptest! {
        #[test]
        fn limits_hold_whatever_there_is(
            of in proptest::collection::vec((0..3usize, -100i64..900, proptest::bool::weighted(0.2)), 0..40),
            size in 0u64..500, quota in 0u64..300,
        ) {
            let names = [["a", "b", "c"], ["a!", "b!", "c!"]];
            let of: Vec<_> = of.iter().map(|&(n, ago, pin)| (names[usize::from(pin)][n], ago)).collect();
            let files = files(&of);
            let limits = Limits { size: Some(size), quota: Some(quota), ..Limits::default() };
            let gone: Vec<usize> = choose(&files, &limits, &[], 1000 * S).iter().map(|gone| gone.0).collect();
            let once: HashSet<usize> = gone.iter().copied().collect();
            prop_assert_eq!(once.len(), gone.len());
            prop_assert!(gone.iter().all(|&number| !files[number].pinned));
            let left = |name: Option<&str>, pinned: bool| -> u64 {
                let of_it = |file: &Seen| name.is_none_or(|name| file.namespace.as_str() == name);
                let stays = |(n, file): &(usize, &Seen)| !once.contains(n) && of_it(file) && (!pinned || file.pinned);
                files.iter().enumerate().filter(stays).map(|(_, file)| file.stat.size).sum()
            };
            prop_assert!(left(None, false) <= size.max(left(None, true)));
            for name in ["a", "b", "c"] {
                prop_assert!(left(Some(name), false) <= quota.max(left(Some(name), true)));
            }
        }
    }
}
