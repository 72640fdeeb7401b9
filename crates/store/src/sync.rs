//! The locks under the memory tier and under the touches. Both name them by
//! this module alone, so that `tests/models` can put those of a model checker
//! in their place and try every order of threads.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
