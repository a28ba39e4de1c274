//! Wrong replies become errors that name the problem.

use serde_json::json;

use crate::calls::{CALLS, ask, schedule, space};

fn refuses(kind: &str, call: &str, reply: &str, part: &str) {
    let settings = json!({ "reply_at": call, "reply": reply });
    let error = ask(kind, &settings, call).err();
    let message = error
        .unwrap_or_else(|| panic!("{kind} {call}: {reply} is taken"))
        .to_string();
    assert!(message.contains(part), "{kind} {call}, {reply}: {message}");
    let names = message.starts_with(&format!("plugin rude: {call}: "));
    assert!(names, "{message}");
}

#[test]
fn good_replies_are_taken() {
    for (kind, calls) in CALLS {
        for call in calls {
            ask(kind, &json!({}), call).unwrap_or_else(|e| panic!("{kind} {call}: {e}"));
        }
    }
}

#[test]
fn garbage_is_refused_everywhere() {
    for (kind, calls) in CALLS {
        for call in calls {
            // Any bytes are a valid state, and calls of a scorer cannot be told from its task's.
            if matches!(*call, "save" | "add" | "metrics") {
                continue;
            }
            // A reply that only means "done" is JSON, too.
            for reply in ["not json", "[1", "", "7", "@2000000", "nul", "\u{1}"] {
                let part = if reply.starts_with('@') && *call != "decode" {
                    "replied with 2000000 bytes; at most 1048576"
                } else {
                    "its reply is invalid"
                };
                refuses(kind, call, reply, part);
            }
            refuses(kind, call, "status 77", "the unknown status 77");
        }
    }
}

