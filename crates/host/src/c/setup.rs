//! A setup as a C library sees it, for the length of `create`.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::size_of;
use std::ptr;

use agogic_abi::c::{AGOGIC_SHAPE_DENSE, AGOGIC_SHAPE_EVENTS, AGOGIC_SHAPE_PEAKS, AgogicSetup, AgogicTrack};
use agogic_schema::{ParamValue, Setup, Shape, TrackHeader};

use super::c_text;

/// A setup and what its functions give.
pub(super) struct LentSetup<'a> {
    table: AgogicSetup,
    // In a box: `table` points there.
    _answers: Box<Answers<'a>>,
}

struct Answers<'a> {
    setup: &'a Setup,
    params: BTreeMap<CString, Param>,
    channels: Vec<CString>,
    inputs: Vec<Track>,
    json: CString,
}

enum Param {
    Flag(bool),
    Integer(i64),
    Real(f64),
    Choice(CString),
}

struct Track {
    table: AgogicTrack,
    // What `table` points to.
    _texts: [CString; 2],
    _starts: Vec<i64>,
    _hops: Vec<u32>,
}

impl<'a> LentSetup<'a> {
    pub(super) fn new(setup: &'a Setup) -> Result<Self, String> {
        let json = serde_json::to_string(setup).map_err(|error| error.to_string())?;
        let params = setup.params.0.iter().map(|(name, value)| (c_text(name), Param::of(value)));
        let answers = Box::new(Answers {
            setup,
            params: params.collect(),
            channels: setup.channels.iter().map(|name| c_text(name)).collect(),
            inputs: setup.inputs.iter().map(Track::new).collect(),
            json: c_text(&json),
        });
        let table = AgogicSetup {
            size: size_of::<AgogicSetup>() as u32,
            rate: setup.rate,
            channels: setup.channels.len() as u32,
            bins: setup.bins,
            inputs: setup.inputs.len() as u32,
            outputs: setup.wanted.len() as u32,
            tempo: setup.tempo,
            context: (&raw const *answers).cast_mut().cast::<c_void>(),
            integer,
            real,
            flag,
            choice,
            wants,
            channel,
            input,
            json: self::json,
        };
        Ok(Self { table, _answers: answers })
    }

    /// Good as long as this is.
    pub(super) fn table(&self) -> &AgogicSetup {
        &self.table
    }
}

impl Param {
    fn of(value: &ParamValue) -> Self {
        match value {
            ParamValue::Flag(value) => Self::Flag(*value),
            ParamValue::Integer(value) => Self::Integer(*value),
            ParamValue::Float(value) => Self::Real(*value),
            ParamValue::Choice(word) => Self::Choice(c_text(word)),
        }
    }
}

impl Track {
    fn new(header: &TrackHeader) -> Self {
        let texts = [c_text(header.descriptor.as_str()), c_text(&header.unit)];
        let (starts, hops): (Vec<_>, Vec<_>) = header.planes.iter().copied().unzip();
        let (least, greatest) = header.range.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        let table = AgogicTrack {
            size: size_of::<AgogicTrack>() as u32,
            shape: match header.shape {
                Shape::Dense => AGOGIC_SHAPE_DENSE,
                Shape::Events => AGOGIC_SHAPE_EVENTS,
                Shape::Peaks => AGOGIC_SHAPE_PEAKS,
            },
            channels: header.channels.len() as u32,
            bins: header.bins,
            rate: header.rate,
            planes: header.planes.len() as u32,
            descriptor: texts[0].as_ptr(),
            unit: texts[1].as_ptr(),
            least,
            greatest,
            starts: starts.as_ptr(),
            hops: hops.as_ptr(),
        };
        Self { table, _texts: texts, _starts: starts, _hops: hops }
    }
}

/// # Safety
/// `setup` is null or the pointer that was lent, and `create` has not returned.
unsafe fn answers<'a>(setup: *const AgogicSetup) -> Option<&'a Answers<'a>> {
    // SAFETY: see above; `context` points to the answers.
    unsafe { setup.as_ref()?.context.cast::<Answers<'_>>().as_ref() }
}

/// # Safety
/// As [`answers`]; `name` is null or a text.
unsafe fn param<'a>(setup: *const AgogicSetup, name: *const c_char) -> Option<&'a Param> {
    if name.is_null() {
        return None;
    }
    // SAFETY: see above.
    unsafe { answers(setup)?.params.get(CStr::from_ptr(name)) }
}

/// # Safety
/// `to` is null or may be written to.
unsafe fn put<T>(to: *mut T, value: Option<T>) -> bool {
    match value {
        Some(value) if !to.is_null() => {
            // SAFETY: see above.
            unsafe { to.write(value) };
            true
        }
        _ => false,
    }
}

// SAFETY of all that follows: the interface asks the library for pointers that
// it was lent or that are its own; null is looked at here.

unsafe extern "C" fn integer(setup: *const AgogicSetup, name: *const c_char, value: *mut i64) -> bool {
    // SAFETY: see above.
    unsafe {
        let found = match param(setup, name) {
            Some(Param::Integer(value)) => Some(*value),
            _ => None,
        };
        put(value, found)
    }
}

unsafe extern "C" fn real(setup: *const AgogicSetup, name: *const c_char, value: *mut f64) -> bool {
    // SAFETY: see above.
    unsafe {
        let found = match param(setup, name) {
            Some(Param::Real(value)) => Some(*value),
            Some(Param::Integer(value)) => Some(*value as f64),
            _ => None,
        };
        put(value, found)
    }
}

unsafe extern "C" fn flag(setup: *const AgogicSetup, name: *const c_char, value: *mut bool) -> bool {
    // SAFETY: see above.
    unsafe {
        let found = match param(setup, name) {
            Some(Param::Flag(value)) => Some(*value),
            _ => None,
        };
        put(value, found)
    }
}

unsafe extern "C" fn choice(setup: *const AgogicSetup, name: *const c_char) -> *const c_char {
    // SAFETY: see above.
    match unsafe { param(setup, name) } {
        Some(Param::Choice(word)) => word.as_ptr(),
        _ => ptr::null(),
    }
}

unsafe extern "C" fn wants(setup: *const AgogicSetup, output: u32) -> bool {
    // SAFETY: see above.
    unsafe { answers(setup) }.is_some_and(|answers| answers.setup.wants(output as usize))
}

unsafe extern "C" fn channel(setup: *const AgogicSetup, channel: u32) -> *const c_char {
    // SAFETY: see above.
    let answers = unsafe { answers(setup) };
    answers
        .and_then(|answers| answers.channels.get(channel as usize))
        .map_or(ptr::null(), |name| name.as_ptr())
}

unsafe extern "C" fn input(setup: *const AgogicSetup, input: u32) -> *const AgogicTrack {
    // SAFETY: see above.
    let answers = unsafe { answers(setup) };
    answers
        .and_then(|answers| answers.inputs.get(input as usize))
        .map_or(ptr::null(), |track| &raw const track.table)
}

unsafe extern "C" fn json(setup: *const AgogicSetup) -> *const c_char {
    // SAFETY: see above.
    unsafe { answers(setup) }.map_or(ptr::null(), |answers| answers.json.as_ptr())
}
