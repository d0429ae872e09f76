//! The HTTP server: the API, its description, and the page.
//!
//! - [`serve`] and `routes`: the whole route table, here on one screen.
//! - `catalogue`, `experiments`, `cells`, `exports`, `events`, `health`: the resources.
//! - `comparisons`, `comparison_files`: the same for comparisons.
//! - `session`: who asks, and what they may change.
//! - `docs`, `assets`, `teacher`: what is served as files.
//! - `guard`, `hosts`, `problem`, `extract`: what all routes share.
//! - `cached`, `metrics`: answers that are kept, figures about the server itself.

mod assets;
mod cached;
mod catalogue;
mod cells;
mod comparison_files;
mod comparisons;
mod cursor;
mod docs;
mod events;
mod experiments;
mod exports;
mod extract;
mod guard;
mod health;
mod hosts;
mod metrics;
mod problem;
mod session;
mod teacher;

use crate::lab::bus::Bus;
use crate::lab::names::random_word;
use crate::lab::queue::Lab;
use crate::settings::Settings;
use crate::store::Store;
use axum::serve::ListenerExt;
use axum::{Router, ServiceExt};
use std::future::IntoFuture;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long open connections get to end by themselves when the server is stopped.
const GRACE: Duration = Duration::from_secs(3);

/// From how many of the last experiments the server learns, when it is started, how long the
/// next ones will take.
const TIMES_MAX: u32 = 1_000;

/// What every handler may use.
pub(crate) struct App {
    lab: Arc<Lab>,
    hosts: hosts::Hosts,
    sessions: session::Sessions,
    catalogue: catalogue::Catalogue,
    description: cached::Cached,
    finished: cached::Finished,
    compared: cached::Finished,
    metrics: metrics::Metrics,
    streams: Arc<Semaphore>,
    stopping: CancellationToken,
}

/// The whole API.
fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(docs::head())
        .routes(routes!(catalogue::workloads))
        .routes(routes!(catalogue::workload))
        .routes(routes!(catalogue::executors))
        .routes(routes!(catalogue::machine))
        .routes(routes!(experiments::create, experiments::list))
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
    log();
    let stop = stop_signal()?;
    let token = token(&settings)?;
    let store = Store::open(data)?;
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error}; choose another with --listen", settings.listen)
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            "listening on {address}: everyone who reaches it can run experiments on this machine; \
             it answers under other names only if they are given with --allow-host"
        );
    }
    // Whoever reaches it from another machine is somebody else, and so may be whoever the
    // token is to be told apart from.
    let shared = !address.ip().is_loopback() || settings.admin_token.is_some();
    let lab = Lab::new(store, Arc::new(Bus::new(random_word(8))), &settings);
    let times = lab.store.times(TIMES_MAX).await.map_err(|error| error.to_string())?;
    times.iter().for_each(|(spec, took)| lab.estimator.note(spec, *took));
    let measuring = tokio::spawn(Arc::clone(&lab).run());
    let comparing = tokio::spawn(Arc::clone(&lab).run_comparisons());
    let stopping = CancellationToken::new();
    let description = routes().into_openapi();
    let app = Arc::new(App {
        sessions: session::Sessions::new(&token, shared, settings.tls.tls_cert.is_some()),
        hosts: hosts::Hosts::new(address, &settings.allowed_hosts),
        catalogue: catalogue::Catalogue::new(),
        description: cached::Cached::new(&description),
        finished: cached::Finished::default(),
        compared: cached::Finished::default(),
        metrics: metrics::Metrics::new(&lab, description.paths.paths.keys()),
        streams: Arc::new(Semaphore::new(events::STREAMS_MAX)),
        stopping: stopping.clone(),
        lab: Arc::clone(&lab),
    });

    let nodelay = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection without TCP_NODELAY");
        }
    });
    let served =
        axum::serve(nodelay, service(app).into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stopping.clone().cancelled_owned());
    let mut serving = tokio::spawn(served.into_future());
    println!("Filature is listening on http://{address}");
    if !address.ip().is_loopback() && settings.admin_token.is_none() {
        println!("The teacher's page: http://{address}{}#{token}", teacher::PAGE);
    }

    tokio::select! {
        () = stop => tracing::info!("stopping"),
        ended = &mut serving => return Err(format!("the server ended: {ended:?}")),
    }
    stopping.cancel();
    lab.close().await;
    let orderly = async {
        let _ = measuring.await;
        let _ = comparing.await;
        let _ = serving.await;
    };
    if tokio::time::timeout(GRACE, orderly).await.is_err() {
        tracing::info!("some connections were still open");
    }
    Ok(())
}

/// The teacher's token: the one that was given, or a new one.
fn token(settings: &Settings) -> Result<String, String> {
    let least = session::TOKEN_LENGTH_MIN;
    match &settings.admin_token {
        None => Ok(random_word(32)),
        Some(token) if token.len() >= least && token.bytes().all(session::can_be_in_token) => {
            Ok(token.clone())
        }
        Some(_) => Err(format!(
            "--admin-token must have at least {least} characters, all of them letters, digits, \
             `-`, `.`, `_` or `~`"
        )),
    }
}

/// Logs to stderr; stdout is for the address. `RUST_LOG` chooses what.
fn log() {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    // Already set where several servers run in one process: then that one stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// Ends with the first Ctrl-C or SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| format!("cannot listen to signals: {error}"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
