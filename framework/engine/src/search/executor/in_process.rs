//! Evaluation in this process: one architecture after the other, without isolation.

use super::{Executor, Job};
use crate::error::Result;
use crate::experiment::Setup;
use crate::search::clock::Clock;
use crate::search::prepare::EvaluationInputs;
use crate::search::round::ReorderBuffer;
use nasfw_network::Network;
use nasfw_network::kernels::Kernels;

/// Evaluates in this process.
pub(in crate::search) struct InProcess<'a, K: Kernels> {
    setup: &'a Setup,
    clock: &'a Clock,
    /// The inputs of evaluations, which are computed when the first of them is due: none may be.
    state: State<'a, K>,
}

enum State<'a, K: Kernels> {
    Waiting {
        kernels: K,
        warm: Option<Network<K>>,
    },
    Ready(EvaluationInputs<'a, K>),
}

impl<'a, K: Kernels> InProcess<'a, K> {
    pub(in crate::search) fn new(
        setup: &'a Setup,
        kernels: K,
        warm: Option<Network<K>>,
        clock: &'a Clock,
    ) -> Self {
        let state = State::Waiting { kernels, warm };
        Self {
            setup,
            clock,
            state,
        }
    }
}

impl<K: Kernels> Executor for InProcess<'_, K> {
    fn evaluate(&mut self, jobs: Vec<Job>, buffer: &mut ReorderBuffer<'_, '_>) -> Result<()> {
        for job in jobs {
            let observer = buffer.observer();
            if let State::Waiting { kernels, warm } = &mut self.state {
                let (kernels, warm) = (kernels.clone(), warm.take());
                let inputs =
                    EvaluationInputs::new(self.setup, kernels, warm, self.clock, observer)?;
                self.state = State::Ready(inputs);
            }
            if let State::Ready(inputs) = &self.state {
                let done = inputs.evaluate(&job, self.clock, &mut |_| Ok(()), observer)?;
                buffer.take(done)?;
            }
        }
        Ok(())
    }
}
