//! `nasfw predict` writes the predictions that evaluation scores, or nothing.

use std::fs;

use nasfw_data::{Image, Transform, read_depth_png, read_indexed_png, read_rgb, write_png_rgb};
use nasfw_model::Model;
use nasfw_network::kernels::{CpuKernels, Kernels, MapShape, map_shape};
use nasfw_sdk::{Seed, Size, argmax};
use rand::RngExt;
use serde_json::Value;

use crate::program::Place;
use crate::train;

fn noise(width: usize, height: usize) -> Image {
    let mut rng = Seed(8).stream("image");
    let pixels = (0..width * height * 3).map(|_| rng.random()).collect();
    let size = Size::new(width, height);
    Image { size, pixels }
}

/// The output of a model at the size of the image, computed step by step: scaled image, network,
/// one bilinear resize of the whole map, as in evaluation.
fn output(place: &Place, task: &str, image: &Image) -> Vec<f32> {
    use dfdx::prelude::{NoneTape, TensorFromVec};
    let network = Model::load(&place.path(task))
        .unwrap()
        .network(CpuKernels::default())
        .unwrap();
    let (values, scaled) = Transform::new(40, 32).image(image);
    let input = network
        .kernels()
        .device()
        .tensor_from_vec(values, (1, scaled.height, scaled.width, 3));
    let map = network.forward_eval(&[input]).unwrap().remove(0);
    let resized = network.kernels().resize(&map, image.size, &mut NoneTape);
    let map = resized.unwrap();
    let MapShape { width, height, .. } = map_shape(&map);
    assert_eq!(Size::new(width, height), image.size);
    map.as_vec()
}

/// Shape and values of an `.npy`.
fn npy(place: &Place, name: &str) -> (String, Vec<f32>) {
    let bytes = fs::read(place.path(name)).unwrap();
    let length = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let values = bytes[length..]
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b));
    (
        String::from_utf8(bytes[10..length].to_vec()).unwrap(),
        values.collect(),
    )
}

