//! Browser cells: a page claims one and posts what it measures.

use super::App;
use super::extract::{Body, IdAndCell, fresh_json, unknown_cell, unknown_experiment};
use super::problem::{Answer, Failure};
use super::session::Visitor;
use crate::store::Owned;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use filature_core::api::{
    BrowserClaim, BrowserLease, BrowserReport, CellState, Experiment, Problem,
    State as ExperimentState,
};
use std::sync::Arc;

/// Claims a cell that a browser is to measure.
///
/// A cell can be claimed while its experiment is `running`, all its native cells have
/// ended, and no browser cell before it is open. Whoever claims it must post to `samples`
/// at least every `lease_ms`.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/cells/{cell}/claim",
    operation_id = "claim_cell", tag = "browser cells",
    params(
        ("id" = String, Path, description = "The experiment's id"),
        ("cell" = usize, Path, description = "The cell's index"),
    ),
    request_body = BrowserClaim,
    responses(
        (status = 200, description = "The cell is the caller's", body = BrowserLease),
        (status = 400, description = "The body is not JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "It is somebody else's", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such cell", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It cannot be claimed now, or was claimed already",
            body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Fields are unknown or of a wrong type", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn claim(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    IdAndCell(id, cell): IdAndCell,
    Body(claim): Body<BrowserClaim>,
) -> Answer<Response> {
    // Whoever measures it decides what the figures say.
    visitor.may_change(&app, Owned::Experiment, &id).await?;
    let turn = app.heavy.turn(&visitor).await;
    let stored = app.lab.store.experiment(&id).await?;
    let experiment = stored.ok_or_else(|| unknown_experiment(&id))?;
    drop(turn);
    if cell >= experiment.cells.len() {
        return Err(unknown_cell(&cell.to_string()));
    }
    if let Some(obstacle) = obstacle(&experiment, cell) {
        return Err(Failure::conflict(obstacle));
    }
    let lease = app.lab.desk.claim(&id, cell, claim.browser).await?;
    Ok(fresh_json(lease).into_response())
}

/// Posts samples of a claimed cell, or just keeps the lease; `end` ends the cell.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/cells/{cell}/samples",
    operation_id = "report_samples", tag = "browser cells",
    params(
        ("id" = String, Path, description = "The experiment's id"),
        ("cell" = usize, Path, description = "The cell's index"),
    ),
    request_body = BrowserReport,
    responses(
        (status = 204, description = "Stored"),
        (status = 400, description = "The body is not JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such cell", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "The lease is wrong or over", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Samples that cannot be, or too many of them",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn report(
    State(app): State<Arc<App>>,
    IdAndCell(id, cell): IdAndCell,
    Body(report): Body<BrowserReport>,
) -> Answer<StatusCode> {
    // A page that measures here must not pay for reading the history at every report.
    if !app.lab.desk.is_ready(&id, cell) {
        return Err(match app.lab.store.has_cell(&id, cell).await? {
            None => unknown_experiment(&id),
            Some(false) => unknown_cell(&cell.to_string()),
            Some(true) => Failure::conflict(format!("cell {cell} is not being measured by a page")),
        });
    }
    app.lab.desk.report(&id, cell, report).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a cell cannot be claimed, as far as the history tells.
fn obstacle(experiment: &Experiment, cell: usize) -> Option<String> {
    let wanted = &experiment.cells[cell];
    if wanted.executor.is_native() {
        let executor = wanted.executor;
        return Some(format!("cell {cell} is for {executor}, which this server runs itself"));
    }
    if experiment.state != ExperimentState::Running {
        return Some(format!("the experiment is {}", experiment.state.id()));
    }
    let mut native = experiment.cells.iter().filter(|other| other.executor.is_native());
    if !native.all(|other| other.state.is_final()) {
        return Some("its native cells are still being measured".to_owned());
    }
    if wanted.state != CellState::Pending {
        return Some(format!("cell {cell} is {}", wanted.state.id()));
    }
    None
}
