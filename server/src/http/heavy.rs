//! Answers that are made for one request alone and may be large. Whoever asks for many of
//! them and reads none must fill neither the memory nor the time of the server: only some
//! are made at a time, only some exist at a time, and each must be taken in time.

use super::places::{self, Full, Places};
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
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// How many such answers may exist at a time. The largest experiment makes one of some 20 MB.
const ANSWERS_MAX: usize = 8;

/// How many of them may be of one client.
const ANSWERS_CLIENT_MAX: usize = 2;

/// How long to wait for a place among them. Others read them at their own pace, so that
/// waiting longer would be in vain.
const PLACE_TIME: Duration = Duration::from_secs(1);

/// How many answers are made at a time, of those that may become large. It takes the time of
/// a core, which measuring needs as well.
const MAKING_MAX: usize = 4;

/// From this size on an answer counts. A smaller one fits into what the kernel keeps of a
/// connection anyway.
const HEAVY_FROM_BYTES: usize = 256 * 1024;

/// How much of such an answer is handed over at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Marks a response whose client has only so much time to take it; its extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Large;

/// The places for large answers.
pub(super) struct Heavy {
    places: Arc<Places>,
    making: Arc<Semaphore>,
}

/// A place for one.
pub(super) struct Place {
    _place: places::Place,
}

/// The turn of one that is read and written out.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Default for Heavy {
    fn default() -> Self {
        Self {
            places: Arc::new(Places::new(ANSWERS_MAX, ANSWERS_CLIENT_MAX)),
            making: Arc::new(Semaphore::new(MAKING_MAX)),
        }
    }
}

impl Heavy {
    /// Waits for a place, for a moment.
    ///
    /// # Errors
    /// 503 where others have all of them.
    pub(super) async fn place(&self, visitor: &Visitor) -> Answer<Place> {
        let end = Instant::now() + PLACE_TIME;
        loop {
            // Waiting begins before it is looked, so that no place is missed.
            let mut freed = pin!(self.places.freed().notified());
            freed.as_mut().enable();
            let full = match self.places.enter(visitor) {
                Ok(_place) => return Ok(Place { _place }),
                Err(full) => full,
            };
            if timeout_at(end, freed).await.is_err() {
                return Err(refused(&full));
            }
        }
    }

    /// A place at once.
    ///
    /// # Errors
    /// 503 where there is none.
    pub(super) fn place_now(&self, visitor: &Visitor) -> Answer<Place> {
        let entered = self.places.enter(visitor);
        entered.map(|_place| Place { _place }).map_err(|full| refused(&full))
    }

    /// Waits until one more may be made.
    pub(super) async fn turn(&self) -> Turn {
        let permit = Arc::clone(&self.making).acquire_owned().await;
        Turn { _permit: permit.expect("it is never closed") }
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

impl Place {
    /// An answer that keeps this place until its client has taken all but the last of it.
    pub(super) fn answer(self, headers: HeaderMap, body: Bytes) -> Response {
        let mut headers = headers;
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        let is_heavy = Heavy::is_heavy(body.len());
        let body = if is_heavy {
            // In pieces: the whole would be handed over, and the place given back, at once.
            let pieces = stream::unfold((body, self), |(mut rest, place)| async {
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
        response
    }
}

#[cfg(test)]
#[path = "heavy_tests.rs"]
mod tests;
