//! How long the clients waited for their answers: recorded, summed up, and told.

use crate::api::{AxisLabel, Curve, Fact, Picture, Scale};
use crate::format;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest wait that is told from a longer one.
const LONGEST_NS: u64 = 120_000_000_000;
/// A percentile is off by less than a thousandth.
const DIGITS: u8 = 3;
/// A request that is sent so much later than intended was sent late.
const LATE_NS: u64 = 1_000_000;
/// How many points a curve has from one nine to the next.
const POINTS_PER_NINE: i32 = 8;
/// The highest percentile of a curve: six nines.
const NINES: i32 = 6;

/// Takes in the answers as they arrive.
pub struct Recorder {
    raw: Histogram<u64>,
    corrected: Histogram<u64>,
    sent_late: u64,
    first_done_ns: Option<u64>,
    last_done_ns: u64,
}

impl Default for Recorder {
    fn default() -> Self {
        let new = || {
            Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).expect("the bounds make a histogram")
        };
        Self { raw: new(), corrected: new(), sent_late: 0, first_done_ns: None, last_done_ns: 0 }
    }
}

impl Recorder {
    /// An answer arrived at `now_ns`, to a request that was to be sent at `intended_ns` and
    /// was sent at `sent_ns`.
    pub fn answer(&mut self, intended_ns: u64, sent_ns: u64, now_ns: u64) {
        self.raw.saturating_record(now_ns.saturating_sub(sent_ns).max(1));
        self.corrected.saturating_record(now_ns.saturating_sub(intended_ns).max(1));
        self.sent_late += u64::from(sent_ns.saturating_sub(intended_ns) > LATE_NS);
    }

    /// A connection had all its answers at `now_ns`.
    pub fn done(&mut self, now_ns: u64) {
        self.first_done_ns.get_or_insert(now_ns);
        self.last_done_ns = self.last_done_ns.max(now_ns);
    }

    /// Sums it up.
    pub fn latency(&self) -> Latency {
        Latency {
            requests: self.raw.len(),
            sent_late: self.sent_late,
            first_done_ns: self.first_done_ns.unwrap_or(0),
            last_done_ns: self.last_done_ns,
            server_cpu_ns: 0,
            raw: Percentiles::of(&self.raw),
            corrected: Percentiles::of(&self.corrected),
        }
    }
}

/// How long the clients waited.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many requests were answered.
    pub requests: u64,
    /// How many of them were sent over a millisecond later than intended: their connection was
    /// still waiting for an answer, or the clients did not get the processor in time.
    pub sent_late: u64,
    /// When the first connection had all its answers, from the first request on.
    pub first_done_ns: u64,
    /// When the last one had.
    pub last_done_ns: u64,
    /// Processor time of the process less that of the clients, from the first request until
    /// the last answer: on a schedule, what the server used to serve, since it has accepted
    /// all connections before and ends them after. On the loopback the kernel charges the
    /// way to the server to the clients.
    #[serde(default)]
    pub server_cpu_ns: u64,
    /// From when a request was sent.
    pub raw: Percentiles,
    /// From when it was to be sent: what a user would have waited.
    pub corrected: Percentiles,
}

/// How long so many of a hundred waited at most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of them.
    pub p50_ns: u64,
    /// Nine of ten.
    pub p90_ns: u64,
    /// All but one of a hundred.
    pub p99_ns: u64,
    /// All but one of a thousand.
    pub p99_9_ns: u64,
    /// All of them.
    pub max_ns: u64,
    /// Percentiles and nanoseconds, ascending.
    pub curve: Vec<[f64; 2]>,
}

impl Percentiles {
    fn of(waits: &Histogram<u64>) -> Self {
        let at = |quantile: f64| waits.value_at_quantile(quantile).min(waits.max());
        // From 0 up, each nine in as many steps as the last; none closer to the end than
        // there are requests for.
        let shares = (0..=NINES * POINTS_PER_NINE)
            .map(|step| 10_f64.powf(-f64::from(step) / f64::from(POINTS_PER_NINE)))
            .filter(|share| share * waits.len() as f64 >= 0.999);
        let curve = shares.map(|share| [100.0 * (1.0 - share), at(1.0 - share) as f64]).collect();
        Self {
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p99_9_ns: at(0.999),
            max_ns: waits.max(),
            curve,
        }
    }

    fn in_words(&self) -> String {
        let [p50, p90, p99, p99_9, max] =
            [self.p50_ns, self.p90_ns, self.p99_ns, self.p99_9_ns, self.max_ns]
                .map(|ns| format::duration_ns(ns as f64));
        format!("p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p99_9}, longest {max}")
    }

    fn curve(&self, name: &str) -> Curve {
        let points = self.curve.iter().map(|[percent, ns]| [*percent, ns / 1e3]).collect();
        Curve { name: name.to_owned(), points }
    }
}

