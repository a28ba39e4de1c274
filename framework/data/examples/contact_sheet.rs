//! Draws the first scenes of the generator into one PNG: a row each of images, masks, depths and
//! images with joints marked.
//!
//! ```text
//! cargo run --release -p nasfw-data --example contact_sheet -- /tmp/scenes.png
//! ```

use std::path::PathBuf;
use std::time::Instant;

use nasfw_data::generator::{Rendered, draw};
use nasfw_data::{DataError, Image, write_png_rgb};
use nasfw_sdk::{Seed, Size};

const SIDE: usize = 96;
const COLUMNS: usize = 10;
const ZOOM: usize = 2;
const CLASS_COLOURS: [[u8; 3]; 7] = [
    [40, 40, 40],
    [230, 60, 60],
    [60, 200, 60],
    [70, 110, 250],
    [240, 220, 60],
    [220, 80, 220],
    [80, 230, 230],
];

fn main() -> Result<(), DataError> {
    let path = std::env::args_os()
        .nth(1)
        .map_or("scenes.png".into(), PathBuf::from);
    let start = Instant::now();
    let scenes: Vec<Rendered> = (0..COLUMNS).map(|i| draw(Seed(0), i, SIDE)).collect();
    let each_ms = start.elapsed().as_secs_f64() * 1000.0 / COLUMNS as f64;
    eprintln!("{each_ms:.2} ms a scene of {SIDE} x {SIDE} pixels");

    let size = Size::new(COLUMNS * SIDE * ZOOM, 4 * SIDE * ZOOM);
    let pixels = (0..size.area()).flat_map(|i| {
        let (x, y) = (i % size.width / ZOOM, i / size.width / ZOOM);
        let (scene, at) = (&scenes[x / SIDE], (x % SIDE, y % SIDE));
        let pixel = at.1 * SIDE + at.0;
        match y / SIDE {
            0 => image(scene, pixel),
            1 => CLASS_COLOURS[usize::from(scene.classes[pixel])],
            2 => [(255.0 / scene.depth_m[pixel].max(1.0)) as u8; 3],
            _ => joint(scene, at).unwrap_or_else(|| image(scene, pixel).map(|v| v / 2)),
        }
    });
    let sheet = Image {
        size,
        pixels: pixels.collect(),
    };
    write_png_rgb(&path, &sheet)
}

fn image(scene: &Rendered, pixel: usize) -> [u8; 3] {
    scene.image.pixels.as_chunks::<3>().0[pixel]
}

/// Left joints are red, right ones green, the others white; hidden ones grey.
fn joint(scene: &Rendered, (x, y): (usize, usize)) -> Option<[u8; 3]> {
    let near = |a: f32, b: usize| (a - b as f32).abs() <= 1.0;
    let number = scene
        .keypoints
        .iter()
        .position(|k| near(k.x_px, x) && near(k.y_px, y))?;
    Some(match number {
        _ if !scene.keypoints[number].visible => [130; 3],
        0 | 1 => [255; 3],
        n if n % 2 == 0 => [255, 60, 60],
        _ => [60, 255, 60],
    })
}
