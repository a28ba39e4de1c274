//! A jointed figure in a random posture.

use rand::RngExt;

use nasfw_sdk::Rng;

use super::solid::{Shape, Solid};
use super::vector::{Axes, Vector, add, scale};

/// Joint names, in the order of the keypoints.
pub(super) const JOINTS: [&str; 10] = [
    "head",
    "hip",
    "left_elbow",
    "right_elbow",
    "left_hand",
    "right_hand",
    "left_knee",
    "right_knee",
    "left_foot",
    "right_foot",
];
/// Joints that a left-right flip exchanges. The figure itself is alike on both sides and always
/// faces the camera more or less, so that a mirrored image is another valid one.
pub(super) const FLIP_PAIRS: [(usize, usize); 4] = [(2, 3), (4, 5), (6, 7), (8, 9)];
/// Lines to draw between joints.
pub(super) const SKELETON: [(usize, usize); 9] = [
    (0, 1),
    (0, 2),
    (0, 3),
    (2, 4),
    (3, 5),
    (1, 6),
    (1, 7),
    (6, 8),
    (7, 9),
];

const LIMB_RADIUS_M: f64 = 0.05;
const HEAD_RADIUS_M: f64 = 0.13;

/// A part of the figure; each has one surface, left and right alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyPart {
    Trunk,
    Head,
    Nose,
    Arms,
    Legs,
}

/// A figure standing on the ground.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) solids: Vec<(BodyPart, Solid)>,
    /// Each joint's position with how far the surface in front of it may be, in metres.
    pub(super) joints: [(Vector, f64); JOINTS.len()],
}

impl Figure {
    /// A random posture at a place on the ground, `size` times as large as usual (1.2 m).
    pub(super) fn random(rng: &mut Rng, place: Vector, size: f64) -> Self {
        let facing = Axes::along([0.0, 1.0, 0.0], rng.random_range(-0.7..0.7));
        // The figure looks along −z, so its left is the image's right.
        let to_world = |v: Vector| add(place, facing.to_world(scale(v, size)));
        let (lean, bow) = (
            rng.random_range(-0.3..0.3_f64),
            rng.random_range(-0.1..0.35_f64),
        );
        let hip = [0.0; 3];
        let up = [lean.sin(), lean.cos() * bow.cos(), -bow.sin()];
        let neck = add(hip, scale(up, 0.42));
        let head = add(neck, scale(up, 0.17));
        let nose = add(head, [0.0, -0.01, -HEAD_RADIUS_M]);
        let mut points = [hip; JOINTS.len()];
        points[0] = head;
        let mut parts = vec![
            (BodyPart::Trunk, hip, neck, 0.1),
            (BodyPart::Head, head, head, HEAD_RADIUS_M),
        ];
        parts.push((BodyPart::Nose, nose, nose, 0.04));
        for (side, offset) in [(1.0, 0), (-1.0, 1)] {
            let shoulder = add(neck, [side * 0.13, -0.04, 0.0]);
            let raise = rng.random_range(0.15..2.7);
            let elbow = add(
                shoulder,
                limb(0.25, side * raise, rng.random_range(-0.5..0.9)),
            );
            let bend = raise + rng.random_range(-0.6..1.6);
            let hand = add(elbow, limb(0.23, side * bend, rng.random_range(-0.3..0.9)));
            let top = add(hip, [side * 0.08, 0.0, 0.0]);
            let (spread, swing) = (rng.random_range(0.02..0.6), rng.random_range(-0.5..0.9));
            let knee = add(top, limb(0.29, side * spread, swing));
            let back = swing - rng.random_range(0.0..1.2);
            let foot = add(knee, limb(0.28, side * spread * 0.5, back));
            for (joint, at) in [(2, elbow), (4, hand), (6, knee), (8, foot)] {
                points[joint + offset] = at;
            }
            parts.extend([
                (BodyPart::Arms, shoulder, elbow, LIMB_RADIUS_M),
                (BodyPart::Arms, elbow, hand, LIMB_RADIUS_M * 0.9),
                (BodyPart::Legs, top, knee, LIMB_RADIUS_M * 1.2),
                (BodyPart::Legs, knee, foot, LIMB_RADIUS_M),
            ]);
        }
        let mut solids: Vec<(BodyPart, Solid)> = parts
            .into_iter()
            .map(|(part, from, to, radius)| {
                let (from, to, radius) = (to_world(from), to_world(to), radius * size);
                let solid = if from == to {
                    Solid {
                        shape: Shape::Ball { radius },
                        centre: from,
                        axes: facing,
                    }
                } else {
                    Solid::limb(from, to, radius)
                };
                (part, solid)
            })
            .collect();
        let mut joints = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|joint| {
            let depth = match joint {
                0 => HEAD_RADIUS_M + 0.05, // the nose
                1 => 0.1,
                _ => LIMB_RADIUS_M * 1.2,
            };
            (to_world(points[joint]), (depth + 0.04) * size)
        });
        // Lift it until its lowest part touches the ground.
        let lowest = solids.iter().map(|(_, s)| s.centre[1] - s.reach_down());
        let lift = place[1] - lowest.fold(f64::INFINITY, f64::min);
        for (_, solid) in &mut solids {
            solid.centre[1] += lift;
        }
        for (joint, _) in &mut joints {
            joint[1] += lift;
        }
        Self { solids, joints }
    }
}

/// A limb of a length hanging down, raised sideways by one angle and forwards by another (radians).
fn limb(length: f64, sideways: f64, forwards: f64) -> Vector {
    let down = [
        sideways.sin(),
        -sideways.cos() * forwards.cos(),
        -forwards.sin() * 0.8,
    ];
    scale(super::vector::unit(down), length)
}
