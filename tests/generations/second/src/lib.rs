//! A plug-in of generation 2: it adds the seconds of a block to its values.

use abi_stable::prefix_type::PrefixTypeTrait as _;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{ROption, RResult, RSlice, RStr, RVec};
use agogic_abi::v1::{Failure, SinkRef};
use agogic_abi::v2::{self, Block, CalculatorLibrary, CalculatorLibraryRef, Instance_TO, InstanceBox};

#[abi_stable::export_root_module]
pub fn library() -> CalculatorLibraryRef {
    CalculatorLibrary { manifest, create, extension, memory }.leak_into_prefix()
}

extern "C" fn manifest() -> RVec<u8> {
    RVec::new()
}

extern "C" fn create(_id: RStr<'_>, _setup: RSlice<'_, u8>) -> RResult<InstanceBox, Failure> {
    RResult::ROk(Instance_TO::from_value(Later, TD_Opaque))
}

extern "C" fn extension(_name: RStr<'_>, _request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
    ROption::RNone
}

extern "C" fn memory(_id: RStr<'_>) -> u64 {
    4096
}

struct Later;

impl v2::Instance for Later {
    fn process(&mut self, block: Block<'_>, sink: &mut SinkRef<'_>) -> RResult<(), Failure> {
        let mut room = sink.frames(0, 0, block.samples.count);
        for (value, sample) in room.iter_mut().zip(block.samples.data.iter()) {
            *value = sample + block.seconds as f32;
        }
        RResult::ROk(())
    }
}
