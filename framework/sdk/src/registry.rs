//! Members that this program knows by name.
//!
//! Items register themselves with [`register!`](crate::register), which submits to `inventory`.
//! A *plugin* is a named bundle of any of the four kinds: `--plugin segm` names the bundle whose
//! search space is used.

mod additions;

use std::sync::{PoisonError, RwLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::choices::Schema;
use crate::controller::Controller;
use crate::error::{Error, Result};
use crate::schedule::RewardSchedule;
use crate::seed::Rng;
use crate::space::SearchSpace;
use crate::task::Task;

pub use additions::Additions;

/// A space, task or schedule constructed from its settings.
pub trait FromConfig: Sized {
    /// The settings; its `Default` is the documented default.
    type Config: Serialize + DeserializeOwned + Default;

    /// Makes the item.
    ///
    /// # Errors
    /// Names the setting that is out of range, and its range.
    fn from_config(config: Self::Config) -> Result<Self>;
}

/// A controller constructed from its settings for a schema.
pub trait ControllerFromConfig: Sized {
    /// The settings; its `Default` is the documented default.
    type Config: Serialize + DeserializeOwned + Default;

    /// Makes the controller; initial weights are drawn from `rng`.
    ///
    /// # Errors
    /// Names the setting that is out of range, and its range.
    fn from_config(config: Self::Config, schema: &Schema, rng: &mut Rng) -> Result<Self>;
}

/// The settings of an item that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// Description of a registered item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// The plugin it belongs to, e.g. `segm`.
    pub plugin: &'static str,
    /// Its own name, e.g. `ppo`; unique in its kind.
    pub name: &'static str,
    /// One line for a listing.
    pub about: &'static str,
    /// Version of the crate it comes from.
    pub version: &'static str,
    /// The library it was loaded from; `None` for built-in items.
    pub library: Option<Library>,
}

impl About {
    /// The origin of the item, for messages.
    pub fn origin(&self) -> &'static str {
        self.library.map_or("this program", |l| l.path)
    }
}

/// A library that items were loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Library {
    /// Its path.
    pub path: &'static str,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: &'static str,
}

macro_rules! entry {
    ($(#[$doc:meta])* $entry:ident, $kind:literal, $added:ident, ($($arg:ty),*) -> $made:ty) => {
        $(#[$doc])*
        pub struct $entry {
            /// Name, plugin and description.
            pub about: About,
            /// The default settings as JSON.
            pub defaults: &'static (dyn Fn() -> Value + Sync),
            /// Makes the item from settings.
            pub build: &'static (dyn Fn($($arg),*) -> Result<Box<$made>> + Sync),
        }
        inventory::collect!($entry);

        /// Entries of this kind that were added while the program ran.
        static $added: RwLock<Vec<&'static $entry>> = RwLock::new(Vec::new());

        impl $entry {
            /// All registered items of this kind, sorted by name.
            pub fn all() -> Vec<&'static Self> {
                let mut all: Vec<&'static Self> = inventory::iter::<Self>().collect();
                // A panic while holding the lock cannot leave half an entry.
                all.extend($added.read().unwrap_or_else(PoisonError::into_inner).iter());
                all.sort_by_key(|e| e.about.name);
                all
            }

            /// The item called `name`.
            ///
            /// # Errors
            /// [`Error::UnknownName`] with the nearest known one.
            pub fn find(name: &str) -> Result<&'static Self> {
                let all = Self::all();
                all.iter().copied().find(|e| e.about.name == name).ok_or_else(|| {
                    Error::unknown($kind, name, all.iter().map(|e| e.about.name))
                })
            }
        }
    };
}

entry!(
    /// A registered search space.
    SpaceEntry, "search space", ADDED_SPACES, (&Value) -> dyn SearchSpace
);
entry!(
    /// A registered controller.
    ControllerEntry, "controller", ADDED_CONTROLLERS,
    (&Value, &Schema, &mut Rng) -> dyn Controller
);
entry!(
    /// A registered task.
    TaskEntry, "task", ADDED_TASKS, (&Value) -> dyn Task
);
entry!(
    /// A registered reward schedule.
    ScheduleEntry, "schedule", ADDED_SCHEDULES, (&Value) -> dyn RewardSchedule
);

