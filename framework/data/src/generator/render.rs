//! Ray casting: one ray through each pixel's centre gives class and depth; colour is averaged over
//! more rays where objects meet.

use rand_distr::{Distribution, Normal};

use nasfw_sdk::{Keypoint, Rng, Size};

use super::scene::{FIGURE, Scene};
use super::vector::{Vector, add, dot, scale, sub};
use crate::sample::Image;

/// One generated image with exact labels of every kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The image, square.
    pub image: Image,
    /// Class per pixel, of the ray through its centre.
    pub classes: Vec<u8>,
    /// Depth per pixel in metres along the camera's axis, of the ray through its centre.
    pub depth_m: Vec<f32>,
    /// The figure's joints; visible when inside the image and not hidden.
    pub keypoints: Vec<Keypoint>,
    /// The longer side of the box around all joints, in pixels.
    pub reference_px: f32,
}

/// The first thing that a ray meets.
struct Hit {
    depth_m: f64,
    class: u8,
    /// Tells objects apart that share a class.
    object: usize,
    normal: Vector,
    colour: [f64; 3],
}

/// Draws a scene at a side in pixels; `rng` gives the noise.
pub(super) fn render(scene: &Scene, side: usize, rng: &mut Rng) -> Rendered {
    let view = View {
        scene,
        focal_px: scene.camera.focal * side as f64,
        centre_px: (side as f64 - 1.0) / 2.0,
    };
    let hits: Vec<Hit> = (0..side * side)
        .map(|i| view.hit((i % side) as f64, (i / side) as f64))
        .collect();
    let mut pixels = Vec::with_capacity(side * side * 3);
    let noise = Normal::new(0.0, 0.012).ok();
    for (i, hit) in hits.iter().enumerate() {
        let (x, y) = (i % side, i / side);
        let object = |x: usize, y: usize| hits[y * side + x].object;
        let at_edge = (x > 0 && object(x - 1, y) != hit.object)
            || (y > 0 && object(x, y - 1) != hit.object)
            || (x + 1 < side && object(x + 1, y) != hit.object)
            || (y + 1 < side && object(x, y + 1) != hit.object);
        let mut colour = view.shade(hit, x as f64, y as f64);
        if at_edge {
            let mut sum = [0.0; 3];
            for (dx, dy) in [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)] {
                let (x, y) = (x as f64 + dx, y as f64 + dy);
                sum = add(sum, view.shade(&view.hit(x, y), x, y));
            }
            colour = scale(sum, 0.25);
        }
        for value in colour {
            let noisy = value + noise.map_or(0.0, |n| n.sample(rng));
            pixels.push((noisy * 255.0).round() as u8); // the cast saturates
        }
    }
    let classes: Vec<u8> = hits.iter().map(|hit| hit.class).collect();
    let depth_m: Vec<f32> = hits.iter().map(|hit| hit.depth_m as f32).collect();
    let (keypoints, reference_px) = view.keypoints(side, &classes, &depth_m);
    Rendered {
        image: Image {
            size: Size::square(side),
            pixels,
        },
        classes,
        depth_m,
        keypoints,
        reference_px,
    }
}

struct View<'a> {
    scene: &'a Scene,
    focal_px: f64,
    centre_px: f64,
}

