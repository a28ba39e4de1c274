//! The first point at which a ray `o + t d` meets a surface, everything in the solid's own axes.

use super::vector::{Vector, add, dot, scale, sub};

/// Meetings nearer than this along a ray do not count, so that a surface does not shade itself.
const NEAREST: f64 = 1e-6;

/// Position along the ray and outward normal, both in the solid's axes.
pub(super) type Local = Option<(f64, Vector)>;

/// The first of two meetings.
pub(super) fn nearer(a: Local, b: Local) -> Local {
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

/// A ball anywhere.
pub(super) fn ball(o: Vector, d: Vector, centre: Vector, radius: f64) -> Local {
    let o = sub(o, centre);
    let t = roots(dot(d, d), dot(o, d), dot(o, o) - radius * radius)?[0];
    (t > NEAREST).then(|| (t, add(o, scale(d, t))))
}

/// The side of a cylinder around the y axis.
pub(super) fn tube(o: Vector, d: Vector, radius: f64, half: f64) -> Local {
    let a = d[0] * d[0] + d[2] * d[2];
    let b = o[0] * d[0] + o[2] * d[2];
    let t = roots(a, b, o[0] * o[0] + o[2] * o[2] - radius * radius)?[0];
    let p = add(o, scale(d, t));
    (t > NEAREST && p[1].abs() <= half).then_some((t, [p[0], 0.0, p[2]]))
}

/// A disc across the y axis.
pub(super) fn disc(o: Vector, d: Vector, y: f64, radius: f64) -> Local {
    if d[1] == 0.0 {
        return None;
    }
    let t = (y - o[1]) / d[1];
    let p = add(o, scale(d, t));
    let inside = p[0] * p[0] + p[2] * p[2] <= radius * radius;
    (t > NEAREST && inside).then_some((t, [0.0, y.signum(), 0.0]))
}

/// The side of a cone: at distance `k` below the apex its radius is `slope k`.
pub(super) fn cone(o: Vector, d: Vector, radius: f64, half: f64) -> Local {
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

/// A box around the origin.
pub(super) fn cuboid(o: Vector, d: Vector, half: Vector) -> Local {
    let planes = (0..6).map(|i| {
        let mut normal = [0.0; 3];
        normal[i / 2] = if i % 2 == 0 { 1.0 } else { -1.0 };
        (normal, half[i / 2])
    });
    polyhedron(o, d, planes)
}

/// A pyramid on a square base of side `2 side` at `y = -half`, its apex at `y = half`.
pub(super) fn pyramid(o: Vector, d: Vector, side: f64, half: f64) -> Local {
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
