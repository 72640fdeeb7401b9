//! C and C++ sources of the tests and examples, compiled when they are asked
//! for. A machine without a compiler skips those tests and says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::workspace;

/// A compiler of this machine.
#[derive(Debug)]
pub struct Compiler {
    program: PathBuf,
    flags: &'static [&'static str],
}

/// What every source must bear.
const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-pedantic"];

impl Compiler {
    /// The C compiler: `CC` or `cc`.
    pub fn c() -> Option<Self> {
        Self::find("CC", "cc", &["-std=c11", "-x", "c"])
    }

    /// The C++ compiler: `CXX` or `c++`.
    pub fn cpp() -> Option<Self> {
        Self::find("CXX", "c++", &["-std=c++17", "-x", "c++"])
    }

    #[allow(clippy::print_stderr, reason = "a test's own report")]
    fn find(variable: &str, usual: &str, flags: &'static [&'static str]) -> Option<Self> {
        let program = PathBuf::from(std::env::var_os(variable).unwrap_or_else(|| usual.into()));
        if Command::new(&program).arg("--version").output().is_ok_and(|output| output.status.success()) {
            return Some(Self { program, flags });
        }
        eprintln!("SKIPPED: no compiler {}; {variable} can name another", program.display());
        None
    }

    /// Compiles a source of the workspace to a library file, or only reads it
    /// where there is none to write.
    pub fn compile(&self, source: &Path, library: Option<&Path>, defines: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.args(self.flags).args(STRICT).args(defines.iter().map(|define| format!("-D{define}")));
        command.arg("-I").arg(workspace().join("sdk/abi/include")).arg(workspace().join(source));
        match library {
            Some(file) => command.args(["-O2", "-shared", "-fPIC", "-o"]).arg(file).arg("-lm"),
            None => command.arg("-fsyntax-only"),
        };
        command.output().expect("the compiler runs")
    }

    /// Compiles a source of the workspace to a library file.
    pub fn library(&self, source: &str, file: &Path, defines: &[&str]) {
        let output = self.compile(Path::new(source), Some(file), defines);
        assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
