//! The C interface, version 1: the same contract as generation 1 for authors
//! who write C or C++. The header `include/agogic_calculator.h` is generated
//! from this file by `cargo xtask header`; the comments below are its comments.
//! What is no part of it: loading and checking, which `agogic-host` does.
//!
//! Structs that may grow begin with their size. A later minor version appends
//! fields and nothing else; whoever reads looks at the size first.

use core::ffi::{CStr, c_char, c_void};

/// The version of this interface.
pub const AGOGIC_CALCULATOR_C_VERSION: u32 = 1;

/// The call did what it should.
pub const AGOGIC_OK: i32 = 0;
/// The calculator gave up; last_error says why. So does any other number that
/// is not listed here.
pub const AGOGIC_FAILED: i32 = 1;
/// The host asked to stop, and the calculator did.
pub const AGOGIC_CANCELLED: i32 = 2;
/// The host refused an output.
pub const AGOGIC_REFUSED: i32 = 3;

/// Something went wrong that the user should know of.
pub const AGOGIC_LOG_WARNING: u32 = 0;
/// Something that may help to understand a result.
pub const AGOGIC_LOG_INFO: u32 = 1;
/// For the author.
pub const AGOGIC_LOG_DEBUG: u32 = 2;

/// Frames of bins at regular times.
pub const AGOGIC_SHAPE_DENSE: u32 = 0;
/// Things that happen at a time.
pub const AGOGIC_SHAPE_EVENTS: u32 = 1;
/// Least and greatest sample at several resolutions, a plane for each.
pub const AGOGIC_SHAPE_PEAKS: u32 = 2;

/// A calculator at work. The plug-in defines it as it likes; the host only
/// carries the pointer.
pub struct AgogicInstance;

/// Takes the answer of an extension.
///
/// Thread: that of the call it was given to. Lifetime: the bytes live for the
/// call. Null: bytes may be null if size is 0.
pub type AgogicAnswer = Option<unsafe extern "C" fn(context: *mut c_void, bytes: *const u8, size: u64)>;

/// A plug-in library, as agogic_calculator_library returns it. It and all that
/// it points to live as long as the process: libraries are never unloaded.
///
/// The life of an instance: create; process any number of times, the blocks of
/// each input in order of position and without gaps; finish once. Then reset
/// makes it as new, or destroy ends it. reset is also allowed before finish.
/// After a call that failed the host calls last_error and destroy, no more.
///
/// An instance may move from one thread to another between two calls, but is
/// never called by two threads at once. Instances run side by side.
///
/// No function may let a C++ exception out. All are required but extension.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AgogicLibrary {
    /// sizeof(AgogicLibrary)
    pub size: u32,
    /// AGOGIC_CALCULATOR_C_VERSION
    pub version: u32,
    /// What the library holds: a JSON object, UTF-8, at most 16 MiB.
    ///
    /// Thread: any, at any time, also several at once. Lifetime: as long as the
    /// process, so most plug-ins return a string literal. Null: describing
    /// failed.
    pub describe: Option<unsafe extern "C" fn() -> *const c_char>,
    /// Makes an instance of the calculator of this id.
    ///
    /// Thread: any, at any time, also several at once. Lifetime: id and setup
    /// live for the call; the instance lives until destroy. Null: neither
    /// argument is; the result, when it cannot be made. Then
    /// last_error(NULL) on the same thread says why.
    pub create:
        Option<unsafe extern "C" fn(id: *const c_char, setup: *const AgogicSetup) -> *mut AgogicInstance>,
    /// Takes the next block. Returns AGOGIC_OK or why not.
    ///
    /// Thread: any, one call at a time. State: not finished, not failed.
    /// Lifetime: block and host live for the call. Null: no argument is.
    pub process: Option<
        unsafe extern "C" fn(
            instance: *mut AgogicInstance,
            block: *const AgogicBlock,
            host: *const AgogicHost,
        ) -> i32,
    >,
    /// Gives what remains after the last block. Returns AGOGIC_OK or why not.
    ///
    /// Thread, state, lifetime, null: as process. An asset may be so short that
    /// process was never called.
    pub finish: Option<unsafe extern "C" fn(instance: *mut AgogicInstance, host: *const AgogicHost) -> i32>,
    /// Makes the instance as new, for another asset of the same setup. Returns
    /// AGOGIC_OK or why not.
    ///
    /// Thread: as process. State: any but failed. Null: the argument is not.
    pub reset: Option<unsafe extern "C" fn(instance: *mut AgogicInstance) -> i32>,
    /// Ends an instance and frees what it holds.
    ///
    /// Thread: as process. State: any; the last call. Null: the argument is
    /// not.
    pub destroy: Option<unsafe extern "C" fn(instance: *mut AgogicInstance)>,
    /// Why the last call on the instance failed; with null, why the last create
    /// on this thread did. One line of UTF-8 for a person.
    ///
    /// Thread: that of the call that failed, right after it. Lifetime: until
    /// the next call on the instance, or the next create on this thread. Null:
    /// the result, where there is nothing to say.
    pub last_error: Option<unsafe extern "C" fn(instance: *mut AgogicInstance) -> *const c_char>,
    /// An extension of the instance, or of the library where instance is null:
    /// a request by name. Returns 0 where the name is not known; otherwise calls
    /// answer once and returns 1.
    ///
    /// Thread: as process, or any for the library. State: as the extension
    /// says. Lifetime: the arguments live for the call. Null: instance may be;
    /// request may be if request_size is 0. The function itself may be null:
    /// there are no extensions then.
    pub extension: Option<
        unsafe extern "C" fn(
            instance: *mut AgogicInstance,
            name: *const c_char,
            request: *const u8,
            request_size: u64,
            answer: AgogicAnswer,
            context: *mut c_void,
        ) -> i32,
    >,
}

