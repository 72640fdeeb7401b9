//! A folder of its own for a test: a cache, a plug-in folder, and files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::agogic_binary;

/// A folder of its own for a test.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit status; none when it was killed.
    pub status: Option<i32>,
    /// Data.
    pub stdout: Vec<u8>,
    /// Everything else.
    pub stderr: String,
}

impl Sandbox {
    /// A fresh folder.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file can be written");
        path
    }

    /// The folder of the cache.
    pub fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// Puts a plug-in where the user's plug-ins are, in place of any other.
    pub fn install(&self, plugin: &Path) {
        let folder = self.path("data/agogic/plugins");
        std::fs::create_dir_all(&folder).expect("a plug-in folder");
        let file = folder.join(plugin.file_name().expect("a plug-in is a file"));
        // Not over the old file: a process may have it mapped.
        let fresh = folder.join("fresh");
        std::fs::copy(plugin, &fresh).expect("a plug-in can be copied");
        std::fs::rename(fresh, file).expect("a plug-in can be moved");
    }

    /// The binary, with nothing of the user's around it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(agogic_binary());
        command
            .args(args)
            .env_remove("AGOGIC_PLUGIN_PATH")
            .env("AGOGIC_CACHE_DIR", self.cache())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// Runs the binary, which must succeed.
    pub fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
        ran
    }

    /// Runs the binary, which must succeed and print one JSON value.
    pub fn json(&self, args: &[&str]) -> Value {
        let ran = self.ok(args);
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}"))
    }

    /// The chunk files of the cache.
    pub fn chunk_files(&self) -> Vec<PathBuf> {
        let mut found = vec![];
        let mut folders = vec![self.cache().join("ns")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => found.push(path),
                }
            }
        }
        found.sort();
        found
    }
}

impl Ran {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the binary runs");
        Self {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The JSON objects on stdout, one a line.
    pub fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8_lossy(&self.stdout);
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }
}
