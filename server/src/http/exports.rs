//! Experiments as files.

use super::App;
use super::experiments::find;
use super::extract::Id;
use super::heavy::Place;
use super::problem::{Answer, Failure};
use crate::{csv, report};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use filature_core::api::{Experiment, Problem};
use std::sync::Arc;

/// The experiment as a JSON file: the same as the resource, for people to keep.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}/export.json",
    operation_id = "export_json", tag = "exports",
    params(("id" = String, Path, description = "The experiment's id")),
    responses(
        (status = 200, description = "The experiment, as an attachment", body = Experiment),
        (status = 404, description = "There is no such experiment", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn json(State(app): State<Arc<App>>, Id(id): Id) -> Answer<Response> {
    let place = app.heavy.place().await;
    let experiment = find(&app, &id).await?;
    let text = serde_json::to_string_pretty(&experiment).map_err(|error| {
        tracing::error!(%error, "an experiment is no JSON");
        Failure::internal()
    })?;
    Ok(attachment(place, &experiment, "json", "application/json", text + "\n"))
}

/// The experiment as CSV: one row per sample.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}/export.csv",
    operation_id = "export_csv", tag = "exports",
    params(("id" = String, Path, description = "The experiment's id")),
    responses(
        (status = 200, description = "One row per sample, as an attachment", body = String,
            content_type = "text/csv"),
        (status = 404, description = "There is no such experiment", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn csv(State(app): State<Arc<App>>, Id(id): Id) -> Answer<Response> {
    let place = app.heavy.place().await;
    let experiment = find(&app, &id).await?;
    let text = csv::export(&experiment);
    Ok(attachment(place, &experiment, "csv", "text/csv; charset=utf-8", text))
}

/// The experiment as a report: one HTML file with charts, figures and source, which loads
/// nothing and runs no script.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}/report.html",
    operation_id = "report_html", tag = "exports",
    params(("id" = String, Path, description = "The experiment's id")),
    responses(
        (status = 200, description = "The report, as an attachment", body = String,
            content_type = "text/html"),
        (status = 404, description = "There is no such experiment", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn report(State(app): State<Arc<App>>, Id(id): Id) -> Answer<Response> {
    let place = app.heavy.place().await;
    let experiment = find(&app, &id).await?;
    let text = report::html(&experiment);
    Ok(attachment(place, &experiment, "html", "text/html; charset=utf-8", text))
}

fn attachment(
    place: Place,
    experiment: &Experiment,
    extension: &str,
    media_type: &'static str,
    text: String,
) -> Response {
    let (workload, id) = (&experiment.spec.workload, &experiment.id);
    let name = format!("filature-{workload}-{id}.{extension}");
    place.answer(of_file(&name, media_type), text.into())
}

/// The headers of a file that is made for one request.
pub(super) fn of_file(name: &str, media_type: &'static str) -> HeaderMap {
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::try_from(disposition).expect("ids are letters and digits");
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
    .into_iter()
    .collect()
}
