//! Misbehaviour while the library is loaded and when the program ends.

#![allow(unsafe_code, reason = "functions that the loader runs")]

#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;

#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".fini_array")]
static AT_END: extern "C" fn() = at_end;

#[cfg(target_os = "linux")]
extern "C" fn at_start() {
    match std::env::var("NASFW_RUDE_START").as_deref() {
        Ok("aborts") => std::process::abort(),
        Ok("loops") => loop {
            std::hint::spin_loop();
        },
        Ok("faults") => fault(),
        Ok("exits") => std::process::exit(0),
        _ => {}
    }
}

#[cfg(target_os = "linux")]
extern "C" fn at_end() {
    if std::env::var("NASFW_RUDE_START").as_deref() == Ok("faults at the end") {
        fault();
    }
}

#[cfg(target_os = "linux")]
fn fault() {
    // SAFETY: none; this is meant to end the process.
    unsafe { std::ptr::with_exposed_provenance_mut::<u8>(8).write_volatile(1) };
}
