//! Experiments as files.

use super::App;
use super::experiments::find;
use super::extract::Id;
use super::problem::Answer;
use super::session::Visitor;
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
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn json(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Id(id): Id,
) -> Answer<Response> {
    attachment(&app, &visitor, &id, "json", "application/json", |experiment| {
        serde_json::to_string_pretty(experiment).expect("wire types are plain data") + "\n"
    })
    .await
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
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Id(id): Id,
) -> Answer<Response> {
    attachment(&app, &visitor, &id, "csv", "text/csv; charset=utf-8", csv::export).await
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
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn report(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Id(id): Id,
) -> Answer<Response> {
    attachment(&app, &visitor, &id, "html", "text/html; charset=utf-8", report::html).await
}

async fn attachment(
    app: &App,
    visitor: &Visitor,
    id: &str,
    extension: &str,
    media_type: &'static str,
    write: impl FnOnce(&Experiment) -> String + Send + 'static,
) -> Answer<Response> {
    let turn = app.heavy.turn(visitor).await;
    let experiment = find(app, id).await?;
    let name = format!("filature-{}-{id}.{extension}", experiment.spec.workload);
    let text = turn.make(move || write(&experiment)).await;
    app.heavy.answer(visitor, of_file(&name, media_type), text.into())
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
