//! Numbers as people read them, the same here as in reports.

pub(crate) use nasfw::report::number::{duration, grouped, metric, short};
