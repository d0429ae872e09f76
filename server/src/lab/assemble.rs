//! What is computed from samples and outcomes and never stored: the figures and facts of
//! each cell and the verdicts over all of them. Server and command line both come here for them.

use filature_core::api::{Cell, Spec, Summary, Verdict};
use filature_core::{Prepared, verdict, workloads};

/// Fills in the summary of every cell that has samples.
pub fn summarize(spec: &Spec, cells: &mut [Cell]) {
    with_prepared(spec, cells, |prepared, cell| {
        cell.summary = Summary::of(&cell.samples, prepared.operations());
    });
}

/// Fills in what the outcome of every cell that has one says.
pub fn tell_facts(spec: &Spec, cells: &mut [Cell]) {
    with_prepared(spec, cells, |prepared, cell| {
        cell.facts = cell.outcome.as_ref().map_or_else(Vec::new, |o| prepared.facts(o));
    });
}

/// Does something with every cell and its workload. Stored parameters of an older version
/// may no longer fit: then there is nothing to count operations by, and the samples stand
/// for themselves.
fn with_prepared(spec: &Spec, cells: &mut [Cell], mut fill: impl FnMut(&dyn Prepared, &mut Cell)) {
    let Some(workload) = workloads::find(&spec.workload) else {
        return;
    };
    for cell in cells {
        if let Ok(prepared) = workload.prepare(&cell.params) {
            fill(prepared.as_ref(), cell);
        }
    }
}

/// What can be said, in words, of cells that have been summarized.
pub fn verdicts(spec: &Spec, cells: &[Cell]) -> Vec<Verdict> {
    workloads::find(&spec.workload)
        .map_or_else(Vec::new, |workload| verdict::verdicts(workload.about(), spec, cells))
}
