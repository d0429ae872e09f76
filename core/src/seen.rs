//! What an execution saw that its contract does not fix.

use serde::{Deserialize, Serialize};

/// A part of an outcome that may differ from one execution to the next, such as an order
/// of arrival: it is reported, and two outcomes are equal whatever they saw.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seen<T>(pub T);

impl<T> PartialEq for Seen<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
