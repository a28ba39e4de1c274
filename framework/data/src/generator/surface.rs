//! Colours and patterns of surfaces.

use rand::{Rng as _, RngExt};

use nasfw_sdk::Rng;

use super::vector::Vector;

/// A surface's look: two colours in a pattern. It is drawn independently of the class, so that
/// colour gives no class away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Surface {
    colours: [[f64; 3]; 2],
    pattern: Pattern,
    per_metre: f64,
    seed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pattern {
    Plain,
    Stripes,
    Checks,
    Blotches,
}

impl Surface {
    /// A random look with about `per_metre` repeats of its pattern a metre.
    pub(super) fn random(rng: &mut Rng, per_metre: f64) -> Self {
        let first = colour(rng);
        let second = colour(rng);
        let contrast = rng.random_range(0.25..0.8);
        let mixed = [0, 1, 2].map(|c| first[c] + (second[c] - first[c]) * contrast);
        let pattern = match rng.random_range(0..4) {
            0 => Pattern::Plain,
            1 => Pattern::Stripes,
            2 => Pattern::Checks,
            _ => Pattern::Blotches,
        };
        Self {
            colours: [first, mixed],
            pattern,
            per_metre: per_metre * rng.random_range(0.7..1.4),
            seed: rng.next_u32(),
        }
    }

    /// The colour at a point of the surface, each channel in [0, 1].
    pub(super) fn at(&self, point: Vector) -> [f64; 3] {
        let [x, y, z] = point.map(|v| v * self.per_metre);
        let share = match self.pattern {
            Pattern::Plain => 0.0,
            Pattern::Stripes => f64::from((x + y * 0.5 + z * 0.25).rem_euclid(1.0) < 0.5),
            Pattern::Checks => {
                // The shift keeps faces at a solid's own axes off the edges of cells.
                let cell = |v: f64| (2.0 * v + 0.137).floor() as i64;
                f64::from((cell(x) + cell(y) + cell(z)) & 1 == 0)
            }
            Pattern::Blotches => self.noise([x, y, z]),
        };
        let [a, b] = self.colours;
        [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * share)
    }

    /// Smooth noise in [0, 1]: random values at whole numbers, blended in between.
    fn noise(&self, point: Vector) -> f64 {
        let base = point.map(f64::floor);
        let ease = |t: f64| t * t * (3.0 - 2.0 * t);
        let part = [0, 1, 2].map(|i| ease(point[i] - base[i]));
        (0..8_u32).fold(0.0, |sum, corner| {
            let mut weight = 1.0;
            let mut hash = self.seed;
            for axis in 0..3 {
                let upper = (corner >> axis) & 1;
                weight *= if upper == 1 {
                    part[axis]
                } else {
                    1.0 - part[axis]
                };
                let cell = (base[axis] as i64 as u32).wrapping_add(upper);
                hash = (hash ^ cell).wrapping_mul(0x9e37_79b1).rotate_left(13);
            }
            hash = (hash ^ (hash >> 15)).wrapping_mul(0x85eb_ca6b);
            sum + weight * f64::from(hash ^ (hash >> 13)) / f64::from(u32::MAX)
        })
    }
}

/// A random colour: any hue, mostly lively, seldom very dark.
fn colour(rng: &mut Rng) -> [f64; 3] {
    let hue = rng.random_range(0.0..6.0_f64);
    let saturation = rng.random_range(0.1..0.85);
    let value = rng.random_range(0.35..1.0);
    // From hue, saturation and value to RGB.
    [5.0, 3.0, 1.0].map(|shift| {
        let k = (hue + shift) % 6.0;
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::Seed;

    #[test]
    fn colours_stay_in_range_and_patterns_vary() {
        let mut rng = Seed(5).stream("surface");
        let mut varied = 0;
        for _ in 0..100 {
            let surface = Surface::random(&mut rng, 4.0);
            let points = (0..200).map(|i| [f64::from(i) * 0.031, -f64::from(i) * 0.017, 1.0]);
            let colours: Vec<_> = points.map(|p| surface.at(p)).collect();
            assert!(colours.iter().flatten().all(|c| (0.0..=1.0).contains(c)));
            varied += usize::from(colours.iter().any(|c| *c != colours[0]));
        }
        assert!((55..95).contains(&varied), "{varied} of 100 have a pattern");
    }
}
