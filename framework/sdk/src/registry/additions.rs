//! Entries added at run time.

use std::sync::{Mutex, PoisonError, RwLock};

use super::{
    ADDED_CONTROLLERS, ADDED_SCHEDULES, ADDED_SPACES, ADDED_TASKS, About, ControllerEntry,
    ScheduleEntry, SpaceEntry, TaskEntry,
};
use crate::error::{Error, Result};

/// Entries to be added together, such as all of a loaded library.
#[derive(Default)]
pub struct Additions {
    /// Search spaces.
    pub spaces: Vec<SpaceEntry>,
    /// Controllers.
    pub controllers: Vec<ControllerEntry>,
    /// Tasks.
    pub tasks: Vec<TaskEntry>,
    /// Reward schedules.
    pub schedules: Vec<ScheduleEntry>,
}

impl Additions {
    /// Adds all entries, for the rest of the program's life, or none.
    ///
    /// # Errors
    /// [`Error::NameClash`] when an item's name is taken in its kind, or its plugin's name is that
    /// of a plugin from elsewhere.
    pub fn add(self) -> Result<()> {
        // One thread at a time, so that check and addition are atomic.
        static ADDING: Mutex<()> = Mutex::new(());
        let _one = ADDING.lock().unwrap_or_else(PoisonError::into_inner);
        let known = [
            ("search space", abouts(&SpaceEntry::all(), |e| &e.about)),
            ("controller", abouts(&ControllerEntry::all(), |e| &e.about)),
            ("task", abouts(&TaskEntry::all(), |e| &e.about)),
            ("schedule", abouts(&ScheduleEntry::all(), |e| &e.about)),
        ];
        let new = [
            (
                "search space",
                self.spaces.iter().map(|e| e.about).collect(),
            ),
            (
                "controller",
                self.controllers.iter().map(|e| e.about).collect(),
            ),
            ("task", self.tasks.iter().map(|e| e.about).collect()),
            (
                "schedule",
                self.schedules.iter().map(|e| e.about).collect::<Vec<_>>(),
            ),
        ];
        check_names(&known, &new)?;
        extend(&ADDED_SPACES, self.spaces);
        extend(&ADDED_CONTROLLERS, self.controllers);
        extend(&ADDED_TASKS, self.tasks);
        extend(&ADDED_SCHEDULES, self.schedules);
        Ok(())
    }
}

type OfKind = (&'static str, Vec<About>);

fn abouts<E>(entries: &[&'static E], about: impl Fn(&E) -> &About) -> Vec<About> {
    entries.iter().map(|&e| *about(e)).collect()
}

fn check_names(known: &[OfKind; 4], new: &[OfKind; 4]) -> Result<()> {
    let clash = |kind: &str, name: &str, first: &About, second: &About| Error::NameClash {
        kind: kind.into(),
        name: name.into(),
        first: first.origin().into(),
        second: second.origin().into(),
    };
    for ((kind, known), (_, new)) in known.iter().zip(new) {
        for (at, about) in new.iter().enumerate() {
            let taken = known.iter().chain(&new[..at]);
            if let Some(other) = taken.clone().find(|o| o.name == about.name) {
                return Err(clash(kind, about.name, other, about));
            }
            // `--plugin NAME` selects a space by its plugin.
            let mut spaces = taken.filter(|_| *kind == "search space");
            if let Some(other) = spaces.find(|o| o.plugin == about.plugin) {
                return Err(clash("plugin", about.plugin, other, about));
            }
        }
    }
    let everything = || known.iter().flat_map(|(_, abouts)| abouts);
    for about in new.iter().flat_map(|(_, abouts)| abouts) {
        let foreign = |o: &&About| o.plugin == about.plugin && o.library != about.library;
        if let Some(other) = everything().find(foreign) {
            return Err(clash("plugin", about.plugin, other, about));
        }
    }
    Ok(())
}

fn extend<E>(added: &RwLock<Vec<&'static E>>, entries: Vec<E>) {
    let mut added = added.write().unwrap_or_else(PoisonError::into_inner);
    added.extend(entries.into_iter().map(|e| &*Box::leak(Box::new(e))));
}
