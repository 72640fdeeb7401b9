//! What crosses the C interface arrives: setups with every kind of parameter
//! and input, blocks with events and ticks, and the calls in their order.

use std::cell::RefCell;
use std::ffi::{CStr, c_char};
use std::ptr;

use abi_stable::std_types::RSlice;
use agogic_abi::c::*;
use agogic_abi::v1;
use agogic_schema::{CalculatorId, DescriptorId, Event, Params, Setup, Shape, TrackHeader};
use agogic_timebase::{Delta, Samples};

use super::{CLibrary, check};
use crate::backend::{Library, Sink};

thread_local! {
    /// What the library was given, one line a thing.
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(vec![]) };
}

fn see(line: String) {
    SEEN.with_borrow_mut(|seen| seen.push(line));
}

unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return "null".into();
    }
    // SAFETY: the tests give texts only.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

unsafe extern "C" fn describe() -> *const c_char {
    c"{ \"calculators\": [] }".as_ptr()
}

unsafe extern "C" fn create(id: *const c_char, setup: *const AgogicSetup) -> *mut AgogicInstance {
    // SAFETY: the host keeps the interface's rules.
    unsafe {
        let s = &*setup;
        see(format!("create {} {} {} {} {} {}", text(id), s.rate, s.channels, s.bins, s.outputs, s.tempo));
        let (mut whole, mut real, mut flag) = (-1, -1.0, false);
        for name in [c"n", c"x", c"on", c"word", c"none"] {
            let found = [
                (s.integer)(setup, name.as_ptr(), &raw mut whole),
                (s.real)(setup, name.as_ptr(), &raw mut real),
                (s.flag)(setup, name.as_ptr(), &raw mut flag),
            ];
            let word = text((s.choice)(setup, name.as_ptr()));
            see(format!("{name:?} {found:?} {whole} {real} {flag} {word}"));
        }
        see(format!("wants {} {} {}", (s.wants)(setup, 0), (s.wants)(setup, 1), (s.wants)(setup, 2)));
        see(format!("{} {}", text((s.channel)(setup, 1)), text((s.channel)(setup, 2))));
        let track = &*(s.input)(setup, 0);
        let (id, unit) = (text(track.descriptor), text(track.unit));
        let planes: Vec<_> =
            (0..track.planes as usize).map(|i| (*track.starts.add(i), *track.hops.add(i))).collect();
        see(format!(
            "{id} {unit} {} {} {planes:?} {} {}",
            track.shape, track.bins, track.least, track.greatest
        ));
        see(format!("{} {}", s.inputs, (s.input)(setup, 1).is_null()));
        let json: Setup = serde_json::from_str(&text((s.json)(setup))).unwrap();
        see(format!("{:?}", json.channels));
        // No pointer is believed.
        see(format!(
            "{} {} {}",
            (s.integer)(setup, ptr::null(), &raw mut whole),
            (s.integer)(setup, c"n".as_ptr(), ptr::null_mut()),
            (s.integer)(ptr::null(), c"n".as_ptr(), &raw mut whole)
        ));
    }
    ptr::without_provenance_mut(16)
}

unsafe extern "C" fn process(
    _: *mut AgogicInstance,
    block: *const AgogicBlock,
    host: *const AgogicHost,
) -> i32 {
    // SAFETY: the host keeps the interface's rules.
    unsafe {
        let b = &*block;
        see(format!("process {} {} {} {} {} {}", b.input, b.plane, b.channels, b.width, b.position, b.count));
        see(format!("{} {} {} {}", b.data.is_null(), b.events.is_null(), b.ticks.is_null(), b.tick_count));
        if !b.events.is_null() {
            let event = &*b.events.add(1);
            see(format!("{} {} {} {}", event.at, event.duration, *event.values.add(1), text(event.label)));
        }
        let room = ((*host).frames)(host, 0, 0, 2);
        room.add(1).write(3.0);
        see(format!("{} {}", ((*host).frames)(host, 0, 0, 0).is_null(), ((*host).cancelled)(host)));
        ((*host).log)(host, AGOGIC_LOG_INFO, c"a line".as_ptr());
        ((*host).progress)(host, 0.5);
        see(format!("{}", ((*host).raise_floor)(host, 0, -80.0)));
        let event =
            AgogicEvent { at: 7, duration: 1, values: ptr::null(), value_count: 0, label: ptr::null() };
        see(format!("{}", ((*host).events)(host, 0, &raw const event, 1)));
    }
    AGOGIC_OK
}

unsafe extern "C" fn finish(_: *mut AgogicInstance, _: *const AgogicHost) -> i32 {
    see("finish".into());
    AGOGIC_OK
}

unsafe extern "C" fn reset(_: *mut AgogicInstance) -> i32 {
    see("reset".into());
    AGOGIC_CANCELLED
}

unsafe extern "C" fn destroy(_: *mut AgogicInstance) {
    see("destroy".into());
}

unsafe extern "C" fn last_error(_: *mut AgogicInstance) -> *const c_char {
    ptr::null()
}

