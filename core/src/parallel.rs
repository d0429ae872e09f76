//! `parallel` as the bodies mean it: on native, rayon's parallel iterators, unchanged. In
//! WebAssembly no executor takes a choice that comes here: what is below lets it compile.

#[cfg(not(target_arch = "wasm32"))]
pub use rayon::iter::{IntoParallelIterator, ParallelIterator};
#[cfg(not(target_arch = "wasm32"))]
pub use rayon::spawn;

#[cfg(target_arch = "wasm32")]
pub use browser::{IntoParallelIterator, ParallelIterator, spawn};

#[cfg(target_arch = "wasm32")]
mod browser {
    /// What has an iterator, here an ordinary one.
    pub trait IntoParallelIterator: IntoIterator + Sized {
        /// Its iterator.
        fn into_par_iter(self) -> Self::IntoIter {
            self.into_iter()
        }
    }

    impl<I: IntoIterator> IntoParallelIterator for I {}

    /// An iterator, here an ordinary one.
    pub trait ParallelIterator {}

    /// Runs `work`, here at once.
    pub fn spawn<F: FnOnce() + 'static>(work: F) {
        work();
    }
}
