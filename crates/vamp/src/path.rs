//! Where Vamp plug-ins are looked for. Names folders; opens none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folders in which plug-ins are looked for, the first one first. Folders
/// need not exist.
///
/// `var` looks up a variable of the environment, such as `std::env::var_os`.
/// `VAMP_PATH`, if it is set and not empty, replaces the defaults of the system.
/// To those of the Vamp SDK, Linux adds the folder where Debian puts libraries
/// of this processor, and `/usr/lib64`.
///
/// ```
/// let folders = agogic_vamp::search_path(|name| (name == "VAMP_PATH").then(|| "/opt/vamp".into()));
/// assert_eq!(folders, [std::path::PathBuf::from("/opt/vamp")]);
/// ```
pub fn search_path(var: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    match var("VAMP_PATH").filter(|path| !path.is_empty()) {
        Some(path) => std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()).collect(),
        None => defaults(std::env::consts::OS, std::env::consts::ARCH, var),
    }
}

/// The folders of a system where nothing is said. Names of systems and
/// processors are those of `std::env::consts`.
fn defaults(os: &str, arch: &str, var: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let base = |name| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut folders = vec![];
    match os {
        "macos" => {
            folders.extend(base("HOME").map(|home| home.join("Library/Audio/Plug-Ins/Vamp")));
            folders.push("/Library/Audio/Plug-Ins/Vamp".into());
        }
        "windows" => folders.extend(base("ProgramFiles").map(|programs| programs.join("Vamp Plugins"))),
        _ => {
            if let Some(home) = base("HOME") {
                folders.extend([home.join("vamp"), home.join(".vamp")]);
            }
            folders.extend(["/usr/local/lib/vamp", "/usr/lib/vamp"].map(PathBuf::from));
            if os == "linux" {
                folders.extend(multiarch(arch).map(|triple| Path::new("/usr/lib").join(triple).join("vamp")));
                folders.push("/usr/lib64/vamp".into());
            }
        }
    }
    folders
}

/// Debian's name for the libraries of a processor.
fn multiarch(arch: &str) -> Option<&'static str> {
    Some(match arch {
        "x86_64" => "x86_64-linux-gnu",
        "x86" => "i386-linux-gnu",
        "aarch64" => "aarch64-linux-gnu",
        "arm" => "arm-linux-gnueabihf",
        "riscv64" => "riscv64-linux-gnu",
        "loongarch64" => "loongarch64-linux-gnu",
        "powerpc64" if cfg!(target_endian = "little") => "powerpc64le-linux-gnu",
        "s390x" => "s390x-linux-gnu",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup<'a>(vars: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    }

    #[test]
    fn the_variable_replaces_the_defaults() {
        let folders = search_path(lookup(&[("HOME", "/me"), ("VAMP_PATH", "/x")]));
        assert_eq!(folders, [PathBuf::from("/x")]);
    }

    #[cfg(unix)]
    #[test]
    fn the_variable_holds_many() {
        #[track_caller]
        fn check(path: &str, expect: &[&str]) {
            let folders = search_path(lookup(&[("VAMP_PATH", path)]));
            assert_eq!(folders, expect.iter().map(PathBuf::from).collect::<Vec<_>>());
        }
        check("/a:/b c", &["/a", "/b c"]);
        check(":/a::/b:", &["/a", "/b"]);
        check(":", &[]);
    }

    #[test]
    fn an_empty_variable_is_none() {
        let home = ("HOME", "/me");
        assert_eq!(search_path(lookup(&[home, ("VAMP_PATH", "")])), search_path(lookup(&[home])));
    }

    #[test]
    fn defaults_by_system() {
        #[track_caller]
        fn check(os: &str, arch: &str, vars: &[(&str, &str)], expect: &[&str]) {
            let folders = defaults(os, arch, lookup(vars));
            assert_eq!(folders, expect.iter().map(PathBuf::from).collect::<Vec<_>>());
        }
        let home = [("HOME", "/me")];
        check(
            "linux",
            "x86_64",
            &home,
            &[
                "/me/vamp",
                "/me/.vamp",
                "/usr/local/lib/vamp",
                "/usr/lib/vamp",
                "/usr/lib/x86_64-linux-gnu/vamp",
                "/usr/lib64/vamp",
            ],
        );
        check("linux", "unheard", &[], &["/usr/local/lib/vamp", "/usr/lib/vamp", "/usr/lib64/vamp"]);
        check("freebsd", "x86_64", &[], &["/usr/local/lib/vamp", "/usr/lib/vamp"]);
        check(
            "macos",
            "aarch64",
            &home,
            &["/me/Library/Audio/Plug-Ins/Vamp", "/Library/Audio/Plug-Ins/Vamp"],
        );
        check("windows", "x86_64", &[], &[]);
    }
}
