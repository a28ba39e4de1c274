//! A search from its preparation to its summary.

use super::clock::{Clock, Work};
use super::evidence::Evidence;
use super::executor::{Executor, InProcess, WorkerPool, WorkerProgram};
use super::prepare::{constant, warm};
use super::result_cache::ResultCache;
use super::round::{pass_notes_on, run_round};
use super::study::Study;
use super::{Resources, Summary, best};
use crate::error::{Error, Result};
use crate::experiment::{Members, Setup};
use crate::machine::Machine;
use crate::progress::{Event, Observer};
use crate::store::Run;
use nasfw_network::Network;
use nasfw_network::kernels::Kernels;

/// Runs until all trials are done or the observer asks to stop. Workers evaluate if there are any
/// and the configuration wants them; otherwise this process does.
pub(super) fn search<K: Kernels>(
    kernels: K,
    setup: Setup,
    mut run: Run,
    clock: &Clock,
    resources: Resources,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    observer.on(&Event::Started {
        run: run.folder(),
        trials: setup.config.run.trials,
        finished: run.finished()?,
    });
    run.note_machine(&Machine::this(setup.config.run.device))?;
    let mut session = Session {
        clock,
        members: setup.members.clone(),
        run,
        cache: ResultCache::new(resources.cache, &setup),
        constant_reward: None,
    };
    let workers = (resources.workers).filter(|_| setup.config.run.workers > 0);
    let result = match workers {
        Some(program) => session.search_with_workers(kernels, setup, &program, observer),
        None => session.search_in_process(kernels, &setup, observer),
    };
    pass_notes_on(observer);
    match result {
        Ok(()) => session.summary(false),
        Err(Error::Stopped) => session.summary(true),
        Err(e) => Err(session.run.explained(e)),
    }
}

/// A call of [`search`].
struct Session<'a> {
    clock: &'a Clock,
    members: Members,
    run: Run,
    cache: ResultCache,
    constant_reward: Option<f64>,
}

impl Session<'_> {
    fn search_in_process<K: Kernels>(
        &mut self,
        kernels: K,
        setup: &Setup,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let warm = self.warm_up(&kernels, setup, observer)?;
        let mut executor = InProcess::new(setup, kernels, warm, self.clock);
        self.run_rounds(setup, &mut executor, observer)
    }

    /// Evaluates in workers; this process warms up the encoder for all of them.
    fn search_with_workers<K: Kernels>(
        &mut self,
        kernels: K,
        mut setup: Setup,
        program: &WorkerProgram,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        // Workers find the weights in the run from now on.
        drop(self.warm_up(&kernels, &setup, observer)?);
        setup.forget_images();
        let (config, stages) = (&setup.config.run, setup.stages.len());
        let folder = self.run.folder().to_owned();
        let mut pool = WorkerPool::new(program, &folder, config, self.clock, stages);
        self.run_rounds(&setup, &mut pool, observer)
    }

    /// Makes what all trials share: the warmed-up network, and the reward of the constant-prediction
    /// baseline.
    fn warm_up<K: Kernels>(
        &mut self,
        kernels: &K,
        setup: &Setup,
        observer: &mut dyn Observer,
    ) -> Result<Option<Network<K>>> {
        let (clock, run, cache) = (self.clock, &mut self.run, &mut self.cache);
        let warm = warm(kernels, setup, clock, run, cache, observer)?;
        cache.start_from(run)?;
        self.constant_reward = Some(constant(setup, clock, run)?);
        Ok(warm)
    }

    /// Continues round by round.
    fn run_rounds(
        &mut self,
        setup: &Setup,
        executor: &mut dyn Executor,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        pass_notes_on(observer);
        let wanted = setup.config.run.trials;
        let mut study = Study::new(setup, self.clock, &mut self.run, &mut self.cache)?;
        while study.next < wanted {
            run_round(&mut study, executor, wanted, observer)?;
        }
        Ok(())
    }

    fn summary(mut self, is_stopped: bool) -> Result<Summary> {
        let trials = self.run.trials()?;
        let mut evidence = Evidence::new(self.members);
        evidence.add_all(&trials)?;
        let contenders = (self.clock).time(Work::Controller, || {
            evidence.contenders(trials.len() as u64)
        });
        if let Some(contenders) = &contenders {
            self.run.note_contenders(contenders)?;
        }
        let spent = self.clock.spent();
        let by_name: Vec<(String, f64)> = (spent.iter())
            .map(|(work, secs)| (work.to_string(), *secs))
            .collect();
        self.run.add_spent(&by_name)?;
        Ok(Summary {
            run: self.run.folder().to_owned(),
            best: best(&trials).cloned(),
            contenders,
            finished: trials.len() as u64,
            constant_reward: self.constant_reward,
            is_stopped,
            cached: self.cache.found(),
            spent,
        })
    }
}
