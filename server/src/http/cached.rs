//! Answers that are made once and served many times, with an `ETag` each.

use super::heavy::{Heavy, Large};
use super::problem::Answer;
use super::session::Visitor;
use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use lru::LruCache;
use serde::Serialize;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// JSON text with its tag.
#[derive(Clone)]
pub(super) struct Cached {
    json: Bytes,
    /// The same, compressed as well as can be; empty until and unless that is done.
    brotli: Arc<OnceLock<Bytes>>,
    tag: HeaderValue,
}

/// What a client has and takes.
pub(super) struct Wanted {
    /// The tags of the answers that it has, as its `If-None-Match` headers give them.
    tags: Vec<HeaderValue>,
    /// Whether it takes brotli.
    brotli: bool,
}

impl Wanted {
    /// The whole, as it is.
    pub(super) const ANEW: Self = Self { tags: Vec::new(), brotli: false };
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let codings = parts.headers.get_all(header::ACCEPT_ENCODING);
        let mut codings = codings.iter().filter_map(|value| value.to_str().ok());
        Ok(Self {
            tags: parts.headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect(),
            // A client that weighs them gets what is compressed for it alone.
            brotli: codings.any(|all| all.split(',').any(|coding| coding.trim() == "br")),
        })
    }
}

/// Enough for the headers here and those that every answer gets, so that the map never
/// grows: under load, its allocations were most of what an answer cost.
const HEADERS_MAX: usize = 12;

const BROTLI: HeaderValue = HeaderValue::from_static("br");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

impl Cached {
    /// The answer that carries `value`.
    pub(super) fn new<T: Serialize>(value: &T) -> Self {
        let json = serde_json::to_vec(value).expect("wire types are plain data");
        let mut hasher = DefaultHasher::new();
        hasher.write(&json);
        // Weak, since a compressed body is the same answer in other bytes.
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        let tag = HeaderValue::try_from(tag).expect("hexadecimal digits are a header value");
        Self { json: json.into(), brotli: Arc::default(), tag }
    }

    /// Compresses it as well as can be, for all who will get it from now on. That takes a
    /// moment: until it is done, each gets what is compressed for it alone.
    pub(super) fn compress(&self) {
        self.brotli.get_or_init(|| compressed(&self.json));
    }

    /// The answer, or 304 to a client that has it.
    pub(super) fn answer(&self, wanted: &Wanted) -> Response {
        let known = wanted.tags.iter().any(|tags| self.is_in(tags));
        let brotli = self.brotli.get().filter(|_| wanted.brotli && !known);
        let body = brotli.unwrap_or(&self.json);
        let mut response = Response::new(if known { Body::empty() } else { body.clone().into() });
        let mut headers = HeaderMap::with_capacity(HEADERS_MAX);
        if brotli.is_some() {
            headers.insert(header::CONTENT_ENCODING, BROTLI);
            headers.insert(header::VARY, BY_ENCODING);
        }
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, NO_CACHE);
        *response.headers_mut() = headers;
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if Heavy::is_heavy(self.json.len()) {
            // Who takes it slowly would hold it long after it is kept no more.
            response.extensions_mut().insert(Large);
        }
        response
    }

    /// The same as [`Self::answer`], of one that may be large.
    ///
    /// # Errors
    /// 503 where a large one has no place.
    pub(super) fn answer_in_place(
        &self,
        heavy: &Heavy,
        visitor: &Visitor,
        wanted: &Wanted,
    ) -> Answer<Response> {
        let answer = self.answer(wanted);
        if answer.status() != StatusCode::OK || !Heavy::is_heavy(self.json.len()) {
            return Ok(answer);
        }
        heavy.answer(visitor, answer.into_parts().0.headers, self.json.clone())
    }

    fn is_in(&self, tags: &HeaderValue) -> bool {
        let Ok(tags) = tags.to_str() else {
            return false;
        };
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = opaque(self.tag.to_str().unwrap_or_default());
        tags.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == own)
    }
}

fn compressed(json: &[u8]) -> Bytes {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
    writer.write_all(json).expect("a vector takes every byte");
    writer.into_inner().into()
}

/// The most bytes of finished experiments, or comparisons, that are kept.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// Finished experiments or comparisons, which no longer change: those asked for last are kept.
pub(super) struct Finished {
    kept: Mutex<Kept>,
}

struct Kept {
    answers: LruCache<String, Cached>,
    bytes: usize,
    removals: u64,
}

impl Default for Finished {
    fn default() -> Self {
        Self { kept: Mutex::new(Kept { answers: LruCache::unbounded(), bytes: 0, removals: 0 }) }
    }
}

impl Finished {
    /// The answer that was kept for this experiment.
    pub(super) fn get(&self, id: &str) -> Option<Cached> {
        self.lock().answers.get(id).cloned()
    }

    /// How many experiments have been removed; see [`Self::put`].
    pub(super) fn removals(&self) -> u64 {
        self.lock().removals
    }

    /// Keeps an answer, and lets go of the oldest where there are too many bytes. It is
    /// not kept if something was removed since it was read (when there were `removals`):
    /// that may have been this very experiment.
    pub(super) fn put(&self, removals: u64, id: String, answer: Cached) {
        let mut kept = self.lock();
        if kept.removals != removals {
            return;
        }
        kept.bytes += answer.json.len();
        if let Some(former) = kept.answers.put(id, answer) {
            kept.bytes -= former.json.len();
        }
        while kept.bytes > BYTES_MAX {
            let Some((_, oldest)) = kept.answers.pop_lru() else { break };
            kept.bytes -= oldest.json.len();
        }
    }

    /// Forgets an experiment that was deleted.
    pub(super) fn remove(&self, id: &str) {
        let mut kept = self.lock();
        kept.removals += 1;
        if let Some(removed) = kept.answers.pop(id) {
            kept.bytes -= removed.json.len();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "cached_tests.rs"]
mod tests;
