//! Number formatting, shared with reports.

pub(crate) use nasfw::report::number::{duration, grouped, metric, short};
