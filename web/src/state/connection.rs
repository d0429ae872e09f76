//! A server that is gone: it is asked until it answers, and then the page goes on.

use super::{App, Connection};
use crate::api::{self, Failure, start};
use crate::live;
use filature_core::api::Health;
use std::time::Duration;

/// The longest pause between two attempts to reach the server.
const RETRY_SECONDS_MAX: u32 = 15;

impl App {
    /// Takes note of a failure: a server that is gone gets its banner and is tried again.
    pub fn note(self, failure: &Failure) {
        if *failure == Failure::Unreachable {
            self.lost();
        }
    }

    /// The server may be gone: asks it, and if so keeps asking until it answers.
    pub fn lost(self) {
        if self.connection.get_untracked() != Connection::Up {
            return;
        }
        start(async move {
            let mut pause = 1;
            while api::get::<Health>("/healthz").await.is_err() {
                for seconds in (1..=pause).rev() {
                    if self.connection.get_untracked() == Connection::Lost(0) {
                        break;
                    }
                    self.connection.set(Connection::Lost(seconds));
                    api::sleep(Duration::from_secs(1)).await;
                }
                self.connection.set(Connection::Lost(pause));
                pause = (pause * 2).min(RETRY_SECONDS_MAX);
            }
            let was_away = self.connection.get_untracked() != Connection::Up;
            self.connection.set(Connection::Up);
            if was_away {
                self.load().await;
                live::resume(self);
            }
        });
    }
}
