//! Beats to seconds and back in maps of 10,000 spans, each way of asking beside a
//! straightforward binary search measured in the same rounds, and beside what is
//! demanded of it.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]

mod table;

use std::hint::black_box;
use std::num::NonZeroU32;

use agogic_tempo::{Law, TempoMap, TempoPoint};
use agogic_timebase::{Beats, FrameGrid, SampleRate, Samples, Seconds};

use table::{medians, random, verdict};

const RATE: u32 = 44_100;
const SPANS: usize = 10_000;
const QUERIES: usize = 1_000_000;
/// Parts that the queries are asked in, one a round: short enough that what else
/// the machine does rarely falls into one, and then into any way alike.
const PARTS: usize = 32;
const PART: usize = QUERIES / PARTS;
const ROUNDS: usize = 8 * PARTS;
/// Frames of a uniform block.
const BLOCK: usize = 512;

fn main() {
    println!(
        "{SPANS} spans, {QUERIES} queries in {PARTS} parts; ns per query, medians of {ROUNDS} rounds of a part\n\
         search: partition_point over the spans, then the formula with f64's own functions, same queries\n\
         times: by how much that is slower; random: by how much the search over random queries is"
    );
    for law in [Law::Step, Law::LinearBeats] {
        let bench = Bench::new(law);
        println!(
            "\n{:36} {:>7} {:>7} {:>7} {:>7}  demand",
            bench.name(),
            "ours",
            "search",
            "times",
            "random"
        );
        bench.blocks();
        bench.whole_track();
        bench.beats_to_seconds();
        bench.seconds_to_beats();
    }
}

/// What is demanded of a line: nanoseconds per query, or times the search over
/// random queries, for machines slower than those the nanoseconds were set on.
struct Demand {
    ns: f64,
    times: f64,
}

/// A map, the same as spans to search, and what is asked of them.
struct Bench {
    map: TempoMap,
    spans: Spans,
    beats: Vec<Beats>,
    seconds: Vec<Seconds>,
    sorted_beats: Vec<Beats>,
    sorted_seconds: Vec<Seconds>,
    stepped: bool,
}

impl Bench {
    /// Spans of four beats, 60 to 180 bpm; positions all over them.
    fn new(law: Law) -> Self {
        let mut random = random(3);
        let point = |i: usize| TempoPoint {
            beat: Beats(i as f64 * 4.0),
            bpm: 60.0 + 120.0 * random(),
            law,
            to: None,
        };
        let points: Vec<_> = (0..=SPANS).map(point).collect();
        let spans = Spans::new(&points, law);
        let map = TempoMap::new(points).expect("the points are in order");
        let end = SPANS as f64 * 4.0;
        let mut position = table::random(4);
        let beats: Vec<_> = (0..QUERIES).map(|_| Beats(position() * end)).collect();
        let seconds = map.seconds_of(&beats);
        let (mut sorted_beats, mut sorted_seconds) = (beats.clone(), seconds.clone());
        sorted_beats.sort_by(|a, b| a.0.total_cmp(&b.0));
        sorted_seconds.sort_by(|a, b| a.0.total_cmp(&b.0));
        for at in beats.iter().step_by(997) {
            let (found, searched) = (map.seconds(*at), spans.seconds(*at));
            let back = spans.beats(found);
            // Nothing is compensated there.
            assert!((found.0 - searched.0).abs() < 1e-6 && (back.0 - at.0).abs() < 1e-6);
        }
        let stepped = law == Law::Step;
        Self { map, spans, beats, seconds, sorted_beats, sorted_seconds, stepped }
    }

