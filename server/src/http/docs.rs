//! The description of the API for machines (OpenAPI 3.1) and for people.

mod completed;

pub(super) use completed::completed;

use super::App;
use super::cached::Wanted;
use super::guard::DOCS;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Filature",
        description = "Concurrent workloads on threads, Tokio and the browser, measured honestly.\n\n\
            Errors are `application/problem+json` (RFC 9457). Requests must name this server in \
            `Host` and must not come from another site's page. An \
            experiment can be cancelled and deleted by who asked for it (a browser is known by \
            its cookie, a program without one by its address) and with the teacher's token, as \
            `Authorization: Bearer TOKEN`; everybody can read it. Whole numbers are written \
            without a fraction: `5.0` is refused.",
    ),
    tags(
        (name = "catalogue", description = "What can be run, on what, and on which machine"),
        (name = "experiments", description = "What is measured, and the history"),
        (name = "exports", description = "Experiments as files"),
        (name = "comparisons", description = "Threads against tasks: several experiments, one table"),
        (name = "browser cells", description = "For pages that measure in the browser"),
        (name = "clients", description = "Who asks, and what they may change"),
        (name = "events", description = "What happens, as it happens"),
        (name = "operation", description = "For whoever runs the server"),
    )
)]
struct Head;

/// The description without its paths.
pub(super) fn head() -> utoipa::openapi::OpenApi {
    Head::openapi()
}

/// This description.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(super) async fn openapi(State(app): State<Arc<App>>, wanted: Wanted) -> Response {
    app.description.answer(&wanted)
}

/// The page for people, from the files of Swagger UI in this program.
pub(super) fn page() -> Router<Arc<App>> {
    // Its validator would send the description to a server on the internet.
    let config = Config::from("/api/openapi.json").validator_url("none");
    SwaggerUi::new(DOCS).config(config).into()
}
