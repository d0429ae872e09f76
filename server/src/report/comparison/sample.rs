//! A table as a machine could have measured it, with every state of a cell and every word
//! of a verdict.

use filature_core::api::{
    CellState, Claim, Comparison, ComparisonRequest, Depth, Disturbance, Estimate, Evidence,
    MachineCard, Measure, MeasureCell, Part, Published, Row, RowVerdict, State, Unit, Word,
};
use filature_core::{Body, Executor, format};

/// A finished table of this machine.
pub(crate) fn own() -> Comparison {
    Comparison {
        id: "a1b2c3d4e5f60718".to_owned(),
        state: State::Done,
        reason: None,
        request: ComparisonRequest { depth: Depth::Quick, browser: true },
        machine: machine("AMD EPYC 7B13", 2),
        created_at: "2026-11-26T13:05:12Z".to_owned(),
        finished_at: Some("2026-11-26T13:06:02Z".to_owned()),
        imported_at: None,
        disturbance: Some(Disturbance { outside_share: 0.12, disturbed: true }),
        parts: vec![Part {
            key: "creation-tasks".to_owned(),
            title: "Creating tasks".to_owned(),
            state: State::Done,
            experiment: Some("e000000000000001".to_owned()),
            estimate_s: 4,
        }],
        answers: vec![
            "No: a waiting thread costs 9.58 KiB of memory here, not 8 MB. The 8 MB are address space that is reserved and never touched.".to_owned(),
            "Starting a thread takes 17.2 µs, a task 212 ns: 81× (79–84×) as long.".to_owned(),
            "Work that computes takes equally long on both.".to_owned(),
        ],
        rows: vec![memory(), creation(), many(), computing()],
    }
}

/// The same of another machine, brought here, with markup wherever somebody could write it.
pub(crate) fn other() -> Comparison {
    let mut other = own();
    other.id = "ffffffffffffffff".to_owned();
    other.machine = machine("<b>Ryzen</b> 9 7950X", 16);
    other.created_at = "2026-10-02T08:00:00Z".to_owned();
    other.imported_at = Some("2026-11-26T13:10:00Z".to_owned());
    other.disturbance = None;
    for cell in other.rows.iter_mut().flat_map(|row| &mut row.measures).flat_map(|it| &mut it.cells)
    {
        if let Some(estimate) = &mut cell.estimate {
            estimate.value *= 0.6;
            cell.text = format!("0.6 of {}", cell.text);
        }
    }
    other
}

fn machine(cpu: &str, cores: u32) -> MachineCard {
    MachineCard {
        cpu: cpu.to_owned(),
        cores,
        kernel: "Linux 6.12.9".to_owned(),
        memory_bytes: 8 << 30,
        rustc: "rustc 1.92.0".to_owned(),
        tokio: "1.54.0".to_owned(),
        filature: "0.1.0".to_owned(),
        build: "release".to_owned(),
    }
}

fn row(id: &str, title: &str, question: &str, measures: Vec<Measure>) -> Row {
    let (id, title, question) = (id.to_owned(), title.to_owned(), question.to_owned());
    Row { id, title, question, claims: Vec::new(), verdicts: Vec::new(), measures }
}

fn claim(body: Body, text: &str, (low, high): (Option<f64>, Option<f64>), unit: Unit) -> Claim {
    let reading = format!("`{text}` is read as about that much, within a factor of two.");
    Claim { body, text: text.to_owned(), low, high, tolerance: 2.0, unit, reading }
}

fn verdict(body: Option<Body>, word: Word, sentence: &str) -> RowVerdict {
    RowVerdict { body, word, sentence: sentence.to_owned() }
}

fn measure(id: &str, title: &str, unit: Unit, cells: Vec<MeasureCell>) -> Measure {
    Measure {
        id: id.to_owned(),
        title: title.to_owned(),
        unit,
        how: format!("{title}: a line through fresh processes with ever more units, by its slope."),
        details: vec![
            "Each number of units runs in a process of its own, since an allocator does not give back what it has once had.".to_owned(),
            "What the program itself takes is the same in each of them, and so no part of the slope.".to_owned(),
        ],
        is_claimed: true,
        cells,
    }
}

fn cell(executor: Executor, unit: Unit, value: f64, verdict: Word) -> MeasureCell {
    let written = if unit == Unit::Bytes { format::bytes } else { format::duration_ns };
    MeasureCell {
        executor,
        state: CellState::Done,
        estimate: Some(Estimate { value, low: value * 0.98, high: value * 1.03, n: 5 }),
        text: written(value),
        note: None,
        samples: vec![value * 0.98, value, value * 1.02],
        evidence: [0, 1]
            .map(|cell| Evidence { experiment: "e000000000000001".to_owned(), cell })
            .to_vec(),
        verdict: Some(verdict),
        published: None,
    }
}

fn without(executor: Executor, state: CellState, note: Option<&str>) -> MeasureCell {
    MeasureCell {
        executor,
        state,
        estimate: None,
        text: "–".to_owned(),
        note: note.map(str::to_owned),
        samples: Vec::new(),
        evidence: Vec::new(),
        verdict: Some(Word::Unknown),
        published: None,
    }
}

