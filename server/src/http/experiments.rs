//! Experiments: ask for one, look at it, find it again, cancel or delete it.

use super::App;
use super::cached::{Cached, Wanted};
use super::cursor;
use super::extract::{Body, Id, cut, fresh_json, unknown_experiment, wrong_query};
use super::problem::{Answer, Failure};
use super::session::Visitor;
use crate::machine;
use crate::store::{Change, Filter, Owned};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use filature_core::api::{
    CancelledQueue, Experiment, ExperimentPage, ExperimentRequest, Problem,
    State as ExperimentState, limits,
};
use filature_core::{experiment, workloads};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The lines of a page where no limit is given.
const PAGE_DEFAULT: u32 = 20;

/// Asks for an experiment. It is stored and queued when the answer comes.
#[utoipa::path(
    post, path = "/api/v1/experiments",
    operation_id = "create_experiment", tag = "experiments",
    request_body = ExperimentRequest,
    responses(
        (status = 202, description = "Accepted and queued", body = Experiment,
            headers(("Location" = String, description = "The experiment"))),
        (status = 400, description = "The body is not JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Fields are unknown, of a wrong type or out of range",
            body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many experiments wait", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
        (status = 507, description = "The disk is full", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Body(request): Body<ExperimentRequest>,
) -> Answer<Response> {
    let spec = experiment::check(&request, machine::card().cores).map_err(Failure::invalid)?;
    let experiment = app.lab.submit(spec, visitor.client(), None).await?;
    let location = format!("/api/v1/experiments/{}", experiment.id);
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::ACCEPTED, headers, Json(experiment)).into_response())
}

/// Which page of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// At most so many experiments.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only experiments with this workload.
    workload: Option<String>,
    /// Only experiments in this state.
    state: Option<ExperimentState>,
    /// Only the experiments of this comparison; without it, those that belong to none.
    comparison: Option<String>,
}

/// The history, newest first. The experiments of a comparison are left out, unless that
/// comparison is named. Where several people share the server, each sees its own, and the
/// teacher all.
#[utoipa::path(
    get, path = "/api/v1/experiments",
    operation_id = "list_experiments", tag = "experiments", params(ListQuery),
    responses(
        (status = 200, description = "One page of the history", body = ExperimentPage,
            headers(("Link" = String, description = "`rel=\"next\"`, unless it is the last page"))),
        (status = 400, description = "A wrong limit, cursor, workload, state or comparison",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Answer<Response> {
    let Query(query) = query.map_err(|rejection| wrong_query(&rejection))?;
    let mut filter = filter(&query)?;
    // The parts of a comparison are its own, and that is there for all.
    if filter.comparison.is_none() && !visitor.sees_all {
        filter.owner = Some(visitor.client());
    }
    if let Some(id) = &filter.comparison
        && app.lab.store.comparison(id).await?.is_none()
    {
        return Err(Failure::bad_query(format!("there is no comparison \"{}\"", cut(id))));
    }
    let limit = filter.limit;
    let page = app.lab.store.page(filter).await?;
    let next_cursor = page.next.map(cursor::encode);
    let link = next_cursor.as_ref().map(|cursor| {
        let mut link = format!("</api/v1/experiments?limit={limit}&cursor={cursor}");
        // All are names that were found in a list: nothing in them needs escaping.
        if let Some(workload) = &query.workload {
            link += &format!("&workload={workload}");
        }
        if let Some(state) = query.state {
            link += &format!("&state={}", state.id());
        }
        if let Some(comparison) = &query.comparison {
            link += &format!("&comparison={comparison}");
        }
        link + ">; rel=\"next\""
    });
    let body = fresh_json(ExperimentPage { experiments: page.lines, next_cursor });
    Ok(match link {
        Some(link) => ([(header::LINK, link)], body).into_response(),
        None => body.into_response(),
    })
}

fn filter(query: &ListQuery) -> Answer<Filter> {
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let most = limits::PAGE_MAX;
    if !(1..=most).contains(&limit) {
        let detail = format!("`limit` is {limit}; it must be from 1 to {most}");
        return Err(Failure::bad_query(detail));
    }
    if let Some(id) = &query.workload
        && workloads::find(id).is_none()
    {
        return Err(Failure::bad_query(format!("there is no workload \"{}\"", cut(id))));
    }
    let before = query.cursor.as_deref().map(|cursor| {
        let detail = || format!("\"{}\" is no cursor of this server", cut(cursor));
        cursor::decode(cursor).ok_or_else(|| Failure::bad_query(detail()))
    });
    let (workload, comparison) = (query.workload.clone(), query.comparison.clone());
    let (before, state) = (before.transpose()?, query.state);
    Ok(Filter { before, workload, state, comparison, owner: None, limit })
}

/// An experiment with all its cells and samples, as far as it has come.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}",
    operation_id = "get_experiment", tag = "experiments",
    params(("id" = String, Path, description = "The experiment's id")),
    responses(
        (status = 200, description = "The experiment", body = Experiment,
            headers(("ETag" = String, description = "Never changes once it has finished"))),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 404, description = "There is no such experiment", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Id(id): Id,
    wanted: Wanted,
) -> Answer<Response> {
    answered(&app, &id, &visitor, &wanted).await
}

/// An experiment as an answer, which is kept once it has finished.
async fn answered(app: &App, id: &str, visitor: &Visitor, wanted: &Wanted) -> Answer<Response> {
    if let Some(kept) = app.finished.get(id) {
        return kept.answer_in_place(&app.heavy, visitor, wanted);
    }
    let removals = app.finished.removals();
    let turn = app.heavy.turn(visitor).await;
    let experiment = find(app, id).await?;
    let is_final = experiment.state.is_final();
    let answer = turn.make(move || Cached::new(&experiment)).await;
    if is_final {
        app.finished.put(removals, id.to_owned(), answer.clone());
    }
    answer.answer_in_place(&app.heavy, visitor, wanted)
}

/// A stored experiment with its figures and its place in the queue.
pub(super) async fn find(app: &App, id: &str) -> Answer<Experiment> {
    let stored = app.lab.store.experiment(id).await?;
    let mut experiment = stored.ok_or_else(|| unknown_experiment(id))?;
    if experiment.state.is_final() {
        experiment.verdicts = app.lab.figures.verdicts(&mut experiment).await;
    } else {
        app.lab.figures.summarize(&mut experiment).await;
        app.lab.locate(&mut experiment);
    }
    Ok(experiment)
}

/// What to do with an experiment or comparison that has finished.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// What happens if it has finished: `delete`, or `keep` to cancel only.
    #[serde(default)]
    #[param(inline)]
    pub(super) if_finished: IfFinished,
}

/// What happens to what has finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum IfFinished {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays: whoever wants to cancel must not lose what was just finished.
    Keep,
}

