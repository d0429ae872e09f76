//! Comparisons: ask for one, look at it, find it again, cancel or delete it, bring one from
//! another machine.

use super::App;
use super::cached::{Cached, Wanted};
use super::cursor;
use super::experiments::{DeleteQuery, IfFinished};
use super::extract::{Body, ComparisonId, cut, fresh_json, unknown_comparison, wrong_query};
use super::problem::{Answer, Failure};
use super::session::Visitor;
use crate::comparison::foreign;
use crate::lab::names::{now, random_word};
use crate::store::{Change, ComparisonChange, Owned};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use filature_core::api::{Comparison, ComparisonPage, ComparisonRequest, Problem, limits};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The lines of a page where no limit is given.
const PAGE_DEFAULT: u32 = 20;

/// Asks for a comparison of threads with tasks. Nothing is required: `{}` asks for the full
/// one. Its experiments are measured one after another, through the same queue as all others.
#[utoipa::path(
    post, path = "/api/v1/comparisons",
    operation_id = "create_comparison", tag = "comparisons",
    request_body = ComparisonRequest,
    responses(
        (status = 202, description = "Accepted and queued", body = Comparison,
            headers(("Location" = String, description = "The comparison"))),
        (status = 400, description = "The body is not JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Fields are unknown or of a wrong type", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many comparisons wait", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 507, description = "The disk is full", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Body(request): Body<ComparisonRequest>,
) -> Answer<Response> {
    let comparison =
        app.lab.compare(request, visitor.client()).await.map_err(Failure::of_comparison)?;
    Ok(located(StatusCode::ACCEPTED, comparison))
}

fn located(status: StatusCode, comparison: Comparison) -> Response {
    let location = format!("/api/v1/comparisons/{}", comparison.id);
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    (status, headers, Json(comparison)).into_response()
}

/// The last comparison that was measured here: the one that runs, or else the newest with
/// anything measured. Imported ones do not count.
#[utoipa::path(
    get, path = "/api/v1/comparison",
    operation_id = "last_comparison", tag = "comparisons",
    responses(
        (status = 200, description = "The comparison, as far as it has come", body = Comparison,
            headers(("ETag" = String, description = "Changes with the comparison"))),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 404, description = "None was measured yet", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn last(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    wanted: Wanted,
) -> Answer<Response> {
    let id = app.lab.store.last_own_comparison().await?.ok_or_else(|| {
        Failure::not_found(
            "nothing was compared on this machine yet; POST {} to /api/v1/comparisons to ask for \
             it, or {\"depth\": \"quick\"} for an answer within a minute",
        )
    })?;
    answered(&app, &id, &visitor, &wanted).await
}

/// Which page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// At most so many comparisons.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// All comparisons, newest first, imported ones too.
#[utoipa::path(
    get, path = "/api/v1/comparisons",
    operation_id = "list_comparisons", tag = "comparisons", params(ListQuery),
    responses(
        (status = 200, description = "One page of the list", body = ComparisonPage,
            headers(("Link" = String, description = "`rel=\"next\"`, unless it is the last page"))),
        (status = 400, description = "A wrong limit or cursor", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Answer<Response> {
    let Query(query) = query.map_err(|rejection| wrong_query(&rejection))?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let most = limits::PAGE_MAX;
    if !(1..=most).contains(&limit) {
        let detail = format!("`limit` is {limit}; it must be from 1 to {most}");
        return Err(Failure::bad_query(detail));
    }
    let before = query.cursor.as_deref().map(|cursor| {
        let detail = || format!("\"{}\" is no cursor of this server", cut(cursor));
        cursor::decode(cursor).ok_or_else(|| Failure::bad_query(detail()))
    });
    let page = app.lab.store.comparisons(before.transpose()?, limit).await?;
    let next_cursor = page.next.map(cursor::encode);
    let link = next_cursor
        .as_ref()
        .map(|cursor| format!("</api/v1/comparisons?limit={limit}&cursor={cursor}>; rel=\"next\""));
    let body = fresh_json(ComparisonPage { comparisons: page.lines, next_cursor });
    Ok(match link {
        Some(link) => ([(header::LINK, link)], body).into_response(),
        None => body.into_response(),
    })
}

/// A comparison with its parts and its table, as far as it has come.
#[utoipa::path(
    get, path = "/api/v1/comparisons/{id}",
    operation_id = "get_comparison", tag = "comparisons",
    params(("id" = String, Path, description = "The comparison's id")),
    responses(
        (status = 200, description = "The comparison", body = Comparison,
            headers(("ETag" = String, description = "Never changes once it has finished"))),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
    wanted: Wanted,
) -> Answer<Response> {
    answered(&app, &id, &visitor, &wanted).await
}

/// A comparison as an answer, which is kept once it has finished.
async fn answered(app: &App, id: &str, visitor: &Visitor, wanted: &Wanted) -> Answer<Response> {
    if let Some(kept) = app.compared.get(id) {
        return kept.answer_in_place(&app.heavy, visitor, wanted);
    }
    let removals = app.compared.removals();
    let turn = app.heavy.turn(visitor).await;
    let comparison = find(app, id).await?;
    let is_final = comparison.state.is_final();
    let answer = turn.make(move || Cached::new(&comparison)).await;
    if is_final {
        app.compared.put(removals, id.to_owned(), answer.clone());
    }
    answer.answer_in_place(&app.heavy, visitor, wanted)
}

/// A comparison as far as it has come.
pub(super) async fn find(app: &App, id: &str) -> Answer<Comparison> {
    app.lab.comparison(id).await?.ok_or_else(|| unknown_comparison(id))
}

/// Cancels a comparison that is queued or running, or deletes one that has finished,
/// together with its experiments.
///
/// Cancelling answers when it has ended, with the comparison. With `if_finished=keep` it
/// is idempotent and never deletes.
#[utoipa::path(
    delete, path = "/api/v1/comparisons/{id}",
    operation_id = "delete_comparison", tag = "comparisons",
    params(("id" = String, Path, description = "The comparison's id"), DeleteQuery),
    responses(
        (status = 200, description = "It is cancelled (or had finished and is kept)",
            body = Comparison),
        (status = 204, description = "It had finished and is deleted"),
        (status = 400, description = "A wrong `if_finished`", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "It is somebody else's", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    ComparisonId(id): ComparisonId,
    query: Result<Query<DeleteQuery>, QueryRejection>,
) -> Answer<Response> {
    let Query(query) = query.map_err(|rejection| wrong_query(&rejection))?;
    visitor.may_change(&app, Owned::Comparison, &id).await?;
    let cancelled = app.lab.cancel_comparison(&id).await;
    if cancelled || query.if_finished == IfFinished::Keep {
        return answered(&app, &id, &visitor, &Wanted::ANEW).await;
    }
    let stored = app.lab.store.comparison(&id).await?;
    let stored = stored.ok_or_else(|| unknown_comparison(&id))?;
    if !stored.comparison.state.is_final() {
        return Err(Failure::conflict("it is just being queued or finished; ask again"));
    }
    let members = app.lab.store.members(&id).await?;
    let deleted = ComparisonChange::Deleted { id: id.clone() };
    app.lab.store.write(Change::Comparison(deleted)).await?;
    app.compared.remove(&id);
    for (_, experiment) in members {
        app.finished.remove(&experiment);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes a comparison that another machine has measured, as `export.json` or
/// `filature table --json` gives it, to be shown beside others. It gets an id of its own.
#[utoipa::path(
    post, path = "/api/v1/comparisons/import",
    operation_id = "import_comparison", tag = "comparisons",
    request_body = Comparison,
    responses(
        (status = 201, description = "Stored", body = Comparison,
            headers(("Location" = String, description = "The comparison"))),
        (status = 400, description = "The body is not JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "Too many are kept", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It is no finished comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 507, description = "The disk is full", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn import(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Body(mut comparison): Body<Comparison>,
) -> Answer<Response> {
    let errors = foreign::check(&comparison);
    if !errors.is_empty() {
        return Err(Failure::invalid(errors));
    }
    comparison.id = random_word(16);
    comparison.imported_at = Some(now());
    // A task of its own: a client that hangs up must not have the next one counted too early.
    let task = tokio::spawn(async move {
        let _one_at_a_time = app.importing.lock().await;
        has_room(&app, &visitor).await?;
        let import = ComparisonChange::Import(Box::new(comparison.clone()), visitor.client());
        app.lab.store.write(Change::Comparison(import)).await?;
        Ok(located(StatusCode::CREATED, comparison))
    });
    task.await.expect("storing a comparison does not panic")
}

/// Makes sure that one more may be kept: they are not measured here, and so nothing else
/// bounds how many come.
async fn has_room(app: &App, visitor: &Visitor) -> Answer<()> {
    let imported = app.lab.store.imported(&visitor.client()).await?;
    let (most, own_most) = (limits::IMPORTS_MAX, limits::IMPORTS_CLIENT_MAX);
    let full = if imported.all >= most {
        format!("{most} comparisons of other machines are kept")
    } else if imported.own >= own_most && !visitor.sees_all {
        format!("{own_most} comparisons of other machines that you have brought are kept")
    } else {
        return Ok(());
    };
    Err(Failure::conflict(full + ", which is the limit; delete one first"))
}
