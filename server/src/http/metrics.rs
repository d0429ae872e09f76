//! Figures about the server itself, for Prometheus.

use super::App;
use super::listen::Connections;
use super::problem::{Answer, Failure};
use crate::lab::queue::Lab;
use crate::machine;
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// From well below a millisecond to the limit of a request's time.
const LATENCY_BUCKETS_S: [f64; 10] =
    [0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

type Requests = Family<RequestLabels, Counter>;
type Latency = Family<RouteLabels, Histogram, fn() -> Histogram>;

/// The registry and what is written to it here.
pub(super) struct Metrics {
    registry: Registry,
    requests: Requests,
    patterns: matchit::Router<usize>,
    routes: Vec<Route>,
    queued: Gauge,
    waiting_clients: Gauge,
    running: Gauge,
    streams: Gauge,
}

/// The series of one route, at hand: a request is counted without looking for labels.
struct Route {
    name: String,
    latency: Histogram,
    counters: RwLock<Vec<(&'static str, StatusCode, Counter)>>,
}

/// The route of a request, for [`Metrics::request`].
#[derive(Clone, Copy)]
pub(super) struct RouteIndex(usize);

impl Metrics {
    /// Metrics of a server with this lab, these connections and these routes.
    pub(super) fn new<'a>(
        lab: &Lab,
        connections: &Connections,
        paths: impl Iterator<Item = &'a String>,
    ) -> Self {
        let mut registry = Registry::with_prefix("filature");
        connections.register(&mut registry);
        let requests = Requests::default();
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        let latency = Latency::new_with_constructor(histogram);
        let help = "Time until an answer began";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, latency.clone());
        let [queued, waiting_clients, running, streams] = [(); 4].map(|()| Gauge::default());
        registry.register("queued_experiments", "Experiments that wait", queued.clone());
        let help = "Clients whose experiments wait";
        registry.register("waiting_clients", help, waiting_clients.clone());
        registry.register("running_experiments", "Experiments measured now", running.clone());
        registry.register("event_streams", "Event streams that are open", streams.clone());
        let counts = &lab.counts;
        let help = "Time until an experiment's turn came";
        registry.register_with_unit("queue_wait", help, Unit::Seconds, counts.waits.clone());
        let help = "Child processes started; none is started again, a cell whose child dies fails";
        registry.register("child_processes", help, counts.children.clone());
        registry.register("cells", "Cells by how they ended", counts.cells.clone());
        registry.register("samples_stored", "Samples stored", counts.samples.clone());
        registry.register(
            "comparisons",
            "Comparisons by how they ended",
            counts.comparisons.clone(),
        );
        registry.register("build", "Versions in this program", Info::new(versions()));

        let route = |name: &str| Route {
            name: name.to_owned(),
            latency: latency.get_or_create_owned(&RouteLabels { route: name.to_owned() }),
            counters: RwLock::default(),
        };
        // The page's own files, and whatever else is asked for, are one route.
        let (mut routes, mut patterns) = (vec![route("(other)")], matchit::Router::new());
        for path in paths {
            let inserted = patterns.insert(path.as_str(), routes.len());
            inserted.expect("the router has the same patterns and took them");
            routes.push(route(path));
        }
        Self { registry, requests, patterns, routes, queued, waiting_clients, running, streams }
    }

    /// The route of a path: a pattern, so that ids do not make new series.
    pub(super) fn route(&self, path: &str) -> RouteIndex {
        RouteIndex(self.patterns.at(path).map_or(0, |found| *found.value))
    }

    /// Counts a request.
    pub(super) fn request(
        &self,
        RouteIndex(route): RouteIndex,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let route = &self.routes[route];
        route.latency.observe(took.as_secs_f64());
        // A client may send any word as method; only those of a route are named.
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::DELETE => "DELETE",
            _ => "other",
        };
        let known = route.counters.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., counter)) = known.iter().find(|(m, s, _)| (*m, *s) == (method, status)) {
            counter.inc();
            return;
        }
        drop(known);
        let labels = RequestLabels { method, route: route.name.clone(), status: status.as_u16() };
        let counter = self.requests.get_or_create_owned(&labels);
        counter.inc();
        let mut known = route.counters.write().unwrap_or_else(PoisonError::into_inner);
        known.push((method, status, counter));
    }
}

fn versions() -> Vec<(&'static str, String)> {
    let card = machine::card();
    vec![
        ("version", card.filature.clone()),
        ("rustc", card.rustc.clone()),
        ("tokio", card.tokio.clone()),
        ("profile", card.build.clone()),
    ]
}

fn histogram() -> Histogram {
    Histogram::new(LATENCY_BUCKETS_S)
}

/// Requests, connections, queue, cells, samples and streams in the OpenMetrics text format.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "The metrics", body = String,
        content_type = "application/openmetrics-text"))
)]
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Answer<Response> {
    let (metrics, status) = (&app.metrics, app.lab.status());
    metrics.queued.set(status.queued as i64);
    metrics.waiting_clients.set(status.clients as i64);
    metrics.running.set(i64::from(status.running.is_some()));
    metrics.streams.set(app.streams.taken() as i64);
    let mut text = String::new();
    text::encode(&mut text, &metrics.registry).map_err(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        Failure::internal()
    })?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}