fn files(place: &Place, folder: &str) -> Vec<String> {
    let names = fs::read_dir(place.path(folder)).unwrap();
    let mut names: Vec<String> = names
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn pictures_and_numbers_say_what_the_network_says() {
    let place = Place::new();
    // Larger and smaller than the network's input, and not a multiple of its strides.
    let image = noise(101, 57);
    fs::create_dir(place.path("photos")).unwrap();
    write_png_rgb(&place.path("photos/b.PNG"), &image).unwrap();
    write_png_rgb(&place.path("photos/a.png"), &noise(9, 30)).unwrap();
    fs::write(place.path("photos/notes.txt"), "no image").unwrap();
    for task in ["segm", "depth", "pose"] {
        train(&place, task, &[]);
        let out = format!("out-{task}");
        let call = [
            "predict", "--model", task, "--image", "photos", "--out", &out, "--raw", "--json",
        ];
        let lines = place.json(&call);
        let names: Vec<&str> = lines.iter().map(|l| l["image"].as_str().unwrap()).collect();
        assert_eq!(names, ["photos/a.png", "photos/b.PNG"]);
        let raw = output(&place, task, &image);
        let (header, values) = npy(&place, &format!("{out}/b.npy"));
        let channels = raw.len() / (101 * 57);
        assert!(
            header.contains(&format!("(57, 101, {channels})")),
            "{header}"
        );
        assert!(values == raw, "{task}");
        let path = |name: &str| place.path(&format!("{out}/b.{name}"));
        match task {
            "segm" => {
                let (size, classes) = read_indexed_png(&path("index.png")).unwrap();
                assert_eq!(size, image.size);
                let expected = raw.chunks(channels).map(|p| argmax(p) as u8);
                assert!(classes == expected.collect::<Vec<_>>());
                // One colour per class; the background is unchanged in the overlay.
                let mask = read_rgb(&path("mask.png")).unwrap();
                let overlay = read_rgb(&path("overlay.png")).unwrap();
                let pixel = |image: &Image, at: usize| image.pixels[at * 3..at * 3 + 3].to_vec();
                for (at, class) in classes.iter().enumerate() {
                    let first = classes.iter().position(|c| c == class).unwrap();
                    assert_eq!(pixel(&mask, at), pixel(&mask, first));
                    assert_eq!(*class == 0, pixel(&mask, at) == [0; 3]);
                    assert!(*class != 0 || pixel(&overlay, at) == pixel(&image, at));
                }
                let legend = fs::read_to_string(place.path(&format!("{out}/legend.svg"))).unwrap();
                assert!(legend.contains(">figure<"), "{legend}");
            }
            "depth" => {
                let (size, metres) = read_depth_png(&path("depth_mm.png"), 1000.0).unwrap();
                assert_eq!(size, image.size);
                for (found, raw) in metres.iter().zip(&raw) {
                    assert!(
                        (found - raw.clamp(0.0, 65.535)).abs() <= 5.1e-4,
                        "{found} {raw}"
                    );
                }
                let coloured = read_rgb(&path("depth.png")).unwrap();
                assert_eq!(coloured.size, Size::new(101, 57));
            }
            _ => {
                let text = fs::read_to_string(path("pose.json")).unwrap();
                let pose: Value = serde_json::from_str(&text).unwrap();
                let joints = pose["keypoints"].as_array().unwrap();
                assert_eq!(joints.len(), channels);
                for (joint, keypoint) in joints.iter().enumerate() {
                    let [x, y] = ["x_px", "y_px"].map(|k| keypoint[k].as_f64().unwrap());
                    assert!(
                        (-0.5..100.5).contains(&x) && (-0.5..56.5).contains(&y),
                        "{keypoint}"
                    );
                    let score = keypoint["score"].as_f64().unwrap();
                    // Resizing a map does not raise its maximum.
                    let all = raw.iter().skip(joint).step_by(channels);
                    let most = all.fold(f32::NEG_INFINITY, |m, &v| m.max(v));
                    assert!(f64::from(most) <= score + 1e-6, "{most} {score}");
                }
                assert!(read_rgb(&path("pose.png")).is_ok());
            }
        }
        let images = if task == "segm" { 2 * 4 + 1 } else { 2 * 3 };
        assert_eq!(
            files(&place, &out).len(),
            images,
            "{:?}",
            files(&place, &out)
        );
    }
    refuses_and_leaves_nothing(&place);
}

fn refuses_and_leaves_nothing(place: &Place) {
    let refuses = |image: &str, out: &str, parts: &[&str]| {
        place.refuses(
            &["predict", "--model", "segm", "--image", image, "--out", out],
            parts,
        );
    };
    refuses("gone.png", "new", &["gone.png", "No such file"]);
    refuses("photos/notes.txt", "new", &["notes.txt", "PNG or JPEG"]);
    refuses("segm", "new", &["segm has no images", ".jpg"]);
    refuses("photos", "out-segm", &["out-segm", "not empty", "--out"]);
    refuses("photos", "photos/a.png", &["is a file", "--out"]);
    refuses("photos", "photos/a.png/deep", &["--out"]);
    fs::write(place.path("photos/b.jpg"), "").unwrap();
    refuses("photos", "new", &["b.PNG", "b.jpg", "rename"]);
    fs::remove_file(place.path("photos/b.jpg")).unwrap();
    // The last image is bad: nothing is written for the others either.
    let whole = fs::read(place.path("photos/b.PNG")).unwrap();
    fs::write(place.path("photos/z.png"), &whole[..whole.len() / 2]).unwrap();
    refuses("photos", "new", &["photos/z.png", "cannot be decoded"]);
    fs::write(place.path("photos/y.png"), "text").unwrap();
    refuses(
        "photos",
        "new",
        &["2 problems in 4 images", "y.png", "z.png"],
    );
    write_png_rgb(&place.path("strip.png"), &noise(40_000, 2)).unwrap();
    refuses("strip.png", "new", &["strip.png", "40000x2", "megapixels"]);
    fs::write(place.path("segm/weights.safetensors"), "").unwrap();
    refuses(
        "photos/a.png",
        "new",
        &["weights.safetensors", "copy both files again"],
    );
    fs::remove_file(place.path("segm/weights.safetensors")).unwrap();
    refuses("photos/a.png", "new", &["weights.safetensors is missing"]);
}
