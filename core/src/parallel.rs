//! `parallel` as the bodies mean it: on native, rayon, unchanged. In WebAssembly no executor
//! takes a choice that comes here: what is below only lets it compile.

#[cfg(not(target_arch = "wasm32"))]
pub use rayon::{prelude, spawn};

#[cfg(target_arch = "wasm32")]
pub use browser::{prelude, spawn};

#[cfg(target_arch = "wasm32")]
mod browser {
    /// What brings `into_par_iter`.
    pub mod prelude {
        /// What has an iterator: here an ordinary one.
        pub trait IntoParallelIterator: IntoIterator + Sized {
            /// Its iterator.
            fn into_par_iter(self) -> Self::IntoIter {
                self.into_iter()
            }
        }

        impl<I: IntoIterator> IntoParallelIterator for I {}
    }

    /// Runs `work`: here at once.
    pub fn spawn<F: FnOnce() + 'static>(work: F) {
        work();
    }
}