impl SpaceEntry {
    /// The search space of the plugin called `plugin`.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest plugin that provides a space.
    pub fn of_plugin(plugin: &str) -> Result<&'static Self> {
        let all = Self::all();
        all.iter()
            .copied()
            .find(|e| e.about.plugin == plugin)
            .ok_or_else(|| Error::unknown("plugin", plugin, all.iter().map(|e| e.about.plugin)))
    }
}

/// Reads settings, naming the item and the nearest known key when they do not fit.
///
/// # Errors
/// [`Error::Config`] with serde's message.
pub fn read_config<C: Serialize + DeserializeOwned + Default>(
    item: &str,
    value: &Value,
) -> Result<C> {
    // The given settings override the defaults, so that a partial table is enough.
    let mut merged = default_config::<C>();
    if let (Value::Object(all), Value::Object(given)) = (&mut merged, value) {
        for (key, v) in given {
            if !all.contains_key(key) {
                return Err(Error::unknown(
                    &format!("setting of {item}"),
                    key,
                    all.keys().map(String::as_str),
                ));
            }
            all.insert(key.clone(), v.clone());
        }
    }
    serde_path_to_error::deserialize(merged).map_err(|e| Error::Config {
        item: item.into(),
        message: at_path(&e),
    })
}

/// The problem with a value, after its key.
pub fn at_path(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string().as_str() {
        "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    }
}

/// The default settings of `C` as JSON.
pub fn default_config<C: Serialize + Default>() -> Value {
    serde_json::to_value(C::default()).unwrap_or(Value::Null)
}

/// Registers a space, controller, task or schedule under a name.
///
/// ```
/// use nasfw_sdk::registry::SpaceEntry;
/// use nasfw_sdk::{Blueprint, Net, Pick, Result, Traced};
///
/// nasfw_sdk::register!(space, Traced<Tiny>, plugin: "tiny", name: "tiny", about: "two widths");
///
/// nasfw_sdk::settings! {
///     /// One convolution.
///     pub struct Tiny {}
/// }
///
/// impl Blueprint for Tiny {
///     fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
///         let width = pick.one_of("width", [8, 16])?;
///         let x = net.conv_bn_relu(net.image(), 3, width);
///         net.head(x)
///     }
/// }
///
/// let entry = SpaceEntry::of_plugin("tiny")?;
/// assert_eq!((entry.build)(&(entry.defaults)())?.schema().len(), 1);
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
#[macro_export]
macro_rules! register {
    (space, $type:ty, $($about:tt)*) => {
        $crate::register!(@plain SpaceEntry, $crate::SearchSpace, $type, $($about)*);
    };
    (task, $type:ty, $($about:tt)*) => {
        $crate::register!(@plain TaskEntry, $crate::Task, $type, $($about)*);
    };
    (schedule, $type:ty, $($about:tt)*) => {
        $crate::register!(@plain ScheduleEntry, $crate::RewardSchedule, $type, $($about)*);
    };
    (controller, $type:ty, plugin: $plugin:literal, name: $name:literal, about: $about:literal $(,)?) => {
        $crate::inventory::submit! {
            $crate::registry::ControllerEntry {
                about: $crate::register!(@about $plugin, $name, $about),
                defaults: &$crate::registry::default_config::<
                    <$type as $crate::registry::ControllerFromConfig>::Config>,
                build: &|value, schema, rng| {
                    let config = $crate::registry::read_config(concat!("controller ", $name), value)?;
                    let made = <$type as $crate::registry::ControllerFromConfig>::from_config(
                        config, schema, rng)?;
                    Ok(Box::new(made))
                },
            }
        }
    };
    (@plain $entry:ident, $trait:path, $type:ty, plugin: $plugin:literal, name: $name:literal, about: $about:literal $(,)?) => {
        $crate::inventory::submit! {
            $crate::registry::$entry {
                about: $crate::register!(@about $plugin, $name, $about),
                defaults: &$crate::registry::default_config::<
                    <$type as $crate::registry::FromConfig>::Config>,
                build: &|value| {
                    let config = $crate::registry::read_config($name, value)?;
                    let made: Box<dyn $trait> =
                        Box::new(<$type as $crate::registry::FromConfig>::from_config(config)?);
                    Ok(made)
                },
            }
        }
    };
    (@about $plugin:literal, $name:literal, $about:literal) => {
        $crate::registry::About {
            plugin: $plugin, name: $name, about: $about, version: env!("CARGO_PKG_VERSION"),
            library: None,
        }
    };
}