fn table() -> AgogicLibrary {
    AgogicLibrary {
        size: size_of::<AgogicLibrary>() as u32,
        version: AGOGIC_CALCULATOR_C_VERSION,
        describe: Some(describe),
        create: Some(create),
        process: Some(process),
        finish: Some(finish),
        reset: Some(reset),
        destroy: Some(destroy),
        last_error: Some(last_error),
        extension: None,
    }
}

fn library() -> CLibrary {
    // SAFETY: a whole table, which is copied.
    CLibrary(unsafe { check(&raw const *Box::new(table())) }.unwrap())
}

#[test]
fn tables_may_grow_and_not_shrink() {
    let whole = size_of::<AgogicLibrary>() as u32;
    let pointer = size_of::<usize>() as u32;
    for (size, good) in
        [(whole, true), (whole + 64, true), (whole - pointer, true), (whole - 2 * pointer, false), (0, false)]
    {
        // As long as the longest of them says.
        let grown = [AgogicLibrary { size, ..table() }; 2];
        // SAFETY: so much is there.
        assert_eq!(unsafe { check(grown.as_ptr()) }.is_ok(), good, "{size}");
    }
    // SAFETY: null is allowed.
    assert!(unsafe { check(ptr::null()) }.is_err());
}

/// Keeps what it is given.
#[derive(Default)]
struct Kept {
    values: Vec<f32>,
    events: Vec<u8>,
}

impl Sink for Kept {
    fn size(&self, _: u32) -> (usize, usize) {
        (1, 1)
    }

    fn frames(&mut self, _: u32, _: u32, count: u64) -> &mut [f32] {
        let start = self.values.len();
        self.values.resize(start + count as usize, 0.0);
        &mut self.values[start..]
    }
    fn events(&mut self, _: u32, events: &[u8]) -> bool {
        self.events.extend(events);
        true
    }
    fn raise_floor(&mut self, _: u32, floor: f32) -> bool {
        floor == -80.0
    }
    fn cancelled(&self) -> bool {
        true
    }
    fn log(&self, level: u32, text: &str) {
        see(format!("log {level} {text}"));
    }
    fn progress(&self, done: f32) {
        see(format!("progress {done}"));
    }
}

fn setup() -> Setup {
    let params = [("n", 5.into()), ("x", 2.5.into()), ("on", true.into()), ("word", "htk".into())];
    Setup {
        params: Params(params.map(|(name, value)| (name.to_owned(), value)).into()),
        rate: 8000,
        channels: vec!["left".into(), "right".into()],
        bins: 3,
        inputs: vec![TrackHeader {
            descriptor: DescriptorId::new("t.in").unwrap(),
            unit: "Hz".into(),
            range: Some((0.0, 9.5)),
            shape: Shape::Peaks,
            channels: vec!["mono".into()],
            bins: 2,
            rate: 8000,
            planes: vec![(-4, 8), (12, 32)],
        }],
        tempo: true,
        wanted: vec![true, false],
    }
}

#[test]
fn all_of_the_interface_arrives() {
    let id = CalculatorId::new("t.c").unwrap();
    let mut instance = library().create(&id, &setup()).unwrap();
    let event = |at, label: &str| Event {
        at: Samples(at),
        duration: Delta(Samples(2)),
        values: vec![0.5, 1.5],
        label: label.into(),
    };
    let events = rmp_serde::to_vec(&[event(3, "a"), event(4, "b")]).unwrap();
    let block = v1::Block {
        input: 1,
        plane: 0,
        position: 9,
        count: 2,
        channels: 1,
        width: 2,
        data: RSlice::EMPTY,
        events: RSlice::from_slice(&events),
        ticks: RSlice::from_slice(&[960.0, 1920.0]),
    };
    let mut sink = Kept::default();
    instance.process(&block, &mut sink).unwrap();
    instance.finish(&mut sink).unwrap();
    let late = instance.process(&block, &mut sink).unwrap_err().to_string();
    assert_eq!(late, "called again although it has finished");
    assert_eq!(instance.reset().unwrap_err().to_string(), "cancelled");
    let failed = instance.finish(&mut sink).unwrap_err().to_string();
    assert_eq!(failed, "called again although it has failed");
    drop(instance);
    let seen = SEEN.take();
    let expect = [
        "create t.c 8000 2 3 2 true",
        "\"n\" [true, true, false] 5 5 false null",
        "\"x\" [false, true, false] 5 2.5 false null",
        "\"on\" [false, false, true] 5 2.5 true null",
        "\"word\" [false, false, false] 5 2.5 true htk",
        "\"none\" [false, false, false] 5 2.5 true null",
        "wants true false false",
        "right null",
        "t.in Hz 2 2 [(-4, 8), (12, 32)] 0 9.5",
        "1 true",
        "[\"left\", \"right\"]",
        "false false false",
        "process 1 0 1 2 9 2",
        "true false false 2",
        "4 2 1.5 b",
        "true true",
        "log 1 a line",
        "progress 0.5",
        "true",
        "true",
        "finish",
        "reset",
        "destroy",
    ];
    assert_eq!(seen, expect);
    assert_eq!(sink.values, [0.0, 3.0]);
    let given: Vec<Event> = rmp_serde::from_slice(&sink.events).unwrap();
    assert_eq!((given[0].at, given[0].label.as_str()), (Samples(7), ""));
}
