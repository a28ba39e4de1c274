//! Solids and where a ray meets them.

use super::vector::{Axes, Vector, add, dot, length, scale, sub, unit};

/// Nearer than this along a ray does not count, so that a surface does not shade itself.
const NEAREST: f64 = 1e-6;

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

/// Where a ray meets a surface.
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

    /// How far the solid reaches below its centre.
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
                nearer(
                    side,
                    nearer(disc(o, d, half, radius), disc(o, d, -half, radius)),
                )
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

/// Position along the ray and outward normal, both in the solid's axes.
type Local = Option<(f64, Vector)>;

fn nearer(a: Local, b: Local) -> Local {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
        (one, None) | (None, one) => one,
    }
}

/// The roots of `a t² + 2 b t + c` in ascending order.
fn roots(a: f64, b: f64, c: f64) -> Option<[f64; 2]> {
    let discriminant = b * b - a * c;
    if discriminant < 0.0 || a == 0.0 {
        return None;
    }
    let root = discriminant.sqrt();
    let (low, high) = ((-b - root) / a, (-b + root) / a);
    Some([low.min(high), low.max(high)])
}

fn ball(o: Vector, d: Vector, centre: Vector, radius: f64) -> Local {
    let o = sub(o, centre);
    let t = roots(dot(d, d), dot(o, d), dot(o, o) - radius * radius)?[0];
    (t > NEAREST).then(|| (t, add(o, scale(d, t))))
}

/// The side of a cylinder around the y axis.
fn tube(o: Vector, d: Vector, radius: f64, half: f64) -> Local {
    let a = d[0] * d[0] + d[2] * d[2];
    let b = o[0] * d[0] + o[2] * d[2];
    let t = roots(a, b, o[0] * o[0] + o[2] * o[2] - radius * radius)?[0];
    let p = add(o, scale(d, t));
    (t > NEAREST && p[1].abs() <= half).then_some((t, [p[0], 0.0, p[2]]))
}

/// A disc across the y axis.
fn disc(o: Vector, d: Vector, y: f64, radius: f64) -> Local {
    if d[1] == 0.0 {
        return None;
    }
    let t = (y - o[1]) / d[1];
    let p = add(o, scale(d, t));
    let inside = p[0] * p[0] + p[2] * p[2] <= radius * radius;
    (t > NEAREST && inside).then_some((t, [0.0, y.signum(), 0.0]))
}

/// The side of a cone: at distance `k` below the apex its radius is `slope k`.
fn cone(o: Vector, d: Vector, radius: f64, half: f64) -> Local {
    let slope = radius / (2.0 * half);
    let squared = slope * slope;
    let below = half - o[1];
    let a = d[0] * d[0] + d[2] * d[2] - squared * d[1] * d[1];
    let b = o[0] * d[0] + o[2] * d[2] + squared * below * d[1];
    let c = o[0] * o[0] + o[2] * o[2] - squared * below * below;
    // The lower root may be on the mirrored cone above the apex.
    roots(a, b, c)?.into_iter().find_map(|t| {
        let p = add(o, scale(d, t));
        let normal = [p[0], slope * p[0].hypot(p[2]), p[2]];
        (t > NEAREST && p[1].abs() <= half).then_some((t, normal))
    })
}

fn cuboid(o: Vector, d: Vector, half: Vector) -> Local {
    let planes = (0..6).map(|i| {
        let mut normal = [0.0; 3];
        normal[i / 2] = if i % 2 == 0 { 1.0 } else { -1.0 };
        (normal, half[i / 2])
    });
    polyhedron(o, d, planes)
}

fn pyramid(o: Vector, d: Vector, side: f64, half: f64) -> Local {
    let (across, up) = (2.0 * half, side);
    let sides = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
    let planes = sides.map(|(x, z)| ([x * across, up, z * across], up * half));
    polyhedron(o, d, planes.into_iter().chain([([0.0, -1.0, 0.0], half)]))
}

/// A convex body of half spaces `normal · p ≤ offset`: the last plane entered before any is left.
fn polyhedron(o: Vector, d: Vector, planes: impl Iterator<Item = (Vector, f64)>) -> Local {
    let (mut enter, mut leave) = (None, f64::INFINITY);
    for (normal, offset) in planes {
        let (speed, distance) = (dot(normal, d), offset - dot(normal, o));
        if speed < 0.0 {
            let t = distance / speed;
            if enter.is_none_or(|(other, _)| t > other) {
                enter = Some((t, normal));
            }
        } else if speed > 0.0 {
            leave = leave.min(distance / speed);
        } else if distance < 0.0 {
            return None;
        }
    }
    enter.filter(|&(t, _)| t > NEAREST && t <= leave)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

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

    /// Whether a point in the shape's axes is inside, enlarged by `margin`.
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
            kind in 0..6_usize, yaw in 0.0..6.0_f64, up in prop::array::uniform3(-1.0..1.0_f64),
            from in prop::array::uniform3(-1.0..1.0_f64), aim in prop::array::uniform3(-0.4..0.4_f64),
        ) {
            let solid = Solid { shape: SHAPES[kind], centre: [0.1, 0.2, 0.3], axes: Axes::along(up, yaw) };
            let origin = add(solid.centre, scale(unit(from), 2.0));
            let direction = sub(add(solid.centre, aim), origin);
            let local = |t: f64| {
                solid.axes.to_local(sub(add(origin, scale(direction, t)), solid.centre))
            };
            let step = 1e-3;
            let marched = (0..2000).map(|i| f64::from(i) * step).find(|&t| inside(solid.shape, local(t), 0.0));
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
