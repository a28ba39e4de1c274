//! A search from its preparation to its summary.

use super::clock::Clock;
use super::executor::{Executor, InProcess, WorkerPool, WorkerProgram};
use super::prepare::{EvaluationInputs, constant, warm};
use super::round::{pass_notes_on, run_round};
use super::study::Study;
use super::{Summary, best};
use crate::error::{Error, Result};
use crate::experiment::Setup;
use crate::progress::{Event, Observer};
use crate::store::Run;
use nasfw_network::kernels::Kernels;

/// Runs until all trials are done or the observer asks to stop. `program`, if given and workers are
/// wanted, evaluates; otherwise this process does.
pub(super) fn search<K: Kernels>(
    kernels: K,
    setup: Setup,
    mut run: Run,
    clock: &Clock,
    program: Option<&WorkerProgram>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    observer.on(&Event::Started {
        run: run.folder(),
        trials: setup.config.run.trials,
        finished: run.finished()?,
    });
    let mut constant_reward = None;
    let program = program.filter(|_| setup.config.run.workers > 0);
    let result = match program {
        Some(program) => search_in_workers(
            kernels,
            setup,
            &mut run,
            clock,
            program,
            &mut constant_reward,
            observer,
        ),
        None => search_in_process(
            kernels,
            &setup,
            &mut run,
            clock,
            &mut constant_reward,
            observer,
        ),
    };
    pass_notes_on(observer);
    let is_stopped = match result {
        Ok(()) => false,
        Err(Error::Stopped) => true,
        Err(e) => return Err(run.explained(e)),
    };
    let spent = clock.spent();
    let by_name: Vec<(String, f64)> = (spent.iter())
        .map(|(work, secs)| (work.to_string(), *secs))
        .collect();
    run.add_spent(&by_name)?;
    let trials = run.trials()?;
    Ok(Summary {
        run: run.folder().to_owned(),
        best: best(&trials).cloned(),
        finished: trials.len() as u64,
        constant_reward,
        is_stopped,
        spent,
    })
}

/// Evaluates in this process.
fn search_in_process<K: Kernels>(
    kernels: K,
    setup: &Setup,
    run: &mut Run,
    clock: &Clock,
    constant_reward: &mut Option<f64>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let warm = warm(&kernels, setup, clock, run, observer)?;
    let inputs = EvaluationInputs::new(setup, kernels, warm, clock, observer)?;
    *constant_reward = Some(constant(setup, clock, run)?);
    run_rounds(
        setup,
        run,
        clock,
        &mut InProcess { inputs, clock },
        observer,
    )
}

/// Evaluates in workers; this process warms up the encoder for all of them.
fn search_in_workers<K: Kernels>(
    kernels: K,
    mut setup: Setup,
    run: &mut Run,
    clock: &Clock,
    program: &WorkerProgram,
    constant_reward: &mut Option<f64>,
    observer: &mut dyn Observer,
) -> Result<()> {
    // Workers find it in the run from now on.
    drop(warm(&kernels, &setup, clock, run, observer)?);
    *constant_reward = Some(constant(&setup, clock, run)?);
    setup.forget_images();
    let config = &setup.config.run;
    let mut pool = WorkerPool::new(program, run.folder(), config, clock, setup.stages.len());
    run_rounds(&setup, run, clock, &mut pool, observer)
}

/// Runs round by round until all wanted trials are done.
fn run_rounds(
    setup: &Setup,
    run: &mut Run,
    clock: &Clock,
    executor: &mut dyn Executor,
    observer: &mut dyn Observer,
) -> Result<()> {
    pass_notes_on(observer);
    let wanted = setup.config.run.trials;
    let mut study = Study::new(setup, clock, run)?;
    while study.next < wanted {
        run_round(&mut study, executor, wanted, observer)?;
    }
    Ok(())
}
