//! One of several who use a server at the same time, each known by a cookie.

use crate::events::EventStream;
use crate::server::Server;
use reqwest::blocking::Response;
use serde_json::{Value, json};

/// A browser, as far as the server knows it.
pub struct Visitor<'a> {
    server: &'a Server,
    cookie: String,
}

impl<'a> Visitor<'a> {
    /// A visitor who comes for the first time, and gets a cookie.
    ///
    /// # Panics
    /// Where the server gives none.
    pub fn new(server: &'a Server) -> Self {
        let answer = server.get("/api/v1/machine");
        let cookie = answer.headers().get("set-cookie").expect("the first answer has a cookie");
        let cookie = cookie.to_str().expect("a cookie is text");
        let pair = cookie.split(';').next().expect("a cookie has a value");
        Self { server, cookie: pair.to_owned() }
    }

    /// A visitor who has been there before, with this cookie.
    pub fn again(server: &'a Server, cookie: &str) -> Self {
        Self { server, cookie: cookie.to_owned() }
    }

    /// The cookie, as it is sent.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Remembers one more cookie.
    pub fn add_cookie(&mut self, set_cookie: &str) {
        let pair = set_cookie.split(';').next().unwrap_or_default();
        self.cookie = format!("{}; {pair}", self.cookie);
    }

    /// Shows the teacher's token, and is the teacher from then on.
    ///
    /// # Panics
    /// Where that is not the token.
    pub fn become_teacher(&mut self, token: &str) {
        let answer = self.ask("POST", "/api/v1/teacher", Some(&json!({ "token": token })));
        assert_eq!(answer.status(), 204);
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie is text").to_owned();
        self.add_cookie(&cookie);
    }

    /// The answer to a request with this body, if any.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = self.server.request(method, path).header("Cookie", &self.cookie);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().expect("the server answers")
    }

    /// Asks for an experiment that must be accepted, and returns it.
    pub fn submit(&self, request: &Value) -> Value {
        let answer = self.ask("POST", "/api/v1/experiments", Some(request));
        let status = answer.status();
        let body: Value = answer.json().expect("the body is JSON");
        assert_eq!(status, 202, "{body}");
        body
    }

    /// Opens an event stream.
    pub fn listen(&self, query: &str) -> EventStream {
        EventStream::open_with(self.server, query, &format!("Cookie: {}\r\n", self.cookie))
    }
}