    fn name(&self) -> &'static str {
        if self.stepped { "stepped" } else { "ramped, linear-beats" }
    }

    fn sorted_demand(&self) -> Demand {
        if self.stepped { Demand { ns: 2.5, times: 40.0 } } else { Demand { ns: 8.0, times: f64::INFINITY } }
    }

    fn random_demand(&self) -> Demand {
        if self.stepped { Demand { ns: 15.0, times: 8.0 } } else { Demand { ns: 30.0, times: f64::INFINITY } }
    }

    /// Blocks of frames each of which lies in one span.
    fn blocks(&self) {
        let grid = grid(64);
        let length = BLOCK as f64 * f64::from(grid.hop.get()) / f64::from(RATE);
        let mut random = random(5);
        let firsts: Vec<u64> = (0..QUERIES / BLOCK)
            .map(|i| {
                let span = i * SPANS / (QUERIES / BLOCK);
                let edge = |span: usize| self.map.seconds(Beats(span as f64 * 4.0)).0;
                let at = edge(span) + (edge(span + 1) - edge(span) - length) * random();
                grid.index(Seconds(at)).ceil() as u64
            })
            .collect();
        let blocks_of = |round: usize| &firsts[round % PARTS * PART / BLOCK..][..PART / BLOCK];
        let mut out = [[Beats(0.0); BLOCK]; 2];
        let [out, searched] = &mut out;
        let [ours, search] = medians(
            ROUNDS,
            [
                &mut |round| {
                    for first in blocks_of(round) {
                        self.map.frames_to_beats(&grid, *first, out);
                        black_box(&out);
                    }
                },
                &mut |round| {
                    for first in blocks_of(round) {
                        self.search_frames(&grid, *first, searched);
                        black_box(&searched);
                    }
                },
            ],
        );
        let demand = self.stepped.then_some(Demand { ns: 0.8, times: f64::INFINITY });
        say("frames -> beats, blocks in one span", PART / BLOCK * BLOCK, ours, search, None, demand);
    }

    /// Frames from the first span to the last, in long rows.
    fn whole_track(&self) {
        let end = self.map.seconds(Beats(SPANS as f64 * 4.0)).0;
        let grid = grid((end * f64::from(RATE) / QUERIES as f64) as u32);
        let first = |round: usize| (round % PARTS * PART) as u64;
        let (mut out, mut searched) = (vec![Beats(0.0); PART], vec![Beats(0.0); PART]);
        let [ours, search] = medians(
            ROUNDS,
            [
                &mut |round| {
                    self.map.frames_to_beats(&grid, first(round), &mut out);
                    black_box(&out);
                },
                &mut |round| {
                    self.search_frames(&grid, first(round), &mut searched);
                    black_box(&searched);
                },
            ],
        );
        say("frames -> beats, the whole map", PART, ours, search, None, None);
    }

    fn search_frames(&self, grid: &FrameGrid, first: u64, out: &mut [Beats]) {
        for (i, out) in (first..).zip(out) {
            *out = self.spans.beats(grid.seconds(i));
        }
    }

    fn beats_to_seconds(&self) {
        self.directions(
            "beats -> seconds",
            [&self.beats, &self.sorted_beats],
            |at, out| _ = self.map.seconds_into(at, out),
            |at| self.map.seconds(at),
            |at, out| {
                let mut cursor = self.map.cursor();
                at.iter().zip(out).for_each(|(at, out)| *out = cursor.seconds(*at));
            },
            |at| self.spans.seconds(at),
        );
    }

    fn seconds_to_beats(&self) {
        self.directions(
            "seconds -> beats",
            [&self.seconds, &self.sorted_seconds],
            |at, out| _ = self.map.beats_into(at, out),
            |at| self.map.beats(at),
            |at, out| {
                let mut cursor = self.map.cursor();
                at.iter().zip(out).for_each(|(at, out)| *out = cursor.beats(*at));
            },
            |at| self.spans.beats(at),
        );
    }

    fn directions<'a, A: Copy, B: Copy + Default>(
        &self,
        name: &str,
        [random, sorted]: [&'a [A]; 2],
        batch: impl Fn(&[A], &mut [B]),
        single: impl Fn(A) -> B,
        cursor: impl Fn(&[A], &mut [B]),
        search: impl Fn(A) -> B,
    ) {
        let mut out = [const { vec![] }; 6].map(|mut out: Vec<B>| {
            out.resize(PART, B::default());
            out
        });
        let [o0, o1, o2, o3, o4, o5] = &mut out;
        let singly = |at: &[A], out: &mut [B]| {
            at.iter().zip(out).for_each(|(at, out)| *out = single(*at));
        };
        let searching = |at: &[A], out: &mut [B]| {
            at.iter().zip(out).for_each(|(at, out)| *out = search(*at));
        };
        let part = |at: &'a [A], round: usize| &at[round % PARTS * PART..][..PART];
        let [in_order, walk, searched, mixed, singly, searched_mixed] = medians(
            ROUNDS,
            [
                &mut |round| batch(part(sorted, round), black_box(o0)),
                &mut |round| cursor(part(sorted, round), black_box(o1)),
                &mut |round| searching(part(sorted, round), black_box(o2)),
                &mut |round| batch(part(random, round), black_box(o3)),
                &mut |round| singly(part(random, round), black_box(o4)),
                &mut |round| searching(part(random, round), black_box(o5)),
            ],
        );
        let say = |what: &str, ours, search, demand| {
            say(&format!("{name}, {what}"), PART, ours, search, Some(searched_mixed), demand);
        };
        say("sorted batch", in_order, searched, Some(self.sorted_demand()));
        say("cursor walk", walk, searched, None);
        say("random batch", mixed, searched_mixed, Some(self.random_demand()));
        say("random singly", singly, searched_mixed, Some(self.random_demand()));
    }
}

