//! The cache from outside: what goes in comes out, and whatever is done to the
//! files, nothing wrong ever does.

mod bundles;
mod cases;
mod corruption;
mod damage;
mod faults;
mod limits;
mod memory;
mod memory_laws;
mod packed;
mod power;
mod recovery;
mod round_trip;
mod sharing;
mod touches;
mod versions;
