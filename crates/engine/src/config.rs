//! The configuration file: where it is, what may stand in it. A host
//! application reads it with [`Config::load`]; nothing else does by itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agogic_host::{Rule, Rules};
use agogic_schema::CalculatorId;
use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::Error;
use crate::profiles::{self, Profiles, Written};

/// What the configuration files say.
///
/// ```toml
/// isolation = "process"       # plug-ins in processes of their own, or "none"
/// timeout = 60                # seconds that one call may take
/// memory = 2048               # MiB that a process may use; Linux only
/// scan_timeout = 10           # seconds that a plug-in may take to say what it holds
///
/// [plugins."libcrest.so"]     # of all calculators of a file
/// isolation = "none"
///
/// [calculators."org.example.beats"]
/// timeout = 600
///
/// [profiles.fine]             # analysis parameters under a name
/// base = "librosa"            # whose values hold where nothing else is said
/// sample_rate = 44100         # Hz, or "native"
/// descriptors = ["agogic.mel", "agogic.rms"]  # what an analysis computes
/// params = { n_mels = 64, agogic.mel.fmin = 30 }
/// max_error = { all = "0.001 relative", agogic.mel = "0.01 dB" }  # of cached values
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Which plug-ins work in processes of their own.
    pub rules: Rules,
    /// How long a plug-in may take to say what it holds.
    pub scan_timeout: Option<Duration>,
    /// The profiles that there are.
    pub profiles: Profiles,
    /// The files that were read, the one that counts most last.
    pub files: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    isolation: Option<Where>,
    timeout: Option<f64>,
    memory: Option<u64>,
    scan_timeout: Option<f64>,
    #[serde(default)]
    plugins: BTreeMap<String, Entry>,
    #[serde(default)]
    calculators: BTreeMap<String, Entry>,
    #[serde(default)]
    profiles: BTreeMap<String, profiles::Entry>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    isolation: Option<Where>,
    timeout: Option<f64>,
    memory: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Where {
    None,
    Process,
}

impl Config {
    /// Reads the file that `AGOGIC_CONFIG` names, or else `./agogic.toml` and
    /// `agogic/config.toml` in the user's configuration folder, of which the
    /// first counts more.
    ///
    /// # Errors
    /// [`Error::Config`] for a file that cannot be read or understood, or that
    /// is named and not there.
    pub fn load() -> Result<Self, Error> {
        let (mut config, mut written) = (Self::default(), Written::new());
        if let Some(named) = std::env::var_os("AGOGIC_CONFIG").filter(|name| !name.is_empty()) {
            let file = PathBuf::from(named);
            let text = read(&file)?;
            config.add(&file, &text.ok_or_else(|| error(&file, "there is no such file"))?, &mut written)?;
            config.profiles = profiles::resolve(&written)?;
            return Ok(config);
        }
        let user = etcetera::choose_base_strategy().ok().map(|base| base.config_dir());
        let user = user.map(|folder| folder.join("agogic").join("config.toml"));
        for file in user.into_iter().chain(["agogic.toml".into()]) {
            if let Some(text) = read(&file)? {
                config.add(&file, &text, &mut written)?;
            }
        }
        config.profiles = profiles::resolve(&written)?;
        Ok(config)
    }

    /// Puts what a file says before what was said so far.
    fn add(&mut self, file: &Path, text: &str, written: &mut Written) -> Result<(), Error> {
        let table: Table = toml::from_str(text).map_err(|cause| {
            let before = cause.span().map_or("", |span| text.get(..span.start).unwrap_or(text));
            let line = before.matches('\n').count() + 1;
            let message = cause.message().split_whitespace().collect::<Vec<_>>().join(" ");
            error(file, &format!("line {line}: {message}"))
        })?;
        if let Some(seconds) = table.scan_timeout {
            self.scan_timeout = Some(length(seconds).map_err(|reason| error(file, &reason))?);
        }
        let rule = |entry: Entry| entry.rule().map_err(|reason| error(file, &reason));
        let all = Entry { isolation: table.isolation, timeout: table.timeout, memory: table.memory };
        self.rules.all = rule(all)?.or(self.rules.all);
        for (name, entry) in table.plugins {
            let general = self.rules.plugins.get(&name).copied().unwrap_or_default();
            self.rules.plugins.insert(name, rule(entry)?.or(general));
        }
        for (name, entry) in table.calculators {
            let id = CalculatorId::new(&name).map_err(|reason| error(file, &reason.to_string()))?;
            let general = self.rules.calculators.get(&id).copied().unwrap_or_default();
            self.rules.calculators.insert(id, rule(entry)?.or(general));
        }
        written.extend(table.profiles.into_iter().map(|(name, entry)| (name, (file.to_owned(), entry))));
        self.files.push(file.to_owned());
        Ok(())
    }
}

impl Entry {
    fn rule(self) -> Result<Rule, String> {
        let timeout = self.timeout.map(length).transpose()?;
        let memory = match self.memory {
            Some(mib @ 1..=0xffff_ffff) => Some(mib << 20),
            Some(mib) => return Err(format!("a memory of {mib} MiB cannot be")),
            None => None,
        };
        Ok(Rule { isolated: self.isolation.map(|place| place == Where::Process), timeout, memory })
    }
}

/// A time limit in seconds.
fn length(seconds: f64) -> Result<Duration, String> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(timeout) if !timeout.is_zero() => Ok(timeout),
        _ => Err(format!("a timeout of {seconds} s cannot be")),
    }
}

fn read(file: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(error(file, &cause.to_string())),
    }
}

fn error(file: &Path, reason: &str) -> Error {
    Error::Config { file: file.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_file_counts_more_and_only_where_it_speaks() {
        let mut config = Config::default();
        let user = "isolation = 'process'\nmemory = 100\n[calculators.'a.b']\ntimeout = 5";
        let mut written = Written::new();
        config.add("user.toml".as_ref(), user, &mut written).unwrap();
        let here = "timeout = 0.5\n[calculators.'a.b']\nisolation = 'none'";
        config.add("here.toml".as_ref(), here, &mut written).unwrap();
        let own = Rule { isolated: Some(false), timeout: Some(Duration::from_secs(5)), memory: None };
        let expected = Rules {
            all: Rule {
                isolated: Some(true),
                timeout: Some(Duration::from_millis(500)),
                memory: Some(100 << 20),
            },
            plugins: BTreeMap::new(),
            calculators: [(CalculatorId::new("a.b").unwrap(), own)].into(),
        };
        assert_eq!(config.rules, expected);
    }

    #[test]
    fn what_cannot_be_is_named_with_its_line() {
        let cases = [
            ("isolation = 'thread'", "line 1"),
            ("\ntimeuot = 3", "line 2"),
            ("timeout = -1", "-1 s"),
            ("timeout = 0", "0 s"),
            ("timeout = nan", "NaN s"),
            ("scan_timeout = 0", "0 s"),
            ("memory = 0", "0 MiB"),
            ("[calculators.'A B']", "A B"),
            ("[plugins.'a.so']\nmemory = 'much'", "line 2"),
            ("isolation", "line 1"),
            ("[profiles.a]\nhop = 3", "line 2"),
        ];
        for (text, words) in cases {
            let added = Config::default().add("c.toml".as_ref(), text, &mut Written::new());
            let error = added.unwrap_err().to_string();
            assert!(error.starts_with("c.toml: ") && error.contains(words), "{text:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
