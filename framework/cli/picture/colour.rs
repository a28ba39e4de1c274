//! Colours: one per class or joint, and a scale for depths.
//!
//! Both are computed in OKLab (Ottosson 2020, <https://bottosson.github.io/posts/oklab/>), where
//! equal distances look equal.

use std::f64::consts::PI;

/// The colour of a class: black for the background, class 0; otherwise hues spaced by the golden
/// angle, in three lightnesses.
pub(crate) fn of_class(class: u8) -> [u8; 3] {
    const GOLDEN_ANGLE: f64 = 2.399_963_229_728_653;
    const LIGHTNESS: [f64; 3] = [0.70, 0.84, 0.56];
    if class == 0 {
        return [0; 3];
    }
    let at = usize::from(class - 1);
    let hue = 0.5 + GOLDEN_ANGLE * at as f64;
    to_bytes(in_gamut(LIGHTNESS[at % 3], 0.17, hue))
}

/// Colours from near, a light yellow, to far, a dark violet; neighbours are equally far apart.
pub(crate) fn depth_scale() -> [[u8; 3]; 256] {
    const FINE: usize = 2048;
    let along = |t: f64| {
        let hue = (105.0 - 190.0 * t).to_radians();
        in_gamut(0.95 - 0.77 * t, 0.03 + 0.15 * (PI * t).sin(), hue)
    };
    let points: Vec<[f64; 3]> = (0..=FINE).map(|i| along(i as f64 / FINE as f64)).collect();
    let mut length = vec![0.0];
    for pair in points.windows(2) {
        let squares = (0..3).map(|c| (pair[1][c] - pair[0][c]).powi(2));
        length.push(length[length.len() - 1] + squares.sum::<f64>().sqrt());
    }
    let whole = length[FINE];
    let mut scale = [[0; 3]; 256];
    for (at, colour) in scale.iter_mut().enumerate() {
        let wanted = whole * at as f64 / 255.0;
        let place = length.partition_point(|&l| l < wanted).min(FINE);
        *colour = to_bytes(points[place]);
    }
    scale
}

/// Blends `over` onto `under` with opacity `share`.
pub(crate) fn blend(under: [u8; 3], over: [u8; 3], share: f32) -> [u8; 3] {
    let mix = |a: u8, b: u8| f32::from(a) * (1.0 - share) + f32::from(b) * share;
    [0, 1, 2].map(|c| mix(under[c], over[c]).round() as u8)
}

/// `[L, a, b]` of a lightness, chroma and hue, the chroma lowered until the colour is in sRGB.
fn in_gamut(lightness: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let at = |c: f64| [lightness, c * hue.cos(), c * hue.sin()];
    let is_shown = |c: f64| {
        to_linear(at(c))
            .iter()
            .all(|v| (-1e-6..=1.000_001).contains(v))
    };
    let (mut low, mut high) = (0.0, chroma);
    if is_shown(high) {
        return at(high);
    }
    for _ in 0..32 {
        let middle = f64::midpoint(low, high);
        if is_shown(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    at(low)
}

/// OKLab to linear sRGB.
fn to_linear([l, a, b]: [f64; 3]) -> [f64; 3] {
    let long = (l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (l - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
}

/// OKLab to 8-bit sRGB.
fn to_bytes(lab: [f64; 3]) -> [u8; 3] {
    to_linear(lab).map(|linear| {
        let linear = linear.clamp(0.0, 1.0);
        let encoded = if linear <= 0.003_130_8 {
            12.92 * linear
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        };
        (255.0 * encoded).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8-bit sRGB to OKLab, by the inverse formulas of the same source.
    fn lab(bytes: [u8; 3]) -> [f64; 3] {
        let [r, g, b] = bytes.map(|byte| {
            let v = f64::from(byte) / 255.0;
            if v <= 0.040_45 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        });
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        [
            0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        ]
    }

    fn distance(a: [u8; 3], b: [u8; 3]) -> f64 {
        let (a, b) = (lab(a), lab(b));
        (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn the_first_twenty_classes_can_be_told_apart() {
        for a in 0..21 {
            for b in 0..a {
                let far = distance(of_class(a), of_class(b));
                assert!(far > 0.09, "{a} and {b}: {far}");
            }
        }
        assert_eq!(of_class(0), [0; 3]);
    }

    #[test]
    fn depths_get_darker_in_equal_steps() {
        let scale = depth_scale();
        let lightness: Vec<f64> = scale.iter().map(|&c| lab(c)[0]).collect();
        // Steps of eight colours each, to average out rounding to bytes.
        assert!(lightness.windows(9).all(|w| w[0] > w[8]), "{lightness:?}");
        let steps: Vec<f64> = scale.windows(9).map(|w| distance(w[0], w[8])).collect();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        for (at, step) in steps.iter().enumerate() {
            assert!(
                (0.85..1.15).contains(&(step / mean)),
                "{at}: {step}, mean {mean}"
            );
        }
    }
}
