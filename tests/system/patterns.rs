//! The table of the articles' patterns, held against the registry.

use filature_core::workloads;
use filature_tests::root;
use std::collections::BTreeSet;

fn document() -> String {
    std::fs::read_to_string(root().join("docs/patterns.md")).unwrap()
}

/// The cells of the table's rows, without its head.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| "));
    rows.skip(2)
        .map(|row| row.trim_end_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

/// The words between backticks.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The workloads that the list at the end calls ours.
fn ours(document: &str) -> BTreeSet<&str> {
    let (_, list) = document.split_once("\n## Ours\n").unwrap();
    list.lines().filter(|line| line.starts_with("- ")).filter_map(|line| ids(line).next()).collect()
}

#[test]
fn every_listing_has_a_row_with_a_workload_and_one_of_its_presets() {
    let document = document();
    let mut listings = BTreeSet::new();
    for row in rows(&document) {
        let [article, listing, workload, preset, differs] = row[..] else {
            panic!("not five cells: {row:?}");
        };
        assert!(["threads", "tokio::spawn"].contains(&article), "{article}");
        assert!(listings.insert((article, listing)), "{listing} is there twice");
        let id = workload.trim_matches('`');
        let known = workloads::find(id).unwrap_or_else(|| panic!("{listing}: no workload {id}"));
        let presets = known.about().presets;
        assert!(presets.iter().any(|known| known.name == preset), "{id} has no preset {preset:?}");
        assert!(differs.ends_with('.'), "{listing}: {differs:?} is not a sentence");
    }
    assert!(listings.len() >= 14, "only {listings:?}");
}

#[test]
fn every_workload_has_a_row_or_is_ours() {
    let document = document();
    let in_rows: BTreeSet<&str> =
        rows(&document).iter().map(|row| row[2].trim_matches('`')).collect();
    let ours = ours(&document);
    assert!(in_rows.is_disjoint(&ours), "{ours:?}");
    let told: BTreeSet<&str> = in_rows.union(&ours).copied().collect();
    let registered: BTreeSet<&str> = workloads::ALL.iter().map(|workload| workload.id()).collect();
    assert_eq!(told, registered);
}
