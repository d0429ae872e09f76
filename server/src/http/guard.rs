//! What surrounds the router, in one service so that a request pays for it once: who
//! may ask, a limit of time, a panic as an answer, security headers, metrics.

use super::App;
use super::problem::{Failure, MEDIA_TYPE};
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use futures_util::{FutureExt, poll};
use http_body_util::BodyExt;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tower::Service;
use tower_http::CompressionLevel;
use tower_http::compression::Compression;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};

/// The longest time that a request may take until its answer begins, once it is there.
pub(super) const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// The smallest body that is worth compressing.
const COMPRESS_FROM_BYTES: u64 = 1024;

/// What is in every answer is made once: parsing a name or a value takes longer than adding it.
static PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The API's docs page brings an icon font of its own, and one style element within its logo,
/// which is allowed by its hash.
static DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' \
    'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; font-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const REQUIRE_CORP: HeaderValue = HeaderValue::from_static("require-corp");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const EMBEDDER_POLICY: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");

/// Where the API's docs page is.
pub(super) const DOCS: &str = "/api/docs";

/// Lets a request through, or not, and finishes its answer. One service and not a
/// stack of them: each would cost every request a clone and an allocation.
#[derive(Clone)]
pub(super) struct Guard<S> {
    app: Arc<App>,
    inner: S,
}

impl<S> Guard<S> {
    /// Guards a service of this server.
    pub(super) fn new(app: Arc<App>, inner: S) -> Self {
        Self { app, inner }
    }
}

impl<S> Service<Request> for Guard<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let start = Instant::now();
        let app = Arc::clone(&self.app);
        let path = request.uri().path();
        let policy = if path.starts_with(DOCS) { &DOCS_POLICY } else { &PAGE_POLICY };
        let route = app.metrics.route(path);
        let method = request.method().clone();
        let allowed = app.hosts.check(&method, request.uri(), request.headers());
        let time_max =
            if request.body().is_end_stream() { REQUEST_TIME_MAX } else { app.body_time_max };
        let answering = allowed.map(|()| self.answer(request));
        Box::pin(async move {
            let response = match answering {
                Ok(answering) => in_time(answering, time_max).await,
                Err(reason) => Failure::forbidden(reason).into_response(),
            };
            let mut response = as_problem(&method, response);
            secure(response.headers_mut(), policy);
            app.metrics.request(route, &method, response.status(), start.elapsed());
            Ok(response)
        })
    }
}

impl<S> Guard<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    /// The answer, compressed for those who take that.
    fn answer(
        &mut self,
        request: Request,
    ) -> Either<S::Future, impl Future<Output = Result<Response, Infallible>> + Send + use<S>> {
        if !request.headers().contains_key(header::ACCEPT_ENCODING) {
            return Either::Left(self.inner.call(request));
        }
        let worth = DefaultPredicate::new().and(SizeAbove::new(COMPRESS_FROM_BYTES));
        let mut compressing = Compression::new(self.inner.clone())
            .quality(CompressionLevel::Fastest)
            .compress_when(worth);
        let answered = compressing.call(request);
        Either::Right(async move { answered.await.map(|response| response.map(Body::new)) })
    }
}

async fn in_time(
    answering: impl Future<Output = Result<Response, Infallible>>,
    time_max: Duration,
) -> Response {
    let mut answered = pin!(AssertUnwindSafe(answering).catch_unwind());
    // Most answers are ready at once: no timer is made for these.
    let answered = match poll!(answered.as_mut()) {
        Poll::Ready(answered) => Ok(answered),
        Poll::Pending => tokio::time::timeout(time_max, answered).await,
    };
    match answered {
        Ok(Ok(Ok(response))) => response,
        // The panic hook has logged where.
        Ok(Err(_)) => Failure::internal().into_response(),
        Err(_) => Failure::of_status(
            StatusCode::REQUEST_TIMEOUT,
            format!("no answer was ready within {} s", time_max.as_secs()),
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
    let allow = response.headers().get(header::ALLOW).cloned();
    let allowed = allow.as_ref().and_then(|allow| allow.to_str().ok()).unwrap_or("other methods");
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => format!("this route takes {allowed}, not {method}"),
        StatusCode::NOT_FOUND => "there is nothing at this path".to_owned(),
        _ => "the request cannot be answered as it is".to_owned(),
    };
    let mut problem = Failure::of_status(status, detail).into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    problem
}

/// The bytes of an answer to what is no request, before a connection is closed.
pub(super) fn raw(failure: Failure) -> Vec<u8> {
    let mut response = failure.into_response();
    secure(response.headers_mut(), &PAGE_POLICY);
    let (status, headers) = (response.status(), response.headers().clone());
    let collected = response.into_body().collect().now_or_never();
    let body = collected.expect("it is in memory").expect("it cannot fail").to_bytes();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut answer = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in &headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            answer.extend_from_slice(part);
        }
    }
    let end = format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    answer.extend_from_slice(end.as_bytes());
    answer.extend_from_slice(&body);
    answer
}

fn secure(headers: &mut HeaderMap, policy: &HeaderValue) {
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::REFERRER_POLICY, NO_REFERRER);
    headers.insert(OPENER_POLICY, SAME_ORIGIN);
    headers.insert(RESOURCE_POLICY, SAME_ORIGIN);
    headers.insert(EMBEDDER_POLICY, REQUIRE_CORP);
}
