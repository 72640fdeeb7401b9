//! The sink that a plug-in meets inside a worker: it notes every call, and
//! sends what was noted through shared memory.

use std::cell::Cell;

use super::message::{Gift, OutputSize, Reply, Request};
use super::serve::Link;
use super::shared::Shared;
use crate::backend::Sink;
use crate::collect::MAX_VALUES;

/// Values that are noted before they are sent: 4 MiB.
const PLENTY: usize = 1 << 20;
/// Most bytes of events in one call of the sink.
const MAX_EVENT_BYTES: usize = 1 << 25;
/// Least step of progress that is told.
const STEP: f32 = 0.01;

/// The sink of one call.
pub(crate) struct Outputs<'a> {
    link: &'a mut Link,
    shared: &'a mut Shared,
    sizes: &'a [OutputSize],
    gifts: Vec<Gift>,
    /// The values of the noted frames, one after another.
    values: Vec<f32>,
    /// Bytes of the noted events.
    event_bytes: usize,
    told: Cell<f32>,
}

impl<'a> Outputs<'a> {
    pub(crate) fn new(link: &'a mut Link, shared: &'a mut Shared, sizes: &'a [OutputSize]) -> Self {
        let told = Cell::new(-1.0);
        Self { link, shared, sizes, gifts: vec![], values: vec![], event_bytes: 0, told }
    }

    /// Sends what is noted, in as many pieces as shared memory asks for.
    pub(crate) fn flush(&mut self) {
        let area = self.shared.output() / size_of::<f32>();
        let (mut batch, mut values) = (vec![], self.values.as_slice());
        let mut used = 0;
        for gift in self.gifts.drain(..) {
            let Gift::Frames { output, plane, mut count, here: true } = gift else {
                batch.push(gift);
                continue;
            };
            let width = self.sizes.get(output as usize).map_or(0, |size| size.width);
            while count > 0 && width > 0 {
                let fit = (area - used) / width;
                if fit == 0 {
                    if used == 0 {
                        break;
                    }
                    send(self.link, &mut batch);
                    used = 0;
                    continue;
                }
                let now = count.min(fit as u64);
                let (piece, rest) = values.split_at(now as usize * width);
                self.shared.write_output(used * size_of::<f32>(), piece);
                batch.push(Gift::Frames { output, plane, count: now, here: true });
                (values, used, count) = (rest, used + piece.len(), count - now);
            }
        }
        send(self.link, &mut batch);
        self.values.clear();
        self.event_bytes = 0;
    }
}

fn send(link: &Link, batch: &mut Vec<Gift>) {
    if !batch.is_empty() {
        link.reply(&Reply::Given(std::mem::take(batch)));
        // Nothing else can come but the end of the process.
        while !matches!(link.next(), Request::Taken) {}
    }
}

impl Sink for Outputs<'_> {
    fn size(&self, output: u32) -> (usize, usize) {
        self.sizes.get(output as usize).map_or((0, 0), |size| (size.width, size.planes))
    }

    fn frames(&mut self, output: u32, plane: u32, count: u64) -> &mut [f32] {
        if self.values.len() >= PLENTY {
            self.flush();
        }
        let (width, planes) = self.size(output);
        let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
        let length = length.filter(|length| *length <= MAX_VALUES && (plane as usize) < planes);
        self.gifts.push(Gift::Frames { output, plane, count, here: length.is_some() });
        let start = self.values.len();
        self.values.resize(start + length.unwrap_or(0), 0.0);
        &mut self.values[start..]
    }

    fn events(&mut self, output: u32, events: &[u8]) -> bool {
        if self.event_bytes >= MAX_EVENT_BYTES {
            self.flush();
        }
        // Too many: the host refuses none at all, which are no events either.
        let events = if events.len() <= MAX_EVENT_BYTES { events.to_vec() } else { vec![] };
        self.event_bytes += events.len();
        self.gifts.push(Gift::Events { output, events });
        true
    }

    fn raise_floor(&mut self, output: u32, floor: f32) -> bool {
        self.gifts.push(Gift::Floor { output, floor });
        true
    }

    /// A worker that nobody wants is ended from outside.
    fn cancelled(&self) -> bool {
        false
    }

    fn log(&self, level: u32, text: &str) {
        self.link.reply(&Reply::Log { level, text: crate::library::one_line(text) });
    }

    fn progress(&self, done: f32) {
        if (done - self.told.get()).abs() >= STEP {
            self.told.set(done);
            self.link.reply(&Reply::Progress(done));
        }
    }
}