fn memory() -> Row {
    use Executor::{BrowserLoop, BrowserWorkers, Threads, TokioCurrent, TokioMulti};
    let over = Word::Overstated { factor: 855.2 };
    let mut resident = measure(
        "resident",
        "Resident memory",
        Unit::Bytes,
        vec![
            cell(Threads, Unit::Bytes, 9_810.0, over),
            cell(TokioMulti, Unit::Bytes, 449.0, Word::Overstated { factor: 4.6 }),
            cell(TokioCurrent, Unit::Bytes, 441.0, Word::Overstated { factor: 4.6 }),
            without(
                BrowserLoop,
                CellState::Done,
                Some("Not measurable here: a browser does not tell."),
            ),
            without(
                BrowserWorkers,
                CellState::Done,
                Some("Not measurable here: a browser does not tell."),
            ),
        ],
    );
    for (at, value, url) in [
        (0, 9_830.0, "https://github.com/jimblandy/context-switch"),
        (1, 400.0, "javascript:alert(1)"),
    ] {
        resident.cells[at].published = Some(Published {
            value,
            text: format::bytes(value),
            ratio: Some(1.002),
            machine: "i7-10510U, Linux 5.8".to_owned(),
            source: "context-switch".to_owned(),
            url: url.to_owned(),
        });
    }
    let reserved = measure(
        "reserved",
        "Reserved address space",
        Unit::Bytes,
        vec![
            cell(Threads, Unit::Bytes, 2_101_248.0, Word::Overstated { factor: 3.8 }),
            without(TokioMulti, CellState::Cancelled, None),
            without(TokioCurrent, CellState::Interrupted, None),
        ],
    );
    let mut row = row(
        "memory",
        "Memory per unit",
        "How much memory does one more waiting unit take?",
        vec![resident, reserved],
    );
    row.claims = vec![
        claim(Body::Threads, "~8 MB", (Some(8e6), Some(8e6)), Unit::Bytes),
        claim(Body::Tasks, "~2 KB", (Some(2e3), Some(2e3)), Unit::Bytes),
    ];
    row.verdicts = vec![
        verdict(
            Some(Body::Threads),
            over,
            "9.58 KiB per thread are resident; the 8 MB are a reservation of addresses.",
        ),
        verdict(Some(Body::Tasks), Word::Overstated { factor: 4.6 }, "449 B per task that sleeps."),
    ];
    row
}

fn creation() -> Row {
    use Executor::{Threads, TokioCurrent, TokioMulti};
    let outside = measure(
        "spawn-outside",
        "The spawn loop, from outside",
        Unit::Ns,
        vec![
            cell(Threads, Unit::Ns, 17_210.0, Word::Overstated { factor: 5.8 }),
            cell(TokioMulti, Unit::Ns, 212.0, Word::Depends),
            cell(TokioCurrent, Unit::Ns, 131.0, Word::Confirmed),
        ],
    );
    let inside = measure(
        "spawn-inside",
        "The spawn loop, from inside a worker",
        Unit::Ns,
        vec![
            cell(Threads, Unit::Ns, 16_900.0, Word::Overstated { factor: 5.8 }),
            without(TokioMulti, CellState::Running, None),
            without(TokioCurrent, CellState::Pending, None),
        ],
    );
    let mut row = row(
        "creation",
        "Creation",
        "How long does it take to start one more unit?",
        vec![outside, inside],
    );
    row.claims = vec![
        claim(Body::Threads, "~100 µs", (Some(1e5), Some(1e5)), Unit::Ns),
        claim(Body::Tasks, "~100 ns", (Some(100.0), Some(100.0)), Unit::Ns),
    ];
    row.verdicts = vec![
        verdict(
            Some(Body::Threads),
            Word::Overstated { factor: 5.8 },
            "A thread starts in 17.2 µs.",
        ),
        verdict(Some(Body::Tasks), Word::Depends, "212 ns on several workers, 131 ns on one."),
    ];
    row
}

fn many() -> Row {
    use Executor::{Threads, TokioMulti};
    let mut at_once = measure(
        "at-once",
        "Alive at once",
        Unit::Units,
        vec![
            cell(Threads, Unit::Ns, 7_512.0, Word::Understated { factor: 7.5 }),
            without(
                TokioMulti,
                CellState::Refused,
                Some("2 000 000 tasks need 1.1 GiB, and the cgroup allows 512 MiB (memory.max)."),
            ),
        ],
    );
    at_once.cells[0].text = "7 512".to_owned();
    let mut row = row("many", "How many", "How many units really live at once?", vec![at_once]);
    row.claims = vec![
        claim(Body::Threads, "~1000", (Some(1e3), Some(1e3)), Unit::Units),
        claim(Body::Tasks, "100 000+", (Some(1e5), None), Unit::Units),
    ];
    row.verdicts = vec![
        verdict(
            Some(Body::Threads),
            Word::Understated { factor: 7.5 },
            "7 512 threads lived at once; kernel.threads-max binds.",
        ),
        verdict(Some(Body::Tasks), Word::Unknown, "The number could not be tried here."),
    ];
    row
}

fn computing() -> Row {
    use Executor::{Threads, TokioMulti};
    let mut compute = measure(
        "compute",
        "Time of the whole",
        Unit::Ns,
        vec![
            cell(Threads, Unit::Ns, 41_000_000.0, Word::Compared),
            without(
                TokioMulti,
                CellState::Failed,
                Some("The process ended with signal 9 <killed>."),
            ),
        ],
    );
    compute.is_claimed = false;
    let mut row =
        row("computing", "Work that computes", "Does it matter what computes?", vec![compute]);
    row.verdicts = vec![verdict(None, Word::Compared, "No difference beyond noise.")];
    row
}
