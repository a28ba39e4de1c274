//! A random scene: floor, wall, solids, a figure, a camera and a lamp.

use rand::RngExt;

use nasfw_sdk::Rng;

use super::figure::{BodyPart, Figure};
use super::solid::{Shape, Solid};
use super::surface::Surface;
use super::vector::{Axes, Vector, add, cross, length, scale, sub, unit};

/// Class names; the index is the class.
pub(super) const CLASSES: [&str; 7] = [
    "background",
    "box",
    "ball",
    "cone",
    "cylinder",
    "pyramid",
    "figure",
];
/// The class of the figure.
pub(super) const FIGURE: u8 = 6;

/// Solids that one ball holds, so that a ray that misses it misses them all.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) class: u8,
    pub(super) centre: Vector,
    pub(super) radius: f64,
    pub(super) pieces: Vec<Piece>,
}

/// A solid with its look.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) solid: Solid,
    pub(super) surface: Surface,
    /// Radius of a ball that holds the solid, kept because every ray asks for it.
    pub(super) bound: f64,
}

impl Group {
    fn new(class: u8, solids: impl Iterator<Item = (Solid, Surface)>) -> Self {
        let pieces: Vec<Piece> = solids
            .map(|(solid, surface)| Piece {
                solid,
                surface,
                bound: solid.bound(),
            })
            .collect();
        let sum = pieces
            .iter()
            .fold([0.0; 3], |sum, p| add(sum, p.solid.centre));
        let centre = scale(sum, 1.0 / pieces.len().max(1) as f64);
        let reach = |p: &Piece| length(sub(p.solid.centre, centre)) + p.bound;
        let radius = pieces.iter().map(reach).fold(0.0, f64::max);
        Self {
            class,
            centre,
            radius,
            pieces,
        }
    }
}

/// A pinhole camera without distortion; the middle of the image is its axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Camera {
    pub(super) position: Vector,
    /// Right, up and forward.
    pub(super) axes: Axes,
    /// Focal length as a multiple of the image's side.
    pub(super) focal: f64,
}

/// Everything that is drawn.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) camera: Camera,
    /// Towards the lamp, which is far away.
    pub(super) lamp: Vector,
    /// Light in shadow, as a share.
    pub(super) ambient: f64,
    pub(super) floor: Surface,
    pub(super) wall: Surface,
    /// A point of the wall and its normal towards the camera.
    pub(super) wall_plane: (Vector, Vector),
    pub(super) groups: Vec<Group>,
    pub(super) figure: Figure,
}

impl Scene {
    /// A random scene with the figure and up to `most_solids` solids around it.
    pub(super) fn random(rng: &mut Rng, most_solids: usize) -> Self {
        let pitch = rng.random_range(0.14..0.36_f64);
        let forward = [0.0, -pitch.sin(), pitch.cos()];
        let right = [1.0, 0.0, 0.0];
        let camera = Camera {
            position: [0.0, rng.random_range(1.1..1.6), 0.0],
            axes: Axes([right, cross(forward, right), forward]),
            focal: rng.random_range(0.8..1.0),
        };
        let wall_turn = rng.random_range(-0.45..0.45_f64);
        let wall_m = rng.random_range(4.2..6.5);
        let wall_plane = ([0.0, 0.0, wall_m], [wall_turn.sin(), 0.0, -wall_turn.cos()]);
        let lamp = unit([
            rng.random_range(-0.8..0.8),
            1.0,
            rng.random_range(-0.9..0.1),
        ]);
        let ambient = rng.random_range(0.3..0.55);
        let (floor, wall) = (Surface::random(rng, 1.2), Surface::random(rng, 0.9));

        let away = rng.random_range(1.7..2.8);
        let place = [away * rng.random_range(-0.3..0.3), 0.0, away];
        let size = rng.random_range(0.85..1.2);
        let figure = Figure::random(rng, place, size);
        let clothes = [0; 5].map(|_| Surface::random(rng, 5.0));
        let dressed = figure.solids.iter().map(|&(part, solid)| {
            let surface = match part {
                BodyPart::Trunk => clothes[0],
                BodyPart::Head => clothes[1],
                BodyPart::Nose => clothes[2],
                BodyPart::Arms => clothes[3],
                BodyPart::Legs => clothes[4],
            };
            (solid, surface)
        });
        let mut groups = vec![Group::new(FIGURE, dressed)];

        let wanted = if most_solids < 2 {
            most_solids
        } else {
            rng.random_range(2..=most_solids)
        };
        // Places are tried a fixed number of times; a crowded scene simply gets fewer solids.
        for _ in 0..wanted * 6 {
            if groups.len() > wanted {
                break;
            }
            let (class, solid) = random_solid(rng);
            let reach = solid.bound();
            let clear = groups.iter().all(|group| {
                let [x, _, z] = sub(group.centre, solid.centre);
                // Figures have gaps that solids may stand in.
                let share = if group.class == FIGURE { 0.55 } else { 0.95 };
                x.hypot(z) > (group.radius + reach) * share
            });
            let surface = Surface::random(rng, 5.0);
            let from_wall = super::vector::dot(sub(solid.centre, wall_plane.0), wall_plane.1);
            if clear && from_wall > reach {
                groups.push(Group::new(class, std::iter::once((solid, surface))));
            }
        }
        Self {
            camera,
            lamp,
            ambient,
            floor,
            wall,
            wall_plane,
            groups,
            figure,
        }
    }
}

/// A solid of a random class on the floor somewhere in view, with its class.
fn random_solid(rng: &mut Rng) -> (u8, Solid) {
    let class = rng.random_range(1..FIGURE);
    let mut size = |from: f64, to: f64| rng.random_range(from..to);
    let shape = match class {
        1 => Shape::Box {
            half: [size(0.15, 0.35), size(0.15, 0.35), size(0.15, 0.35)],
        },
        2 => Shape::Ball {
            radius: size(0.16, 0.36),
        },
        3 => Shape::Cone {
            radius: size(0.18, 0.34),
            half: size(0.22, 0.42),
        },
        4 => Shape::Cylinder {
            radius: size(0.13, 0.28),
            half: size(0.2, 0.4),
        },
        _ => Shape::Pyramid {
            side: size(0.2, 0.34),
            half: size(0.2, 0.38),
        },
    };
    let yaw = size(0.0, std::f64::consts::TAU);
    // Some lie on the floor, as balls and boxes always may seem to.
    let up = if size(0.0, 1.0) < 0.7 {
        [0.0, 1.0, 0.0]
    } else {
        [size(-1.0, 1.0), size(0.0, 0.6), size(-1.0, 1.0)]
    };
    let away = size(1.6, 4.0);
    let across = away * size(-0.55, 0.55);
    let mut solid = Solid {
        shape,
        centre: [across, 0.0, away],
        axes: Axes::along(up, yaw),
    };
    solid.centre[1] = solid.reach_down();
    (class, solid)
}
