//! The revision lock: what every descriptor gave on the golden signals, and in
//! which version. A JSON file, so that its history reads well.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use agogic_schema::{CalculatorSpec, InputSpec, Params};
use serde::{Deserialize, Serialize};

use crate::compare::{Finding, Severity, compare};
use crate::{Cut, Fingerprint, Input, Shape, Signal, Subject, TestError, defaults, fingerprint, setup};

/// Form of the file.
const FORMAT: u32 = 1;

/// What every descriptor gave on the golden signals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// Form of the file; 1.
    pub format: u32,
    /// By descriptor.
    pub descriptors: BTreeMap<String, Locked>,
}

/// What one descriptor gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Locked {
    /// The calculator that gave it.
    pub calculator: String,
    /// Its version.
    pub version: String,
    /// The version in which the values last changed, as it says.
    pub changed_in: String,
    /// The parameters, all at their defaults.
    pub params: Params,
    /// By signal.
    pub values: BTreeMap<String, Fingerprint>,
}

impl Default for Lock {
    fn default() -> Self {
        Self { format: FORMAT, descriptors: BTreeMap::new() }
    }
}

/// The signals that locks are made from. They never change: a lock of last year
/// must compare.
pub fn golden_signals(spec: &CalculatorSpec) -> Vec<(&'static str, Signal)> {
    let channels = match &spec.input {
        InputSpec::Pcm(pcm) => pcm.channels,
        InputSpec::Spectrum(spectrum) => spectrum.channels,
        _ => agogic_schema::ChannelUse::Mono,
    };
    let channels = match channels {
        agogic_schema::ChannelUse::Each => 2,
        _ => 1,
    };
    let signals = [
        ("music", Signal::new(Shape::Music, 44_100, 66_150)),
        ("noise", Signal::new(Shape::Noise, 22_050, 11_025)),
        ("sweep", Signal::new(Shape::Sweep, 48_000, 24_000)),
        ("short", Signal::new(Shape::Music, 44_100, 100)),
        ("silence", Signal::new(Shape::Silence, 8_000, 4_000)),
    ];
    signals.map(|(name, signal)| (name, signal.channels(channels))).into()
}

/// Runs a calculator over the golden signals.
///
/// # Errors
/// [`TestError::Input`] and [`TestError::Run`].
pub fn record(subject: &dyn Subject) -> Result<Lock, TestError> {
    let spec = subject.spec();
    let params = defaults(spec);
    let mut lock = Lock::default();
    for descriptor in &spec.descriptors {
        let locked = Locked {
            calculator: spec.id.to_string(),
            version: spec.version.to_string(),
            changed_in: spec.changed_in(descriptor).to_string(),
            params: params.clone(),
            values: BTreeMap::new(),
        };
        lock.descriptors.insert(descriptor.id.to_string(), locked);
    }
    for (name, signal) in golden_signals(spec) {
        let setup = setup(spec, &params, &signal)?;
        let pieces = Input::new(spec, &params, &signal)?.pieces(Cut::Every(1000));
        let outputs = subject.run(&setup, &pieces).map_err(|reason| TestError::Run {
            calculator: spec.id.to_string(),
            signal: signal.to_string(),
            reason,
        })?;
        for (descriptor, values) in spec.descriptors.iter().zip(&outputs.0) {
            if let Some(locked) = lock.descriptors.get_mut(descriptor.id.as_str()) {
                locked.values.insert(name.into(), fingerprint(descriptor, &setup, values));
            }
        }
    }
    Ok(lock)
}

impl Lock {
    /// Reads a lock file; an empty lock where there is none.
    ///
    /// # Errors
    /// [`TestError::Lock`] for a file that cannot be read or is no lock.
    pub fn read(path: &Path) -> Result<Self, TestError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failed(path, error)),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, TestError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let lock: Self = serde_json::from_str(text).map_err(|error| failed(path, error))?;
        if lock.format != FORMAT {
            return Err(failed(path, format!("format {} is not {FORMAT}", lock.format)));
        }
        Ok(lock)
    }

    /// Writes what one calculator gives now into a lock file, in place of what
    /// it gave before, and says what was noticed. Writes nothing where values
    /// changed without a new version.
    ///
    /// # Errors
    /// [`TestError::Lock`] for a file that cannot be read or written.
    pub fn update(path: &Path, calculator: &str, now: &Self) -> Result<Vec<Finding>, TestError> {
        let failed = |error: std::io::Error| failed(path, error);
        let mut options = std::fs::OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        // Two golden tests of one crate may run at once.
        file.lock().map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let mut lock = Self::parse(path, &text)?;
        let findings = compare(&lock, calculator, now);
        if findings.iter().all(|finding| finding.severity != Severity::Fail) {
            lock.descriptors.retain(|_, locked| locked.calculator != calculator);
            lock.descriptors.extend(now.descriptors.clone());
            file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
            file.write_all(lock.text().as_bytes()).map_err(failed)?;
        }
        Ok(findings)
    }

    /// As it stands in the file: the numbers of a list on one line.
    pub fn text(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        let mut text = String::new();
        write(&value, 0, &mut text);
        text.push('\n');
        text
    }
}

/// JSON by lines, but lists of plain values on one.
fn write(value: &serde_json::Value, depth: usize, text: &mut String) {
    use serde_json::Value;
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (i, (key, value)) in map.iter().enumerate() {
                text.push_str(if i == 0 { "{" } else { "," });
                line(text, depth + 1);
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push_str(": ");
                write(value, depth + 1, text);
            }
            line(text, depth);
            text.push('}');
        }
        Value::Array(list) if list.iter().any(|value| value.is_object()) => {
            for (i, value) in list.iter().enumerate() {
                text.push_str(if i == 0 { "[" } else { ", " });
                write(value, depth, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn failed(path: &Path, reason: impl ToString) -> TestError {
    TestError::Lock { path: path.into(), reason: reason.to_string() }
}