/// What a calculator is told when it is made.
///
/// Thread: only within create, on its thread. Lifetime: it and all texts that
/// it gives live for the call of create. Null: no function is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AgogicSetup {
    /// Size of this struct in the host.
    pub size: u32,
    /// Samples per second of the input; positions and hops count in them.
    pub rate: u32,
    /// Channels of the input.
    pub channels: u32,
    /// Values per channel: 1 for PCM, n_fft / 2 + 1 for a spectrum (twice as
    /// many for a complex one), 0 where the inputs are descriptors.
    pub bins: u32,
    /// Inputs that are descriptors; 0 for audio.
    pub inputs: u32,
    /// Outputs, as many as the description lists.
    pub outputs: u32,
    /// Whether blocks carry the ticks of a tempo map.
    pub tempo: bool,
    /// The host's own.
    pub context: *mut c_void,
    /// The value of a whole-number parameter. False, and value as it was, where
    /// there is no such parameter or it is of another type.
    pub integer:
        unsafe extern "C" fn(setup: *const AgogicSetup, name: *const c_char, value: *mut i64) -> bool,
    /// The value of a parameter that is a number of either type. False as in
    /// integer.
    pub real: unsafe extern "C" fn(setup: *const AgogicSetup, name: *const c_char, value: *mut f64) -> bool,
    /// The value of an on-off parameter. False as in integer.
    pub flag: unsafe extern "C" fn(setup: *const AgogicSetup, name: *const c_char, value: *mut bool) -> bool,
    /// The word of a choice parameter. Null where there is no such parameter or
    /// it is of another type.
    pub choice: unsafe extern "C" fn(setup: *const AgogicSetup, name: *const c_char) -> *const c_char,
    /// Whether anybody wants an output. One that nobody wants may be left out;
    /// what is given for it is dropped.
    pub wants: unsafe extern "C" fn(setup: *const AgogicSetup, output: u32) -> bool,
    /// The name of a channel of the input: mono for a mix. Null where there is
    /// no such channel.
    pub channel: unsafe extern "C" fn(setup: *const AgogicSetup, channel: u32) -> *const c_char,
    /// What an input that is a descriptor holds. Null where there is no such
    /// input.
    pub input: unsafe extern "C" fn(setup: *const AgogicSetup, input: u32) -> *const AgogicTrack,
    /// All of the setup as a JSON object, with what later hosts may add.
    pub json: unsafe extern "C" fn(setup: *const AgogicSetup) -> *const c_char,
}

/// What an input that is a descriptor holds.
///
/// Lifetime: as the setup. Null: no pointer is; starts and hops point to planes
/// numbers each.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AgogicTrack {
    /// Size of this struct in the host.
    pub size: u32,
    /// One of the AGOGIC_SHAPE_ numbers.
    pub shape: u32,
    /// Channels.
    pub channels: u32,
    /// Values per channel and frame, or per event.
    pub bins: u32,
    /// Samples per second in which times count.
    pub rate: u32,
    /// Planes: 1, the levels of peaks, 0 for events.
    pub planes: u32,
    /// Name.
    pub descriptor: *const c_char,
    /// Unit of the values, empty for none.
    pub unit: *const c_char,
    /// Least value that can occur, minus infinity where nothing is known.
    pub least: f32,
    /// Greatest value that can occur, infinity where nothing is known.
    pub greatest: f32,
    /// By plane, the centre of frame 0 in samples.
    pub starts: *const i64,
    /// By plane, the distance between frames in samples.
    pub hops: *const u32,
}