impl View<'_> {
    /// The ray through a position in the image; its length along the camera's axis is 1, so that
    /// positions along it are depths.
    fn ray(&self, x: f64, y: f64) -> Vector {
        let across = (x - self.centre_px) / self.focal_px;
        let up = (self.centre_px - y) / self.focal_px;
        self.scene.camera.axes.to_world([across, up, 1.0])
    }

    fn hit(&self, x: f64, y: f64) -> Hit {
        let scene = self.scene;
        let (origin, ray) = (scene.camera.position, self.ray(x, y));
        let (wall_point, wall_normal) = scene.wall_plane;
        let to_wall = dot(sub(wall_point, origin), wall_normal) / dot(ray, wall_normal);
        let to_floor = -origin[1] / ray[1];
        // A ray that goes up meets the floor behind the camera; one that meets neither does not
        // occur at the angles that scenes have, and would count as very far.
        let is_floor = to_floor > 0.0 && (to_floor < to_wall || to_wall <= 0.0);
        let depth_m = if is_floor { to_floor } else { to_wall };
        let depth_m = if depth_m > 0.0 && depth_m < 100.0 {
            depth_m
        } else {
            100.0
        };
        let mut nearest = None;
        let mut limit = depth_m;
        let squared = dot(ray, ray);
        for (number, group) in scene.groups.iter().enumerate() {
            if misses(origin, ray, squared, group.centre, group.radius) {
                continue;
            }
            for piece in &group.pieces {
                if misses(origin, ray, squared, piece.solid.centre, piece.bound) {
                    continue;
                }
                let met = piece.solid.meet(origin, ray);
                if let Some(met) = met.filter(|met| met.t < limit) {
                    limit = met.t;
                    nearest = Some((number, group.class, met, &piece.surface));
                }
            }
        }
        match nearest {
            Some((number, class, met, surface)) => Hit {
                depth_m: met.t,
                class,
                object: number + 2,
                normal: met.normal,
                colour: surface.at(met.local),
            },
            None => {
                let point = add(origin, scale(ray, depth_m));
                let (surface, normal) = if is_floor {
                    (&scene.floor, [0.0, 1.0, 0.0])
                } else {
                    (&scene.wall, wall_normal)
                };
                Hit {
                    depth_m,
                    class: 0,
                    object: usize::from(is_floor),
                    normal,
                    colour: surface.at(point),
                }
            }
        }
    }

    /// The colour of a hit in the light: all of it where the lamp shines squarely.
    fn shade(&self, hit: &Hit, x: f64, y: f64) -> [f64; 3] {
        let scene = self.scene;
        let facing = dot(hit.normal, scene.lamp).max(0.0);
        let point = add(scene.camera.position, scale(self.ray(x, y), hit.depth_m));
        // A millimetre off the surface, so that it is not its own shadow.
        let start = add(point, scale(hit.normal, 1e-3));
        let lit = facing > 0.0 && !self.is_shadowed(start);
        let light = scene.ambient
            + if lit {
                (1.0 - scene.ambient) * facing
            } else {
                0.0
            };
        hit.colour.map(|c| c * light)
    }

    fn is_shadowed(&self, start: Vector) -> bool {
        let lamp = self.scene.lamp;
        self.scene.groups.iter().any(|group| {
            !misses(start, lamp, 1.0, group.centre, group.radius)
                && group.pieces.iter().any(|piece| {
                    !misses(start, lamp, 1.0, piece.solid.centre, piece.bound)
                        && piece.solid.meet(start, lamp).is_some()
                })
        })
    }

    /// The joints in the image, visible where the pixel they fall in shows the figure at about
    /// their depth, and the longer side of the box around them.
    fn keypoints(&self, side: usize, classes: &[u8], depth_m: &[f32]) -> (Vec<Keypoint>, f32) {
        let camera = &self.scene.camera;
        let mut keypoints = Vec::new();
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for &(joint, tolerance_m) in &self.scene.figure.joints {
            let [right, up, forward] = camera.axes.to_local(sub(joint, camera.position));
            let x = self.centre_px + self.focal_px * right / forward;
            let y = self.centre_px - self.focal_px * up / forward;
            for (axis, at) in [x, y].into_iter().enumerate() {
                low[axis] = low[axis].min(at);
                high[axis] = high[axis].max(at);
            }
            let inside = |at: f64| at >= -0.5 && at < side as f64 - 0.5;
            let visible = inside(x) && inside(y) && {
                let pixel = y.round() as usize * side + x.round() as usize;
                let off_m = f64::from(depth_m[pixel]) - forward;
                classes[pixel] == FIGURE && off_m.abs() <= tolerance_m
            };
            keypoints.push(Keypoint {
                x_px: x as f32,
                y_px: y as f32,
                visible,
            });
        }
        let longer = (high[0] - low[0]).max(high[1] - low[1]);
        (keypoints, longer as f32)
    }
}

/// True when a ray passes by a ball; `squared` is the squared length of its direction.
fn misses(origin: Vector, ray: Vector, squared: f64, centre: Vector, radius: f64) -> bool {
    let to_centre = sub(centre, origin);
    let along = dot(to_centre, ray);
    let outside = dot(to_centre, to_centre) - radius * radius;
    outside > 0.0 && (along < 0.0 || along * along < squared * outside)
}
