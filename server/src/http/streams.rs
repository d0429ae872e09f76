//! How many event streams are open, in all and of each client.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts the streams that are open, by the client `K` that has opened them.
pub(super) struct Streams<K: Eq + Hash> {
    most: usize,
    of_client_most: usize,
    open: Mutex<Open<K>>,
}

struct Open<K> {
    all: usize,
    by_client: HashMap<K, usize>,
}

/// Why no further stream may be opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// So many are open in all.
    All(usize),
    /// The client has so many.
    Client(usize),
}

/// The place of one stream; given back when dropped.
pub(super) struct Place<K: Eq + Hash> {
    streams: Arc<Streams<K>>,
    client: K,
}

impl<K: Eq + Hash + Clone> Streams<K> {
    /// At most so many streams, and so many of one client.
    pub(super) fn new(most: usize, of_client_most: usize) -> Self {
        let open = Mutex::new(Open { all: 0, by_client: HashMap::new() });
        Self { most, of_client_most, open }
    }

    /// A place for one more stream of this client.
    ///
    /// # Errors
    /// Which limit is reached.
    pub(super) fn enter(self: &Arc<Self>, client: K) -> Result<Place<K>, Full> {
        let mut open = self.lock();
        if open.all >= self.most {
            return Err(Full::All(self.most));
        }
        let of_client = open.by_client.entry(client.clone()).or_default();
        if *of_client >= self.of_client_most {
            let full = Full::Client(self.of_client_most);
            open.forget_if_none(&client);
            return Err(full);
        }
        *of_client += 1;
        open.all += 1;
        Ok(Place { streams: Arc::clone(self), client })
    }
}

impl<K: Eq + Hash> Streams<K> {
    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Open<K>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Open<K> {
    fn forget_if_none(&mut self, client: &K) {
        if self.by_client.get(client) == Some(&0) {
            self.by_client.remove(client);
        }
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        open.all -= 1;
        if let Some(of_client) = open.by_client.get_mut(&self.client) {
            *of_client -= 1;
        }
        open.forget_if_none(&self.client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_own_limit_and_all_have_one_together() {
        let streams = Arc::new(Streams::new(3, 2));
        let first = streams.enter("a").ok().unwrap();
        let _second = streams.enter("a").ok().unwrap();
        assert_eq!(streams.enter("a").err(), Some(Full::Client(2)));
        let _third = streams.enter("b").ok().unwrap();
        assert_eq!(streams.enter("b").err(), Some(Full::All(3)));
        drop(first);
        assert_eq!(streams.open(), 2);
        assert!(streams.enter("a").is_ok());
    }

    #[test]
    fn clients_that_have_gone_are_forgotten() {
        let streams = Arc::new(Streams::new(100, 1));
        for client in 0..50 {
            drop(streams.enter(client).ok().unwrap());
        }
        let none = Arc::new(Streams::new(100, 0));
        assert_eq!(none.enter(1).err(), Some(Full::Client(0)));
        assert!(streams.lock().by_client.is_empty() && none.lock().by_client.is_empty());
    }
}
