//! Random programs of picks under nested conditions are search spaces.

use nasfw_sdk::testing::check_space;
use nasfw_sdk::{Blueprint, IoChannels, Net, Pick, Result, SearchSpace, Seed, Traced};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Asks for one of so many options.
    Pick(usize),
    /// Does something if a decision asked before, by number, has or has not an option.
    When {
        decision: usize,
        option: usize,
        negated: bool,
        body: Vec<Step>,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pick = (1..4_usize).prop_map(Step::Pick);
    let step = pick.prop_recursive(2, 12, 4, |inner| {
        let body = prop::collection::vec(inner, 1..4);
        let when = (any::<usize>(), any::<usize>(), any::<bool>(), body);
        when.prop_map(|(decision, option, negated, body)| Step::When {
            decision,
            option,
            negated,
            body,
        })
    });
    prop::collection::vec(step, 1..5).prop_map(|mut steps| {
        steps.insert(0, Step::Pick(2));
        steps
    })
}

struct Program(Vec<Step>);

impl Program {
    /// `asked` has the decisions in scope: how many options, and the one chosen.
    fn run(
        steps: &[Step],
        path: &str,
        asked: &mut Vec<(usize, usize)>,
        pick: &mut Pick,
        widths: &mut Vec<usize>,
    ) -> Result<()> {
        for (at, step) in steps.iter().enumerate() {
            let path = format!("{path}.{at}x");
            match step {
                Step::Pick(options) => {
                    let chosen = pick.index(path, *options)?;
                    widths.push(1 + chosen);
                    asked.push((*options, chosen));
                }
                Step::When {
                    decision,
                    option,
                    negated,
                    body,
                } => {
                    let (options, chosen) = asked[decision % asked.len()];
                    if (chosen == option % options) != *negated {
                        let outside = asked.len();
                        Self::run(body, &path, asked, pick, widths)?;
                        asked.truncate(outside);
                    }
                }
            }
        }
        Ok(())
    }
}

impl Blueprint for Program {
    fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
        let mut widths = Vec::new();
        Self::run(&self.0, "p", &mut Vec::new(), pick, &mut widths)?;
        let mut x = net.encoder(|net| net.conv_bn_relu(net.image(), 3, 4));
        for width in widths {
            x = net.conv_bn_relu(x, 1, width);
        }
        net.head(x)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn they_keep_their_contract(steps in steps(), seed in any::<u64>()) {
        let space = Traced::new(Program(steps.clone())).unwrap();
        let checked = check_space(&space, 40, Seed(seed));
        prop_assert!(checked.is_ok(), "{:?}", checked);
        // What it is made from decides it.
        let again = Traced::new(Program(steps)).unwrap();
        prop_assert_eq!(space.schema(), again.schema());
    }

    #[test]
    fn no_text_is_read_that_is_no_genotype(steps in steps(), text in "[a-z0-9.,=x]{0,40}") {
        let space = Traced::new(Program(steps)).unwrap();
        if let Ok(choices) = space.parse(&text) {
            prop_assert_eq!(space.genotype(&choices).unwrap(), text);
            prop_assert!(space.decode(&choices, &IoChannels::rgb(2)).is_ok());
        }
    }
}
