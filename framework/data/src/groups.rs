//! Groups of samples that stay on one side of every split: frames of one video, pictures of one
//! patient, one object or one place. Where they are on both sides, validation rewards what was memorised.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;

use crate::config::DataConfig;
use crate::error::DataError;
use crate::sample::Dataset;
use crate::split::split_by_name;

/// The samples that belong together, by `data.group`.
#[derive(Debug)]
pub struct Groups(Rule);

#[derive(Debug)]
enum Rule {
    /// Every sample is a group of its own.
    None,
    /// The match of a regular expression in the name: its first parenthesis, or all of it.
    Pattern(Regex),
    /// A list of names with their groups.
    List(BTreeMap<String, String>),
}

impl Groups {
    /// The groups that `config` asks for.
    ///
    /// # Errors
    /// When the expression is wrong, or the list cannot be read or names a sample twice.
    pub fn of(config: &DataConfig) -> Result<Self, DataError> {
        let Some(group) = &config.group else {
            return Ok(Self(Rule::None));
        };
        let wrong = |problem: String| DataError::Group {
            group: group.clone(),
            problem,
        };
        if let Some(name) = group.strip_prefix('@') {
            let file = match &config.path {
                Some(root) => root.join(name),
                None => Path::new(name).to_owned(),
            };
            let text = std::fs::read_to_string(&file)
                .map_err(|e| wrong(format!("{}: {e}", file.display())))?;
            return Ok(Self(Rule::List(list(&text).map_err(wrong)?)));
        }
        let pattern = Regex::new(group).map_err(|e| wrong(e.to_string()))?;
        Ok(Self(Rule::Pattern(pattern)))
    }

    /// True where samples are grouped at all.
    pub fn is_some(&self) -> bool {
        !matches!(self.0, Rule::None)
    }

    /// The name of the group of a sample.
    ///
    /// # Errors
    /// When the expression does not match the name, or the list does not have it.
    pub fn name_of<'n>(&'n self, sample: &'n str) -> Result<&'n str, DataError> {
        let missing = |group: &str, problem: String| DataError::Group {
            group: group.into(),
            problem,
        };
        match &self.0 {
            Rule::None => Ok(sample),
            Rule::Pattern(pattern) => {
                let found = pattern.captures(sample);
                let named = found.and_then(|found| found.get(1).or_else(|| found.get(0)));
                named.map(|it| it.as_str()).ok_or_else(|| {
                    missing(
                        pattern.as_str(),
                        format!("it does not match the name `{sample}`"),
                    )
                })
            }
            Rule::List(groups) => groups
                .get(sample)
                .map(String::as_str)
                .ok_or_else(|| missing("@list", format!("the list has no group for `{sample}`"))),
        }
    }

    /// The group of each sample of a set, numbered from 0 in the order in which they first appear.
    ///
    /// # Errors
    /// As [`name_of`](Self::name_of); also when all samples are in one group, as nothing could be split.
    pub fn number(&self, dataset: &dyn Dataset) -> Result<Vec<usize>, DataError> {
        if !self.is_some() {
            return Ok((0..dataset.len()).collect());
        }
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let mut all = Vec::with_capacity(dataset.len());
        for index in 0..dataset.len() {
            let sample = dataset.name(index);
            let group = self.name_of(&sample)?.to_owned();
            let next = numbers.len();
            all.push(*numbers.entry(group).or_insert(next));
        }
        match numbers.len() {
            1 if all.len() > 1 => Err(DataError::Group {
                group: self.shown().into(),
                problem: format!(
                    "all {} training samples are in one group, so they cannot be split",
                    all.len()
                ),
            }),
            _ => Ok(all),
        }
    }

