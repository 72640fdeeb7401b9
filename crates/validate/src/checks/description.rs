//! What a calculator says of itself, beyond what a host demands.

use agogic_schema::{Amount, Bins, ParamKind};

use crate::bench::Bench;
use crate::report::Verdict;

pub(super) fn complete(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let spec = bench.spec();
    let mut missing = vec![];
    let mut need = |there: bool, what: String| {
        if !there {
            missing.push(what);
        }
    };
    need(!spec.about.trim().is_empty(), "a sentence about the calculator".into());
    need(!spec.author.trim().is_empty(), "an author".into());
    for param in &spec.params {
        need(!param.about.trim().is_empty(), format!("a sentence about parameter {}", param.name));
        let bounded = match &param.kind {
            ParamKind::Integer { min, max } => *min > i64::MIN && *max < i64::MAX,
            ParamKind::Float { min, max } => min.is_finite() && max.is_finite(),
            _ => true,
        };
        need(bounded, format!("real bounds of parameter {}", param.name));
    }
    for descriptor in &spec.descriptors {
        let id = &descriptor.id;
        need(!descriptor.about.trim().is_empty(), format!("a sentence about {id}"));
        need(descriptor.changed_in.is_some(), format!("changed_in of {id}"));
        if let Bins::Count(Amount::Fixed(bins)) = descriptor.bins {
            let named = descriptor.bin_names.len();
            if named != 0 && named != bins as usize {
                return Err(Verdict::fail(format!("{id} has {bins} bins and names for {named}")));
            }
        }
    }
    if !spec.id.as_str().contains('.') {
        need(false, "a dot in the id: `maker.name` stands in nobody's way".into());
    }
    Ok(match missing.len() {
        0 => Verdict::pass(),
        _ => Verdict::warn(format!("missing: {}", missing.join("; "))),
    })
}
