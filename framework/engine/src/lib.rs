//! The engine of nasfw: networks on dfdx, training, the search loop and its store.
