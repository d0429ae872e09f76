//! Who asks, and what they may change. A client is known by a cookie that nobody can guess,
//! and where it sends none, by its address; the teacher by a token.

use super::App;
use super::connection::Connected;
use super::extract::Body;
use super::places;
use super::problem::{Answer, Failure};
use crate::client::Client;
use crate::lab::names::random_word;
use crate::store::Owned;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filature_core::api::{Problem, TeacherRequest};
use ring::digest::{Digest, SHA256, digest};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

/// The cookie of a client.
const SESSION: &str = "filature_session";

/// The cookie of a browser that is the teacher's.
const TEACHER: &str = "filature_teacher";

/// How many characters a session's secret has: 36 letters each, so more than 160 bits.
const SECRET_LENGTH: usize = 32;

/// How long a browser keeps its cookie: a term.
const SESSION_S: u32 = 180 * 24 * 3_600;

/// The fewest characters of a token that a teacher chooses.
pub(super) const TOKEN_LENGTH_MIN: usize = 16;

/// Whether a token may have this character: those that mean nothing in a header, a cookie or
/// an address.
pub(super) fn can_be_in_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What is needed to know who asks.
pub(super) struct Sessions {
    /// Digests are compared, so that the time it takes tells nothing of the secrets.
    token: Digest,
    /// What the teacher's cookie holds. Not the token itself: browsers show a cookie to every
    /// server on this machine, whatever its port.
    pass: String,
    /// Whether several people share this server, and each sees what is its own.
    shared: bool,
    /// Whether cookies are for HTTPS only.
    secure: bool,
}

impl Sessions {
    /// Sessions of a server with this teacher's token, which several people share or one has
    /// for itself.
    pub(super) fn new(token: &str, shared: bool, secure: bool) -> Self {
        let pass = digest(&SHA256, format!("filature teacher {token}").as_bytes());
        let pass = pass.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { token: digest(&SHA256, token.as_bytes()), pass, shared, secure }
    }

    /// The cookie by which a client is known over its requests: the one that it has, for
    /// another while, or a new one.
    pub(super) fn greeting(&self, headers: &HeaderMap) -> HeaderValue {
        let secret = session(headers).map_or_else(|| random_word(SECRET_LENGTH), str::to_owned);
        self.cookie(SESSION, &secret, SESSION_S)
    }

    fn is_token(&self, given: &str) -> bool {
        digest(&SHA256, given.as_bytes()).as_ref() == self.token.as_ref()
    }

    fn is_pass(&self, given: &str) -> bool {
        let [given, own] = [given, &self.pass].map(|text| digest(&SHA256, text.as_bytes()));
        given.as_ref() == own.as_ref()
    }

    fn is_teacher(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        bearer.is_some_and(|token| self.is_token(token))
            || cookie(headers, TEACHER).is_some_and(|pass| self.is_pass(pass))
    }

    fn cookie(&self, name: &str, value: &str, age_s: u32) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Max-Age={age_s}; Path=/; HttpOnly; SameSite=Strict{secure}");
        text.try_into().expect("a cookie is made of visible ASCII")
    }
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).map(str::trim);
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The secret that a client shows, if it can be one.
fn session(headers: &HeaderMap) -> Option<&str> {
    let secret = cookie(headers, SESSION)?;
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (secret.len() == SECRET_LENGTH && secret.bytes().all(known)).then_some(secret)
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// What it shows. Its client is made of that where it is needed: most requests are for what
    /// all may read.
    shown: Shown,
    /// Where it comes from; see [`places::whose`].
    pub(super) address: IpAddr,
    /// Whether it may change what is not its own.
    is_teacher: bool,
    /// Whether it is shown what is not its own where it does not ask for it by its id.
    pub(super) sees_all: bool,
}

#[derive(Clone, Debug)]
enum Shown {
    Secret(String),
    Address(IpAddr),
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let connected = parts.extensions.get::<Connected>();
        let peer = connected.map_or(IpAddr::from([0; 4]), |connected| connected.peer.ip());
        let secret = session(&parts.headers).map(|secret| Shown::Secret(secret.to_owned()));
        let shown = secret.unwrap_or(Shown::Address(peer));
        let is_teacher = app.sessions.is_teacher(&parts.headers);
        let sees_all = is_teacher || !app.sessions.shared;
        Ok(Self { shown, address: places::whose(peer), is_teacher, sees_all })
    }
}

impl Visitor {
    /// One of several who share a server.
    #[cfg(test)]
    pub(super) fn one(address: IpAddr, secret: &str) -> Self {
        let shown = Shown::Secret(secret.to_owned());
        Self { shown, address, is_teacher: false, sees_all: false }
    }

    /// The one whose experiments these are.
    pub(super) fn client(&self) -> Client {
        match &self.shown {
            Shown::Secret(secret) => Client::of_session(secret),
            Shown::Address(address) => Client::of_address(*address),
        }
    }

