//! Functions that are no search space, and what is said of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use nasfw_sdk::graph::Conv;
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::testing::check_space;
use nasfw_sdk::{Blueprint, Net, Pick, Result, Seed, Traced};

use super::Build;

#[track_caller]
fn refused(parts: &[&str], build: impl Fn(&mut Pick, &mut Net) -> Result<()> + Send + Sync) {
    let Err(error) = Traced::new(Build(build)) else {
        panic!("is taken: {parts:?}")
    };
    let said = error.to_string();
    for part in parts {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

fn end(net: &mut Net) -> Result<()> {
    net.head(net.image())
}

#[test]
fn a_decision_that_two_others_decide_together_is_refused() {
    refused(
        &[
            "decision `c`",
            "a=no,b=no",
            "and not for",
            "by itself",
            "every network",
        ],
        |pick, net| {
            let (a, b) = (pick.flag("a")?, pick.flag("b")?);
            if a || b {
                pick.flag("c")?;
            }
            end(net)
        },
    );
}

#[test]
fn a_decision_asked_in_every_other_build_is_refused() {
    let count = AtomicUsize::new(0);
    refused(
        &["decision `", "asked for `", "and not for `"],
        |pick, net| {
            pick.flag("always")?;
            if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                pick.flag("sometimes")?;
            }
            end(net)
        },
    );
}

#[test]
fn a_decision_that_appears_later_is_refused_when_it_decodes() {
    let count = AtomicUsize::new(0);
    let space = Traced::new(Build(|pick: &mut Pick, net: &mut Net| {
        pick.flag("always")?;
        if count.fetch_add(1, Ordering::Relaxed) > 20 {
            pick.flag("late")?;
        }
        end(net)
    }));
    let said = check_space(&space.unwrap(), 40, Seed(0)).unwrap_err();
    assert!(
        said.contains("decision `late`") && said.contains("same choices"),
        "{said}"
    );
}

#[test]
fn lists_that_change_are_refused() {
    refused(
        &[
            "decision `at`",
            "[0] for `n=1",
            "[0, 1] for `n=2",
            "names that differ",
        ],
        |pick, net| {
            let count = pick.one_of("n", [1, 2, 3])?;
            pick.index("at", count)?;
            end(net)
        },
    );
    // Also when the list is too short for what was chosen before.
    refused(&["decision `at`", "names that differ"], |pick, net| {
        let count = pick.one_of("n", [3, 2, 1])?;
        pick.index("at", count)?;
        end(net)
    });
}

#[test]
fn another_order_is_refused() {
    refused(
        &["decision `", "before `", "after it in `", "one order"],
        |pick, net| {
            let names = if pick.flag("turn")? {
                ["a", "b"]
            } else {
                ["b", "a"]
            };
            for name in names {
                pick.flag(name)?;
            }
            end(net)
        },
    );
}

#[test]
fn an_encoder_that_depends_on_choices_is_refused() {
    let said = [
        "encoder",
        "`width=8`",
        "`width=16`",
        "pick nothing in `net.encoder`",
    ];
    refused(&said, |pick, net| {
        let width = pick.one_of("width", [8, 16])?;
        let x = net.encoder(|net| net.conv_bn_relu(net.image(), 3, width));
        net.head(x)
    });
    let said = [
        "encoder",
        "`from=0`",
        "`from=1`",
        "read each map in every network",
    ];
    refused(&said, |pick, net| {
        let from = pick.index("from", 2)?;
        let maps = net.encoder(|net| {
            let half = net.conv_bn(net.image(), Conv::new(3, 4).stride(2));
            [half, net.conv_bn(half, Conv::new(3, 4))]
        });
        net.head(maps[from])
    });
}

#[test]
fn names_and_lists_that_cannot_be_are_refused() {
    for (name, part) in [
        ("", "\"\""),
        ("a,b", "a,b"),
        ("a=b", "a=b"),
        ("a\nb", "a\\nb"),
    ] {
        refused(&["decision `", part, "no comma"], |pick, net| {
            pick.flag(name)?;
            end(net)
        });
        refused(&["decision `op`", "option", part], |pick, net| {
            pick.one_of("op", ["fine", name])?;
            end(net)
        });
    }
    refused(&["decision `width`", "an empty list"], |pick, net| {
        pick.one_of("width", Vec::<usize>::new())?;
        end(net)
    });
    refused(&["decision `width`", "1 to 4096"], |pick, net| {
        pick.one_of("width", 0..)?;
        end(net)
    });
    refused(&["decision `width`", "option \"8\" twice"], |pick, net| {
        pick.one_of("width", [8, 16, 8])?;
        end(net)
    });
    refused(
        &["decision `width`", "asking twice", "name of its own"],
        |pick, net| {
            pick.flag("width")?;
            pick.flag("width")?;
            end(net)
        },
    );
    refused(&["0 decisions", "pick.one_of"], |_, net| end(net));
}

#[test]
fn networks_that_cannot_be_are_refused() {
    refused(&["head", "net.head(x)"], |pick, _| {
        pick.flag("a").map(|_| ())
    });
    refused(&["head", "auxiliary heads"], |pick, net| {
        pick.flag("a")?;
        end(net)?;
        end(net)
    });
    refused(&["conv0", "0 channels"], |pick, net| {
        let width = pick.one_of("width", [8, 0])?;
        let x = net.conv_bn_relu(net.image(), 3, width);
        net.head(x)
    });
    refused(&["head", "reads node 99"], |pick, net| {
        pick.flag("a")?;
        net.head(99)
    });
}

#[test]
fn a_space_that_takes_too_long_to_trace_is_refused() {
    refused(&["not traced after", "fewer options"], |pick, net| {
        for at in 0..6 {
            pick.index(format!("d{at}"), 4000)?;
        }
        end(net)
    });
}

nasfw_sdk::settings! {
    struct Settings {
        widths: Vec<usize> = vec![8, 16],
    }
}

impl Blueprint for Settings {
    fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
        let width = *pick.one_of("width", &self.widths)?;
        let x = net.conv_bn_relu(net.image(), 3, width);
        net.head(x)
    }
}

nasfw_sdk::register!(space, Traced<Settings>, plugin: "of-settings", name: "of-settings", about: "a test");

#[test]
fn settings_are_checked_by_building() {
    let entry = nasfw_sdk::registry::SpaceEntry::find("of-settings").unwrap();
    let space = (entry.build)(&serde_json::json!({ "widths": [4] })).unwrap();
    assert_eq!(space.schema().decisions()[0].options, ["4"]);
    let said = |settings| (entry.build)(&settings).err().unwrap().to_string();
    assert!(said(serde_json::json!({ "widht": [4] })).contains("did you mean `widths`"));
    assert!(said(serde_json::json!({ "widths": [0] })).contains("0 channels"));
    assert!(said(serde_json::json!({ "widths": [] })).contains("an empty list"));
    let default = Traced::<Settings>::from_config(Settings::default()).unwrap();
    check_space(&default, 5, Seed(0)).unwrap();
}
