//! Sample rates and channels.

use agogic_schema::ChannelUse;
use agogic_testkit::{Cut, ODD_RATES, Shape};

use crate::bench::{Bench, Trouble};
use crate::report::Verdict;

pub(super) fn rates(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    let mut refused = vec![];
    for rate in ODD_RATES {
        let signal = bench.signal(Shape::Music, rate, rate as usize / 2);
        match bench.run(&[], &signal, Cut::Every(1000)) {
            Ok(_) => {}
            Err(Trouble::Refused(why)) => refused.push(format!("{rate} Hz: {why}")),
            Err(Trouble::Failed(why)) => return Err(Verdict::fail(format!("{signal}: {why}"))),
        }
    }
    Ok(match refused.len() {
        0 => Verdict::pass(),
        _ => Verdict::warn(format!("refused: {}", refused.join("; "))),
    })
}

pub(super) fn channels(bench: &Bench<'_>) -> Result<Verdict, Verdict> {
    if bench.channels() != ChannelUse::Each {
        return Ok(Verdict::skip("it is given one channel"));
    }
    for channels in [1, 2, 3, 6] {
        let signal = bench.signal(Shape::Music, 44_100, 11_025).channels(channels);
        if let Err(trouble) = bench.run(&[], &signal, Cut::Every(1000)) {
            return Err(Verdict::fail(format!("{signal}: {}", trouble.text())));
        }
    }
    Ok(Verdict::pass())
}
