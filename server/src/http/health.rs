//! Whether the server lives, and what it is busy with.

use super::App;
use super::extract::fresh_json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use filature_core::api::Health;
use std::sync::Arc;

/// Liveness and the queue; answered from memory.
#[utoipa::path(
    get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "The server lives", body = Health))
)]
pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    let status = app.lab.status();
    let health = Health {
        status: "ok".to_owned(),
        queued: status.queued,
        running: status.running.is_some(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    fresh_json(health).into_response()
}
