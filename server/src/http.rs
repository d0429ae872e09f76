//! The HTTP server: the API, its description, and the page.
//!
//! - [`serve`] and `routes`: the whole route table, here on one screen.
//! - `catalogue`, `experiments`, `cells`, `exports`, `events`, `health`: the resources.
//! - `comparisons`, `comparison_files`: the same for comparisons.
//! - `session`: who asks, and what they may change.
//! - `docs`, `assets`, `teacher`: what is served as files.
//! - `guard`, `hosts`, `problem`, `extract`: what all routes share.
//! - `listen`, `connection`, `watch`, `socket`, `tls`, `places`: what carries the requests,
//!   and its limits.
//! - `start`, `stop`: what is said at the beginning, and what ends it.
//! - `cached`, `heavy`, `metrics`: answers that are kept or are large, figures about the server itself.

mod assets;
mod cached;
mod catalogue;
mod cells;
mod comparison_files;
mod comparisons;
mod connection;
mod cursor;
mod docs;
mod events;
mod experiments;
mod exports;
mod extract;
mod guard;
mod health;
mod heavy;
mod hosts;
mod listen;
mod metrics;
mod places;
mod problem;
mod session;
mod socket;
mod start;
mod stop;
mod teacher;
mod tls;
mod watch;

use crate::lab::budgets;
use crate::lab::bus::Bus;
use crate::lab::names::random_word;
use crate::lab::queue::Lab;
use crate::settings::Settings;
use crate::store::Store;
use axum::Router;
use filature_core::api::Budget;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long the lab gets at least to write down what a stopped server has interrupted.
const LAB_TIME: Duration = Duration::from_secs(5);

/// How long closing the history may take; one that was not closed is whole as well.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// From how many of the last experiments the server learns, when it is started, how long the
/// next ones will take.
const TIMES_MAX: u32 = 1_000;

/// What every handler may use.
pub(crate) struct App {
    lab: Arc<Lab>,
    hosts: hosts::Hosts,
    sessions: session::Sessions,
    catalogue: catalogue::Catalogue,
    /// What clients may ask for.
    budgets: Vec<Budget>,
    description: cached::Cached,
    finished: cached::Finished,
    compared: cached::Finished,
    heavy: heavy::Heavy,
    /// Held by who counts the imported comparisons and adds one.
    importing: tokio::sync::Mutex<()>,
    metrics: metrics::Metrics,
    streams: Arc<places::Places>,
    /// The longest time that a request with a body may take until its answer begins.
    body_time_max: Duration,
    stopping: CancellationToken,
}

/// The whole API.
fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(docs::head())
        .routes(routes!(catalogue::workloads))
        .routes(routes!(catalogue::workload))
        .routes(routes!(catalogue::executors))
        .routes(routes!(catalogue::machine))
        .routes(routes!(experiments::create, experiments::list, experiments::cancel_queue))
        .routes(routes!(experiments::get, experiments::delete))
        .routes(routes!(exports::json))
        .routes(routes!(exports::csv))
        .routes(routes!(exports::report))
        .routes(routes!(comparisons::create, comparisons::list))
        .routes(routes!(comparisons::last))
        .routes(routes!(comparisons::import))
        .routes(routes!(comparisons::get, comparisons::delete))
        .routes(routes!(comparison_files::json))
        .routes(routes!(comparison_files::csv))
        .routes(routes!(comparison_files::markdown))
        .routes(routes!(comparison_files::report))
        .routes(routes!(comparison_files::table))
        .routes(routes!(comparison_files::advice))
        .routes(routes!(cells::claim))
        .routes(routes!(cells::report))
        .routes(routes!(session::become_teacher, session::leave_teacher))
        .routes(routes!(events::events))
        .routes(routes!(health::health))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::openapi))
}

fn service(app: Arc<App>) -> guard::Guard<Router> {
    let (router, _) = routes().split_for_parts();
    let router = router
        .merge(docs::page())
        .merge(teacher::page())
        .fallback(assets::asset)
        .with_state(Arc::clone(&app));
    guard::Guard::new(app, router)
}

