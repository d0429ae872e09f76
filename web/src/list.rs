//! Lists from iterators.

/// `collect` for lists. The standard one is specialised for every iterator that it
/// meets, which is fast, and large; the lists of a page are short.
pub trait Listed: Iterator + Sized {
    /// All items, in order.
    fn listed(self) -> Vec<Self::Item> {
        let mut list = Vec::new();
        for item in self {
            list.push(item);
        }
        list
    }
}

impl<I: Iterator> Listed for I {}
