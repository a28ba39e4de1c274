//! A search from its preparation to its summary.

use super::Summary;
use super::clock::Clock;
use super::judge::{Here, Judge, Pool, WorkerProgram};
use super::learn::Learner;
use super::prepare::{Prepared, constant, warm};
use super::round::{go_through, pass_notes_on};
use super::setup::Setup;
use crate::error::{Error, Result};
use crate::network::kernels::Kernels;
use crate::progress::{Event, Observer};
use crate::store::Run;

/// Runs until all trials are done or the observer asks to stop. `program` judges, where there is one and
/// workers are wanted; else this process does.
pub(super) fn search<K: Kernels>(
    kernels: K,
    setup: &Setup,
    run: Run,
    clock: &Clock,
    program: Option<&WorkerProgram>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let mut learner = Learner::new(setup, clock, run)?;
    observer.on(&Event::Started {
        run: learner.run.folder(),
        trials: setup.config.run.trials,
        finished: learner.next,
    });
    let mut constant_reward = None;
    let result = (|| {
        let mut judge = judge(kernels, &mut learner, program, observer)?;
        constant_reward = Some(constant(setup, clock, &mut learner.run)?);
        pass_notes_on(observer);
        while learner.next < setup.config.run.trials {
            go_through(&mut learner, &mut *judge, setup.config.run.trials, observer)?;
        }
        Ok(())
    })();
    pass_notes_on(observer);
    let is_stopped = match result {
        Ok(()) => false,
        Err(Error::Stopped) => true,
        Err(e) => return Err(e),
    };
    let spent = clock.spent();
    let by_name: Vec<(String, f64)> = (spent.iter())
        .map(|(work, secs)| (work.to_string(), *secs))
        .collect();
    learner.run.add_spent(&by_name)?;
    Ok(Summary {
        run: learner.run.folder().to_owned(),
        best: learner.best,
        finished: learner.next,
        constant_reward,
        is_stopped,
        spent,
    })
}

/// Who judges. The encoder is warmed up here in any case, once.
fn judge<'a, K: Kernels + 'a>(
    kernels: K,
    learner: &mut Learner<'a>,
    program: Option<&'a WorkerProgram>,
    observer: &mut dyn Observer,
) -> Result<Box<dyn Judge + 'a>> {
    let (setup, clock) = (learner.setup, learner.clock);
    let run = &setup.config.run;
    match program {
        Some(program) if run.workers > 0 => {
            let stages = setup.stages.len();
            let pool = Pool::new(program, learner.run.folder(), run, clock, stages)?;
            // It is in the run from now on, where workers find it.
            drop(warm(&kernels, setup, clock, &mut learner.run, observer)?);
            Ok(Box::new(pool))
        }
        _ => {
            if run.trial_timeout_secs > 0 {
                let message = "run.trial_timeout_secs: only a worker can be ended when its time is \
                               over; judge with run.workers of 1 or more, or set it to 0";
                return Err(Error::Config {
                    file: None,
                    message: message.into(),
                });
            }
            let warm = warm(&kernels, setup, clock, &mut learner.run, observer)?;
            let prepared = Prepared::new(setup, kernels, warm, clock, observer)?;
            Ok(Box::new(Here { prepared, clock }))
        }
    }
}
