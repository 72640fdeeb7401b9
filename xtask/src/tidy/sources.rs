//! The rules of files: what a source file begins with, what it may not hold,
//! and how large anything may be.

use anyhow::{Context as _, Result};

use super::table::Room;
use super::{Findings, Tracked};

/// Lines at which a file holds a second thing.
const MAX_LINES: usize = 800;

/// Bytes that a file under version control may have.
const MAX_BYTES: u64 = 1 << 20;

/// Names that reach outside the process; a pure crate has none of them.
const IO: [&str; 6] =
    ["std::fs", "std::net", "std::process", "std::env::var", "std::io::stdin", "std::os::unix"];

pub(super) fn check(rooms: &[Room], files: &[Tracked]) -> Result<Findings> {
    let mut findings = vec![];
    for file in files {
        if file.size > MAX_BYTES && file.name != "Cargo.lock" {
            findings.push(format!("{}: {} bytes are too many to keep", file.name, file.size));
        }
        let bytes = std::fs::read(&file.path).with_context(|| file.name.clone())?;
        // Media are none of the other rules' business.
        if let Ok(text) = String::from_utf8(bytes) {
            findings.extend(check_text(rooms, &file.name, &text).map(|rule| format!("{}{rule}", file.name)));
        }
    }
    Ok(findings)
}

/// What is wrong with a file, without its name: `:12: why` or `: why`.
fn check_text<'a>(rooms: &'a [Room], name: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    let mut findings = vec![];
    let mut say = |line: usize, rule: String| findings.push(format!(":{}: {rule}", line + 1));
    for (number, line) in text.lines().enumerate() {
        if let Some(path) = machine_path(line) {
            say(number, format!("{path} is a path of one machine"));
        }
    }
    if name.ends_with(".rs") {
        let room = room_of(rooms, name);
        let lines = text.lines().count();
        if lines > MAX_LINES {
            say(0, format!("{lines} lines are more than {MAX_LINES}: look for the second thing in it"));
        }
        for (number, line) in text.lines().enumerate() {
            for leftover in ["todo", "unimplemented", "dbg"] {
                if line.contains(&format!("{leftover}!(")) {
                    say(number, format!("{leftover}! is left over"));
                }
            }
            if let Some(room) = room.filter(|room| !room.io && in_src(room, name))
                && let Some(reach) = IO.iter().find(|reach| line.contains(**reach))
            {
                say(number, format!("{} is pure and {reach} is not", room.package));
            }
        }
        if room.is_some_and(|room| in_src(room, name)) && !text.starts_with("//!") {
            say(0, "it does not begin with a paragraph that says what lives here".into());
        }
        if let Some(room) = room.filter(|room| is_root(room, name)) {
            let level = &room.unsafe_code;
            // The workspace denies; only a stricter level has to be written.
            if level == "forbid" && !text.contains("#![forbid(unsafe_code)]") {
                say(0, format!("{} does not forbid unsafe code", room.package));
            }
        }
    }
    findings.into_iter()
}

fn room_of<'a>(rooms: &'a [Room], name: &str) -> Option<&'a Room> {
    rooms.iter().find(|room| name.strip_prefix(&room.folder).is_some_and(|rest| rest.starts_with('/')))
}

fn in_src(room: &Room, name: &str) -> bool {
    name[room.folder.len()..].starts_with("/src/")
}

fn is_root(room: &Room, name: &str) -> bool {
    ["/src/lib.rs", "/src/main.rs"].contains(&&name[room.folder.len()..])
}

/// The first absolute path into somebody's own folders.
fn machine_path(line: &str) -> Option<String> {
    ["home", "work", "root", "Users", "tmp/team"].into_iter().find_map(|folder| {
        let path = format!("/{folder}/");
        let at = line.find(&path)?;
        // `network/home/` and `$X/home/` belong to no machine.
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-$}~*>/".contains(c)).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, expect: &[&str]) {
        let room = |folder: &str, io| Room {
            package: folder.into(),
            folder: folder.into(),
            imports: [].into(),
            tests: [].into(),
            io,
            unsafe_code: "forbid".into(),
        };
        let rooms = [room("pure", false), room("store", true)];
        let given: Vec<_> = check_text(&rooms, name, text).collect();
        assert_eq!(given, expect, "{name}: {text:?}");
    }

    #[test]
    fn what_is_wrong_is_found() {
        let line = |text: &str| text.replace('@', "");
        check("store/src/file.rs", "//! Files.\nuse std::fs;\n", &[]);
        check("pure/src/a.rs", "//! A.\nuse std::fs;\n", &[":2: pure is pure and std::fs is not"]);
        check("pure/tests/a.rs", "use std::fs;\n", &[]);
        check(
            "store/src/a.rs",
            "fn a() {}\n",
            &[":1: it does not begin with a paragraph that says what lives here"],
        );
        check("store/src/lib.rs", "//! S.\n", &[":1: store does not forbid unsafe code"]);
        check("pure/src/lib.rs", "//! P.\n#![forbid(unsafe_code)]\n", &[]);
        check("store/tests/a.rs", &line("to@do!()"), &[":1: todo! is left over"]);
        check("notes.md", &line("see /ho@me/me/x"), &[&line(":1: /ho@me/ is a path of one machine")]);
        check("notes.md", &line("see $CARGO_@HOME/wo@rk/x and net/wo@rk/x"), &[]);
    }

    #[test]
    fn long_files_are_found() {
        let text = format!("//! L.\n{}", "\n".repeat(MAX_LINES));
        let given: Vec<_> = check_text(&[], "a.rs", &text).collect();
        assert!(given.len() == 1 && given[0].contains("801 lines"), "{given:?}");
    }
}
