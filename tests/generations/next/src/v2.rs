//! Generation 2: one more function of the library, and one more field of a
//! block. What did not change is that of generation 1.

#![allow(non_local_definitions, non_camel_case_types)]

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::sabi_trait;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RBox, ROption, RResult, RSlice, RStr, RVec};

use crate::v1::{self, Failure, SinkRef};

/// The root of a plug-in library.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = CalculatorLibraryRef)))]
#[sabi(missing_field(panic))]
pub struct CalculatorLibrary {
    pub manifest: extern "C" fn() -> RVec<u8>,
    pub create: extern "C" fn(id: RStr<'_>, setup: RSlice<'_, u8>) -> RResult<InstanceBox, Failure>,
    pub extension: extern "C" fn(name: RStr<'_>, request: RSlice<'_, u8>) -> ROption<RVec<u8>>,
    /// New: bytes that an instance will need.
    #[sabi(last_prefix_field)]
    pub memory: extern "C" fn(id: RStr<'_>) -> u64,
}

impl RootModule for CalculatorLibraryRef {
    abi_stable::declare_root_module_statics! {CalculatorLibraryRef}
    const BASE_NAME: &'static str = "agogic_calculator";
    const NAME: &'static str = "agogic_calculator";
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("2.0.0");
}

/// An instance at work, owned.
pub type InstanceBox = Instance_TO<'static, RBox<()>>;

/// An instance at work.
#[sabi_trait]
pub trait Instance: Send {
    #[sabi(last_prefix_field)]
    fn process(&mut self, block: Block<'_>, sink: &mut SinkRef<'_>) -> RResult<(), Failure>;
}

/// A piece of an input.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Block<'a> {
    pub samples: v1::Block<'a>,
    /// New: when it begins, in seconds.
    pub seconds: f64,
}
