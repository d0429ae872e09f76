//! The teacher's page: three small files of its own, so that the large page, which everybody
//! loads, does not carry what one person needs.

use super::App;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;

/// Where it is.
pub(super) const PAGE: &str = "/teacher";

/// The page with its files.
pub(super) fn page() -> Router<Arc<App>> {
    let file = |media_type: &'static str, text: &'static str| {
        get(move || async move {
            let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")];
            (headers, text).into_response()
        })
    };
    let html = include_str!("teacher/page.html");
    Router::new()
        .route(PAGE, file("text/html; charset=utf-8", html))
        .route(
            "/teacher/page.css",
            file("text/css; charset=utf-8", include_str!("teacher/page.css")),
        )
        .route(
            "/teacher/page.js",
            file("text/javascript; charset=utf-8", include_str!("teacher/page.js")),
        )
}
