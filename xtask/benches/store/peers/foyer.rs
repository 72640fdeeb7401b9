//! foyer, a cache in memory and on disk: its memory admits nothing here, so that all is
//! read from its files. It does not sync: what is put is with the system, not on the disk.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result};
use foyer::{
    BlockEngineConfig, DeviceBuilder as _, FsDeviceBuilder, HybridCache, HybridCacheBuilder,
    HybridCachePolicy,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::{Peer, key};

/// Bytes that its files may take.
const ROOM: usize = 2 << 30;
/// Bytes after which it is waited for: it drops what comes faster than it writes.
const AT_ONCE: usize = 4 << 20;

pub(super) struct Foyer {
    cache: HybridCache<u64, Vec<u8>>,
    // Goes after the cache, which has tasks in it.
    runtime: Runtime,
    folder: TempDir,
}

impl Foyer {
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let device = FsDeviceBuilder::new(folder.path()).with_capacity(ROOM).build()?;
        let cache = HybridCacheBuilder::new()
            .with_policy(HybridCachePolicy::WriteOnInsertion)
            .with_flush_on_close(false)
            .memory(1 << 20)
            .with_weighter(|_: &u64, value: &Vec<u8>| value.len())
            .with_filter(|_: &u64, _: &Vec<u8>| false)
            .storage()
            .with_engine_config(BlockEngineConfig::new(device));
        let cache = runtime.block_on(cache.build())?;
        Ok(Self { cache, runtime, folder })
    }

    fn wait(&self) {
        self.runtime.block_on(self.cache.storage().wait());
    }
}

impl Peer for Foyer {
    fn name(&self) -> &'static str {
        "foyer"
    }

    fn put(&mut self, track: u32, chunks: &[Vec<u8>]) -> Result<()> {
        let mut waiting = 0;
        for (number, chunk) in (0..).zip(chunks) {
            self.cache.insert(key(track, number), chunk.clone());
            waiting += chunk.len();
            if waiting >= AT_ONCE {
                self.wait();
                waiting = 0;
            }
        }
        self.wait();
        Ok(())
    }

    fn read(&mut self, track: u32, chunks: Range<u32>, sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.runtime.block_on(async {
            for number in chunks {
                sink(self.cache.get(&key(track, number)).await?.context("no such chunk")?.value());
            }
            Ok(())
        })
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
