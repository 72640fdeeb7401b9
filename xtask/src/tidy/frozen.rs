//! What may not change any more: the interfaces that plug-ins were built
//! against. The code of each without comments is kept beside it, and the two
//! must agree.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Findings;

/// A source that plug-ins were built against.
struct Frozen {
    source: &'static str,
    /// Its code as it was when it was frozen.
    kept: &'static str,
    /// What is frozen, and what to do instead of changing it.
    rule: &'static str,
}

const FROZEN: [Frozen; 2] = [
    Frozen {
        source: "sdk/abi/src/v1.rs",
        kept: "sdk/abi/frozen/v1.txt",
        rule: "generation 1 of the plug-in interface is frozen, and a change would shut out every plug-in there \
               is. Put a field into the MessagePack maps, a function into an extension, or what fits neither \
               into a generation 2 beside it (docs/design/decisions.md)",
    },
    Frozen {
        source: "sdk/abi/src/c.rs",
        kept: "sdk/abi/frozen/c1.txt",
        rule: "version 1 of the C interface is frozen but for fields at the end of a struct that begins with its \
               size. If that is all, put them into the kept code too; all else breaks every plug-in there is and \
               is a new version",
    },
];

pub(super) fn check(root: &Path) -> Result<Findings> {
    let mut findings = vec![];
    for Frozen { source, kept, rule } in FROZEN {
        let read = |name: &str| std::fs::read_to_string(root.join(name)).with_context(|| name.to_owned());
        if !same_code(&read(source)?, &read(kept)?) {
            findings.push(format!("{source}: its code is not that of {kept} any more: {rule}"));
        }
    }
    Ok(findings)
}

/// Whether two sources have the same code: comments, lints and white space
/// aside.
fn same_code(one: &str, other: &str) -> bool {
    code(one) == code(other)
}

fn code(source: &str) -> String {
    let lines = source.lines().map(str::trim_start);
    let code = lines.filter(|line| !line.starts_with("//") && !line.starts_with("#![allow("));
    code.flat_map(|line| line.chars().filter(|c| !c.is_whitespace())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_compared_and_comments_are_not() {
        let frozen = "/// A.\nstruct A {\n    /// B.\n    b: u32,\n}\n";
        for (now, same) in [
            (frozen, true),
            ("//! M.\n#![allow(x)]\n\n/// Other.\nstruct A { b: u32, }", true),
            ("struct A {\n    b: u64,\n}\n", false),
            ("struct A {\n    b: u32,\n    c: u32,\n}\n", false),
            ("#[repr(C)]\nstruct A {\n    b: u32,\n}\n", false),
        ] {
            assert_eq!(same_code(frozen, now), same, "{now}");
        }
    }
}
