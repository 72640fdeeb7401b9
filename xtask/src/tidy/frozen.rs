//! What may not change any more: the first generation of the plug-in interface.
//! Its code without comments is kept beside it, and the two must agree.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Findings;

/// A frozen source, and its code as it was when it was frozen.
const FROZEN: [(&str, &str); 1] = [("sdk/abi/src/v1.rs", "sdk/abi/frozen/v1.txt")];

pub(super) fn check(root: &Path) -> Result<Findings> {
    let mut findings = vec![];
    for (source, kept) in FROZEN {
        let read = |name: &str| std::fs::read_to_string(root.join(name)).with_context(|| name.to_owned());
        if !same_code(&read(source)?, &read(kept)?) {
            findings.push(format!(
                "{source}: generation 1 of the plug-in interface is frozen, and its code is not that of {kept} \
                 any more: plug-ins that are out there would be refused or worse. Put a field into the \
                 MessagePack maps, a function into an extension, or what must be into a generation 2 beside it \
                 (docs/design/decisions.md)"
            ));
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