    /// Splits items 80 / 20 into (train, val) by a hash of their groups' names, as `split_by_name`.
    pub(crate) fn split<T>(
        &self,
        items: Vec<T>,
        name: impl Fn(&T) -> &str,
    ) -> Result<(Vec<T>, Vec<T>), DataError> {
        let groups: Vec<String> = items
            .iter()
            .map(|item| self.name_of(name(item)).map(str::to_owned))
            .collect::<Result<_, _>>()?;
        let with_groups = items.into_iter().zip(groups).collect();
        let (train, val) = split_by_name(with_groups, |(_, group): &(T, String)| group);
        let items = |all: Vec<(T, String)>| all.into_iter().map(|(item, _)| item).collect();
        Ok((items(train), items(val)))
    }

    fn shown(&self) -> &str {
        match &self.0 {
            Rule::None => "",
            Rule::Pattern(pattern) => pattern.as_str(),
            Rule::List(_) => "@list",
        }
    }
}

/// Reads lines `NAME GROUP`; a name may contain spaces, a group may not.
fn list(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut groups = BTreeMap::new();
    let lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()));
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let Some((name, group)) = line.rsplit_once(char::is_whitespace) else {
            return Err(format!("line {number}: `{line}` is not a name and a group"));
        };
        if groups
            .insert(name.trim().to_owned(), group.to_owned())
            .is_some()
        {
            return Err(format!(
                "line {number}: `{}` has a group already",
                name.trim()
            ));
        }
    }
    Ok(groups)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::sample::Sample;

    struct Named(Vec<&'static str>);

    impl Dataset for Named {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn name(&self, index: usize) -> String {
            self.0[index].to_owned()
        }

        fn read(&self, index: usize) -> Result<Sample, DataError> {
            Err(DataError::NoSample {
                index,
                len: self.0.len(),
            })
        }
    }

    fn by(group: &str) -> Result<Groups, DataError> {
        Groups::of(&DataConfig {
            group: Some(group.into()),
            ..DataConfig::default()
        })
    }

    #[test]
    fn a_pattern_names_groups_by_its_parenthesis_or_as_a_whole() {
        let set = Named(vec!["walk_1", "run_1", "walk_2", "run_07"]);
        let numbers = |pattern: &str| by(pattern).unwrap().number(&set).unwrap();
        assert_eq!(numbers("^(.*)_"), [0, 1, 0, 1]);
        assert_eq!(numbers("^[a-z]+"), [0, 1, 0, 1]);
        assert_eq!(numbers("_(\\d)"), [0, 0, 1, 2]);
        let none = Groups::of(&DataConfig::default()).unwrap();
        assert_eq!(none.number(&set).unwrap(), [0, 1, 2, 3]);
        let said = |result: Result<Vec<usize>, DataError>| result.unwrap_err().to_string();
        let one = said(by("^(.)").unwrap().number(&Named(vec!["a1", "a2"])));
        assert!(one.contains("one group"), "{one}");
        let unmatched = said(by("walk").unwrap().number(&set));
        assert!(unmatched.contains("`run_1`"), "{unmatched}");
        let wrong = by("(").unwrap_err().to_string();
        assert!(
            wrong.contains("data.group") && wrong.contains("unclosed"),
            "{wrong}"
        );
    }

    #[test]
    fn a_list_names_groups() {
        let folder = tempfile::tempdir().unwrap();
        let of = |text: &str| {
            std::fs::write(folder.path().join("groups.txt"), text).unwrap();
            Groups::of(&DataConfig {
                path: Some(folder.path().into()),
                group: Some("@groups.txt".into()),
                ..DataConfig::default()
            })
        };
        let groups = of("img 1  x\nimg 2 y\n\n img 3 x\n").unwrap();
        let set = Named(vec!["img 1", "img 2", "img 3"]);
        assert_eq!(groups.number(&set).unwrap(), [0, 1, 0]);
        let missing = groups.number(&Named(vec!["img 1", "other"])).unwrap_err();
        assert!(missing.to_string().contains("`other`"), "{missing}");
        for (text, part) in [("a x\na y", "line 2"), ("a", "line 1")] {
            let said = of(text).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
        let nowhere = by("@no.txt").unwrap_err().to_string();
        assert!(nowhere.contains("no.txt"), "{nowhere}");
    }
}
