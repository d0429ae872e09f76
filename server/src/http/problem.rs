//! Errors as `application/problem+json` (RFC 9457). Each kind of problem is made in one
//! place here; handlers return [`Failure`] and never build a status by hand.

use super::places::Full;
use crate::lab::desk::Denied;
use crate::lab::slot::Refused;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filature_core::FieldError;
use filature_core::api::Problem;
use std::time::Duration;

/// The media type of every error.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// What a handler returns.
pub(super) type Answer<T> = Result<T, Failure>;

/// A problem on its way to the client.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_s: Option<u64>,
}

impl Failure {
    fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self { status, kind, title, detail, errors: Vec::new(), retry_after_s: None }
    }

    /// 400: the request cannot be understood.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request is malformed", detail)
    }

    /// 400: a part of the query string is wrong.
    pub(super) fn bad_query(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-query", "The query is invalid", detail)
    }

    /// 403: the request comes from where it must not.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        let title = "This server does not answer that";
        Self::new(StatusCode::FORBIDDEN, "forbidden", title, detail)
    }

    /// 403: only somebody else may do that.
    pub(super) fn not_allowed(detail: impl Into<String>) -> Self {
        let title = "Only somebody else may do that";
        Self::new(StatusCode::FORBIDDEN, "not-allowed", title, detail)
    }

    /// 404: there is no such thing.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// 409: the thing is not in a state for that.
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Not possible in this state", detail)
    }

    /// 422: fields are wrong; each says how.
    pub(super) fn invalid(errors: Vec<FieldError>) -> Self {
        let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
        let detail = details.join("; ");
        let (status, title) = (StatusCode::UNPROCESSABLE_ENTITY, "The request has invalid fields");
        Self { errors, ..Self::new(status, "invalid-params", title, detail) }
    }

    /// 429: a limit of what may wait is reached; there may be a place again after this time.
    fn too_many(detail: impl Into<String>, retry_after: Duration) -> Self {
        let (status, title) = (StatusCode::TOO_MANY_REQUESTS, "Too many are waiting");
        // Who comes at once would meet what is just ending.
        let seconds = retry_after.as_secs_f64().ceil() as u64;
        let retry_after_s = Some(seconds.clamp(1, 3_600));
        Self { retry_after_s, ..Self::new(status, "queue-full", title, detail) }
    }

    /// Why no further event stream is opened.
    pub(super) fn of_streams(full: Full) -> Self {
        match full {
            Full::All(most) => Self::unavailable(format!(
                "{most} event streams are open, which is the limit (--streams-max)"
            )),
            Full::Address(most) => Self::unavailable(format!(
                "{most} event streams are open at your address, which may have that many of \
                 all (--streams-max)"
            )),
            Full::Client(most) => {
                let title = "Too many streams are open";
                let detail = format!(
                    "this client has {most} event streams open, which is the limit \
                     (--streams-client-max); close one"
                );
                let status = StatusCode::TOO_MANY_REQUESTS;
                let retry_after_s = Some(5);
                Self { retry_after_s, ..Self::new(status, "too-many-streams", title, detail) }
            }
        }
    }

    /// Why a comparison was not taken.
    pub(super) fn of_comparison(refused: Refused) -> Self {
        match refused {
            Refused::Full { own, limit, retry_after } => {
                let whose = if own { " of yours" } else { "" };
                let detail = format!(
                    "{limit} comparisons{whose} are waiting, which is the limit; try again when \
                     one has ended"
                );
                Self::too_many(detail, retry_after)
            }
            other => other.into(),
        }
    }

    /// 500: an error in this program; the log says more.
    pub(super) fn internal() -> Self {
        let detail = "an error in Filature itself; its log says more";
        let title = "Filature failed";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title, detail)
    }

    /// 503: not now.
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        let (status, title) = (StatusCode::SERVICE_UNAVAILABLE, "Not available right now");
        let retry_after_s = Some(5);
        Self { retry_after_s, ..Self::new(status, "unavailable", title, detail) }
    }

    /// The problem of a response that the framework made with a bare status.
    pub(super) fn of_status(status: StatusCode, detail: impl Into<String>) -> Self {
        let (kind, title) = match status {
            StatusCode::BAD_REQUEST => ("bad-request", "The request is malformed"),
            StatusCode::NOT_FOUND => ("not-found", "There is no such thing"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method-not-allowed", "This route does not take that method")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "The body is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported-media-type", "The body is not JSON")
            }
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => {
                ("too-large", "The head of the request is too large")
            }
            StatusCode::REQUEST_TIMEOUT => ("timeout", "The request took too long"),
            StatusCode::INSUFFICIENT_STORAGE => ("disk-full", "The server's disk is full"),
            _ => ("error", status.canonical_reason().unwrap_or("The request failed")),
        };
        Self::new(status, kind, title, detail)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the history failed");
        if error.disk_full {
            let detail = "nothing was stored: free some space on the disk of the data folder";
            return Self::of_status(StatusCode::INSUFFICIENT_STORAGE, detail);
        }
        Self::internal()
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full { own, limit, retry_after } => {
                let detail = if own {
                    format!(
                        "{limit} experiments of yours are waiting, which is the limit \
                         (--queue-client-max); try again when one has ended"
                    )
                } else {
                    format!(
                        "{limit} experiments are waiting, which is the limit (--queue-max); try \
                         again when one has ended"
                    )
                };
                Self::too_many(detail, retry_after)
            }
            Refused::Closing => Self::unavailable("the server is being stopped"),
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Conflict(detail) => Self::conflict(detail),
            Denied::Invalid(errors) => Self::invalid(errors),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: format!("/problems/{}", self.kind),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            errors: self.errors,
        };
        let json = serde_json::to_vec(&problem).expect("a problem is plain data");
        let mut response = (self.status, json).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
