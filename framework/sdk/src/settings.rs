//! Settings, declared with their defaults.

/// Declares an item that is its own settings: a struct whose fields have their defaults beside
/// them.
///
/// The struct gets `Default`, `Clone`, `Debug`, serde's traits, which refuse unknown keys and take
/// the default of what is left out, and [`FromConfig`](crate::registry::FromConfig), which makes it
/// of itself. Users write `--set space.max_depth=4`.
///
/// ```
/// nasfw_sdk::settings! {
///     /// A decoder whose depth is searched.
///     pub struct Deep {
///         /// The deepest decoder.
///         pub max_depth: usize = 4,
///         /// Its widths.
///         pub widths: Vec<usize> = vec![16, 32],
///     }
/// }
///
/// assert_eq!(Deep::default().widths, [16, 32]);
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$about:meta])* $visible:vis struct $name:ident {
            $($(#[$of:meta])* $shown:vis $field:ident: $type:ty = $default:expr),* $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, $crate::serde::Serialize, $crate::serde::Deserialize)]
        #[serde(default, deny_unknown_fields, crate = "nasfw_sdk::serde")]
        $visible struct $name {
            $($(#[$of])* $shown $field: $type,)*
        }

        impl ::core::default::Default for $name {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }

        impl $crate::registry::FromConfig for $name {
            type Config = Self;

            fn from_config(config: Self) -> $crate::Result<Self> {
                ::core::result::Result::Ok(config)
            }
        }
    };
}
