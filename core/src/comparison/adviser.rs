//! What a table says to one reader: threads or tasks, by rules over measured cells only.
//!
//! The rules, in their order: computing belongs on as many threads as there are cores; what
//! blocks belongs on threads, as many of them as fit; what waits may have threads as long as
//! neither their memory, nor starting them, nor their number is a burden, and has tasks
//! otherwise.

use super::answers::Table;
use crate::api::{Advice, Citation, Comparison, Occupation, Question, Reason};
use crate::executor::Executor;
use crate::format;

/// The share of the machine's memory, or of its processors, from which on threads are a
/// burden.
const BURDEN: f64 = 0.05;
/// The share of the largest number of threads from which on they are too many: the limits
/// are shared with all other programs.
const CROWD: f64 = 0.5;

/// What the adviser answers, by measured cells only.
pub fn advise(comparison: &Comparison, question: &Question) -> Advice {
    let adviser = Adviser { comparison, table: Table(&comparison.rows), question };
    match question.work {
        Occupation::Computing => adviser.computing(),
        Occupation::Blocking => adviser.blocking(),
        Occupation::Waiting => adviser.waiting(),
    }
}

struct Adviser<'a> {
    comparison: &'a Comparison,
    table: Table<'a>,
    question: &'a Question,
}

/// What one measured cell says of threads.
struct Finding {
    /// Whether threads are a burden by it.
    is_burden: bool,
    reason: Reason,
}

