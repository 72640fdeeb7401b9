//! The rules of the manifests: lints and dependencies come from the workspace,
//! and the workspace lists no dependency that nobody uses. A scan by lines is
//! enough for manifests that are all written alike.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Findings;
use super::imports::Member;

pub(super) fn check(root: &Path, members: &[Member]) -> Result<Findings> {
    let mut findings = vec![];
    let mut used = BTreeSet::new();
    for member in members {
        let manifest = &member.manifest;
        let text = std::fs::read_to_string(root.join(manifest)).with_context(|| manifest.clone())?;
        let lines = sections(&text);
        if !lines.contains(&("lints", "workspace", "true")) {
            findings.push(format!("{manifest}: it does not take the lints of the workspace"));
        }
        for (section, key, value) in lines {
            if !section.ends_with("dependencies") {
                continue;
            }
            let name = key.strip_suffix(".workspace").unwrap_or(key);
            used.insert(name.to_owned());
            if !(key.ends_with(".workspace") && value == "true" || value.contains("workspace = true")) {
                findings.push(format!("{manifest}: {name} does not come from the workspace"));
            }
        }
    }
    let text = std::fs::read_to_string(root.join("Cargo.toml")).context("Cargo.toml")?;
    let unused = sections(&text)
        .into_iter()
        .filter(|(section, name, _)| *section == "workspace.dependencies" && !used.contains(*name))
        .map(|(_, name, _)| format!("Cargo.toml: no crate uses the dependency {name}"));
    findings.extend(unused);
    Ok(findings)
}

/// `(section, key, value)` of each line that sets something.
fn sections(text: &str) -> Vec<(&str, &str, &str)> {
    let mut section = "";
    let mut lines = vec![];
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim_matches(['[', ']']);
        } else if let Some((key, value)) = line.split_once('=')
            && !line.starts_with('#')
        {
            lines.push((section, key.trim(), value.trim()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_scanned() {
        let text = "[lints]\nworkspace = true\n# no = 1\n[dev-dependencies]\na.workspace = true\nb = \"1\"\n";
        assert_eq!(
            sections(text),
            [
                ("lints", "workspace", "true"),
                ("dev-dependencies", "a.workspace", "true"),
                ("dev-dependencies", "b", "\"1\""),
            ]
        );
    }
}
