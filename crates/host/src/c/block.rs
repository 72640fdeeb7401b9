//! A block as a C library sees it, for the length of a call.

use std::ffi::CString;
use std::mem::size_of;
use std::ptr;

use agogic_abi::c::{AgogicBlock, AgogicEvent};
use agogic_abi::v1::Block;
use agogic_schema::Event;

use super::c_text;

/// A block and what its pointers point to.
pub(super) struct LentBlock<'a> {
    table: AgogicBlock,
    // What `table` points to.
    _block: Block<'a>,
    _events: Vec<AgogicEvent>,
    _decoded: Vec<Event>,
    _labels: Vec<CString>,
}

impl<'a> LentBlock<'a> {
    pub(super) fn new(block: &Block<'a>) -> Result<Self, String> {
        let decoded: Vec<Event> = if block.events.is_empty() {
            vec![]
        } else {
            rmp_serde::from_slice(&block.events).map_err(|error| format!("events of an input: {error}"))?
        };
        let labels: Vec<CString> = decoded.iter().map(|event| c_text(&event.label)).collect();
        let events: Vec<AgogicEvent> = decoded
            .iter()
            .zip(&labels)
            .map(|(event, label)| AgogicEvent {
                at: event.at.0,
                duration: event.duration.raw(),
                values: or_null(&event.values),
                value_count: event.values.len() as u32,
                label: label.as_ptr(),
            })
            .collect();
        let table = AgogicBlock {
            size: size_of::<AgogicBlock>() as u32,
            input: block.input,
            plane: block.plane,
            channels: block.channels,
            width: block.width,
            position: block.position,
            count: block.count,
            data: or_null(&block.data),
            events: or_null(&events),
            ticks: or_null(&block.ticks),
            tick_count: block.ticks.len() as u64,
        };
        Ok(Self { table, _block: *block, _events: events, _decoded: decoded, _labels: labels })
    }

    /// Good as long as this is.
    pub(super) fn table(&self) -> &AgogicBlock {
        &self.table
    }
}

/// A C author looks for null and not for a length of zero.
fn or_null<T>(values: &[T]) -> *const T {
    if values.is_empty() { ptr::null() } else { values.as_ptr() }
}
