//! The page of a model shows predictions beside the ground truth.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nasfw_data::{read_indexed_png, write_png_rgb};
use nasfw_engine::eval::settings;
use nasfw_model::Model;
use nasfw_sdk::{Label, LabelKind};

use crate::program::Place;
use crate::train;

/// The pictures of a page's examples, in order.
fn pictures(page: &str) -> Vec<Vec<u8>> {
    let start = page.find("id=\"examples\"").unwrap();
    let section = &page[start..start + page[start..].find("</section>").unwrap()];
    let sources = section.split("base64,").skip(1);
    sources
        .map(|s| STANDARD.decode(s.split('"').next().unwrap()).unwrap())
        .collect()
}

fn page(place: &Place, args: &[&str]) -> String {
    place.text(&[&["report"], args, &["--out", "page.html"]].concat());
    fs::read_to_string(place.path("page.html")).unwrap()
}

#[test]
fn masks_are_the_truth_and_what_predict_writes() {
    let place = Place::new();
    train(&place, "segm", &[]);
    let shown = page(&place, &["segm", "--examples", "3"]);
    assert!(
        shown.contains("<td>background</td>"),
        "classes have no table"
    );
    let pictures = pictures(&shown);
    assert_eq!(pictures.len(), 9);
    assert_eq!(page(&place, &["segm", "--examples", "3"]), shown);
    // The same scenes, read here: of four, three spread evenly are the first three.
    let model = Model::load(&place.path("segm")).unwrap();
    let config = settings(model.description()).unwrap().resolve().unwrap();
    let source = nasfw_data::open(&config.data, LabelKind::Classes).unwrap();
    for (at, files) in pictures.chunks(3).enumerate() {
        let sample = source.val.read(at).unwrap();
        let Label::Classes { values, .. } = sample.label else {
            panic!("no classes");
        };
        let mask = |bytes: &[u8]| {
            fs::write(place.path("mask.png"), bytes).unwrap();
            read_indexed_png(&place.path("mask.png")).unwrap().1
        };
        assert_eq!(mask(&files[1]), values, "truth of image {at}");
        write_png_rgb(&place.path("x.png"), &sample.image).unwrap();
        let out = format!("seen{at}");
        place.text(&[
            "predict", "--model", "segm", "--image", "x.png", "--out", &out,
        ]);
        let (_, predicted) = read_indexed_png(&place.path(&format!("{out}/x.index.png"))).unwrap();
        assert_eq!(mask(&files[2]), predicted, "prediction of image {at}");
    }
}

#[test]
fn every_task_has_pictures_and_none_are_made_unasked() {
    let place = Place::new();
    for (task, says) in [
        ("depth", "Near is light"),
        ("pose", "ground truth and prediction"),
    ] {
        train(&place, task, &[]);
        let shown = page(&place, &[task]);
        assert!(shown.contains(says));
        let pictures = pictures(&shown);
        assert_eq!(pictures.len(), 12);
        assert!(pictures.iter().all(|p| p.starts_with(&[0xFF, 0xD8])));
        // Pictures of depth and joints differ from the image.
        assert!(pictures.chunks(3).all(|p| p[0] != p[1] && p[1] != p[2]));
    }
    let shown = page(&place, &["depth", "--examples", "0"]);
    assert!(!shown.contains("id=\"examples\""));
    fs::create_dir(place.path("photos")).unwrap();
    #[cfg(unix)]
    {
        let image = [
            "predict", "--model", "pose", "--image", "photos", "--out", "p",
        ];
        std::os::unix::fs::symlink("/nowhere.png", place.path("photos/l.png")).unwrap();
        place.refuses(&image, &["photos/l.png"]);
    }
    fs::create_dir(place.path("empty")).unwrap();
    place.refuses(&["report", "pose", "--data", "empty"], &["empty"]);
}
