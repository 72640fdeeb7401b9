//! The tables of ARCHITECTURE.md: rooms and whom they import, and the crates
//! from outside that stay in one place.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};

/// A row of the table of rooms.
#[derive(Debug, PartialEq)]
pub(super) struct Room {
    pub(super) package: String,
    pub(super) folder: String,
    /// Packages of the workspace that it imports.
    pub(super) imports: BTreeSet<String>,
    /// Those that only its tests and benches import.
    pub(super) tests: BTreeSet<String>,
    /// Whether it may open files and the like.
    pub(super) io: bool,
    /// `forbid` or `deny`: what it says of unsafe code.
    pub(super) unsafe_code: String,
}

/// The table of rooms.
pub(super) fn rooms(text: &str) -> Result<Vec<Room>> {
    let header = ["package", "folder", "imports", "its tests import too", "I/O", "unsafe code"];
    let rows = rows(text, &header)?;
    let rooms = rows.into_iter().map(|row| {
        let [package, folder, imports, tests, io, unsafe_code] =
            <[String; 6]>::try_from(row).map_err(|row| anyhow::anyhow!("{row:?} has no six cells"))?;
        let io = match io.as_str() {
            "yes" => true,
            "no" => false,
            other => bail!("I/O of {package} is {other:?}, not yes or no"),
        };
        if !["forbid", "deny"].contains(&unsafe_code.as_str()) {
            bail!("unsafe code of {package} is {unsafe_code:?}, not forbid or deny");
        }
        Ok(Room { imports: names(&imports), tests: names(&tests), package, folder, io, unsafe_code })
    });
    rooms.collect()
}

/// Crates from outside, and the packages that alone may name them.
pub(super) fn outsiders(text: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let rows = rows(text, &["from outside", "only in", "because"])?;
    let mut only_in = BTreeMap::new();
    for row in rows {
        for name in names(&row[0]) {
            only_in.insert(name, names(&row[1]));
        }
    }
    Ok(only_in)
}

/// The rows of the table that has this header, cells without backticks.
fn rows(text: &str, header: &[&str]) -> Result<Vec<Vec<String>>> {
    let mut lines = text.lines().map(cells);
    lines.find(|cells| cells.as_ref().is_some_and(|cells| cells == header)).with_context(|| {
        format!("ARCHITECTURE.md has no table with the header | {} |", header.join(" | "))
    })?;
    let rows: Vec<_> = lines.skip(1).map_while(|cells| cells).collect();
    match rows.iter().find(|row| row.len() != header.len()) {
        Some(row) => bail!("ARCHITECTURE.md: the row {row:?} has not {} cells", header.len()),
        None => Ok(rows),
    }
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().replace('`', "")).collect())
}

fn names(cell: &str) -> BTreeSet<String> {
    cell.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read() {
        let text = "\
            before\n\n\
            | package | folder | imports | its tests import too | I/O | unsafe code |\n\
            |---|---|---|---|---|---|\n\
            | `a` | `crates/a` |  |  | no | forbid |\n\
            | `b` | `crates/b` | `a`, `c` | `d` | yes | deny |\n\n\
            | from outside | only in | because |\n|---|---|---|\n| `x`, `y` | `b` | so |\n";
        let rooms = rooms(text).unwrap();
        assert_eq!(rooms.len(), 2);
        assert_eq!((rooms[0].imports.len(), rooms[0].io), (0, false));
        assert_eq!(rooms[1].imports, names("c, a"));
        assert_eq!((rooms[1].tests.len(), rooms[1].io, &*rooms[1].unsafe_code), (1, true, "deny"));
        assert_eq!(outsiders(text).unwrap()["y"], names("b"));
        assert!(outsiders("| from outside |").is_err());
        assert!(super::rooms(&text.replace("| no |", "| maybe |")).is_err());
    }
}
