//! Number formatting, shared with reports.

pub(crate) use nasfw_report::number::{duration, grouped, metric, short};
