//! Evaluation in this process: one architecture after the other, without isolation.

use super::{Executor, Job};
use crate::error::Result;
use crate::search::clock::Clock;
use crate::search::prepare::EvaluationInputs;
use crate::search::round::ReorderBuffer;
use nasfw_network::kernels::Kernels;

/// Evaluates in this process.
pub(in crate::search) struct InProcess<'a, K: Kernels> {
    pub(in crate::search) inputs: EvaluationInputs<'a, K>,
    pub(in crate::search) clock: &'a Clock,
}

impl<K: Kernels> Executor for InProcess<'_, K> {
    fn evaluate(&mut self, jobs: Vec<Job>, buffer: &mut ReorderBuffer<'_, '_>) -> Result<()> {
        for job in jobs {
            let observer = buffer.observer();
            let mut so_far = |_: &_| Ok(());
            let evaluation = (self.inputs).evaluate(&job, self.clock, &mut so_far, observer)?;
            buffer.take(evaluation)?;
        }
        Ok(())
    }
}
