//! Figures about the server itself, for Prometheus.

use super::App;
use super::events::STREAMS_MAX;
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
use std::sync::Arc;
use std::time::Duration;

/// From well below a millisecond to the limit of a request's time.
const LATENCY_BUCKETS_S: [f64; 10] =
    [0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// The registry and what is written to it here.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
    queued: Gauge,
    running: Gauge,
    streams: Gauge,
}

impl Metrics {
    /// Metrics of a server with this lab.
    pub(super) fn new(lab: &Lab) -> Self {
        let mut registry = Registry::with_prefix("filature");
        let requests = Family::default();
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        let latency = Family::new_with_constructor(latency as fn() -> Histogram);
        let help = "Time until an answer began";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, latency.clone());
        let [queued, running, streams] = [(); 3].map(|()| Gauge::default());
        registry.register("queued_experiments", "Experiments that wait", queued.clone());
        registry.register("running_experiments", "Experiments measured now", running.clone());
        registry.register("event_streams", "Event streams that are open", streams.clone());
        let counts = &lab.counts;
        registry.register("cells", "Cells by how they ended", counts.cells.clone());
        registry.register("samples_stored", "Samples stored", counts.samples.clone());
        let card = machine::card();
        let build = [
            ("version", card.filature.clone()),
            ("rustc", card.rustc.clone()),
            ("tokio", card.tokio.clone()),
            ("profile", card.build.clone()),
        ];
        registry.register("build", "Versions in this program", Info::new(build.to_vec()));
        Self { registry, requests, latency, queued, running, streams }
    }

    /// Counts a request; `route` is a pattern, so that ids do not make new series.
    pub(super) fn request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        // A client may send any word as method; only those of a route are named.
        let method = match *method {
            Method::GET | Method::HEAD | Method::POST | Method::DELETE => method.as_str(),
            _ => "other",
        };
        let (method, route) = (method.to_owned(), route.to_owned());
        self.latency
            .get_or_create(&RouteLabels { route: route.clone() })
            .observe(took.as_secs_f64());
        let labels = RequestLabels { method, route, status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }
}

fn latency() -> Histogram {
    Histogram::new(LATENCY_BUCKETS_S)
}

/// Requests, queue, cells, samples and streams in the OpenMetrics text format.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "The metrics", body = String,
        content_type = "application/openmetrics-text"))
)]
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Answer<Response> {
    let (metrics, status) = (&app.metrics, app.lab.status());
    metrics.queued.set(status.queued as i64);
    metrics.running.set(i64::from(status.running.is_some()));
    metrics.streams.set((STREAMS_MAX - app.streams.available_permits()) as i64);
    let mut text = String::new();
    text::encode(&mut text, &metrics.registry).map_err(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        Failure::internal()
    })?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}