/// What the clients saw, in numbers. What they waited counts from when a request was to be
/// sent; in a closed loop, that is when it was sent.
pub fn readings(latency: &Latency, clients_cpu_ns: u64) -> Vec<(&'static str, f64)> {
    let Percentiles { p50_ns, p99_ns, p99_9_ns, .. } = latency.corrected;
    let numbers = [
        ("latency_p50_ns", p50_ns),
        ("latency_p99_ns", p99_ns),
        ("latency_p99_9_ns", p99_9_ns),
        ("sent_late", latency.sent_late),
        ("server_cpu_ns", latency.server_cpu_ns),
        ("clients_cpu_ns", clients_cpu_ns),
    ];
    numbers.map(|(name, number)| (name, number as f64)).to_vec()
}

/// What the clients saw, in words and as curves. `open` says whether they kept to a schedule.
pub fn facts(latency: &Latency, open: bool, clients_cpu_ns: u64) -> Vec<Fact> {
    let Latency { requests, sent_late, first_done_ns, last_done_ns, raw, corrected, .. } = latency;
    let rate = *requests as f64 / (*last_done_ns as f64 / 1e9).max(1e-9);
    let duration = |ns: u64| format::duration_ns(ns as f64);
    let picture = Picture::Curves {
        x: AxisLabel {
            title: "percentile of the requests".to_owned(),
            unit: "%".to_owned(),
            scale: Scale::Percentile,
        },
        y: AxisLabel { title: "latency".to_owned(), unit: "µs".to_owned(), scale: Scale::Log },
        curves: vec![
            raw.curve("raw: since it was sent"),
            corrected.curve("corrected: since it was to be sent"),
        ],
    };
    let mut facts = vec![
        Fact::new("requests answered per second", format::per_second(rate)),
        Fact::new("latency since a request was sent (raw)", raw.in_words()),
    ];
    if open {
        let late = format!("{} of {}", format::count(*sent_late), format::count(*requests));
        let label = "latency since a request was to be sent (corrected)";
        facts.push(Fact::new(label, corrected.in_words()));
        facts.push(Fact::new(
            "sent over 1 ms late (the connection was busy, or the clients had no processor)",
            late,
        ));
        let none = "none: with a single one, this execution would have failed";
        facts.push(Fact::new("requests left unsent or unanswered", none));
    } else {
        let why = "the same: in a closed loop a request is to be sent when the one before it has \
                   been answered, so a stall delays the requests that would have shown it";
        facts.push(Fact::new("corrected for coordinated omission", why));
    }
    facts.push(Fact::new(
        "connections had all their answers",
        format!(
            "the first after {}, the last after {}",
            duration(*first_done_ns),
            duration(*last_done_ns)
        ),
    ));
    facts.push(Fact::new("latency by percentile", "").with(picture));
    let server_ns = latency.server_cpu_ns as f64 / (*requests).max(1) as f64;
    if server_ns > 0.0 {
        let each = format::duration_ns(server_ns);
        facts.push(Fact::new("processor time of the server for each request", each));
    }
    // A version that did not look has stored nothing.
    facts.push(super::in_one_process(Some(clients_cpu_ns).filter(|ns| *ns > 0)));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand requests, one each millisecond, of which one stalls the connection for
    /// 100 ms: all that were to be sent meanwhile are sent late.
    fn stalled() -> Latency {
        let mut recorder = Recorder::default();
        let mut free_at = 0;
        for request in 0..1_000_u64 {
            let intended = request * 1_000_000;
            let sent = intended.max(free_at);
            let took = if request == 500 { 100_000_000 } else { 10_000 };
            free_at = sent + took;
            recorder.answer(intended, sent, free_at);
        }
        recorder.done(free_at);
        recorder.latency()
    }

    #[test]
    fn a_stall_is_one_raw_latency_but_many_corrected_ones() {
        let latency = stalled();
        assert_eq!(latency.requests, 1_000);
        assert!(latency.raw.p99_ns < 20_000, "{:?}", latency.raw);
        assert!(latency.corrected.p99_ns > 80_000_000, "{:?}", latency.corrected);
        assert!((95..105).contains(&latency.sent_late), "{}", latency.sent_late);
    }

    #[test]
    fn a_curve_ascends_and_ends_where_there_are_no_more_requests() {
        let curve = stalled().corrected.curve;
        assert!(curve.len() <= 60 && curve.is_sorted(), "{curve:?}");
        let last = curve.last().expect("a curve has points")[0];
        assert!((99.89..=99.9001).contains(&last), "{last}");
    }

    #[test]
    fn the_facts_of_a_closed_loop_say_that_there_is_nothing_to_correct() {
        let told = |open| format!("{:?}", facts(&stalled(), open, 5_000_000));
        assert!(
            told(false).contains("in a closed loop") && !told(true).contains("in a closed loop")
        );
        assert!(told(true).contains("sent over 1 ms late") && told(true).contains("none: with"));
        assert!(told(true).contains("the clients took 5.00 ms"), "{}", told(true));
    }

    #[test]
    fn the_readings_are_of_the_corrected_latency() {
        let latency = stalled();
        let readings = readings(&latency, 7);
        let at = |name| readings.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        assert_eq!(at("latency_p99_ns"), Some(latency.corrected.p99_ns as f64));
        assert_eq!(at("latency_p99_9_ns"), Some(latency.corrected.p99_9_ns as f64));
        assert_eq!(at("sent_late"), Some(latency.sent_late as f64));
        assert_eq!(at("clients_cpu_ns"), Some(7.0));
    }
}
