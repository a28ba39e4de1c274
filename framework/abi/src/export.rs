//! The one line that makes a library of registered items a plugin.

/// Exports everything that this library [registers](nasfw_sdk::register) as a plugin.
///
/// It stands once, in the root of a crate with `crate-type = ["cdylib"]`:
///
/// ```ignore
/// nasfw_sdk::register!(space, Tiny, plugin: "tiny", name: "tiny", about: "two decisions");
/// nasfw_abi::export_plugin!();
/// ```
///
/// A crate that is built with `panic = "abort"` is refused by the compiler: a panic must be caught
/// before it reaches the program, and an abort cannot be.
#[macro_export]
macro_rules! export_plugin {
    () => {
        #[cfg(panic = "abort")]
        ::core::compile_error!(
            "a plugin cannot be built with `panic = \"abort\"`: a panic would end the program \
             that loads it; take that line out of the profile in Cargo.toml"
        );

        #[doc(hidden)]
        #[allow(
            unsafe_code,
            non_upper_case_globals,
            reason = "the symbol and the section by which the program knows a plugin"
        )]
        #[used]
        #[unsafe(no_mangle)]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,.nasfw"))]
        #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".nasfw"))]
        pub static nasfw_plugin_stamp: $crate::Stamp =
            $crate::Stamp::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));

        #[doc(hidden)]
        #[allow(
            unsafe_code,
            reason = "the symbol by which the program enters a plugin"
        )]
        #[unsafe(no_mangle)]
        pub extern "C" fn nasfw_plugin_entry() -> *const $crate::Table {
            $crate::guest::entry()
        }
    };
}
