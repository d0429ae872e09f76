//! Interleaving: one unit counts in the background while the main one counts too.
//!
//! The contract: the body spawns one background unit, which counts from 1 to
//! `background_counts` and sleeps for `background_ms` after each number. The body itself
//! counts from 1 to `main_counts` and sleeps for `main_ms` after each; then it joins the
//! background unit. The outcome is what each of them counted, in order. Whose turn came
//! when is only seen: no program may rely on it.

use crate::about::{About, Group, Preset};
use crate::api::{Fact, Lane, Mark, Picture};
use crate::params::integer;
use crate::seen::Seen;
use crate::time::{Duration, Instant, sleep};
use crate::{params, task, thread};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

pub const ABOUT: About = About {
    id: "interleave",
    title: "Two at once",
    group: Group::SpawnAndJoin,
    summary: "A background unit and the main one count at the same time, each at its own pace: \
              what does it look like when two things happen at once?",
    look_at: "The numbers of both lanes mix, and no two runs need to mix them alike. Whoever \
              joins waits: the whole takes as long as the slower of the two, not as long as \
              both together. It looks the same with tasks, even with all of them on one \
              thread: a unit that sleeps needs no thread of its own.",
    operation: "numbers",
    did: "counted",
    presets: &[
        Preset {
            name: "as in the article",
            params: &[("background_ms", "500"), ("main_ms", "300")],
        },
        Preset {
            name: "as in the article on tokio::spawn",
            params: &[
                ("background_counts", "1"),
                ("background_ms", "1000"),
                ("main_counts", "1"),
                ("main_ms", "0"),
            ],
        },
        Preset { name: "without a pause", params: &[("background_ms", "0"), ("main_ms", "0")] },
    ],
    picture: &["#v#-#-#--^^", "  #--#--#  "],
    cpu_bound: &[],
    only: None,
};

params! {
    /// How far the background unit counts.
    background_counts: u64 = integer(9).range(1, 100).unit("numbers"),
    /// How long the background unit sleeps after each number.
    background_ms: u64 = integer(5).range(0, 1_000).unit("ms"),
    /// How far the main unit counts.
    main_counts: u64 = integer(4).range(1, 100).unit("numbers"),
    /// How long the main unit sleeps after each number.
    main_ms: u64 = integer(3).range(0, 1_000).unit("ms"),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What the background unit counted, in its order.
    pub background: Vec<u64>,
    /// What the main unit counted, in its order.
    pub main: Vec<u64>,
    /// When each number of the background unit was counted.
    pub background_at_us: Seen<Vec<u64>>,
    /// When each number of the main unit was counted.
    pub main_at_us: Seen<Vec<u64>>,
}

/// Which of the two units.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Background,
    Main,
}

/// What both units count into, in the order in which they come.
struct Log {
    start: Instant,
    counted: Mutex<Vec<(Who, u64, Duration)>>,
}

impl Log {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), counted: Mutex::default() })
    }

    fn count(&self, who: Who, number: u64) {
        let mut counted = self.counted.lock().expect("no holder panics");
        counted.push((who, number, self.start.elapsed()));
    }

    fn outcome(&self) -> Outcome {
        let counted = self.counted.lock().expect("no holder panics");
        let of = |who| counted.iter().filter(move |entry| entry.0 == who);
        let numbers = |who| of(who).map(|entry| entry.1).collect();
        let times = |who| Seen(of(who).map(|entry| entry.2.as_micros() as u64).collect());
        Outcome {
            background: numbers(Who::Background),
            main: numbers(Who::Main),
            background_at_us: times(Who::Background),
            main_at_us: times(Who::Main),
        }
    }
}

pub fn expected(params: &Params) -> Outcome {
    Outcome {
        background: (1..=params.background_counts).collect(),
        main: (1..=params.main_counts).collect(),
        background_at_us: Seen::default(),
        main_at_us: Seen::default(),
    }
}

pub fn facts(params: &Params, outcome: &Outcome) -> Vec<Fact> {
    let lane = |name: &str, numbers: &[u64], at_us: &[u64]| Lane {
        name: name.to_owned(),
        marks: numbers
            .iter()
            .zip(at_us)
            .map(|(number, at)| Mark { at: *at as f64 / 1e3, text: number.to_string() })
            .collect(),
    };
    let Outcome { background, main, background_at_us, main_at_us } = outcome;
    let lanes = vec![
        lane("background", background, &background_at_us.0),
        lane("main", main, &main_at_us.0),
    ];
    let last = main_at_us.0.last();
    let meanwhile = background_at_us.0.iter().filter(|at| Some(*at) <= last).count();
    vec![
        Fact::new("background", format!("{} of {}", background.len(), params.background_counts)),
        Fact::new("main", format!("{} of {}", main.len(), params.main_counts)),
        Fact::new("background numbers before main's last", meanwhile.to_string())
            .with(Picture::Lanes { unit: "ms".to_owned(), lanes }),
    ]
}

pub fn operations(params: &Params) -> u64 {
    params.background_counts + params.main_counts
}

pub fn units(_: &Params) -> u64 {
    1
}

pub fn threads(params: &Params) -> Outcome {
    let Params { background_counts, background_ms, main_counts, main_ms } = *params;
    let log = Log::new();

    let background_log = Arc::clone(&log);
    let background = thread::spawn(move || {
        for number in 1..=background_counts {
            background_log.count(Who::Background, number);
            thread::sleep(Duration::from_millis(background_ms));
        }
    });

    for number in 1..=main_counts {
        log.count(Who::Main, number);
        thread::sleep(Duration::from_millis(main_ms));
    }
    background.join().expect("no unit panics");
    log.outcome()
}

pub async fn tasks(params: &Params) -> Outcome {
    let Params { background_counts, background_ms, main_counts, main_ms } = *params;
    let log = Log::new();

    let background_log = Arc::clone(&log);
    let background = task::spawn(async move {
        for number in 1..=background_counts {
            background_log.count(Who::Background, number);
            sleep(Duration::from_millis(background_ms)).await;
        }
    });

    for number in 1..=main_counts {
        log.count(Who::Main, number);
        sleep(Duration::from_millis(main_ms)).await;
    }
    background.await.expect("no unit panics");
    log.outcome()
}
