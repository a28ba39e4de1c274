//! Progress by callback, and cancellation.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nasfw_engine::{Event, Observer};

/// Stops a search, training or evaluation, from any thread.
///
/// Work ends after the present training step; everything finished is kept.
///
/// ```
/// let cancel = nasfw::Cancel::new();
/// let elsewhere = cancel.clone();
/// std::thread::spawn(move || elsewhere.cancel()).join().expect("the thread ends");
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set yet; clones of it are the same flag.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the flag.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Returns true once the flag is set.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// An observer made of what a builder was given.
#[derive(Default)]
pub(crate) struct Watch<'a> {
    callback: Option<Callback<'a>>,
    observer: Option<Box<dyn Observer + 'a>>,
    cancel: Option<Cancel>,
}

type Callback<'a> = Box<dyn FnMut(&Event<'_>) + 'a>;

impl<'a> Watch<'a> {
    pub(crate) fn set_callback(&mut self, callback: impl FnMut(&Event<'_>) + 'a) {
        self.callback = Some(Box::new(callback));
    }

    pub(crate) fn set_observer(&mut self, observer: &'a mut dyn Observer) {
        self.observer = Some(Box::new(observer));
    }

    pub(crate) fn set_cancel(&mut self, cancel: &Cancel) {
        self.cancel = Some(cancel.clone());
    }
}

impl Observer for Watch<'_> {
    fn on(&mut self, event: &Event<'_>) {
        if let Some(callback) = &mut self.callback {
            callback(event);
        }
        if let Some(observer) = &mut self.observer {
            observer.on(event);
        }
    }

    fn should_stop(&self) -> bool {
        let is_cancelled = self.cancel.as_ref().is_some_and(Cancel::is_cancelled);
        is_cancelled || self.observer.as_ref().is_some_and(|o| o.should_stop())
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

/// Adds the methods of progress and cancellation to a builder with a field `watch`.
macro_rules! watched {
    ($builder:ident) => {
        impl<'a> $builder<'a> {
            /// Calls `callback` for every [`Event`](crate::Event), on the thread that does the work.
            #[must_use]
            pub fn on_event<'b>(self, callback: impl FnMut(&crate::Event<'_>) + 'b) -> $builder<'b>
            where
                'a: 'b,
            {
                let mut builder: $builder<'b> = self;
                builder.watch.set_callback(callback);
                builder
            }

            /// Passes every event to `observer`, which may also ask to stop.
            #[must_use]
            pub fn observer<'b>(self, observer: &'b mut dyn crate::Observer) -> $builder<'b>
            where
                'a: 'b,
            {
                let mut builder: $builder<'b> = self;
                builder.watch.set_observer(observer);
                builder
            }

            /// Stops when `cancel` is cancelled.
            #[must_use]
            pub fn cancel_with(mut self, cancel: &crate::Cancel) -> Self {
                self.watch.set_cancel(cancel);
                self
            }
        }
    };
}
pub(crate) use watched;
