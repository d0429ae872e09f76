//! Comparisons as files, as a table for the page, and as advice.

use super::App;
use super::comparisons::find;
use super::exports::of_file;
use super::extract::{ComparisonId, cut, fresh_json, wrong_query};
use super::problem::{Answer, Failure};
use super::session::Visitor;
use crate::report;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use filature_core::api::{Advice, Comparison, Occupation, Problem, Question, limits};
use filature_core::comparison;
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use utoipa::IntoParams;

/// The units that the adviser can be asked about.
const UNITS: RangeInclusive<u64> = 1..=10_000_000;

/// How long they may live: from a millisecond to a day.
const LIFETIMES_MS: RangeInclusive<u64> = 1..=86_400_000;

/// The comparison as a JSON file, which another server can import.
#[utoipa::path(
    get, path = "/api/v1/comparisons/{id}/export.json",
    operation_id = "export_comparison_json", tag = "comparisons",
    params(("id" = String, Path, description = "The comparison's id")),
    responses(
        (status = 200, description = "The comparison, as an attachment", body = Comparison),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn json(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
) -> Answer<Response> {
    attachment(&app, &visitor, &id, "json", "application/json", |found| {
        serde_json::to_string_pretty(found).expect("wire types are plain data") + "\n"
    })
    .await
}

/// The comparison as CSV: one row per cell of the table.
#[utoipa::path(
    get, path = "/api/v1/comparisons/{id}/export.csv",
    operation_id = "export_comparison_csv", tag = "comparisons",
    params(("id" = String, Path, description = "The comparison's id")),
    responses(
        (status = 200, description = "One row per cell, as an attachment", body = String,
            content_type = "text/csv"),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
) -> Answer<Response> {
    let media_type = "text/csv; charset=utf-8";
    attachment(&app, &visitor, &id, "csv", media_type, comparison::csv).await
}

/// The comparison as Markdown, ready to paste.
#[utoipa::path(
    get, path = "/api/v1/comparisons/{id}/export.md",
    operation_id = "export_comparison_markdown", tag = "comparisons",
    params(("id" = String, Path, description = "The comparison's id")),
    responses(
        (status = 200, description = "The table, as an attachment", body = String,
            content_type = "text/markdown"),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn markdown(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
) -> Answer<Response> {
    let media_type = "text/markdown; charset=utf-8";
    attachment(&app, &visitor, &id, "md", media_type, comparison::markdown).await
}

/// The comparison as a report: one HTML file that loads nothing and runs no script.
#[utoipa::path(
    get, path = "/api/v1/comparisons/{id}/report.html",
    operation_id = "report_comparison", tag = "comparisons",
    params(
        ("id" = String, Path, description = "The comparison's id"),
        ("with" = Option<Vec<String>>, Query,
            description = "Another comparison, to be shown beside it; may be repeated"),
    ),
    responses(
        (status = 200, description = "The report, as an attachment", body = String,
            content_type = "text/html"),
        (status = 400, description = "Another parameter, or too many of them", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn report(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Answer<Response> {
    let turn = app.heavy.turn(&visitor).await;
    let found = find(&app, &id).await?;
    let others = others(&app, query).await?;
    let text = turn.make(move || report::comparison::page(&found, &others)).await;
    let name = format!("filature-comparison-{id}.html");
    app.heavy.answer(&visitor, of_file(&name, "text/html; charset=utf-8"), text.into())
}

/// The comparison's table as HTML without a document around it, as the page shows it.
#[utoipa::path(
    get, path = "/api/v1/comparisons/{id}/table.html",
    operation_id = "comparison_table", tag = "comparisons",
    params(
        ("id" = String, Path, description = "The comparison's id"),
        ("with" = Option<Vec<String>>, Query,
            description = "Another comparison, to be shown beside it; may be repeated"),
    ),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/html"),
        (status = 400, description = "Another parameter, or too many of them", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn table(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Answer<Response> {
    let turn = app.heavy.turn(&visitor).await;
    let found = find(&app, &id).await?;
    let others = others(&app, query).await?;
    let text = turn.make(move || report::comparison::fragment(&found, &others)).await;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    app.heavy.answer(&visitor, headers.into_iter().collect(), text.into())
}

/// The comparisons that a query names with `with`.
async fn others(
    app: &App,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Answer<Vec<Comparison>> {
    let Query(pairs) = query.map_err(|rejection| wrong_query(&rejection))?;
    let (count, most) = (pairs.len(), limits::BESIDE_MAX);
    if count > most {
        let detail = format!("`with` is given {count} times; at most {most} are allowed");
        return Err(Failure::bad_query(detail));
    }
    let mut others = Vec::new();
    for (name, id) in pairs {
        if name != "with" {
            let detail = format!("there is no parameter \"{}\"; `with` is known", cut(&name));
            return Err(Failure::bad_query(detail));
        }
        others.push(find(app, &ComparisonId::checked(id)?).await?);
    }
    Ok(others)
}

/// What the adviser is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AdviceQuery {
    /// How many units are alive at once.
    #[param(minimum = 1, maximum = 10_000_000)]
    units: u64,
    /// How long each of them lives, in milliseconds.
    #[param(minimum = 1, maximum = 86_400_000)]
    lifetime_ms: u64,
    /// What they do most of the time.
    #[param(inline)]
    work: Occupation,
}

/// Threads or tasks? An answer by what was measured, with the cells that it rests on.
#[utoipa::path(
    get, path = "/api/v1/comparisons/{id}/advice",
    operation_id = "advise", tag = "comparisons",
    params(("id" = String, Path, description = "The comparison's id"), AdviceQuery),
    responses(
        (status = 200, description = "What to take, and why", body = Advice),
        (status = 400, description = "A parameter is missing or out of range", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn advice(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
    query: Result<Query<AdviceQuery>, QueryRejection>,
) -> Answer<Response> {
    let Query(AdviceQuery { units, lifetime_ms, work }) =
        query.map_err(|rejection| wrong_query(&rejection))?;
    for (name, value, range) in
        [("units", units, UNITS), ("lifetime_ms", lifetime_ms, LIFETIMES_MS)]
    {
        if !range.contains(&value) {
            let (min, max) = range.into_inner();
            let detail = format!("`{name}` is {value}; it must be from {min} to {max}");
            return Err(Failure::bad_query(detail));
        }
    }
    let turn = app.heavy.turn(&visitor).await;
    let found = find(&app, &id).await?;
    let question = Question { units, lifetime_ms, work };
    let advice = turn.make(move || comparison::advise(&found, &question)).await;
    Ok(fresh_json(advice).into_response())
}

async fn attachment(
    app: &App,
    visitor: &Visitor,
    id: &str,
    extension: &str,
    media_type: &'static str,
    write: impl FnOnce(&Comparison) -> String + Send + 'static,
) -> Answer<Response> {
    let turn = app.heavy.turn(visitor).await;
    let found = find(app, id).await?;
    let text = turn.make(move || write(&found)).await;
    let name = format!("filature-comparison-{id}.{extension}");
    app.heavy.answer(visitor, of_file(&name, media_type), text.into())
}
