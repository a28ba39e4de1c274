//! Pixels at a boundary, and pixels near one. Maps are row-major, with `width` pixels per row.

/// The pixels of class `class` with a neighbour above, below, left or right of another class that
/// is not ignored.
pub(crate) fn of_class(map: &[u8], width: usize, class: u8, ignore: u8) -> Vec<bool> {
    let differs = |other: usize| map[other] != class && map[other] != ignore;
    let at_boundary = |at: usize| {
        let column = at % width;
        map[at] == class
            && ((column > 0 && differs(at - 1))
                || (column + 1 < width && differs(at + 1))
                || (at >= width && differs(at - width))
                || (at + width < map.len() && differs(at + width)))
    };
    (0..map.len()).map(at_boundary).collect()
}

/// The pixels with a marked pixel at most `radius` columns and rows away.
pub(crate) fn near(marked: &[bool], width: usize, radius: usize) -> Vec<bool> {
    let height = marked.len() / width;
    let mut near = vec![false; marked.len()];
    for at in (0..marked.len()).filter(|&at| marked[at]) {
        let (y, x) = (at / width, at % width);
        let rows = y.saturating_sub(radius)..(y + radius + 1).min(height);
        let columns = x.saturating_sub(radius)..(x + radius + 1).min(width);
        for row in rows {
            near[row * width..][columns.clone()].fill(true);
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_has_an_outline() {
        #[rustfmt::skip]
        let map = [
            0, 0, 0, 0, 0,
            0, 1, 1, 1, 0,
            0, 1, 1, 1, 9,
            0, 1, 1, 1, 9,
        ];
        #[rustfmt::skip]
        let wanted = [
            0, 0, 0, 0, 0,
            0, 1, 1, 1, 0,
            0, 1, 0, 0, 0,
            0, 1, 0, 0, 0,
        ];
        // 9 is ignored, so it forms no boundary; nor does the edge of the image.
        assert_eq!(of_class(&map, 5, 1, 9), wanted.map(|w| w == 1));
        let mut corner = vec![false; 12];
        corner[0] = true;
        let found = near(&corner, 4, 1);
        assert_eq!(found.iter().filter(|&&n| n).count(), 4);
        assert!(found[5] && !found[2]);
        assert_eq!(near(&corner, 4, 0), corner);
    }
}
