//! Answers that may be large, made for one request or kept. Whoever asks for many of them
//! and reads none must fill neither the memory nor the time of the server: only some
//! are made at a time, only some exist at a time, and each must be taken in time.

use super::places::{Full, Place, Places};
use super::problem::{Answer, Failure};
use super::session::Visitor;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use std::convert::Infallible;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;

/// How many such answers may exist at a time. The largest experiment makes one of some 20 MB.
const ANSWERS_MAX: usize = 8;

/// How many of them may be of one client.
const ANSWERS_CLIENT_MAX: usize = 2;

/// How many answers are made at a time, of those that may become large. It takes the time of
/// a core, which measuring needs as well.
const MAKING_MAX: usize = 4;

/// How many of them for one client. What waits for its turn has not been read yet.
const MAKING_CLIENT_MAX: usize = 2;

/// From this size on an answer counts. A smaller one fits into what the kernel keeps of a
/// connection anyway.
const HEAVY_FROM_BYTES: usize = 256 * 1024;

/// How much of such an answer is handed over at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Marks a response whose client has only so much time to take it; its extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Large;

/// The places for large answers, and the turns to make them.
pub(super) struct Heavy {
    places: Arc<Places>,
    making: Arc<Places>,
}

/// The turn of one that is read and written out.
pub(super) struct Turn {
    _place: Place,
}

impl Default for Heavy {
    fn default() -> Self {
        Self {
            places: Arc::new(Places::new(ANSWERS_MAX, ANSWERS_CLIENT_MAX)),
            making: Arc::new(Places::new(MAKING_MAX, MAKING_CLIENT_MAX)),
        }
    }
}

impl Heavy {
    /// Waits until one more may be made for this visitor.
    pub(super) async fn turn(&self, visitor: &Visitor) -> Turn {
        loop {
            // Waiting begins before it is looked, so that no turn is missed.
            let mut freed = pin!(self.making.freed().notified());
            freed.as_mut().enable();
            if let Ok(_place) = self.making.enter(visitor) {
                return Turn { _place };
            }
            freed.await;
        }
    }

    /// An answer. A large one keeps a place until its client has taken all but the last of it.
    ///
    /// # Errors
    /// 503 where there is no place. Waiting for one would hold the answer in memory meanwhile.
    pub(super) fn answer(
        &self,
        visitor: &Visitor,
        headers: HeaderMap,
        body: Bytes,
    ) -> Answer<Response> {
        let mut headers = headers;
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        let is_heavy = Self::is_heavy(body.len());
        let body = if is_heavy {
            let place = self.places.enter(visitor).map_err(|full| refused(&full))?;
            // In pieces: the whole would be handed over, and the place given back, at once.
            let pieces = stream::unfold((body, place), |(mut rest, place)| async {
                let piece = rest.split_to(PIECE_BYTES.min(rest.len()));
                (!piece.is_empty()).then_some((Ok::<_, Infallible>(piece), (rest, place)))
            });
            // What compresses it asks once more after the end.
            Body::from_stream(pieces.fuse())
        } else {
            body.into()
        };
        let mut response = Response::new(body);
        *response.headers_mut() = headers;
        if is_heavy {
            response.extensions_mut().insert(Large);
        }
        Ok(response)
    }

    /// Whether an answer is so large that it needs a place.
    pub(super) fn is_heavy(bytes: usize) -> bool {
        bytes >= HEAVY_FROM_BYTES
    }
}

fn refused(full: &Full) -> Failure {
    let (whose, most) = match full {
        Full::All(most) => ("of all clients", most),
        Full::Address(most) => ("of those at your address", most),
        Full::Client(most) => ("of yours", most),
    };
    Failure::unavailable(format!(
        "{most} large answers {whose} are just being sent, which is the limit; try again when \
         one has been taken"
    ))
}

impl Turn {
    /// What `make` returns, made on a thread that serves nobody else. The turn lasts as long
    /// as that takes, even where the client has gone meanwhile.
    pub(super) async fn make<T: Send + 'static>(
        self,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let task = tokio::task::spawn_blocking(move || {
            let made = make();
            drop(self);
            made
        });
        task.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
    }
}

#[cfg(test)]
#[path = "heavy_tests.rs"]
mod tests;
