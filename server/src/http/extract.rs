//! What handlers take from a request, each with its own problem when it is not there.

mod distinct;

use super::problem::Failure;
use axum::body::HttpBody;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::{BoxError, Json};
use distinct::Distinct;
use filature_core::FieldError;
use filature_core::api::limits;
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use std::error::Error;
use std::io;

/// A JSON body, every field of which is known and of the right type.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(Failure::of_status(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send the body with Content-Type: application/json",
            ));
        }
        let most = limits::BODY_BYTES_MAX;
        // What is announced as too large need not be waited for.
        if request.body().size_hint().lower() > most as u64 {
            return Err(too_large());
        }
        let bytes = axum::body::to_bytes(request.into_body(), most).await.map_err(unread)?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn unread(error: axum::Error) -> Failure {
    let error = error.into_inner();
    if error.is::<LengthLimitError>() {
        return too_large();
    }
    if let Some(late) = timed_out(&error) {
        return Failure::of_status(StatusCode::REQUEST_TIMEOUT, late.to_string());
    }
    Failure::bad_request("the body ended before it was complete")
}

/// The error of a body that was not there in time, somewhere within this one.
fn timed_out(error: &BoxError) -> Option<&io::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error.as_ref());
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        if let Some(late) = io.filter(|error| error.kind() == io::ErrorKind::TimedOut) {
            return Some(late);
        }
        cause = error.source();
    }
    None
}

fn too_large() -> Failure {
    let most = limits::BODY_BYTES_MAX;
    let detail = format!("a body may have at most {most} bytes");
    Failure::of_status(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    read::<Distinct>(bytes)?;
    // Serde would take an array for a struct as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        let detail = "the body must be a JSON object";
        return Err(Failure::invalid(vec![FieldError::new("", detail)]));
    }
    read(bytes)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let broken = |error| Failure::bad_request(format!("the body is not JSON: {error}"));
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        if error.is_data() { wrong_field(pointer, &error.to_string()) } else { broken(error) }
    })?;
    deserializer.end().map_err(broken)?;
    Ok(value)
}

/// Says in the API's words what serde says in Rust's.
fn wrong_field(mut pointer: String, message: &str) -> Failure {
    // Who is told the field does not need the place in the text.
    let detail = message.split(" at line ").next().unwrap_or(message);
    let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    if let Some(name) = missing {
        pointer = format!("{pointer}/{name}");
    }
    let number = "expected a whole number, 0 or more";
    let detail = ["expected u32", "expected u64", "expected usize"]
        .iter()
        .fold(detail.to_owned(), |detail, rust| detail.replace(rust, number));
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let named = name.is_empty() || detail.contains(&format!("`{name}`"));
    let detail = if named { detail } else { format!("`{}`: {detail}", &pointer[1..]) };
    Failure::invalid(vec![FieldError::new(pointer, detail)])
}

/// The JSON pointer (RFC 6901) of the field that is wrong.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let tokens = path.iter().map(|segment| match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => "?".to_owned(),
    });
    tokens.fold(String::new(), |pointer, token| format!("{pointer}/{}", cut(&token)))
}

/// A query string that does not fit.
pub(super) fn wrong_query(rejection: &QueryRejection) -> Failure {
    let text = rejection.body_text();
    let detail = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
    Failure::bad_query(detail)
}

/// The id of an experiment in the path. One that cannot exist is not looked for.
pub(super) struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Ok(Path(id)) = Path::<String>::from_request_parts(parts, state).await else {
            return Err(unknown_experiment(""));
        };
        checked(id).map(Self)
    }
}

/// The id of a comparison in the path. One that cannot exist is not looked for.
pub(super) struct ComparisonId(pub String);

impl ComparisonId {
    /// An id that can exist.
    ///
    /// # Errors
    /// 404 for any other.
    pub(super) fn checked(id: String) -> Result<String, Failure> {
        if can_be(&id) { Ok(id) } else { Err(unknown_comparison(&id)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ComparisonId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Ok(Path(id)) = path else { return Err(unknown_comparison("")) };
        Self::checked(id).map(Self)
    }
}

/// The id of an experiment and the index of one of its cells in the path.
pub(super) struct IdAndCell(pub String, pub usize);

impl<S: Send + Sync> FromRequestParts<S> for IdAndCell {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Ok(Path((id, cell))) = path else {
            return Err(unknown_experiment(""));
        };
        let id = checked(id)?;
        let index = cell.parse().ok().filter(|index| *index < limits::CELLS_MAX);
        index.map(|index| Self(id, index)).ok_or_else(|| unknown_cell(&cell))
    }
}

fn checked(id: String) -> Result<String, Failure> {
    if can_be(&id) { Ok(id) } else { Err(unknown_experiment(&id)) }
}

fn can_be(id: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !id.is_empty() && id.len() <= 64 && id.bytes().all(known)
}

/// 404 for an experiment.
pub(super) fn unknown_experiment(id: &str) -> Failure {
    Failure::not_found(format!("there is no experiment \"{}\"", cut(id)))
}

/// 404 for a comparison.
pub(super) fn unknown_comparison(id: &str) -> Failure {
    Failure::not_found(format!("there is no comparison \"{}\"", cut(id)))
}

/// 404 for a cell.
pub(super) fn unknown_cell(cell: &str) -> Failure {
    Failure::not_found(format!("the experiment has no cell \"{}\"", cut(cell)))
}

/// A client's text for an error message: short, whatever was sent.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A JSON answer that must not be cached.
pub(super) fn fresh_json<T: Serialize>(
    value: T,
) -> ([(header::HeaderName, &'static str); 1], Json<T>) {
    ([(header::CACHE_CONTROL, "no-store")], Json(value))
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
