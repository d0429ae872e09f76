//! What surrounds every route, in one layer so that a request pays for it once: who
//! may ask, a limit of time, a panic as an answer, security headers, metrics.

use super::App;
use super::problem::{Failure, MEDIA_TYPE};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest time that a request may take until its answer begins.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The API's docs page brings style elements and an icon font of its own.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the API's docs page is.
pub(super) const DOCS: &str = "/api/docs";

/// Lets a request through, or not, and finishes its answer.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let docs = request.uri().path().starts_with(DOCS);
    let method = request.method().clone();

    let allowed = app.hosts.check(&method, request.uri(), request.headers());
    let response = match allowed {
        Err(reason) => Failure::forbidden(reason).into_response(),
        Ok(()) => answer(request, next).await,
    };
    let mut response = as_problem(&method, response);
    secure(response.headers_mut(), if docs { DOCS_POLICY } else { PAGE_POLICY });
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    app.metrics.request(&method, route, response.status(), start.elapsed());
    response
}

async fn answer(request: Request, next: Next) -> Response {
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(REQUEST_TIME_MAX, answered).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            // The panic hook has logged where.
            Failure::internal().into_response()
        }
        Err(_) => Failure::of_status(
            StatusCode::REQUEST_TIMEOUT,
            format!("no answer was ready within {} s", REQUEST_TIME_MAX.as_secs()),
        )
        .into_response(),
    }
}

/// Makes a problem of an error that the framework answered with a bare status.
fn as_problem(method: &Method, response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let given = response.headers().get(header::CONTENT_TYPE);
    if !is_error || given.is_some_and(|value| value == MEDIA_TYPE) {
        return response;
    }
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            format!("this route does not take {method}; the header Allow says what it takes")
        }
        StatusCode::NOT_FOUND => "there is nothing at this path".to_owned(),
        _ => "the request cannot be answered as it is".to_owned(),
    };
    Failure::of_status(status, detail).into_response()
}

fn secure(headers: &mut HeaderMap, policy: &'static str) {
    const SAME: HeaderValue = HeaderValue::from_static("same-origin");
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), SAME);
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), SAME);
    headers.insert(
        HeaderName::from_static("cross-origin-embedder-policy"),
        HeaderValue::from_static("require-corp"),
    );
}
