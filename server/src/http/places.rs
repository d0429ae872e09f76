//! Places of which a visitor may have only a share: event streams, and large answers.
//!
//! A client is what it says it is, and may say that it is many. So whoever comes from one
//! address gets at most three quarters of all places: somebody elsewhere still finds one. The
//! shares are no smaller, since a class comes from one address as well.

use super::session::Visitor;
use crate::client::Client;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Counts the places that are taken, by who has taken them.
pub(super) struct Places {
    most: usize,
    of_address_most: usize,
    of_client_most: usize,
    taken: Mutex<Taken>,
    /// Told of each place that is given back.
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    by_client: HashMap<Client, usize>,
}

/// Why there is no further place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// So many are taken in all.
    All(usize),
    /// Those at the visitor's address have so many.
    Address(usize),
    /// The client has so many.
    Client(usize),
}

/// One place; given back when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    address: IpAddr,
    client: Client,
}

impl Places {
    /// At most so many places, and so many of one client.
    pub(super) fn new(most: usize, of_client_most: usize) -> Self {
        let of_address_most = most - most / 4;
        Self {
            most,
            of_address_most,
            of_client_most,
            taken: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// A place for this visitor.
    ///
    /// # Errors
    /// Which limit is reached.
    pub(super) fn enter(self: &Arc<Self>, visitor: &Visitor) -> Result<Place, Full> {
        let (address, client) = (visitor.address, visitor.client());
        let mut taken = self.lock();
        let count = |count: Option<&usize>| count.copied().unwrap_or(0);
        if count(taken.by_client.get(&client)) >= self.of_client_most {
            return Err(Full::Client(self.of_client_most));
        }
        if taken.all >= self.most {
            return Err(Full::All(self.most));
        }
        if count(taken.by_address.get(&address)) >= self.of_address_most {
            return Err(Full::Address(self.of_address_most));
        }
        taken.all += 1;
        *taken.by_address.entry(address).or_default() += 1;
        *taken.by_client.entry(client.clone()).or_default() += 1;
        drop(taken);
        Ok(Place { places: Arc::clone(self), address, client })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.lock().all
    }

    /// Told of each place that is given back.
    pub(super) fn freed(&self) -> &Notify {
        &self.freed
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        give_back(&mut taken.by_address, &self.address);
        give_back(&mut taken.by_client, &self.client);
        drop(taken);
        self.places.freed.notify_waiters();
    }
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, of: &K) {
    if let Some(count) = counts.get_mut(of) {
        *count -= 1;
        if *count == 0 {
            counts.remove(of);
        }
    }
}

/// The address by which somebody is told apart from others. Of IPv6, whoever has one address
/// has 2^64 of them.
pub(super) fn whose(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(address: u8, secret: &str) -> Visitor {
        Visitor::one(IpAddr::from([10, 0, 0, address]), secret)
    }

    #[test]
    fn a_client_has_its_own_limit_and_all_have_one_together() {
        let places = Arc::new(Places::new(3, 2));
        let [ann, bob] = ["a", "b"].map(|secret| visitor(1, secret));
        let first = places.enter(&ann).ok().unwrap();
        let _second = places.enter(&ann).ok().unwrap();
        assert_eq!(places.enter(&ann).err(), Some(Full::Client(2)));
        let _third = places.enter(&bob).ok().unwrap();
        assert_eq!(places.enter(&bob).err(), Some(Full::All(3)));
        drop(first);
        assert_eq!(places.taken(), 2);
        assert!(places.enter(&ann).is_ok());
    }

    #[test]
    fn whoever_pretends_to_be_many_leaves_a_quarter_to_other_addresses() {
        let places = Arc::new(Places::new(8, 2));
        let all = [0; 20].iter().enumerate();
        let kept: Vec<_> =
            all.filter_map(|(n, _)| places.enter(&visitor(1, &n.to_string())).ok()).collect();
        assert_eq!(kept.len(), 6);
        assert_eq!(places.enter(&visitor(1, "x")).err(), Some(Full::Address(6)));
        assert!(places.enter(&visitor(2, "x")).is_ok());
    }

    #[test]
    fn those_who_have_gone_are_forgotten() {
        let places = Arc::new(Places::new(100, 1));
        for client in 0..50 {
            drop(places.enter(&visitor(client, &client.to_string())).ok().unwrap());
        }
        let taken = places.lock();
        assert!(taken.by_client.is_empty() && taken.by_address.is_empty() && taken.all == 0);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let [one, other, far, mapped] =
            ["2001:db8::1", "2001:db8::2:3", "2001:db8:0:1::1", "::ffff:10.0.0.1"]
                .map(|text| whose(text.parse().unwrap()));
        assert_eq!(one, other);
        assert_ne!(one, far);
        assert_eq!(mapped, IpAddr::from([10, 0, 0, 1]));
    }
}
