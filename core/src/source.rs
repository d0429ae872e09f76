//! What a workload's source file says about itself: its contract and where its two
//! bodies stand.

use crate::api::BodyLines;
use crate::executor::Body;

/// The contract: the `//!` lines at the head of the file, as paragraphs.
pub fn contract(source: &str) -> String {
    let lines: Vec<&str> =
        source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let paragraphs: Vec<String> =
        lines.split(|line| line.is_empty()).map(|paragraph| paragraph.join(" ")).collect();
    paragraphs.join("\n\n")
}

/// The lines of the bodies: from `pub fn threads` and `pub async fn tasks` to the
/// brace that closes each.
pub fn bodies(source: &str) -> Vec<BodyLines> {
    [(Body::Threads, "pub fn threads("), (Body::Tasks, "pub async fn tasks(")]
        .into_iter()
        .filter_map(|(body, start)| {
            let first = source.lines().position(|line| line.starts_with(start))?;
            let length = source.lines().skip(first).position(|line| line == "}")?;
            Some(BodyLines { body, first_line: first + 1, last_line: first + length + 1 })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads;

    #[test]
    fn every_workload_has_a_contract_and_two_bodies() {
        for workload in workloads::ALL {
            let source = workload.source();
            assert!(contract(source).contains("The contract:"), "{}", workload.id());
            let found: Vec<Body> = bodies(source).iter().map(|lines| lines.body).collect();
            assert_eq!(found, [Body::Threads, Body::Tasks], "{}", workload.id());
        }
    }
}
