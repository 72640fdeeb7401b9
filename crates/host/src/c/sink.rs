//! The host as a C library sees it during a call: pointers, lengths and texts
//! are checked here, what they mean is checked by the sink behind.

use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr;
use std::slice;

use agogic_abi::c::{AGOGIC_CALCULATOR_C_VERSION, AgogicAnswer, AgogicEvent, AgogicHost};
use agogic_schema::Event;
use agogic_timebase::{Delta, Samples};

use super::text;
use crate::backend::Sink;

/// Most events that one call may give.
const MAX_EVENTS: u64 = 1 << 22;
/// Most numbers of one event.
const MAX_VALUES: u32 = 1 << 16;
/// Longest label, in bytes.
const MAX_LABEL: usize = 1 << 16;
/// Longest line for the log that is read, in bytes.
const MAX_LOG: usize = 4096;

/// What `AgogicHost::context` points to during a call; null at other times.
pub(super) struct Call<'a> {
    pub(super) sink: &'a mut dyn Sink,
    /// The first rule that the library broke before the sink could look.
    pub(super) broken: Option<String>,
}

/// The host's functions, lent to nobody yet.
pub(super) fn table() -> AgogicHost {
    AgogicHost {
        size: size_of::<AgogicHost>() as u32,
        version: AGOGIC_CALCULATOR_C_VERSION,
        context: ptr::null_mut(),
        frames,
        events,
        raise_floor,
        cancelled,
        log,
        progress,
        extension,
    }
}

/// The call that a host stands for, if there is one.
///
/// # Safety
/// `host` is null or the pointer that was lent to this thread, and what an
/// earlier function of it gave is used no more.
unsafe fn call<'a>(host: *const AgogicHost) -> Option<&'a mut Call<'a>> {
    // SAFETY: see above; `context` is null or points to the call that runs.
    unsafe { host.as_ref()?.context.cast::<Call<'a>>().as_mut() }
}

// SAFETY of all that follows: the interface asks the library for the pointer
// that it was lent, on the thread of the call, and for pointers of its own that
// hold what it says; null is looked at here.

unsafe extern "C" fn frames(host: *const AgogicHost, output: u32, plane: u32, count: u64) -> *mut f32 {
    // SAFETY: see above.
    let Some(call) = (unsafe { call(host) }) else { return ptr::null_mut() };
    match call.sink.frames(output, plane, count) {
        [] => ptr::null_mut(),
        room => room.as_mut_ptr(),
    }
}

unsafe extern "C" fn events(
    host: *const AgogicHost,
    output: u32,
    events: *const AgogicEvent,
    count: u64,
) -> bool {
    // SAFETY: see above.
    let Some(call) = (unsafe { call(host) }) else { return false };
    // SAFETY: see above.
    match unsafe { encode(output, events, count) } {
        Ok(bytes) => call.sink.events(output, &bytes),
        Err(rule) => {
            call.broken.get_or_insert(rule);
            false
        }
    }
}

/// Events as MessagePack, or the rule that they break.
///
/// # Safety
/// `events` is null or points to `count` events with values and labels of their
/// own.
unsafe fn encode(output: u32, events: *const AgogicEvent, count: u64) -> Result<Vec<u8>, String> {
    let events = match count {
        0 => &[],
        1..=MAX_EVENTS if !events.is_null() && events.is_aligned() => {
            // SAFETY: see above.
            unsafe { slice::from_raw_parts(events, count as usize) }
        }
        1..=MAX_EVENTS => return Err(format!("{count} events for output {output} at a null pointer")),
        _ => return Err(format!("{count} events for output {output} in one call are too many")),
    };
    // SAFETY: see above.
    let events: Result<Vec<Event>, String> = events.iter().map(|event| unsafe { decode(event) }).collect();
    let events = events.map_err(|fault| format!("an event for output {output} has {fault}"))?;
    rmp_serde::to_vec(&events).map_err(|error| error.to_string())
}

/// # Safety
/// As [`encode`].
unsafe fn decode(event: &AgogicEvent) -> Result<Event, String> {
    let count = event.value_count;
    let values = match count {
        0 => vec![],
        1..=MAX_VALUES if !event.values.is_null() && event.values.is_aligned() => {
            // SAFETY: see above.
            unsafe { slice::from_raw_parts(event.values, count as usize) }.to_vec()
        }
        1..=MAX_VALUES => return Err(format!("{count} values at a null pointer")),
        _ => return Err(format!("{count} values")),
    };
    let label = if event.label.is_null() {
        String::new()
    } else {
        // SAFETY: see above.
        let bytes = unsafe { text::read(event.label, MAX_LABEL) }.map_err(|_| "a label that is too long")?;
        std::str::from_utf8(bytes).map_err(|_| "a label that is not UTF-8")?.to_owned()
    };
    Ok(Event { at: Samples(event.at), duration: Delta(Samples(event.duration)), values, label })
}

unsafe extern "C" fn raise_floor(host: *const AgogicHost, output: u32, floor: f32) -> bool {
    // SAFETY: see above.
    unsafe { call(host) }.is_some_and(|call| call.sink.raise_floor(output, floor))
}

unsafe extern "C" fn cancelled(host: *const AgogicHost) -> bool {
    // SAFETY: see above.
    unsafe { call(host) }.is_none_or(|call| call.sink.cancelled())
}

unsafe extern "C" fn log(host: *const AgogicHost, level: u32, line: *const c_char) {
    // SAFETY: see above.
    unsafe {
        if let (Some(call), Some(line)) = (call(host), text::start(line, MAX_LOG)) {
            call.sink.log(level, &String::from_utf8_lossy(line));
        }
    }
}

unsafe extern "C" fn progress(host: *const AgogicHost, done: f32) {
    // SAFETY: see above.
    if let Some(call) = unsafe { call(host) } {
        call.sink.progress(done);
    }
}

/// No extension of hosts is known yet.
unsafe extern "C" fn extension(
    _host: *const AgogicHost,
    _name: *const c_char,
    _request: *const u8,
    _request_size: u64,
    _answer: AgogicAnswer,
    _context: *mut c_void,
) -> bool {
    false
}
