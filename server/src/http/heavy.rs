//! Answers that are made for one request alone and may be large. Whoever asks for many of
//! them and reads none must not fill the memory: only so many exist at a time.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many such answers may exist at a time. The largest experiment makes one of some 20 MB.
const ANSWERS_MAX: usize = 8;

/// From this size on an answer counts. A smaller one fits into what the kernel keeps of a
/// connection anyway.
const HEAVY_FROM_BYTES: usize = 256 * 1024;

/// How much of such an answer is handed over at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// The places for large answers.
pub(super) struct Heavy(Arc<Semaphore>);

/// A place for one.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Default for Heavy {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ANSWERS_MAX)))
    }
}

impl Heavy {
    /// Waits for a place, as long as a request may take.
    pub(super) async fn place(&self) -> Place {
        let permit = Arc::clone(&self.0).acquire_owned().await;
        Place { _permit: permit.expect("it is never closed") }
    }

    /// Whether an answer is so large that it needs a place.
    pub(super) fn is_heavy(bytes: usize) -> bool {
        bytes >= HEAVY_FROM_BYTES
    }
}

impl Place {
    /// An answer that keeps this place until its client has taken all but the last of it.
    pub(super) fn answer(self, headers: HeaderMap, body: Bytes) -> Response {
        let mut headers = headers;
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        let body = if Heavy::is_heavy(body.len()) {
            // In pieces: the whole would be handed over, and the place given back, at once.
            Body::from_stream(stream::unfold((body, self), |(mut rest, place)| async {
                let piece = rest.split_to(PIECE_BYTES.min(rest.len()));
                (!piece.is_empty()).then_some((Ok::<_, Infallible>(piece), (rest, place)))
            }))
        } else {
            body.into()
        };
        let mut response = Response::new(body);
        *response.headers_mut() = headers;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_large_answer_keeps_its_place_until_it_was_taken() {
        let heavy = Heavy::default();
        let large = Bytes::from(vec![b'x'; HEAVY_FROM_BYTES + 1]);
        let answer = heavy.place().await.answer(HeaderMap::new(), large.clone());
        assert_eq!(heavy.0.available_permits(), ANSWERS_MAX - 1);
        let taken = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert_eq!(taken, large);
        assert_eq!(heavy.0.available_permits(), ANSWERS_MAX);
    }

    #[tokio::test]
    async fn a_small_one_and_one_that_is_dropped_keep_none() {
        let heavy = Heavy::default();
        let _small = heavy.place().await.answer(HeaderMap::new(), Bytes::from_static(b"x"));
        let large = Bytes::from(vec![b'x'; HEAVY_FROM_BYTES]);
        drop(heavy.place().await.answer(HeaderMap::new(), large));
        assert_eq!(heavy.0.available_permits(), ANSWERS_MAX);
    }
}
