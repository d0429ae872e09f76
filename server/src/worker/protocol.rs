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
    }
}