#[test]
fn invalid_graphs_are_refused() {
    let graph = |nodes: &str, output: &str| {
        let output = format!(r#"{{"name":"main","role":"main","node":{output}}}"#);
        format!(r#"{{"ir":1,"nodes":[{nodes}],"outputs":[{output}]}}"#)
    };
    let input = r#"{"name":"x","group":"decoder","op":{"kind":"input","channels":3},"inputs":[]}"#;
    let add = r#"{"name":"y","group":"decoder","op":{"kind":"add"},"inputs":[7]}"#;
    for (reply, part) in [
        ("@20000000".to_owned(), "at most 16777216"),
        (graph(input, "9"), "existing node"),
        (graph(&format!("{input},{add}"), "1"), "not before it"),
        (graph(&format!("{input},{input}"), "1"), "unique"),
        (graph("", "0"), "existing node"),
        (
            graph(&input.replace(":3}", ":4}"), "0"),
            "[4] channels; expected [3]",
        ),
        (
            graph(&input.replace("input\"", "teleport\""), "0"),
            "teleport",
        ),
        (
            graph(input, "0").replace("\"ir\":1", "\"ir\":2"),
            "graph version",
        ),
    ] {
        refuses("space", "decode", &reply, part);
    }
    let deep = format!("{{\"facts\": {}", "{\"a\": ".repeat(5000));
    refuses("space", "facts", &deep, "recursion");
    let cut = graph(input, "0");
    refuses("space", "decode", &cut[..cut.len() / 2], "is invalid");
}

#[test]
fn values_out_of_range_are_refused() {
    let rng = r#""position": 4"#;
    for (kind, call, reply, part) in [
        ("space", "parse", r#"{"choices": [0, 0]}"#, "3 decisions"),
        (
            "space",
            "parse",
            r#"{"choices": [0, 0, 2]}"#,
            "allowed here: 0, 1",
        ),
        ("space", "parse", r#"{"choices": [0, 0, -1]}"#, "-1"),
        ("space", "canonical", r#"{"choices": [0]}"#, "3 decisions"),
        (
            "space",
            "canonical",
            r#"{"choices": [0, 0, 2]}"#,
            "allowed here: 0, 1",
        ),
        ("space", "parse", r#"{"choices": [0, 0, 1e99]}"#, ""),
        ("space", "genotype", r#"{"genotype": ""}"#, "one line"),
        (
            "space",
            "genotype",
            "{\"genotype\": \"a\\u001b[2J\"}",
            "one line",
        ),
        (
            "controller",
            "propose",
            r#"{"choices": [2, 0], "log_prob": -1}"#,
            "allowed here: 0, 1",
        ),
        (
            "controller",
            "propose",
            r#"{"choices": [0, 0], "log_prob": 1e999}"#,
            "out of range",
        ),
        (
            "controller",
            "propose",
            r#"{"choices": [0, 0], "log_prob": "NaN"}"#,
            "a finite number",
        ),
        (
            "controller",
            "propose",
            r#"{"choices": [0, 0], "log_prob": 0.5}"#,
            "above 0",
        ),
        (
            "controller",
            "propose",
            r#"{"choices": [0, 0], "log_prob": -1, "position": 18446744073709551615}"#,
            "generator position",
        ),
        (
            "controller",
            "probabilities",
            r#"{"probabilities": [1]}"#,
            "1 probabilities for 3",
        ),
        (
            "controller",
            "probabilities",
            r#"{"probabilities": [1, null, 0]}"#,
            "a finite number",
        ),
        (
            "controller",
            "log_prob",
            r#"{"log_prob": null}"#,
            "a finite number",
        ),
        ("schedule", "verdict", r#"{"go_on": 2}"#, "2"),
        (
            "schedule",
            "reward",
            r#"{"reward": "inf"}"#,
            "a finite number",
        ),
        (
            "schedule",
            "reward",
            r#"{"reward": 1.5}"#,
            "1.5 is not in [0, 1]",
        ),
        (
            "task",
            "output_channels",
            r#"{"channels": 0}"#,
            "0 channels",
        ),
        (
            "task",
            "output_channels",
            r#"{"channels": 65537}"#,
            "65537 channels",
        ),
        (
            "task",
            "reward",
            r#"{"reward": 1.5}"#,
            "1.5 is not in [0, 1]",
        ),
        (
            "task",
            "reward",
            r#"{"reward": -0.1}"#,
            "-0.1 is not in [0, 1]",
        ),
        ("task", "reward", r#"{"reward": "NaN"}"#, "a finite number"),
        ("task", "scorer", r#"{"handle": 0}"#, "without a handle"),
        (
            "task",
            "custom_loss",
            r#"{"loss": "NaN"}"#,
            "a finite number",
        ),
        (
            "task",
            "sample_size",
            r#"{"width": 0, "height": 4}"#,
            "0 x 4",
        ),
        (
            "task",
            "sample_size",
            r#"{"width": 99999, "height": 4}"#,
            "99999 x 4",
        ),
    ] {
        refuses(kind, call, reply, part);
    }
    refuses(
        "controller",
        "observe",
        &format!("{{{rng}, \"position\": 1}}"),
        "duplicate",
    );
}

#[test]
fn what_an_item_says_of_itself_is_checked() {
    let stages = |change: (&str, &str)| {
        let good = serde_json::to_string(&schedule(&json!({})).unwrap().stages()).unwrap();
        format!(r#"{{"stages": {}}}"#, good.replace(change.0, change.1))
    };
    let task = |labels: &str, loss: &str, data: &str| {
        format!(r#"{{"labels": "{labels}", "loss": {loss}, "headline": [], "data": {data}}}"#)
    };
    let data = |train: &str, info: &str| {
        let text = r#""val": 1, "fingerprint": "f", "description": "d""#;
        format!(r#"{{"train": {train}, "info": {info}, {text}}}"#)
    };
    let info = r#"{"classes": [], "joints": [], "flip_pairs": null, "skeleton": []}"#;
    let own = r#"{"kind": "custom"}"#;
    for (kind, reply, part) in [
        ("space", r#"{"schema": []}"#.to_owned(), "decisions"),
        ("space", r#"{"schema": 1}"#.to_owned(), "is invalid"),
        ("schedule", r#"{"stages": []}"#.to_owned(), "1 to 16 stages"),
        (
            "schedule",
            stages(("\"batch\":8", "\"batch\":0")),
            "stage 0.batch: 0",
        ),
        ("schedule", stages(("\"lr\":0.003", "\"lr\":-1")), "lr: -1"),
        (
            "schedule",
            stages(("\"crop_px\":32", "\"crop_px\":99999999")),
            "crop_px: 99999999",
        ),
        (
            "schedule",
            stages((
                "\"source\":\"images\"",
                "\"continues\":true,\"source\":\"images\"",
            )),
            "as in stage 0, whose training it continues",
        ),
        (
            "task",
            task(
                "depth",
                r#"{"kind": "cross_entropy", "ignore": 255}"#,
                "null",
            ),
            "Depth",
        ),
        (
            "task",
            task("keypoints", r#"{"kind": "heatmap", "sigma_px": 0}"#, "null"),
            "sigma_px",
        ),
        ("task", task("depth", own, &data("0", info)), "data.train"),
        ("task", task("depth", own, &data("1e12", info)), ""),
        (
            "task",
            task("depth", own, &data("9", &info.replace("[]}", "[[0, 1]]}"))),
            "pairs of the 0 joints",
        ),
    ] {
        let settings = json!({ "reply_at": "create", "reply": reply });
        let error = match kind {
            "space" => space(&settings).err(),
            "schedule" => schedule(&settings).err(),
            _ => crate::calls::task(&settings).err(),
        };
        let message = error
            .unwrap_or_else(|| panic!("{reply} is taken"))
            .to_string();
        assert!(message.contains(part), "{kind}, {part}: {message}");
    }
}

/// A library of an earlier version, or in another language, need not know of canonical forms.
#[test]
fn choices_are_their_own_form_in_a_space_that_says_nothing_of_forms() {
    let made = |more: &str| {
        let decision = |label: &str| format!(r#"{{"label": "{label}", "options": ["x", "y"]}}"#);
        let schema = ["a", "b"].map(decision).join(", ");
        let reply = format!(r#"{{"schema": [{schema}]{more}}}"#);
        let settings =
            json!({ "reply_at": "create", "reply": reply, "at": "canonical", "how": "panic" });
        space(&settings).unwrap()
    };
    let space = made("");
    let choices = space.schema().choices(vec![1, 0]).unwrap();
    assert_eq!(space.canonical(&choices).unwrap(), choices);
    let space = made(r#", "canonical": true"#);
    space.canonical(&choices).unwrap_err();
}

#[test]
fn numbers_that_are_none_are_refused_on_the_plugins_side_of_a_trait_too() {
    for (kind, call, part) in [
        ("controller", "propose", "a finite number"),
        ("controller", "probabilities", "a finite number"),
        ("controller", "log_prob", "a finite number"),
        ("schedule", "reward", "a finite number"),
        ("task", "reward", "a finite number"),
        ("task", "output_channels", "0 channels"),
        ("task", "custom_loss", "a finite number"),
        ("task", "sample_size", "pixels"),
        ("task", "fill", "1 values"),
    ] {
        let error = ask(kind, &json!({ "at": call, "how": "lie" }), call);
        let message = error
            .err()
            .unwrap_or_else(|| panic!("{kind} {call} is taken"))
            .to_string();
        assert!(message.contains(part), "{kind} {call}: {message}");
    }
}
