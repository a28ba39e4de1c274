//! Vectors in three dimensions: metres, x to the right, y up, z away from the camera.

pub(super) type Vector = [f64; 3];

pub(super) fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn sub(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn scale(a: Vector, by: f64) -> Vector {
    [a[0] * by, a[1] * by, a[2] * by]
}

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(super) fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// A vector of length 1; straight up for one of length 0.
pub(super) fn unit(a: Vector) -> Vector {
    let length = length(a);
    if length > 0.0 {
        scale(a, 1.0 / length)
    } else {
        [0.0, 1.0, 0.0]
    }
}

/// Three axes at right angles, given in world coordinates: a solid's own x, y and z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axes(pub(super) [Vector; 3]);

impl Axes {
    /// Axes whose y is `up`, turned about it by `yaw` radians.
    pub(super) fn along(up: Vector, yaw: f64) -> Self {
        let y = unit(up);
        let aside = if y[0].abs() < 0.9 {
            [1.0, 0.0, 0.0]
        } else {
            [0.0, 0.0, 1.0]
        };
        let z = unit(cross(aside, y));
        let x = cross(y, z);
        let (sin, cos) = yaw.sin_cos();
        let turned_x = add(scale(x, cos), scale(z, sin));
        Self([turned_x, y, cross(turned_x, y)])
    }

    /// A world direction in these axes.
    pub(super) fn to_local(self, v: Vector) -> Vector {
        [dot(self.0[0], v), dot(self.0[1], v), dot(self.0[2], v)]
    }

    /// A direction of these axes in the world.
    pub(super) fn to_world(self, v: Vector) -> Vector {
        let [x, y, z] = self.0;
        add(add(scale(x, v[0]), scale(y, v[1])), scale(z, v[2]))
    }
}