/// Which experiments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CancelQuery {
    /// Those that wait: no others can be cancelled all at once.
    #[param(inline)]
    state: Queued,
}

/// The only state of [`CancelQuery`], so that nobody names it by mistake.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Queued {
    /// They wait for the measuring slot.
    Queued,
}

/// Cancels everybody's experiments and comparisons that wait for their turn, for the teacher
/// only. What is measured goes on, and so does a comparison that has begun, with its next
/// experiment.
#[utoipa::path(
    delete, path = "/api/v1/experiments",
    operation_id = "cancel_queue", tag = "experiments", params(CancelQuery),
    responses(
        (status = 200, description = "All of them are cancelled", body = CancelledQueue),
        (status = 400, description = "Another `state`, or none", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "The visitor is not the teacher", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn cancel_queue(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    query: Result<Query<CancelQuery>, QueryRejection>,
) -> Answer<Response> {
    let Query(CancelQuery { state: Queued::Queued }) =
        query.map_err(|rejection| wrong_query(&rejection))?;
    visitor.may_change_all()?;
    let cancelled = app.lab.cancel_waiting().await;
    Ok(fresh_json(CancelledQueue { cancelled }).into_response())
}

/// Cancels an experiment that is queued or running, or deletes one that has finished.
///
/// Cancelling answers when it has ended, with the experiment. With `if_finished=keep` it
/// is idempotent and never deletes.
#[utoipa::path(
    delete, path = "/api/v1/experiments/{id}",
    operation_id = "delete_experiment", tag = "experiments",
    params(("id" = String, Path, description = "The experiment's id"), DeleteQuery),
    responses(
        (status = 200, description = "It is cancelled (or had finished and is kept)",
            body = Experiment),
        (status = 204, description = "It had finished and is deleted"),
        (status = 400, description = "A wrong `if_finished`", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "It is somebody else's", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such experiment", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many large answers are being sent", body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds"))),
    )
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Id(id): Id,
    query: Result<Query<DeleteQuery>, QueryRejection>,
) -> Answer<Response> {
    let Query(query) = query.map_err(|rejection| wrong_query(&rejection))?;
    visitor.may_change(&app, Owned::Experiment, &id).await?;
    let cancelled = app.lab.cancel(&id).await;
    if cancelled || query.if_finished == IfFinished::Keep {
        return answered(&app, &id, &visitor, &Wanted::ANEW).await;
    }
    let state = app.lab.store.state(&id).await?.ok_or_else(|| unknown_experiment(&id))?;
    if !state.is_final() {
        return Err(Failure::conflict("it is just being queued or finished; ask again"));
    }
    app.lab.store.write(Change::Deleted { id: id.clone() }).await?;
    app.finished.remove(&id);
    Ok(StatusCode::NO_CONTENT.into_response())
}
