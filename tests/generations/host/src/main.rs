//! A host of generation 2: `host LIBRARY ID` tries the newest generation first,
//! then the older one, gives an instance one block of nine values, and prints
//! one line a thing.

use std::error::Error;
use std::path::Path;

use abi_stable::library::lib_header_from_path;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{ROption, RResult, RSlice, RSliceMut, RStr, RVec};
use agogic_abi::v1::{self, Failure, Sink_TO, SinkRef};
use agogic_abi::v2;
use agogic_schema::Setup;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (path, id) = (args.next().ok_or("no library")?, args.next().ok_or("no id")?);
    let header = lib_header_from_path(Path::new(&path))?;
    let setup = Setup {
        rate: 8000,
        channels: vec!["mono".into()],
        bins: 9,
        wanted: vec![true; 2],
        ..Setup::default()
    };
    let setup = rmp_serde::to_vec_named(&setup)?;
    let block = v1::Block {
        input: 0,
        plane: 0,
        position: 0,
        count: 1,
        channels: 1,
        width: 9,
        data: RSlice::from_slice(&[0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        events: RSlice::EMPTY,
        ticks: RSlice::EMPTY,
    };
    let mut kept = Kept(vec![]);
    let mut sink: SinkRef<'_> = Sink_TO::from_ptr(&mut kept, TD_Opaque);
    let name = RStr::from_str("test.project.backwards/1");
    let request = RSlice::from_slice(b"abc");
    let answer;
    match header.init_root_module::<v2::CalculatorLibraryRef>() {
        Ok(library) => {
            println!("generation 2, {} bytes", library.memory()(RStr::from_str(&id)));
            answer = library.extension()(name, request);
            let mut instance = ok(library.create()(RStr::from_str(&id), RSlice::from_slice(&setup)))?;
            ok(instance.process(v2::Block { samples: block, seconds: 2.0 }, &mut sink))?;
        }
        Err(_) => {
            let library = header.init_root_module::<v1::CalculatorLibraryRef>()?;
            println!("generation 1");
            answer = library.extension()(name, request);
            let mut instance = ok(library.create()(RStr::from_str(&id), RSlice::from_slice(&setup)))?;
            ok(instance.process(block, &mut sink))?;
            ok(instance.finish(&mut sink))?;
        }
    }
    println!(
        "extension {:?}",
        answer.into_option().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    );
    drop(sink);
    println!("values {:?}", kept.0);
    Ok(())
}

fn ok<T>(result: RResult<T, Failure>) -> Result<T> {
    result.into_result().map_err(|failure| failure.message.into_string().into())
}

/// Keeps the values of all outputs, one a frame.
struct Kept(Vec<f32>);

impl v1::Sink for Kept {
    fn frames(&mut self, _output: u32, _plane: u32, count: u64) -> RSliceMut<'_, f32> {
        let start = self.0.len();
        self.0.resize(start + count as usize, 0.0);
        RSliceMut::from_mut_slice(&mut self.0[start..])
    }

    fn events(&mut self, _output: u32, _events: RSlice<'_, u8>) -> bool {
        false
    }

    fn raise_floor(&mut self, _output: u32, _floor: f32) -> bool {
        false
    }

    fn cancelled(&self) -> bool {
        false
    }

    fn log(&self, _level: u32, _text: RStr<'_>) {}

    fn progress(&self, _done: f32) {}

    fn extension(&mut self, _name: RStr<'_>, _request: RSlice<'_, u8>) -> ROption<RVec<u8>> {
        ROption::RNone
    }
}
