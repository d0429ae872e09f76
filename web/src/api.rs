//! Talking to the server: requests that answer JSON, and what can go wrong with them.

use crate::dom::window;
use crate::from_js::{self, FromJs};
use filature_core::api::Problem;
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The server cannot be reached.
    Unreachable,
    /// The server refused, and says why.
    Problem(Box<Problem>),
    /// The server answered something that this page does not understand.
    Unexpected(String),
}

impl Failure {
    /// What to tell the reader.
    pub fn text(&self) -> String {
        match self {
            Self::Unreachable => "The server cannot be reached.".to_owned(),
            Self::Problem(problem) => problem.detail.clone(),
            Self::Unexpected(what) => format!("The server's answer makes no sense here: {what}"),
        }
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            Self::Unreachable | Self::Unexpected(_) => None,
        }
    }
}

/// `GET path`.
///
/// # Errors
/// See [`Failure`].
pub async fn get<T: FromJs>(path: &str) -> Result<T, Failure> {
    parsed(&send("GET", path, None).await?)
}

/// `GET path` as it comes.
///
/// # Errors
/// See [`Failure`].
pub async fn text(path: &str) -> Result<String, Failure> {
    send("GET", path, None).await
}

/// `POST path` with a JSON body, for a JSON answer.
///
/// # Errors
/// See [`Failure`].
pub async fn post<T: FromJs>(path: &str, body: &impl Serialize) -> Result<T, Failure> {
    parsed(&send("POST", path, Some(&written(body))).await?)
}

/// `POST path` with a text that should be JSON, for a JSON answer.
///
/// # Errors
/// See [`Failure`].
pub async fn post_text<T: FromJs>(path: &str, text: &str) -> Result<T, Failure> {
    parsed(&send("POST", path, Some(text)).await?)
}

/// `POST path` with a JSON body, for no answer but success.
///
/// # Errors
/// See [`Failure`].
pub async fn tell(path: &str, body: &impl Serialize) -> Result<(), Failure> {
    send("POST", path, Some(&written(body))).await.map(drop)
}

/// `DELETE path`.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(path: &str) -> Result<(), Failure> {
    send("DELETE", path, None).await.map(drop)
}

fn written(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("wire types have names for keys and finite numbers")
}

fn parsed<T: FromJs>(text: &str) -> Result<T, Failure> {
    from_js::parse(text)
        .map_err(|field| Failure::Unexpected(format!("`{field}` is not as expected")))
}

/// Boxed: the requests for each type of answer would else have a copy of it inside.
fn send<'a>(
    method: &'a str,
    path: &'a str,
    body: Option<&'a str>,
) -> Pin<Box<dyn Future<Output = Result<String, Failure>> + 'a>> {
    Box::pin(async move {
        let (status, text) =
            exchange(method, path, body).await.map_err(|_| Failure::Unreachable)?;
        if (200..300).contains(&status) {
            return Ok(text);
        }
        Err(match from_js::parse::<Problem>(&text) {
            Ok(problem) => Failure::Problem(Box::new(problem)),
            Err(_) => Failure::Unexpected(format!("status {status}")),
        })
    })
}

async fn exchange(method: &str, path: &str, body: Option<&str>) -> Result<(u16, String), JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    if let Some(body) = body {
        let headers = web_sys::Headers::new()?;
        headers.set("content-type", "application/json")?;
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(body));
    }
    let response: Response =
        JsFuture::from(window().fetch_with_str_and_init(path, &init)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

/// Starts something that goes on beside everything else.
pub fn start(task: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(Box::pin(task) as Pin<Box<dyn Future<Output = ()>>>);
}

/// Waits without blocking the page.
pub async fn sleep(duration: Duration) {
    let millis = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        // A window that cannot set a timer has gone away, and this future with it.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    });
    let _ = JsFuture::from(promise).await;
}
