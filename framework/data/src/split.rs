//! Splitting sets so that the same sample always lands on the same side.

use rand::seq::SliceRandom;

use nasfw_sdk::Seed;

/// Splits `0..len` at random into (meta-train, meta-val) indices, both sorted: those that a search
/// trains on and those that it takes rewards from. The method uses a `val_share` of 0.1.
///
/// Each split has at least one sample; a set of one sample is both. The same seed gives the
/// same split.
pub fn meta_split(len: usize, val_share: f64, seed: Seed) -> (Vec<usize>, Vec<usize>) {
    if len < 2 {
        return ((0..len).collect(), (0..len).collect());
    }
    // The cast saturates and takes NaN to 0, so the clamp makes any share usable.
    let val_len = ((len as f64 * val_share).round() as usize).clamp(1, len - 1);
    let mut val: Vec<usize> = (0..len).collect();
    val.shuffle(&mut seed.stream("meta_split"));
    let mut train = val.split_off(val_len);
    val.sort_unstable();
    train.sort_unstable();
    (train, val)
}

/// Splits named items 80 / 20 into (train, val) by a hash of the name: adding files later moves no
/// file to the other side. With two or more names neither side is empty.
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
    if val.is_empty() && train.len() > 1 {
        let lowest = (0..train.len()).min_by_key(|&i| bucket(&train[i]));
        val.extend(lowest.map(|i| train.remove(i)));
    } else if train.is_empty() && val.len() > 1 {
        let highest = (0..val.len()).max_by_key(|&i| bucket(&val[i]));
        train.extend(highest.map(|i| val.remove(i)));
    }
    (train, val)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_disjoint_sorted_and_complete(
            len in 2_usize..400, share in -1.0..2.0_f64, seed: u64,
        ) {
            let (train, val) = meta_split(len, share, Seed(seed));
            prop_assert!(!train.is_empty() && !val.is_empty());
            prop_assert!(train.is_sorted() && val.is_sorted());
            let mut all = [train.clone(), val.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..len).collect::<Vec<_>>());
            prop_assert_eq!((train, val), meta_split(len, share, Seed(seed)));
        }
    }

    #[test]
    fn a_tenth_goes_to_validation_and_the_seed_decides_which() {
        let (train, val) = meta_split(600, 0.1, Seed(3));
        assert_eq!((train.len(), val.len()), (540, 60));
        assert_ne!(val, meta_split(600, 0.1, Seed(4)).1);
        assert_eq!(meta_split(1, 0.1, Seed(0)), (vec![0], vec![0]));
        assert_eq!(meta_split(0, 0.1, Seed(0)), (vec![], vec![]));
        assert_eq!(meta_split(5, f64::NAN, Seed(0)).1.len(), 1);
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
