//! Solids and the points at which a ray meets them.

use super::meeting::{ball, cone, cuboid, disc, nearer, pyramid, tube};
use super::vector::{Axes, Vector, add, length, scale, sub, unit};

/// A shape around its own origin, sizes in metres. What stands does so along its y axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Ball {
        radius: f64,
    },
    Box {
        half: Vector,
    },
    Cylinder {
        radius: f64,
        half: f64,
    },
    /// The apex is at `y = half`, the base at `y = -half`.
    Cone {
        radius: f64,
        half: f64,
    },
    /// A square base of side `2 side` at `y = -half`, the apex at `y = half`.
    Pyramid {
        side: f64,
        half: f64,
    },
    /// A cylinder of length `2 half` with half a ball at either end.
    Capsule {
        radius: f64,
        half: f64,
    },
}

/// A shape somewhere in the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Solid {
    pub(super) shape: Shape,
    pub(super) centre: Vector,
    pub(super) axes: Axes,
}

/// The point at which a ray meets a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Meeting {
    /// Position along the ray, in lengths of its direction.
    pub(super) t: f64,
    /// Outward normal in the world, of length 1.
    pub(super) normal: Vector,
    /// The point in the solid's own axes.
    pub(super) local: Vector,
}

impl Solid {
    /// A limb from one point to another.
    pub(super) fn limb(from: Vector, to: Vector, radius: f64) -> Self {
        Self {
            shape: Shape::Capsule {
                radius,
                half: length(sub(to, from)) / 2.0,
            },
            centre: scale(add(from, to), 0.5),
            axes: Axes::along(sub(to, from), 0.0),
        }
    }

    /// Radius of a ball around the centre that holds the solid.
    pub(super) fn bound(&self) -> f64 {
        match self.shape {
            Shape::Ball { radius } => radius,
            Shape::Box { half } => length(half),
            Shape::Cylinder { radius, half } | Shape::Cone { radius, half } => radius.hypot(half),
            Shape::Pyramid { side, half } => (side * 2.0_f64.sqrt()).hypot(half),
            Shape::Capsule { radius, half } => radius + half,
        }
    }

    /// The distance that the solid reaches below its centre.
    pub(super) fn reach_down(&self) -> f64 {
        // Down in the solid's axes; each shape's support function in that direction.
        let [x, y, z] = self.axes.to_local([0.0, -1.0, 0.0]);
        match self.shape {
            Shape::Ball { radius } => radius,
            Shape::Box { half } => x.abs() * half[0] + y.abs() * half[1] + z.abs() * half[2],
            Shape::Cylinder { radius, half } => y.abs() * half + x.hypot(z) * radius,
            Shape::Cone { radius, half } => (y * half).max(x.hypot(z) * radius - y * half),
            Shape::Pyramid { side, half } => (y * half).max((x.abs() + z.abs()) * side - y * half),
            Shape::Capsule { radius, half } => y.abs() * half + radius,
        }
    }

    /// The first meeting with a ray that starts outside.
    pub(super) fn meet(&self, origin: Vector, direction: Vector) -> Option<Meeting> {
        let o = self.axes.to_local(sub(origin, self.centre));
        let d = self.axes.to_local(direction);
        let (t, normal) = match self.shape {
            Shape::Ball { radius } => ball(o, d, [0.0; 3], radius),
            Shape::Box { half } => cuboid(o, d, half),
            Shape::Cylinder { radius, half } => {
                let side = tube(o, d, radius, half);
                let ends = nearer(disc(o, d, half, radius), disc(o, d, -half, radius));
                nearer(side, ends)
            }
            Shape::Cone { radius, half } => {
                nearer(cone(o, d, radius, half), disc(o, d, -half, radius))
            }
            Shape::Pyramid { side, half } => pyramid(o, d, side, half),
            Shape::Capsule { radius, half } => {
                let ends = nearer(
                    ball(o, d, [0.0, half, 0.0], radius),
                    ball(o, d, [0.0, -half, 0.0], radius),
                );
                nearer(tube(o, d, radius, half), ends)
            }
        }?;
        Some(Meeting {
            t,
            normal: unit(self.axes.to_world(normal)),
            local: add(o, scale(d, t)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::vector::dot;
    use super::*;
    use proptest::prelude::*;

    const SHAPES: [Shape; 6] = [
        Shape::Ball { radius: 0.5 },
        Shape::Box {
            half: [0.3, 0.5, 0.2],
        },
        Shape::Cylinder {
            radius: 0.3,
            half: 0.4,
        },
        Shape::Cone {
            radius: 0.4,
            half: 0.5,
        },
        Shape::Pyramid {
            side: 0.4,
            half: 0.5,
        },
        Shape::Capsule {
            radius: 0.2,
            half: 0.4,
        },
    ];

    /// True for a point in the shape's axes that is inside, enlarged by `margin`.
    fn inside(shape: Shape, [x, y, z]: Vector, margin: f64) -> bool {
        let across = x.hypot(z);
        match shape {
            Shape::Ball { radius } => length([x, y, z]) <= radius + margin,
            Shape::Box { half } => {
                x.abs() <= half[0] + margin
                    && y.abs() <= half[1] + margin
                    && z.abs() <= half[2] + margin
            }
            Shape::Cylinder { radius, half } => {
                across <= radius + margin && y.abs() <= half + margin
            }
            Shape::Cone { radius, half } => {
                y >= -half - margin && across <= radius * (half - y) / (2.0 * half) + margin
            }
            Shape::Pyramid { side, half } => {
                y >= -half - margin
                    && x.abs().max(z.abs()) <= side * (half - y) / (2.0 * half) + margin
            }
            Shape::Capsule { radius, half } => {
                length([x, y - y.clamp(-half, half), z]) <= radius + margin
            }
        }
    }

    proptest! {
        /// Steps along the ray instead of solving: the first step inside is where the two agree.
        #[test]
        fn meetings_agree_with_marching(
            kind in 0..6_usize, yaw in 0.0..6.0_f64,
            up in prop::array::uniform3(-1.0..1.0_f64),
            from in prop::array::uniform3(-1.0..1.0_f64),
            aim in prop::array::uniform3(-0.4..0.4_f64),
        ) {
            let (centre, axes) = ([0.1, 0.2, 0.3], Axes::along(up, yaw));
            let solid = Solid { shape: SHAPES[kind], centre, axes };
            let origin = add(solid.centre, scale(unit(from), 2.0));
            let direction = sub(add(solid.centre, aim), origin);
            let local = |t: f64| {
                solid.axes.to_local(sub(add(origin, scale(direction, t)), solid.centre))
            };
            let step = 1e-3;
            let mut steps = (0..2000).map(|i| f64::from(i) * step);
            let marched = steps.find(|&t| inside(solid.shape, local(t), 0.0));
            let met = solid.meet(origin, direction);
            if let Some(t) = marched {
                let met = met.unwrap();
                prop_assert!(met.t <= t + 1e-9 && met.t >= t - 0.02, "{} against {t}", met.t);
            }
            if let Some(met) = met {
                prop_assert!(inside(solid.shape, met.local, 1e-9));
                prop_assert!((length(met.normal) - 1.0).abs() < 1e-9);
                prop_assert!(dot(met.normal, direction) <= 1e-9);
                prop_assert!(length(met.local) <= solid.bound() + 1e-9);
                let low = add(origin, scale(direction, met.t))[1] - solid.centre[1];
                prop_assert!(low >= -solid.reach_down() - 1e-9);
            }
        }
    }
}
