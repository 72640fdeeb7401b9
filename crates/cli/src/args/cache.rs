//! What `agogic cache` is told.

use std::path::PathBuf;

use agogic::schema::{CalculatorId, DescriptorId, Namespace, ProfileName};
use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Say what the cache holds, how it is used and whether anything is amiss
    Stats {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Read every cached track and compare its checksums; 1 when any is damaged
    Verify {
        /// Move what is damaged into quarantine, and make the index fit the files
        #[arg(long)]
        repair: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove what is beyond the limits: expired guests, what was long unused
    Gc {
        /// Only say what would go
        #[arg(long, short = 'n')]
        dry_run: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the limits of the cache, or set some; they hold for all processes
    Limits(Limits),
    /// Keep what is computed of files from being cleaned up
    Pin(Pins),
    /// Let what is computed of files be cleaned up again
    Unpin(Pins),
    /// Write chosen tracks into a file that another cache can import
    Export(Export),
    /// Take the tracks of a file that a cache exported into this one
    Import(Import),
    /// Remove chosen tracks; they are computed again when asked for
    Remove(Remove),
    /// Remove tracks that no calculator computes any more
    Prune {
        /// Only say what would go
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
    /// Make the namespace a guest's, which goes as a whole after a time
    Guest {
        /// How long it stays, such as `12h` or `7d`; `never` makes it stay
        #[arg(value_name = "TIME", value_parser = expiry)]
        stays: Expiry,
    },
    /// List the damaged files that were moved aside, and why
    Quarantine {
        /// Remove them
        #[arg(long)]
        clear: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// Whether the cache is used: with `no` every command computes anew, and keeps nothing
    #[arg(long, value_name = "YES/NO", value_parser = BoolishValueParser::new())]
    pub(crate) enabled: Option<bool>,
    /// Whether exact values are packed, which saves a quarter of the room and costs time
    #[arg(long, value_name = "YES/NO", value_parser = BoolishValueParser::new())]
    pub(crate) packing: Option<bool>,
    /// Whether hosts may read tracks into memory before they are asked for
    #[arg(long, value_name = "YES/NO", value_parser = BoolishValueParser::new())]
    pub(crate) warming: Option<bool>,
    /// Bytes of all tracks, such as `20G`; `none` for no limit
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) size: Option<Limit>,
    /// Time that a track may lie unused, such as `30d`; `none` for no limit
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) ttl: Option<Limit>,
    /// Bytes of each namespace; `none` for no limit
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) quota: Option<Limit>,
    /// Bytes of one namespace; `none` for what holds for each
    #[arg(long, value_name = "NAME=SIZE", value_parser = quota_of)]
    pub(crate) quota_of: Vec<(Namespace, Limit)>,
    /// Bytes of decoded values that each process holds in memory
    #[arg(long, value_name = "SIZE", value_parser = some_size)]
    pub(crate) memory: Option<u64>,
    /// Time that they are held unused
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub(crate) memory_idle: Option<u64>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Pins {
    /// Audio files; without any, what is pinned is listed
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

/// Tracks of the namespace. What is said of them holds for all of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Chosen {
    /// Of these audio files
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Of these descriptors
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) descriptors: Vec<DescriptorId>,
    /// Of descriptors whose names begin so
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Computed by this calculator
    #[arg(long, value_name = "ID")]
    pub(crate) calculator: Option<CalculatorId>,
    /// Under this profile
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// All of the namespace
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Only say what would go
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(override_usage = "agogic cache export [OPTIONS] <BUNDLE> [FILE]...")]
pub(crate) struct Export {
    /// The file to write, such as `song.agb`
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::FilePath)]
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Also tracks that no calculator computes any more
    #[arg(long)]
    pub(crate) with_unused: bool,
    /// Take the place of a file that is there
    #[arg(long, short)]
    pub(crate) force: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file that was exported
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::FilePath)]
    pub(crate) bundle: PathBuf,
    /// Take its tracks where others are there already; without this only those
    /// of newer calculators are taken
    #[arg(long)]
    pub(crate) replace: bool,
    /// Check all of it and only say what would come
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Refuse a file of more bytes
    #[arg(long, value_name = "SIZE", value_parser = some_size, default_value = "8G")]
    pub(crate) max_size: u64,
    /// Refuse a file of more tracks
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(crate) max_tracks: u64,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A limit, or that there is none.
pub(crate) type Limit = Option<u64>;

/// When a guest goes, in seconds from now, or that it stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expiry(pub(crate) Option<u64>);

fn expiry(text: &str) -> Result<Expiry, String> {
    if text == "never" { Ok(Expiry(None)) } else { some_time(text).map(|seconds| Expiry(Some(seconds))) }
}

fn size(text: &str) -> Result<Limit, String> {
    if text == "none" { Ok(None) } else { some_size(text).map(Some) }
}

fn time(text: &str) -> Result<Limit, String> {
    if text == "none" { Ok(None) } else { some_time(text).map(Some) }
}

fn quota_of(text: &str) -> Result<(Namespace, Limit), String> {
    let (name, bytes) = text.split_once('=').ok_or("it is not NAME=SIZE")?;
    Ok((Namespace::new(name).map_err(|error| error.to_string())?, size(bytes)?))
}

/// Bytes, with a unit of thousands.
fn some_size(text: &str) -> Result<u64, String> {
    scaled(text, &[("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("", 1.0)], "k, M, G or T")
}

/// Seconds, with a unit.
fn some_time(text: &str) -> Result<u64, String> {
    scaled(text, &[("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0), ("", 1.0)], "s, m, h or d")
}

fn scaled(text: &str, units: &[(&str, f64)], names: &str) -> Result<u64, String> {
    let wrong = || format!("it is no number with {names} behind it");
    let (number, scale) =
        units.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale))).ok_or_else(wrong)?;
    let value = number.trim_end().parse::<f64>().map_err(|_| wrong())? * scale;
    // Any number below is exact, or near enough.
    if (0.0..1e18).contains(&value) { Ok(value as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        for (text, expect) in
            [("0", Some(0)), ("20G", Some(20_000_000_000)), ("1.5k", Some(1500)), ("7 M", Some(7_000_000))]
        {
            assert_eq!(some_size(text).ok(), expect, "{text}");
        }
        for (text, expect) in [("90", 90), ("90s", 90), ("2m", 120), ("12h", 43_200), ("30d", 2_592_000)] {
            assert_eq!(some_time(text), Ok(expect), "{text}");
        }
        for text in ["", "G", "-1", "nan", "inf", "1e30", "3x", "none"] {
            assert!(some_size(text).is_err() && some_time(text).is_err(), "{text}");
        }
        assert_eq!((size("none"), time("none")), (Ok(None), Ok(None)));
        assert_eq!(expiry("never"), Ok(Expiry(None)));
        assert_eq!(quota_of("anna=1G"), Ok((Namespace::new("anna").unwrap(), Some(1_000_000_000))));
        assert!(quota_of("anna").is_err() && quota_of("a b=1").is_err());
    }
}
