//! Anti-aliased discs and lines.

use nasfw::data::Image;

use super::colour::blend;

/// Draws a line of `width_px` with round ends and opacity `cover` between two points in pixels,
/// whose centres are at whole numbers; a disc if the points coincide.
pub(crate) fn line(
    image: &mut Image,
    from: (f32, f32),
    to: (f32, f32),
    width_px: f32,
    colour: [u8; 3],
    cover: f32,
) {
    let radius = width_px / 2.0;
    let range = |a: f32, b: f32, len: usize| {
        let first = (a.min(b) - radius - 1.0).floor().max(0.0);
        let last = (a.max(b) + radius + 1.0).ceil().min(len as f32 - 1.0);
        // Outside the image the range is empty; the casts saturate.
        if first <= last {
            first as usize..last as usize + 1
        } else {
            0..0
        }
    };
    let rows = range(from.1, to.1, image.size.height);
    for y in rows {
        for x in range(from.0, to.0, image.size.width) {
            let distance = to_segment((x as f32, y as f32), from, to);
            let share = (radius + 0.5 - distance).clamp(0.0, 1.0) * cover;
            if share > 0.0 {
                let at = (y * image.size.width + x) * 3;
                let under = [0, 1, 2].map(|c| image.pixels[at + c]);
                image.pixels[at..at + 3].copy_from_slice(&blend(under, colour, share));
            }
        }
    }
}

/// Distance from a point to the segment between `a` and `b`.
fn to_segment(p: (f32, f32), a: (f32, f32), b: (f32, f32)) -> f32 {
    let (along, to) = ((b.0 - a.0, b.1 - a.1), (p.0 - a.0, p.1 - a.1));
    let square = along.0 * along.0 + along.1 * along.1;
    let t = if square > 0.0 {
        ((to.0 * along.0 + to.1 * along.1) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (to.0 - t * along.0).hypot(to.1 - t * along.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_covers_its_width_and_may_leave_the_image() {
        let mut image = Image {
            size: nasfw::sdk::Size::new(9, 5),
            pixels: vec![0; 9 * 5 * 3],
        };
        line(
            &mut image,
            (-20.0, 2.0),
            (40.0, 2.0),
            1.0,
            [200, 100, 50],
            1.0,
        );
        for y in 0..5 {
            let expected = if y == 2 { [200, 100, 50] } else { [0; 3] };
            assert!(
                image.pixels[y * 27..][..27]
                    .chunks(3)
                    .all(|p| p == expected)
            );
        }
        let before = image.clone();
        line(&mut image, (-50.0, -50.0), (-40.0, 90.0), 3.0, [9; 3], 1.0);
        assert_eq!(image, before);
        line(&mut image, (4.0, 4.0), (4.0, 4.0), 2.0, [100; 3], 0.5);
        assert_eq!(image.pixels[(4 * 9 + 4) * 3], 50);
    }
}
