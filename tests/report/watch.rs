//! `watch` without a terminal; with one, it is tested by hand.

use crate::program::Place;

#[test]
fn without_a_terminal_another_command_is_named() {
    let place = Place::new();
    place.refuses(&["watch", "gone"], &["gone", "no such run"]);
    crate::pages::run_of(&place, 2, |_| {});
    place.refuses(&["watch", "r"], &["terminal", "nasfw trials r"]);
}
