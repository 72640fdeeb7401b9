//! Warming: the memory tier filled beforehand, with what is likely to be asked
//! for. It only reads, gives way to whoever wants the processor, and stops at
//! once when it is told to.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use agogic_schema::{CacheKey, Profile};

use crate::{Control, Engine, Error};

/// So many chunks are read between two pauses.
const BATCH: usize = 16;
/// How long a pause is.
const PAUSE: Duration = Duration::from_millis(5);

impl Engine {
    /// Reads the cached tracks of files under a profile into memory, as far as
    /// the memory tier has room: as a project is opened. Computes nothing, and
    /// reads nothing where the cache's limits forbid warming. The number of chunks
    /// that were read or were there.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; when a file or the cache cannot be read.
    pub fn warm(&self, files: &[PathBuf], profile: &Profile, control: &Control) -> Result<usize, Error> {
        let mut chunks = 0;
        for file in files {
            let asset = self.identify(file)?.asset;
            let records = self.records(&asset, profile)?;
            chunks += self.warm_tracks(records.into_iter().map(|record| record.key), control)?;
        }
        Ok(chunks)
    }

    /// Reads the tracks of this namespace that were used last into memory, as
    /// far as the memory tier has room.
    ///
    /// # Errors
    /// As [`Engine::warm`].
    pub fn warm_recent(&self, tracks: usize, control: &Control) -> Result<usize, Error> {
        self.warm_tracks(self.store.recently_used(tracks)?, control)
    }

    /// Reads the tracks of the assets of this namespace that were asked for most
    /// into memory, as far as the memory tier has room.
    ///
    /// # Errors
    /// As [`Engine::warm`].
    pub fn warm_frequent(&self, assets: usize, control: &Control) -> Result<usize, Error> {
        let mut chunks = 0;
        for asset in self.store.most_used(assets)? {
            let entries = self.store.records(&asset, None)?;
            chunks += self.warm_tracks(entries.into_iter().map(|entry| entry.record.key), control)?;
        }
        Ok(chunks)
    }

    fn warm_tracks(
        &self,
        keys: impl IntoIterator<Item = CacheKey>,
        control: &Control,
    ) -> Result<usize, Error> {
        let (mut chunks, mut read) = (0, 0);
        if !self.store.limits()?.warming {
            return Ok(chunks);
        }
        for key in keys {
            let Some(mut reader) = self.store.reader(&key)? else { continue };
            let go_on = || {
                read += 1;
                if read % BATCH == 0 {
                    thread::sleep(PAUSE);
                }
                !control.cancel().is_cancelled()
            };
            chunks += reader.warm(go_on)?.unwrap_or(0);
            if control.cancel().is_cancelled() {
                return Err(Error::Cancelled);
            }
        }
        Ok(chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    #[test]
    fn what_was_warmed_is_not_read_again() {
        let song = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/media/slow-turn.ogg"));
        let cache = tempfile::tempdir().unwrap();
        let engine = Engine::open(cache.path()).unwrap();
        let (profile, control) = (Profile::built_in("default").unwrap(), Control::default());
        let rms = agogic_schema::DescriptorId::new("agogic.rms").unwrap();
        let files = [song];
        assert_eq!(engine.warm(&files, &profile, &control).unwrap(), 0, "nothing is computed");
        let request = Request::new(profile.clone()).only([rms.clone()]);
        engine.analyze(&files[0], &request, &control).unwrap();
        let counts = || engine.store().report().unwrap().memory.kinds;
        assert_eq!(engine.warm(&files, &profile, &control).unwrap(), 1);
        assert_eq!((counts()["warmed"].misses, counts()["warmed"].hits), (1, 0));
        let range = agogic_timebase::Range::new(agogic_timebase::Seconds(1.0), agogic_timebase::Seconds(2.0));
        engine.track(&files[0], &rms, &profile, Some(range), &control).unwrap();
        assert_eq!((counts()["parts"].misses, counts()["parts"].hits), (0, 1));
        assert_eq!(engine.warm_recent(5, &control).unwrap(), 1);
        assert_eq!(engine.warm_frequent(5, &control).unwrap(), 1);
        let stopped = Control::default();
        stopped.cancel().cancel();
        assert!(matches!(engine.warm(&files, &profile, &stopped), Err(Error::Cancelled)));
    }
}
