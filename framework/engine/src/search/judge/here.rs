//! Evaluation in this process: one architecture after the other, without isolation.

use super::{Job, Judge};
use crate::error::Result;
use crate::network::kernels::Kernels;
use crate::search::clock::Clock;
use crate::search::prepare::Prepared;
use crate::search::round::Desk;

/// Evaluates in this process.
pub(in crate::search) struct Here<'a, K: Kernels> {
    pub(in crate::search) prepared: Prepared<'a, K>,
    pub(in crate::search) clock: &'a Clock,
}

impl<K: Kernels> Judge for Here<'_, K> {
    fn judge(&mut self, jobs: Vec<Job>, desk: &mut Desk<'_, '_>) -> Result<()> {
        for job in jobs {
            let observer = desk.observer();
            let judged = (self.prepared).examine(&job, self.clock, &mut |_| Ok(()), observer)?;
            desk.judged(judged)?;
        }
        Ok(())
    }
}
