//! Generation 1, frozen: no type in here changes any more. What calculators
//! and hosts have to say to each other later goes into the MessagePack maps, or
//! into an extension.
//!
//! Life of an instance: `create`, then `process` any number of times with the
//! blocks of each input in order of position and without gaps, then `finish`
//! once. After that `reset` makes it as new, or it is dropped. `reset` is also
//! allowed before `finish`. After a failure only drop is allowed.
//!
//! Each function states *thread* (who may call it when), *state* (what must
//! have been called), *lifetime* (how long what it is given or gives lives) and
//! *failure*. No pointer is ever null. No function may unwind: the plug-in side
//! turns a panic into a [`Failure`].
//!
//! An *extension* is a function by name: bytes in, bytes out, `RNone` where the
//! name is not known. Names look like `org.project.name/1`; those that begin
//! with `agogic.` are the project's. None is defined yet.

// The derive macros of abi_stable expand to code that trips these.
#![allow(non_local_definitions, non_camel_case_types, missing_docs, clippy::undocumented_unsafe_blocks)]
// `sabi_trait` and `StableAbi` expand to unsafe code of their own; there is
// none written by hand here.
#![allow(unsafe_code)]

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::sabi_trait;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RBox, ROption, RResult, RSlice, RSliceMut, RStr, RString, RVec};

/// The root of a plug-in library.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = CalculatorLibraryRef)))]
#[sabi(missing_field(panic))]
pub struct CalculatorLibrary {
    /// What the library holds: a MessagePack map `Manifest`.
    ///
    /// Thread: any, at any time. Lifetime: the bytes are the caller's.
    /// Failure: an empty vector when describing panicked.
    pub manifest: extern "C" fn() -> RVec<u8>,

    /// Makes an instance of the calculator of this id from a MessagePack map
    /// `Setup`.
    ///
    /// Thread: any, at any time. Lifetime: the arguments live for the call;
    /// the instance is the caller's and may outlive everything but the
    /// library, which is never unloaded. Failure: the reason.
    pub create: extern "C" fn(id: RStr<'_>, setup: RSlice<'_, u8>) -> RResult<InstanceBox, Failure>,

    /// An extension of the library.
    ///
    /// Thread: any, at any time. Lifetime: the arguments live for the call,
    /// the answer is the caller's. Failure: as the extension says.
    #[sabi(last_prefix_field)]
    pub extension: extern "C" fn(name: RStr<'_>, request: RSlice<'_, u8>) -> ROption<RVec<u8>>,
}

impl RootModule for CalculatorLibraryRef {
    abi_stable::declare_root_module_statics! {CalculatorLibraryRef}
    const BASE_NAME: &'static str = "agogic_calculator";
    const NAME: &'static str = "agogic_calculator";
    // The generation's own version: that of the package may go on.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}

/// An instance at work, owned.
pub type InstanceBox = Instance_TO<'static, RBox<()>>;

/// The host's side of the outputs, borrowed for a call.
pub type SinkRef<'a> = Sink_TO<'a, abi_stable::sabi_types::RMut<'a, ()>>;

/// An instance at work.
#[sabi_trait]
pub trait Instance: Send {
    /// Takes the next block.
    ///
    /// Thread: any, one call at a time. State: not finished. Lifetime: block
    /// and sink live for the call. Failure: the instance is done for.
    fn process(&mut self, block: Block<'_>, sink: &mut SinkRef<'_>) -> RResult<(), Failure>;

