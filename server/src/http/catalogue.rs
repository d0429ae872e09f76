//! What there is: workloads with their source, executors, the machine.

use super::App;
use super::cached::{Cached, Wanted};
use super::extract::{cut, fresh_json};
use super::problem::{Answer, Failure};
use crate::machine::priority;
use crate::{highlight, machine};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use filature_core::about::{Preset, param_values};
use filature_core::api::{ExecutorInfo, MachineReport, PresetInfo, Problem, Source, WorkloadInfo};
use filature_core::{Executor, Workload, params, source, workloads};
use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

/// The workloads, made ready once: they are part of the program.
pub(super) struct Catalogue {
    all: Cached,
    one: HashMap<&'static str, Cached>,
}

impl Catalogue {
    /// The catalogue of the registry. Its answers are compressed one after another, in time
    /// that nobody else wants: a cell may be measured already.
    pub(super) fn new() -> Self {
        let infos = || workloads::ALL.iter().map(|workload| info(*workload));
        // Many small answers rather than one large: a visitor needs one source at a time.
        let without = |info| WorkloadInfo { params_schema: None, source: None, ..info };
        let all = Cached::new(&infos().map(without).collect::<Vec<_>>());
        let one: Vec<Cached> = infos().map(|info| Cached::new(&info)).collect();
        let answers: Vec<Cached> = iter::once(&all).chain(&one).cloned().collect();
        std::thread::spawn(move || {
            priority::give_way();
            answers.iter().for_each(Cached::compress);
        });
        Self { all, one: workloads::ALL.iter().map(|w| w.id()).zip(one).collect() }
    }
}

fn info(workload: &dyn Workload) -> WorkloadInfo {
    let (about, text, specs) = (workload.about(), workload.source(), workload.params());
    WorkloadInfo {
        id: about.id.to_owned(),
        title: about.title.to_owned(),
        group: about.group,
        summary: about.summary.to_owned(),
        look_at: about.look_at.to_owned(),
        contract: source::contract(text),
        operation: about.operation.to_owned(),
        params_schema: Some(params::schema(&specs)),
        params: specs,
        presets: about.presets.iter().map(preset).collect(),
        picture: about.picture.iter().map(|lane| (*lane).to_owned()).collect(),
        cpu_bound: param_values(about.cpu_bound),
        executors: Executor::ALL
            .into_iter()
            .filter(|executor| !about.unavailable().contains_key(executor))
            .collect(),
        unavailable: about.unavailable(),
        source: Some(Source {
            path: format!("core/src/workloads/{}.rs", about.id.replace('-', "_")),
            text: text.to_owned(),
            tokens: highlight::tokens(text),
            bodies: source::bodies(text),
        }),
    }
}

fn preset(preset: &Preset) -> PresetInfo {
    PresetInfo { name: preset.name.to_owned(), params: param_values(preset.params) }
}

/// All workloads, in the order in which a learner meets them, without their sources
/// and JSON schemas.
#[utoipa::path(
    get, path = "/api/v1/workloads", tag = "catalogue",
    responses(
        (status = 200, description = "The workloads", body = Vec<WorkloadInfo>),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
    )
)]
pub(super) async fn workloads(State(app): State<Arc<App>>, wanted: Wanted) -> Response {
    app.catalogue.all.answer(&wanted)
}

/// One workload with its parameters, their JSON schema, and its source.
#[utoipa::path(
    get, path = "/api/v1/workloads/{id}", tag = "catalogue",
    params(("id" = String, Path, description = "The workload's id, such as `fan-out`")),
    responses(
        (status = 200, description = "The workload", body = WorkloadInfo),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
        (status = 404, description = "There is no such workload", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn workload(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    wanted: Wanted,
) -> Answer<Response> {
    let workload = app.catalogue.one.get(id.as_str());
    workload.map(|answer| answer.answer(&wanted)).ok_or_else(|| {
        let ids: Vec<&str> = workloads::ALL.iter().map(|w| w.id()).collect();
        let ids = ids.join(", ");
        Failure::not_found(format!("there is no workload \"{}\"; known are {ids}", cut(&id)))
    })
}

/// What can run a workload, and how much of it this machine holds right now.
#[utoipa::path(
    get, path = "/api/v1/executors", tag = "catalogue",
    responses((status = 200, description = "The executors", body = Vec<ExecutorInfo>))
)]
pub(super) async fn executors() -> Answer<Response> {
    let limits = blocking(machine::thread_limits).await?;
    let tightest = limits.into_iter().next();
    let info = |executor: Executor| {
        let limit = tightest.clone().filter(|_| executor == Executor::Threads);
        ExecutorInfo {
            id: executor,
            title: executor.title().to_owned(),
            summary: executor.summary().to_owned(),
            body: executor.body(),
            native: executor.is_native(),
            max_units: limit.as_ref().map(|limit| limit.threads),
            limit,
        }
    };
    Ok(fresh_json(Executor::ALL.map(info)).into_response())
}

/// The machine that measures: processor, kernel, memory, limits, versions, and the budgets of
/// this server.
#[utoipa::path(
    get, path = "/api/v1/machine", tag = "catalogue",
    responses((status = 200, description = "The machine", body = MachineReport,
        headers(("Set-Cookie" = Option<String>, description = "Who asks, from now on"))))
)]
pub(super) async fn machine(State(app): State<Arc<App>>, headers: HeaderMap) -> Answer<Response> {
    let report = blocking(machine::report).await?;
    let budgets = app.budgets.clone();
    let mut answer = fresh_json(MachineReport { budgets, ..report }).into_response();
    // The page asks for this first, and its answer is never kept: it is where a browser gets
    // its cookie. Not with a document: after a link from another site, browsers ask for that
    // without the cookie that they have.
    answer.headers_mut().insert(header::SET_COOKIE, app.sessions.greeting(&headers));
    Ok(answer)
}

/// Reads the machine's files off the threads that serve.
async fn blocking<T: Send + 'static>(read: fn() -> T) -> Answer<T> {
    tokio::task::spawn_blocking(read).await.map_err(|error| {
        tracing::error!(%error, "reading the machine died");
        Failure::internal()
    })
}
