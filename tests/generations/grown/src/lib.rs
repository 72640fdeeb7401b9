//! A plug-in of generation 1 that knows an extension: hosts that ask for it
//! find it, hosts that do not know it never notice.

use abi_stable::prefix_type::PrefixTypeTrait as _;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{ROption, RResult, RSlice, RStr, RVec};
use agogic_abi::v1::{
    self, Block, CalculatorLibrary, CalculatorLibraryRef, Failure, Instance_TO, InstanceBox, SinkRef,
};
use agogic_schema::{Amount, Bins, CalculatorSpec, DescriptorSpec, Frames, Kind, Manifest, PcmInput};

#[abi_stable::export_root_module]
pub fn library() -> CalculatorLibraryRef {
    CalculatorLibrary { manifest, create, extension }.leak_into_prefix()
}

/// Samples, and one more.
extern "C" fn manifest() -> RVec<u8> {
    let every = Kind::Dense(Frames::Every { hop: Amount::Fixed(1), first: Amount::Fixed(0) });
    let more = DescriptorSpec::new("test.grown", "", every, Bins::Count(Amount::Fixed(1)));
    let spec = CalculatorSpec::new("test.grown", "1.0.0", PcmInput::new(Default::default())).descriptor(more);
    rmp_serde::to_vec_named(&Manifest { calculators: vec![spec], ..Manifest::default() })
        .unwrap_or_default()
        .into()
}

extern "C" fn create(_id: RStr<'_>, _setup: RSlice<'_, u8>) -> RResult<InstanceBox, Failure> {
    RResult::ROk(Instance_TO::from_value(More, TD_Opaque))
}

extern "C" fn extension(name: RStr<'_>, request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
    match name.as_str() {
        "test.project.backwards/1" => ROption::RSome(request.iter().rev().copied().collect()),
        _ => ROption::RNone,
    }
}

struct More;

impl v1::Instance for More {
    fn process(&mut self, block: Block<'_>, sink: &mut SinkRef<'_>) -> RResult<(), Failure> {
        let mut room = sink.frames(0, 0, block.count);
        for (value, sample) in room.iter_mut().zip(block.data.iter()) {
            *value = *sample + 1.0;
        }
        RResult::ROk(())
    }

    fn finish(&mut self, _sink: &mut SinkRef<'_>) -> RResult<(), Failure> {
        RResult::ROk(())
    }

    fn reset(&mut self) -> RResult<(), Failure> {
        RResult::ROk(())
    }

    fn extension(&mut self, _name: RStr<'_>, _request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
        ROption::RNone
    }
}