impl Adviser<'_> {
    fn computing(&self) -> Advice {
        let wall = |executor| self.table.cell("computing", "wall", executor);
        let measured = |executor| Some((wall(executor)?.estimate?, wall(executor)?.text.clone()));
        let (Some((threads, threads_text)), Some((tasks, tasks_text))) =
            (measured(Executor::Threads), measured(Executor::TokioMulti))
        else {
            return advice(String::new(), Vec::new());
        };
        let cores = format::count(u64::from(self.comparison.machine.cores));
        let answer = if tasks.high < threads.low {
            "Tasks on several workers computed faster here. Mind that a task that computes holds \
             up all others on its worker."
                .to_owned()
        } else {
            let how = if threads.high < tasks.low { "were faster" } else { "took as long" };
            format!(
                "Threads, and no more of them than cores ({cores} here): a pool such as rayon's \
                 shares the work out. They {how} here, and a task that computes holds up all others \
                 on its worker."
            )
        };
        let one = |text: &str, what: &str, executor| {
            reason(
                format!("The same computation took {text} on {what}."),
                "computing",
                "wall",
                executor,
            )
        };
        let mut reasons = vec![
            one(&threads_text, "threads", Executor::Threads),
            one(&tasks_text, "tasks of several workers", Executor::TokioMulti),
        ];
        if let Some((_, text)) = measured(Executor::TokioCurrent) {
            reasons.push(one(&text, "tasks of one thread", Executor::TokioCurrent));
        }
        advice(answer, reasons)
    }

    fn blocking(&self) -> Advice {
        let findings = self.findings();
        let too_many = findings.iter().any(|finding| finding.is_burden);
        let answer = if !too_many && findings.len() < FINDINGS {
            UNKNOWN
        } else if too_many {
            "Threads, but fewer than units: a pool of them with a queue in front, such as \
             Tokio's spawn_blocking. A task that blocks holds up all others on its worker, so tasks \
             do not help."
        } else {
            "Threads are fine for you: one for each unit. A task that blocks holds up all others \
             on its worker."
        };
        advice(answer.to_owned(), findings.into_iter().map(|finding| finding.reason).collect())
    }

    fn waiting(&self) -> Advice {
        let findings = self.findings();
        let all_known = findings.len() == FINDINGS;
        let burdens = findings.iter().filter(|finding| finding.is_burden).count();
        let answer = match (burdens, all_known) {
            (0, false) => UNKNOWN,
            (0, true) => {
                "Threads are fine for you: neither their number, nor their memory, nor starting \
                 them is a burden on this machine. Take tasks if the libraries that you need are \
                 async."
            }
            _ => "Tasks: so many threads are a burden on this machine.",
        };
        let mut reasons: Vec<Reason> = findings.into_iter().map(|finding| finding.reason).collect();
        if burdens > 0 {
            reasons.extend(self.memory_of_tasks());
        }
        advice(answer.to_owned(), reasons)
    }

    /// What is known of so many threads that live so long.
    fn findings(&self) -> Vec<Finding> {
        [self.number(), self.memory(), self.starting()].into_iter().flatten().collect()
    }

    fn number(&self) -> Option<Finding> {
        let most = self.table.value("how-many", "alive", Executor::Threads)?;
        let units = self.question.units as f64;
        let share = units / most.max(1.0);
        let note = self.table.cell("how-many", "alive", Executor::Threads)?.note.clone();
        let sentence = if share > 1.0 {
            format!(
                "{} threads do not fit: {} were alive at once. {}",
                count(units),
                count(most),
                note.unwrap_or_default()
            )
        } else {
            format!(
                "{} threads are {} of the {} that were alive at once.",
                count(units),
                percent(share),
                count(most)
            )
        };
        Some(Finding {
            is_burden: share > CROWD,
            reason: reason(sentence, "how-many", "alive", Executor::Threads),
        })
    }

    fn memory(&self) -> Option<Finding> {
        let each = self.table.value("memory", "all", Executor::Threads)?;
        let all = each * self.question.units as f64;
        let share = all / (self.comparison.machine.memory_bytes as f64).max(1.0);
        let sentence = format!(
            "At {} each they take {} of memory, {} of the machine's.",
            format::bytes(each),
            format::bytes(all),
            percent(share)
        );
        Some(Finding {
            is_burden: share > BURDEN,
            reason: reason(sentence, "memory", "all", Executor::Threads),
        })
    }

    /// So many units that live so long are started anew at this rate, once the program has
    /// run for a while.
    fn starting(&self) -> Option<Finding> {
        let each_ns = self.table.value("creation", "cpu", Executor::Threads)?;
        let per_s = self.question.units as f64 / (self.question.lifetime_ms.max(1) as f64 / 1e3);
        let cores = f64::from(self.comparison.machine.cores.max(1));
        let share = per_s * each_ns / 1e9 / cores;
        let sentence = format!(
            "Each lives {}, so {} are started and joined, which takes {} of processor time each: \
             {} of the machine's.",
            format::duration_ns(self.question.lifetime_ms as f64 * 1e6),
            format::per_second(per_s),
            format::duration_ns(each_ns),
            percent(share)
        );
        Some(Finding {
            is_burden: share > BURDEN,
            reason: reason(sentence, "creation", "cpu", Executor::Threads),
        })
    }

    fn memory_of_tasks(&self) -> Option<Reason> {
        let each = self.table.value("memory", "all", Executor::TokioMulti)?;
        let all = each * self.question.units as f64;
        let sentence = format!(
            "As tasks they take {} each, {} in all.",
            format::bytes(each),
            format::bytes(all)
        );
        Some(reason(sentence, "memory", "all", Executor::TokioMulti))
    }
}

/// Their number, their memory, and starting them.
const FINDINGS: usize = 3;

const UNKNOWN: &str = "What was measured speaks for neither: this table has no figures for all of \
                       number, memory and starting of threads. Measure it to its end.";

const NOTHING: &str = "This table has no figures to answer by: measure it to its end.";

fn advice(answer: String, reasons: Vec<Reason>) -> Advice {
    if reasons.is_empty() {
        return Advice { answer: NOTHING.to_owned(), reasons };
    }
    Advice { answer, reasons }
}

fn reason(sentence: String, row: &str, measure: &str, executor: Executor) -> Reason {
    Reason { sentence, cites: Some(cites(row, measure, executor)) }
}

fn cites(row: &str, measure: &str, executor: Executor) -> Citation {
    Citation { row: row.to_owned(), measure: measure.to_owned(), executor }
}

fn count(number: f64) -> String {
    format::count(number.max(0.0).round() as u64)
}

/// A share for a sentence: `0.4 %`, `12 %`, `310 %`.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 9.95 {
        format!("{} %", count(percent))
    } else if percent >= 0.05 {
        format!("{percent:.1} %")
    } else {
        "less than 0.1 %".to_owned()
    }
}
