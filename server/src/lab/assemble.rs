//! What is computed from samples and never stored: the figures of each cell and the
//! verdicts over all of them. Server and command line both come here for them.

use filature_core::api::{Cell, Spec, Summary, Verdict};
use filature_core::{verdict, workloads};

/// Fills in the summary of every cell that has samples, and the facts of its outcome.
pub fn summarize(spec: &Spec, cells: &mut [Cell]) {
    let Some(workload) = workloads::find(&spec.workload) else {
        return;
    };
    for cell in cells {
        // Stored parameters of an older version may no longer fit: then there is nothing
        // to count operations by, and the samples stand for themselves.
        let prepared = workload.prepare(&cell.params).ok();
        let Some(prepared) = prepared else { continue };
        cell.summary = Summary::of(&cell.samples, prepared.operations());
        cell.facts = cell.outcome.as_ref().map_or_else(Vec::new, |o| prepared.facts(o));
    }
}

/// What can be said, in words, of cells that have been summarized.
pub fn verdicts(spec: &Spec, cells: &[Cell]) -> Vec<Verdict> {
    workloads::find(&spec.workload)
        .map_or_else(Vec::new, |workload| verdict::verdicts(workload.about(), spec, cells))
}