/// Prints a line from what all queries took, in seconds.
fn say(what: &str, queries: usize, ours: f64, search: f64, random: Option<f64>, demand: Option<Demand>) {
    let ns = |seconds: f64| seconds * 1e9 / queries as f64;
    let random_times = random.map(|random| random / ours);
    let times = random_times.map_or(String::new(), |times| format!("{times:.1}x"));
    let demand = demand.map_or(String::new(), |Demand { ns: most, times }| {
        let met = ns(ours) <= most || random_times.is_some_and(|random| random >= times);
        let or = if times.is_finite() { format!(" or >= {times}x") } else { String::new() };
        format!("<= {most}{or}: {}", verdict(met))
    });
    println!("{what:36} {:7.2} {:7.1} {:6.1}x {times:>7}  {demand}", ns(ours), ns(search), search / ours);
}

fn grid(hop: u32) -> FrameGrid {
    FrameGrid {
        rate: SampleRate::new(RATE).expect("a usual rate"),
        start: Samples(0),
        hop: NonZeroU32::new(hop).expect("a hop"),
    }
}

/// A tempo map as one writes it first: spans in a row, searched by halves.
struct Spans(Vec<Span>);

struct Span {
    beat: f64,
    second: f64,
    /// Beats per second at the start.
    tempo: f64,
    /// By how much that grows per beat; 0 for a step.
    growth: f64,
}

impl Spans {
    fn new(points: &[TempoPoint], law: Law) -> Self {
        let mut spans = vec![];
        let mut second = 0.0;
        for (i, point) in points.iter().enumerate() {
            let next = points.get(i + 1).unwrap_or(point);
            let length = next.beat.0 - point.beat.0;
            let tempo = point.bpm / 60.0;
            let ramp = law != Law::Step && length > 0.0;
            let growth = if ramp { (next.bpm / 60.0 - tempo) / length } else { 0.0 };
            let span = Span { beat: point.beat.0, second, tempo, growth };
            second = span.seconds(next.beat.0);
            spans.push(span);
        }
        Self(spans)
    }

    fn seconds(&self, at: Beats) -> Seconds {
        let i = self.0.partition_point(|span| span.beat <= at.0).saturating_sub(1);
        Seconds(self.0[i].seconds(at.0))
    }

    fn beats(&self, at: Seconds) -> Beats {
        let i = self.0.partition_point(|span| span.second <= at.0).saturating_sub(1);
        Beats(self.0[i].beats(at.0))
    }
}

impl Span {
    fn seconds(&self, beat: f64) -> f64 {
        let u = beat - self.beat;
        if self.growth == 0.0 {
            return self.second + u / self.tempo;
        }
        self.second + (self.growth * u / self.tempo).ln_1p() / self.growth
    }

    fn beats(&self, second: f64) -> f64 {
        let t = second - self.second;
        if self.growth == 0.0 {
            return self.beat + t * self.tempo;
        }
        self.beat + self.tempo * (self.growth * t).exp_m1() / self.growth
    }
}