/// Serves until Ctrl-C or SIGTERM, with the history in the folder `data`.
///
/// # Errors
/// Why the server could not start, in one sentence.
pub async fn serve(settings: Settings, data: &Path) -> Result<(), String> {
    start::log(settings.log_format);
    let mut signals = stop::Signals::new()?;
    let tls = tls::Tls::new(&settings.tls)?;
    let token = start::token(&settings)?;
    let store = Store::open(data)?.keeping(settings.history.keep);
    let listener = listen::bind(settings.listen).map_err(|error| {
        format!("cannot listen on {}: {error}; choose another with --listen", settings.listen)
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let lab = Lab::new(store, Arc::new(Bus::new(random_word(8))), &settings);
    match lab.store.times(TIMES_MAX).await {
        Ok(times) => times.iter().for_each(|(spec, took)| lab.estimator.note(spec, *took)),
        Err(error) => tracing::error!(%error, "waits cannot be foretold from the history"),
    }
    let stopping = CancellationToken::new();
    let connections = Arc::new(listen::Connections::new(settings.connections.connections_max));
    let app = app(&settings, address, &token, &lab, &connections, &stopping);
    let caches = Arc::downgrade(&app);
    lab.store.when_removed(move |removed| {
        let Some(app) = caches.upgrade() else { return };
        removed.experiments.iter().for_each(|id| app.finished.remove(id));
        removed.comparisons.iter().for_each(|id| app.compared.remove(id));
    });
    // Polled here, by the main thread alone: it is the one that does not step back, and what it
    // starts does not either.
    let mut measuring = pin!(Arc::clone(&lab).run());
    let comparing = tokio::spawn(Arc::clone(&lab).run_comparisons());
    let text = start::text(address, &settings, &app.hosts, &token);
    let times = watch::Times::new(&settings.connections);
    let serving = Arc::new(connection::Serving { guard: service(app), times, tls });
    let accepting = listen::accept(listener, serving, Arc::clone(&connections), stopping.clone());
    let mut accepting = tokio::spawn(accepting);
    let mut stdout = std::io::stdout();
    // A reader that has gone away has read all that it wanted.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());

    tokio::select! {
        () = signals.next() => tracing::info!("stopping"),
        () = &mut measuring => return Err("the lab ended".to_owned()),
        ended = &mut accepting => return Err(format!("the server ended: {ended:?}")),
    }
    signals.end_at_next();
    stopping.cancel();
    let stop_time = Duration::from_secs(settings.stop_time_s);
    let lab_ends = async {
        tokio::join!(lab.close(), measuring);
        let _ = comparing.await;
    };
    let connections_end = async {
        let _ = accepting.await;
        connections.finish().await;
    };
    let (lab_ended, connections_ended) = tokio::join!(
        timeout(stop_time.max(LAB_TIME), lab_ends),
        timeout(stop_time, connections_end)
    );
    if lab_ended.is_err() {
        tracing::warn!("what was measured did not end in time; it is `interrupted`");
    }
    if connections_ended.is_err() {
        tracing::info!("some connections were still open");
    }
    if timeout(CLOSE_TIME, lab.store.close()).await.is_err() {
        tracing::warn!("the history was not closed in time; the next start checks it");
    }
    Ok(())
}

fn app(
    settings: &Settings,
    address: SocketAddr,
    token: &str,
    lab: &Arc<Lab>,
    connections: &listen::Connections,
    stopping: &CancellationToken,
) -> Arc<App> {
    let description = routes().into_openapi();
    let limits = &settings.connections;
    let streams = places::Places::new(limits.streams_max, limits.streams_client_max);
    // Several people: those of other machines, those behind a proxy that brings a name of its
    // own, and those from whom a teacher is told apart.
    let shared = !address.ip().is_loopback()
        || !settings.allowed_hosts.is_empty()
        || settings.admin_token.is_some();
    let secure = settings.tls.tls_cert.is_some();
    Arc::new(App {
        sessions: session::Sessions::new(token, shared, secure),
        hosts: hosts::Hosts::new(address, &start::own_addresses(address), &settings.allowed_hosts),
        catalogue: catalogue::Catalogue::new(),
        budgets: budgets::published(settings),
        description: cached::Cached::new(&docs::completed(&description)),
        finished: cached::Finished::default(),
        compared: cached::Finished::default(),
        heavy: heavy::Heavy::default(),
        importing: tokio::sync::Mutex::default(),
        metrics: metrics::Metrics::new(lab, connections, description.paths.paths.keys()),
        streams: Arc::new(streams),
        body_time_max: Duration::from_secs(limits.body_time_s) + guard::REQUEST_TIME_MAX,
        stopping: stopping.clone(),
        lab: Arc::clone(lab),
    })
}