/// Something that happens at a time. Frozen: arrays of it cross.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AgogicEvent {
    /// When, in samples.
    pub at: i64,
    /// For how long, in samples; 0 for a point in time, never negative.
    pub duration: i64,
    /// As many numbers as the descriptor has bins; null if value_count is 0.
    pub values: *const f32,
    /// How many.
    pub value_count: u32,
    /// UTF-8; null for none.
    pub label: *const c_char,
}

/// A piece of an input.
///
/// PCM: count samples of each channel, planar: data[channel * count + i].
/// Spectra and dense descriptors: count frames,
/// data[(frame * channels + channel) * width + bin]. Peaks: as dense, plane by
/// plane. Events: count of them in events, data is null.
///
/// Of several inputs none runs ahead of another by more than a block.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AgogicBlock {
    /// Size of this struct in the host.
    pub size: u32,
    /// Which input: 0 for audio, else counted as in the description.
    pub input: u32,
    /// Which level of peaks; otherwise 0.
    pub plane: u32,
    /// Channels.
    pub channels: u32,
    /// Values per channel and sample (1) or frame (bins, twice as many for a
    /// complex spectrum).
    pub width: u32,
    /// Number of the first sample, frame or event, counted from the start of
    /// the asset.
    pub position: u64,
    /// Samples per channel, frames or events.
    pub count: u64,
    /// count * channels * width values; null where there are none.
    pub data: *const f32,
    /// count events; null unless the input holds events.
    pub events: *const AgogicEvent,
    /// Where the setup says that there is tempo: ticks, 960 to the quarter
    /// note, at the centre of each frame and after the last one's; for PCM at
    /// the first sample and at that after the last. Otherwise null.
    pub ticks: *const f64,
    /// How many ticks.
    pub tick_count: u64,
}

/// Where an instance puts what it computed. Outputs count as in the
/// description, from 0.
///
/// Thread: only within the call that it was given to, on its thread. Null: no
/// function is. What the host refuses fails the calculator, whatever the call
/// returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AgogicHost {
    /// Size of this struct in the host.
    pub size: u32,
    /// The version of this interface that the host speaks.
    pub version: u32,
    /// The host's own.
    pub context: *mut c_void,
    /// Room for count more frames of a plane, zeroed: frame by frame, channel
    /// by channel, bin by bin. plane is 0 for all but peaks.
    ///
    /// Lifetime: until the next call of any function of the host. Null: the
    /// result, when the host refuses or count is 0.
    pub frames:
        unsafe extern "C" fn(host: *const AgogicHost, output: u32, plane: u32, count: u64) -> *mut f32,
    /// More events, in order of time. False when the host refuses them.
    ///
    /// Lifetime: events and what they point to live for the call. Null: events
    /// may be if count is 0.
    pub events: unsafe extern "C" fn(
        host: *const AgogicHost,
        output: u32,
        events: *const AgogicEvent,
        count: u64,
    ) -> bool,
    /// Every value of the output below floor, given or still to come, becomes
    /// floor. For decibels that are cut off below the loudest value, which is
    /// known only at the end. False when the host refuses.
    pub raise_floor: unsafe extern "C" fn(host: *const AgogicHost, output: u32, floor: f32) -> bool,
    /// Whether nobody wants the result any more; return AGOGIC_CANCELLED soon.
    /// Worth a call inside long loops; the host itself asks between blocks.
    pub cancelled: unsafe extern "C" fn(host: *const AgogicHost) -> bool,
    /// A line for the host's log; level is one of the AGOGIC_LOG_ numbers.
    ///
    /// Lifetime: the text lives for the call. Null: a text that is says nothing.
    pub log: unsafe extern "C" fn(host: *const AgogicHost, level: u32, text: *const c_char),
    /// How much of this call's work is done, from 0.0 to 1.0; for calls that
    /// take seconds.
    pub progress: unsafe extern "C" fn(host: *const AgogicHost, done: f32),
    /// An extension of the host: a request by name. False where the name is not
    /// known; otherwise answer is called once, before this returns true.
    ///
    /// Lifetime: the arguments live for the call. Null: request may be if
    /// request_size is 0.
    pub extension: unsafe extern "C" fn(
        host: *const AgogicHost,
        name: *const c_char,
        request: *const u8,
        request_size: u64,
        answer: AgogicAnswer,
        context: *mut c_void,
    ) -> bool,
}

/// The one symbol that a plug-in exports, and its type: it returns the library,
/// which lives as long as the process, and is called on any thread.
pub const LIBRARY_SYMBOL: &CStr = c"agogic_calculator_library";

/// The function of that symbol.
pub type LibraryFunction = unsafe extern "C" fn() -> *const AgogicLibrary;