    /// Makes sure that this visitor may change what is everybody's.
    ///
    /// # Errors
    /// 403 for all but the teacher.
    pub(super) fn may_change_all(&self) -> Answer<()> {
        if self.is_teacher {
            return Ok(());
        }
        let detail = "only the teacher can cancel what others have asked for";
        Err(Failure::not_allowed(detail))
    }

    /// Makes sure that this visitor may change something; that it exists is not its business.
    ///
    /// # Errors
    /// 403 for what somebody else has asked for.
    pub(super) async fn may_change(&self, app: &App, owned: Owned, id: &str) -> Answer<()> {
        if self.is_teacher {
            return Ok(());
        }
        let refused = match app.lab.store.owner(owned, id).await? {
            None => false,
            Some(Some(owner)) => owner != self.client(),
            // Nobody noted who asked for it: then it is everybody's only where that is one.
            Some(None) => app.sessions.shared,
        };
        if !refused {
            return Ok(());
        }
        Err(Failure::not_allowed(match owned {
            Owned::Experiment => {
                "this experiment is somebody else's: only who asked for it, or the teacher, can \
                 cancel, measure or delete it"
            }
            Owned::Comparison => {
                "this comparison is somebody else's: only who asked for it, or the teacher, can \
                 cancel or delete it"
            }
        }))
    }
}

/// Makes this browser the teacher's: it may then cancel and delete everything.
#[utoipa::path(
    post, path = "/api/v1/teacher",
    operation_id = "become_teacher", tag = "clients",
    request_body = TeacherRequest,
    responses(
        (status = 204, description = "A cookie says so from now on",
            headers(("Set-Cookie" = String, description = "HttpOnly, SameSite=Strict"))),
        (status = 400, description = "The body is not JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "That is not the token", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "The body is not declared as JSON", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Fields are unknown or of a wrong type", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn become_teacher(
    State(app): State<Arc<App>>,
    Body(request): Body<TeacherRequest>,
) -> Answer<Response> {
    if !app.sessions.is_token(&request.token) {
        return Err(Failure::not_allowed(
            "that is not the teacher's token, which the server printed when it was started",
        ));
    }
    let cookie = app.sessions.cookie(TEACHER, &app.sessions.pass, SESSION_S);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Makes this browser one like all others again.
#[utoipa::path(
    delete, path = "/api/v1/teacher",
    operation_id = "leave_teacher", tag = "clients",
    responses((status = 204, description = "The cookie is gone",
        headers(("Set-Cookie" = String, description = "One that ends at once"))))
)]
pub(super) async fn leave_teacher(State(app): State<Arc<App>>) -> Response {
    let cookie = app.sessions.cookie(TEACHER, "", 0);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        [(name, HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn a_client_keeps_the_cookie_that_it_was_given() {
        let sessions = Sessions::new("the-token-of-this-test", true, true);
        let given = sessions.greeting(&HeaderMap::new());
        let given = given.to_str().unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
            assert!(given.contains(part), "{given}");
        }
        let pair = given.split(';').next().unwrap().to_owned();
        let back = HeaderValue::try_from(format!("a=b; {pair}; c=d")).unwrap();
        let headers: HeaderMap = [(header::COOKIE, back)].into_iter().collect();
        assert_eq!(session(&headers), pair.strip_prefix("filature_session="));
        assert!(sessions.greeting(&headers).to_str().unwrap().starts_with(&pair));
    }

    #[test]
    fn what_cannot_be_a_secret_is_none() {
        for line in ["", "filature_session=", "filature_session=short", "xfilature_session=x"] {
            assert_eq!(session(&headers(header::COOKIE, line)), None, "{line}");
        }
        let upper = "filature_session=ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        assert_eq!(session(&headers(header::COOKIE, upper)), None);
    }

    #[test]
    fn the_token_is_taken_from_the_header_and_from_the_cookie() {
        let sessions = Sessions::new("correct-horse-battery", true, false);
        let is_teacher = |name, value| sessions.is_teacher(&headers(name, value));
        assert!(is_teacher(header::AUTHORIZATION, "Bearer correct-horse-battery"));
        let pass = format!("filature_teacher={}", sessions.pass);
        let pass: HeaderMap = [(header::COOKIE, pass.try_into().unwrap())].into_iter().collect();
        assert!(sessions.is_teacher(&pass));
        assert!(!is_teacher(header::COOKIE, "filature_teacher=correct-horse-battery"));
        assert!(!is_teacher(header::AUTHORIZATION, "Bearer correct-horse-batter"));
        assert!(!is_teacher(header::AUTHORIZATION, "correct-horse-battery"));
        assert!(!is_teacher(header::COOKIE, "filature_teacher="));
    }
}