    /// Gives what remains after the last block.
    ///
    /// Thread, state, lifetime, failure: as `process`.
    fn finish(&mut self, sink: &mut SinkRef<'_>) -> RResult<(), Failure>;

    /// Makes the instance as new, for another asset of the same setup.
    ///
    /// Thread: as `process`. State: any, but not after a failure. Failure: the
    /// instance is done for.
    fn reset(&mut self) -> RResult<(), Failure>;

    /// An extension of instances.
    ///
    /// Thread: as `process`. State, failure: as the extension says. Lifetime:
    /// the arguments live for the call, the answer is the caller's.
    #[sabi(last_prefix_field)]
    fn extension(&mut self, name: RStr<'_>, request: RSlice<'_, u8>) -> ROption<RVec<u8>>;
}

/// A piece of an input.
///
/// PCM: `count` samples of each channel, planar: all of channel 0, then all of
/// channel 1, and so on. Spectra and dense descriptors: `count` frames, each
/// holding all bins of channel 0, then all bins of channel 1, and so on. Peaks:
/// as dense, `plane` by plane. Events: `count` of them in `events`, `data` is
/// empty.
///
/// Of several inputs none runs ahead of another by more than a block.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Block<'a> {
    /// Which input: 0 for audio, else counted as in the description.
    pub input: u32,
    /// Which level of peaks; otherwise 0.
    pub plane: u32,
    /// Number of the first sample, frame or event, counted from the start of
    /// the asset.
    pub position: u64,
    /// Samples per channel, frames or events.
    pub count: u64,
    /// Channels.
    pub channels: u32,
    /// Values per channel and sample (1) or frame (bins, twice as many for a
    /// complex spectrum).
    pub width: u32,
    /// `count * channels * width` values.
    pub data: RSlice<'a, f32>,
    /// A MessagePack array of `Event`, or nothing.
    pub events: RSlice<'a, u8>,
    /// Where the setup says that there is tempo: ticks, 960 to the quarter
    /// note, at the centre of each frame and after the last one's; for PCM at
    /// the first sample and at that after the last. Otherwise nothing.
    pub ticks: RSlice<'a, f64>,
}

/// Where an instance puts what it computed. Outputs count as in the manifest.
///
/// Thread: only within the call that lent it, on that call's thread.
#[sabi_trait]
pub trait Sink {
    /// Room for `count` more frames of a plane, zeroed, owned by the host:
    /// frame by frame, channel by channel, bin by bin. Shorter than asked,
    /// mostly empty, when the host refuses.
    ///
    /// Lifetime: until the next call of any function of the sink.
    fn frames(&mut self, output: u32, plane: u32, count: u64) -> RSliceMut<'_, f32>;

    /// More events, in order of time: a MessagePack array of `Event`. False
    /// when the host refuses them.
    ///
    /// Lifetime: the bytes live for the call.
    fn events(&mut self, output: u32, events: RSlice<'_, u8>) -> bool;

    /// Every value of the output below `floor`, given or still to come,
    /// becomes `floor`. For decibels that are cut off below the loudest
    /// value, which is known only at the end.
    fn raise_floor(&mut self, output: u32, floor: f32) -> bool;

    /// Whether the host no longer wants the result; the instance should fail
    /// soon.
    fn cancelled(&self) -> bool;

    /// A line for the host's log; `level` is one of the `LOG_` numbers.
    ///
    /// Lifetime: the text lives for the call.
    fn log(&self, level: u32, text: RStr<'_>);

    /// How much of this call's work is done, from 0.0 to 1.0; for calls that
    /// take seconds.
    fn progress(&self, done: f32);

    /// An extension of hosts.
    ///
    /// Lifetime: the arguments live for the call, the answer is the caller's.
    #[sabi(last_prefix_field)]
    fn extension(&mut self, name: RStr<'_>, request: RSlice<'_, u8>) -> ROption<RVec<u8>>;
}

/// Something went wrong that the user should know of.
pub const LOG_WARNING: u32 = 0;
/// Something that may help to understand a result.
pub const LOG_INFO: u32 = 1;
/// For the author.
pub const LOG_DEBUG: u32 = 2;

/// Why a call failed.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Failure {
    /// One of the `FAILURE_` numbers; one that is not known counts as
    /// [`FAILURE_ERROR`].
    pub kind: u32,
    /// One line.
    pub message: RString,
}

/// The calculator gave up for a reason of its own.
pub const FAILURE_ERROR: u32 = 0;
/// The calculator panicked.
pub const FAILURE_PANIC: u32 = 1;
/// The setup cannot be served.
pub const FAILURE_SETUP: u32 = 2;
/// The host asked to stop, and the calculator did.
pub const FAILURE_CANCELLED: u32 = 3;
/// The host refused an output.
pub const FAILURE_REFUSED: u32 = 4;
