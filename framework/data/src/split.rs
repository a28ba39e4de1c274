//! Splitting sets so that the same sample always lands on the same side.

use rand::seq::SliceRandom;

use nasfw_sdk::Seed;

/// Splits samples at random into (meta-train, meta-val) indices, both sorted: those that a search
/// trains on and those that it takes rewards from. The method uses a `val_share` of 0.1.
///
/// `groups` has the number of each sample's group, from 0 ([`Groups::number`](crate::Groups::number));
/// all of a group are on one side, so meta-val has the share only as nearly as whole groups allow.
/// Each split has at least one group; a set of one is both. The same seed gives the same split.
pub fn meta_split(groups: &[usize], val_share: f64, seed: Seed) -> (Vec<usize>, Vec<usize>) {
    let len = groups.len();
    let count = groups.iter().max().map_or(0, |last| last + 1);
    if count < 2 {
        return ((0..len).collect(), (0..len).collect());
    }
    // The cast saturates and takes NaN to 0, so the clamp makes any share usable.
    let val_len = ((len as f64 * val_share).round() as usize).clamp(1, len - 1);
    let mut sizes = vec![0_usize; count];
    groups.iter().for_each(|&group| sizes[group] += 1);
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut seed.stream("meta_split"));
    let (mut is_val, mut taken) = (vec![false; count], 0);
    // The last one is never taken, so that something is left to train on.
    for &group in &order[..count - 1] {
        // Half of it or more has room, or there is none yet.
        if taken == 0 || taken + sizes[group].div_ceil(2) <= val_len {
            is_val[group] = true;
            taken += sizes[group];
        }
        if taken >= val_len {
            break;
        }
    }
    (0..len).partition(|&index| !is_val[groups[index]])
}

/// Splits named items 80 / 20 into (train, val) by a hash of the name: adding files later moves no
/// file to the other side. With two or more names neither side is empty. Items of one name, such as
/// that of a group, are on one side.
pub(crate) fn split_by_name<T>(items: Vec<T>, name: impl Fn(&T) -> &str) -> (Vec<T>, Vec<T>) {
    let bucket = |item: &T| {
        let digest = blake3::hash(name(item).as_bytes());
        let mut first = [0; 4];
        first.copy_from_slice(&digest.as_bytes()[..4]);
        u32::from_le_bytes(first)
    };
    let share = u32::MAX / 5;
    let (mut val, mut train): (Vec<T>, Vec<T>) =
        items.into_iter().partition(|item| bucket(item) < share);
    // A side that is empty gets the name nearest to it, unless it is the only one.
    let has_others = |all: &[T]| all.iter().any(|item| bucket(item) != bucket(&all[0]));
    if val.is_empty() && has_others(&train) {
        let lowest = train.iter().map(&bucket).min();
        (val, train) = train.into_iter().partition(|it| Some(bucket(it)) == lowest);
    } else if train.is_empty() && has_others(&val) {
        let highest = val.iter().map(&bucket).max();
        (train, val) = val.into_iter().partition(|it| Some(bucket(it)) == highest);
    }
    (train, val)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn alone(len: usize) -> Vec<usize> {
        (0..len).collect()
    }

    /// The split of sets without groups, as it always was.
    fn without_groups(len: usize, val_share: f64, seed: Seed) -> (Vec<usize>, Vec<usize>) {
        let val_len = ((len as f64 * val_share).round() as usize).clamp(1, len - 1);
        let mut val: Vec<usize> = (0..len).collect();
        val.shuffle(&mut seed.stream("meta_split"));
        let mut train = val.split_off(val_len);
        val.sort_unstable();
        train.sort_unstable();
        (train, val)
    }

    proptest! {
        #[test]
        fn a_group_is_on_one_side(
            sizes in prop::collection::vec(1_usize..30, 2..40), share in 0.05..0.5_f64, seed: u64,
        ) {
            let members = sizes.iter().enumerate();
            let groups: Vec<usize> = members.flat_map(|(at, &n)| std::iter::repeat_n(at, n)).collect();
            let (train, val) = meta_split(&groups, share, Seed(seed));
            prop_assert!(!train.is_empty() && !val.is_empty());
            prop_assert_eq!(train.len() + val.len(), groups.len());
            let sides = |part: &[usize]| part.iter().map(|&at| groups[at]).collect::<std::collections::BTreeSet<_>>();
            prop_assert!(sides(&train).is_disjoint(&sides(&val)));
            // Off by at most half the largest group, unless the first one taken is larger.
            let largest = sizes.iter().max().copied().unwrap_or(0);
            let wanted = (groups.len() as f64 * share).round() as usize;
            prop_assert!(val.len() <= wanted.max(1) + largest);
        }

        #[test]
        fn without_groups_it_is_as_ever(len in 2_usize..400, share in 0.0..1.0_f64, seed: u64) {
            let (found, expected) = (meta_split(&alone(len), share, Seed(seed)), without_groups(len, share, Seed(seed)));
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn parts_are_disjoint_sorted_and_complete(
            len in 2_usize..400, share in -1.0..2.0_f64, seed: u64,
        ) {
            let (train, val) = meta_split(&alone(len), share, Seed(seed));
            prop_assert!(!train.is_empty() && !val.is_empty());
            prop_assert!(train.is_sorted() && val.is_sorted());
            let mut all = [train.clone(), val.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..len).collect::<Vec<_>>());
            prop_assert_eq!((train, val), meta_split(&alone(len), share, Seed(seed)));
        }
    }

    #[test]
    fn a_tenth_goes_to_validation_and_the_seed_decides_which() {
        let (train, val) = meta_split(&alone(600), 0.1, Seed(3));
        assert_eq!((train.len(), val.len()), (540, 60));
        assert_ne!(val, meta_split(&alone(600), 0.1, Seed(4)).1);
        assert_eq!(meta_split(&alone(1), 0.1, Seed(0)), (vec![0], vec![0]));
        assert_eq!(meta_split(&[], 0.1, Seed(0)), (vec![], vec![]));
        assert_eq!(meta_split(&alone(5), f64::NAN, Seed(0)).1.len(), 1);
    }

    #[test]
    fn adding_a_name_moves_no_other() {
        let names: Vec<String> = (0..500).map(|i| format!("img_{i}")).collect();
        let (train, val) = split_by_name(names.clone(), |n| n);
        assert!((70..130).contains(&val.len()), "{} of 500", val.len());
        let mut more = names;
        more.push("another".to_owned());
        let (train_after, val_after) = split_by_name(more, |n| n);
        assert!(train.iter().all(|n| train_after.contains(n)));
        assert!(val.iter().all(|n| val_after.contains(n)));
        for n in 2..6 {
            let few: Vec<String> = (0..n).map(|i| format!("{i}")).collect();
            let (train, val) = split_by_name(few, |n| n);
            assert!(!train.is_empty() && !val.is_empty());
        }
    }
}
