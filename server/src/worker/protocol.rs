//! What a child process and the lab say to each other: one JSON object per line.

use filature_core::api::{Memory, Observed, Refusal, Sample};
use filature_core::measure::Kind;
use filature_core::{Executor, ParamValues};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest line that either side reads.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The first line on a child's stdin: the cell that it executes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The id of the workload.
    pub workload: String,
    /// Every parameter with its value.
    pub params: ParamValues,
    /// What runs it.
    pub executor: Executor,
    /// How many worker threads `tokio-multi` gets.
    pub tokio_workers: u32,
    /// How many cores the process may use; all where none are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// How much memory the process may have, in bytes; without an end where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_budget_bytes: Option<u64>,
    /// How many units the cell may have at once; without an end where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_budget: Option<u64>,
}

/// Every further line on a child's stdin: execute the body once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What the execution is for.
    pub turn: Kind,
}

/// A line on a child's stdout: one for the job, then one for each turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Reply {
    /// The body is bound to its parameters and waits for its first turn.
    Ready,
    /// The machine cannot hold this many units.
    Refused {
        /// The limit that binds.
        refusal: Refusal,
    },
    /// The executor cannot run the workload with these parameters.
    Impossible {
        /// Why.
        reason: String,
    },
    /// The body was executed.
    Sample(Execution),
}

/// One execution of the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    /// What it was for.
    pub kind: Kind,
    /// Its figures.
    pub sample: Sample,
    /// What the body returned.
    pub outcome: Value,
    /// Whether that is what the contract promises.
    pub correct: bool,
    /// The memory of the process's first execution; absent for all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Box<Memory>>,
    /// What was noted of the units; only of an observed execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
}

/// Reads one line of a child's stdout, without its line break.
///
/// # Errors
/// What is wrong with it, quoting its start.
pub fn parse_reply(line: &[u8]) -> Result<Reply, String> {
    serde_json::from_slice(line).map_err(|error| {
        let start: String = String::from_utf8_lossy(line).chars().take(80).collect();
        format!("a line that is no reply ({error}): {start:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn sample_line() -> Vec<u8> {
        let reply = Reply::Sample(Execution {
            kind: Kind::Sample,
            sample: serde_json::from_value(json!({"wall_ns": 5, "cpu_user_ns": 7})).unwrap(),
            outcome: json!({"total": 3}),
            correct: true,
            memory: Some(Box::new(Memory::new(1, 2, 3))),
            observed: None,
        });
        serde_json::to_vec(&reply).unwrap()
    }

    #[test]
    fn the_lines_read_as_documented() {
        assert_eq!(parse_reply(br#"{"reply":"ready"}"#), Ok(Reply::Ready));
        let turn = serde_json::to_value(Turn { turn: Kind::WarmUp }).unwrap();
        assert_eq!(turn, json!({"turn": "warm-up"}));
        let line: Value = serde_json::from_slice(&sample_line()).unwrap();
        assert_eq!((&line["reply"], &line["kind"]), (&json!("sample"), &json!("sample")));
    }

    #[test]
    fn a_reply_survives_its_line() {
        let reply = parse_reply(&sample_line()).unwrap();
        assert_eq!(serde_json::to_vec(&reply).unwrap(), sample_line());
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_that_quotes_little_of_it(line: Vec<u8>) {
            if let Err(detail) = parse_reply(&line) {
                prop_assert!(detail.len() < 1_000, "{}", detail.len());
            }
        }

        #[test]
        fn a_truncated_line_is_an_error(length in 0..sample_line().len()) {
            prop_assert!(parse_reply(&sample_line()[..length]).is_err());
        }

        #[test]
        fn bytes_in_between_make_no_other_sample(
            at in 0..sample_line().len(),
            noise in proptest::collection::vec(any::<u8>(), 1..20),
        ) {
            let mut line = sample_line();
            line.splice(at..at, noise);
            // Spaces between two fields, or letters in a text, are none of its figures.
            if let Ok(Reply::Sample(found)) = parse_reply(&line) {
                prop_assert!(is_of(&line, &found));
            }
        }

        #[test]
        fn replies_whose_bytes_are_mixed_up_are_taken_whole_or_not_at_all(
            replies in proptest::collection::vec(reply(), 2..4),
            turns in proptest::collection::vec(any::<prop::sample::Index>(), 0..2_000),
            piece in 1..40_usize,
        ) {
            let sent: Vec<Vec<u8>> = replies.iter().map(line).collect();
            // As the lab does: it reads on until a line is no reply, and then ends the child.
            let mixed = mixed(&sent, &turns, piece);
            let lines = mixed.split(|byte| *byte == b'\n');
            for line in lines.take_while(|line| parse_reply(line).is_ok()) {
                let whole = sent.iter().any(|sent| sent[..sent.len() - 1] == *line);
                prop_assert!(whole, "{}", String::from_utf8_lossy(line));
            }
        }
    }

    /// A sample with figures by which it is known again.
    fn reply() -> impl Strategy<Value = Reply> {
        (1..u64::MAX, any::<u64>(), any::<bool>()).prop_map(|(wall_ns, total, correct)| {
            Reply::Sample(Execution {
                kind: Kind::Sample,
                sample: serde_json::from_value(json!({"wall_ns": wall_ns})).unwrap(),
                outcome: json!({"total": total}),
                correct,
                memory: None,
                observed: None,
            })
        })
    }

    /// A reply as a child writes it.
    fn line(reply: &Reply) -> Vec<u8> {
        let mut line = serde_json::to_vec(reply).unwrap();
        line.push(b'\n');
        line
    }

    /// The bytes of several lines, piece by piece from one or another.
    fn mixed(lines: &[Vec<u8>], turns: &[prop::sample::Index], piece: usize) -> Vec<u8> {
        let mut rest: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let mut mixed = Vec::new();
        for turn in turns {
            rest.retain(|line| !line.is_empty());
            if rest.is_empty() {
                break;
            }
            let at = turn.index(rest.len());
            let line = &mut rest[at];
            let (taken, left) = line.split_at(piece.min(line.len()));
            mixed.extend_from_slice(taken);
            *line = left;
        }
        mixed
    }

    /// Whether an execution is what JSON without a type reads in the line.
    fn is_of(line: &[u8], found: &Execution) -> bool {
        let read: Value = serde_json::from_slice(line).unwrap();
        let told = serde_json::to_value(found).unwrap();
        ["kind", "sample", "outcome", "correct"].iter().all(|name| read[name] == told[name])
    }
}
