//! The stream of events: one for a whole page, resumed where it broke off.

use super::App;
use super::connection::Connected;
use super::extract::{unknown_comparison, unknown_experiment, wrong_query};
use super::places::Place;
use super::problem::{Answer, Failure};
use super::session::Visitor;
use crate::lab::bus::{Listener, Topic};
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use filature_core::api::{Event, Problem};
use futures_util::stream;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

/// A comment keeps proxies from closing a stream on which nothing happens.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Only events about this experiment.
    experiment: Option<String>,
    /// Only events about this comparison as a whole, not about its experiments.
    comparison: Option<String>,
    /// The same as the header `Last-Event-ID`, which wins.
    last_event_id: Option<String>,
}

/// What happens in the lab, as server-sent events.
///
/// Where several people share the server, each is told of what it asked for itself, unless it
/// names an experiment. The event's name is the field `event` of its data. After
/// `Last-Event-ID` the stream goes on where it broke off; where that is no longer (or never was) known, it begins
/// with the event `gap`: ask for the experiment again. The place of an experiment in the queue
/// is told when it changes, at most twice a second and without an id: of the experiment that
/// was asked for, or else of one's own. Samples of one cell come at most ten times a second. A
/// reader that is too slow also gets a `gap`, and one that takes nothing at all is hung up on.
/// A stream that has been open for long ends: resume it.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "events",
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The last event received"),
    ),
    responses(
        (status = 200, description = "The events, until either side hangs up", body = Event,
            content_type = "text/event-stream"),
        (status = 400, description = "A wrong query", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such experiment or comparison", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "This client has too many streams open", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many streams are open", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Extension(connected): Extension<Connected>,
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Answer<Response> {
    let Query(query) = query.map_err(|rejection| wrong_query(&rejection))?;
    let place = app.streams.enter(&visitor).map_err(Failure::of_streams)?;
    let about = match (&query.experiment, &query.comparison) {
        (Some(_), Some(_)) => {
            let detail = "`experiment` and `comparison` exclude each other: open two streams";
            return Err(Failure::bad_query(detail));
        }
        (experiment, comparison) => experiment.as_ref().or(comparison.as_ref()).cloned(),
    };
    // Listening begins before it is looked up, so that nothing falls between.
    let header = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?"));
    let last_id = header.or(query.last_event_id.as_deref()).filter(|id| !id.is_empty());
    let topic = match about {
        Some(id) => Topic::One(id),
        None if visitor.sees_all => Topic::All(visitor.client()),
        None => Topic::Own(visitor.client()),
    };
    let listener = app.lab.bus.listen(last_id, topic);
    if let Some(id) = query.experiment
        && app.lab.store.state(&id).await?.is_none()
    {
        return Err(unknown_experiment(&id));
    }
    if let Some(id) = query.comparison
        && app.lab.store.comparison(&id).await?.is_none()
    {
        return Err(unknown_comparison(&id));
    }
    let stopping = app.stopping.clone();
    let stream =
        Stream { listener, stopping, greeted: false, until: connected.until, _place: place };
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(stream::unfold(stream, Stream::next))).into_response())
}

struct Stream {
    listener: Listener,
    stopping: CancellationToken,
    greeted: bool,
    until: Instant,
    _place: Place,
}

impl Stream {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if !self.greeted {
            self.greeted = true;
            // The id lets a reader resume even if it breaks off before the first event.
            let id = self.listener.last_id().map_or_else(String::new, |id| format!("id: {id}\n"));
            let greeting = format!("retry: 1000\n{id}\n");
            return Some((Ok(greeting.into()), self));
        }
        let text = tokio::select! {
            () = self.stopping.cancelled() => return None,
            () = sleep_until(self.until) => return None,
            text = self.listener.next() => text,
            () = tokio::time::sleep(KEEP_ALIVE_EVERY) => Bytes::from_static(b": still here\n\n"),
        };
        Some((Ok(text), self))
    }
}
