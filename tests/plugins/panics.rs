//! Panics in every call: an error with its location, and a program that survives.

use serde_json::json;

use crate::calls::{
    CALLS, ask, controller, schedule, space, task, use_controller, use_schedule, use_space,
};

#[test]
fn every_call_may_panic() {
    for (kind, calls) in CALLS {
        for call in calls.iter().chain(&["create"]) {
            for how in ["panic", "bomb"] {
                let settings = json!({ "at": call, "how": how });
                let asked = if *call == "create" { calls[0] } else { call };
                let error = ask(kind, &settings, asked).err();
                let error = error.unwrap_or_else(|| panic!("{kind} {call}: no error"));
                let message = error.to_string();
                assert!(message.contains("panicked at"), "{kind} {call}: {message}");
                assert!(message.contains("fault.rs:"), "{kind} {call}: {message}");
                if how == "panic" {
                    let said = format!("as told, in {call}");
                    assert!(message.contains(&said), "{kind} {call}: {message}");
                }
            }
        }
    }
}

#[test]
fn the_end_of_an_instance_may_panic() {
    for how in ["panic", "bomb"] {
        let settings = json!({ "at": "drop", "how": how });
        drop(space(&settings).unwrap());
        drop(controller(&settings).unwrap());
        drop(schedule(&settings).unwrap());
        drop(task(&settings).unwrap());
        let settings = json!({ "at": "drop-scorer", "how": how });
        ask("task", &settings, "scorer").unwrap();
    }
}

#[test]
fn what_has_state_is_dead_after_a_panic() {
    let settings = json!({ "at": "propose", "how": "panic" });
    let mut it = controller(&settings).unwrap();
    let first = use_controller(&mut *it, "propose").unwrap_err().to_string();
    assert!(first.contains("as told, in propose"), "{first}");
    for call in [
        "propose",
        "observe",
        "save",
        "load",
        "log_prob",
        "probabilities",
    ] {
        let message = use_controller(&mut *it, call).unwrap_err().to_string();
        assert!(message.contains("an earlier call panicked"), "{message}");
    }
    let settings = json!({ "at": "verdict", "how": "panic" });
    let mut it = schedule(&settings).unwrap();
    use_schedule(&mut *it, "verdict").unwrap_err();
    let message = use_schedule(&mut *it, "save").unwrap_err().to_string();
    assert!(message.contains("an earlier call panicked"), "{message}");
}

#[test]
fn what_has_none_is_made_again() {
    let settings = json!({ "at": "facts", "how": "panic" });
    let space = space(&settings).unwrap();
    for _ in 0..3 {
        use_space(&*space, "facts").unwrap_err();
        use_space(&*space, "decode").unwrap();
    }
}
