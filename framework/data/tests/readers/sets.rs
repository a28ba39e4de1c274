//! Small valid sets, to be read or to be broken.

use std::fs;
use std::path::Path;

use nasfw_data::{
    DataConfig, DataError, Format, Image, Source, check, open, write_depth_png, write_indexed_png,
    write_png_rgb,
};
use nasfw_sdk::{LabelKind, Size};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const WIDTH: usize = 6;
pub(crate) const HEIGHT: usize = 4;
pub(crate) const SIZE: Size = Size::new(WIDTH, HEIGHT);

/// A temporary folder that a set is made in.
pub(crate) struct Set(TempDir);

impl Set {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Four samples, three of them for training; classes 0, 1 and 2.
    pub(crate) fn voc() -> Self {
        let set = Self::empty();
        for name in ["a", "b", "c", "d"] {
            set.image(&format!("JPEGImages/{name}.jpg"));
            set.mask(&format!("SegmentationClass/{name}.png"), &mask());
        }
        set.text("ImageSets/Segmentation/train.txt", "a\nb\nc\n");
        set.text("ImageSets/Segmentation/val.txt", "d\n");
        set
    }

    pub(crate) fn folders() -> Self {
        let set = Self::empty();
        for name in ["a", "b", "c", "d"] {
            set.image(&format!("images/{name}.png"));
            set.mask(&format!("masks/{name}.png"), &mask());
        }
        set
    }

    pub(crate) fn rgbd() -> Self {
        let set = Self::empty();
        for name in ["a", "b", "c", "d"] {
            set.image(&format!("rgb/{name}.png"));
            set.depth(&format!("depth/{name}.png"), &depth());
            set.mask(&format!("seg/{name}.png"), &mask());
        }
        set
    }

    /// One image a part; what `change` does to the training file, it does before writing.
    pub(crate) fn coco(change: impl FnOnce(&mut Value)) -> Self {
        let set = Self::empty();
        let mut train = coco_file(1, "a.png");
        change(&mut train);
        set.image("images/a.png");
        set.image("images/b.png");
        set.text("annotations/train.json", &train.to_string());
        set.text("annotations/val.json", &coco_file(2, "b.png").to_string());
        set
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn text(&self, name: &str, content: &str) {
        fs::write(self.make_room(name), content).unwrap();
    }

    pub(crate) fn image(&self, name: &str) {
        self.image_of_size(name, SIZE);
    }

    pub(crate) fn image_of_size(&self, name: &str, size: Size) {
        let path = self.make_room(name);
        let pixels: Vec<u8> = (0..size.area() * 3).map(|i| (i * 37 % 251) as u8).collect();
        if name.ends_with("jpg") {
            let (width, height) = (size.width as u32, size.height as u32);
            image::save_buffer(path, &pixels, width, height, image::ColorType::Rgb8).unwrap();
        } else {
            let image = Image { size, pixels };
            write_png_rgb(&path, &image).unwrap();
        }
    }

    pub(crate) fn mask(&self, name: &str, values: &[u8]) {
        write_indexed_png(&self.make_room(name), SIZE, values).unwrap();
    }

    pub(crate) fn depth(&self, name: &str, metres: &[f32]) {
        write_depth_png(&self.make_room(name), SIZE, metres, 1000.0).unwrap();
    }

    pub(crate) fn cut(&self, name: &str, keep: f64) {
        let path = self.path().join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..(bytes.len() as f64 * keep) as usize]).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    fn make_room(&self, name: &str) -> std::path::PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub(crate) fn config(&self) -> DataConfig {
        DataConfig {
            path: Some(self.path().to_owned()),
            ..DataConfig::default()
        }
    }

    pub(crate) fn open(&self, labels: LabelKind) -> Result<Source, DataError> {
        open(&self.config(), labels)
    }

    pub(crate) fn open_as(&self, format: Format, labels: LabelKind) -> Result<Source, DataError> {
        let config = DataConfig {
            format,
            ..self.config()
        };
        open(&config, labels)
    }

    /// Opening must fail; its message must have all of `parts`.
    #[track_caller]
    pub(crate) fn open_fails(&self, labels: LabelKind, parts: &[&str]) {
        expect_parts(&self.open(labels).unwrap_err(), parts);
    }

    /// Opening must do, and the check of the training part must find one problem, with `parts`.
    #[track_caller]
    pub(crate) fn check_finds(&self, labels: LabelKind, parts: &[&str]) {
        let train = self.open(labels).unwrap().train;
        let problems = check(&*train, 0..train.len());
        assert_eq!(problems.len(), 1, "{problems:?}");
        expect_parts(&problems[0], parts);
    }
}

#[track_caller]
pub(crate) fn expect_parts(error: &DataError, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}

pub(crate) fn mask() -> Vec<u8> {
    (0..WIDTH * HEIGHT)
        .map(|i| if i == 7 { 255 } else { (i % 3) as u8 })
        .collect()
}

pub(crate) fn depth() -> Vec<f32> {
    (0..WIDTH * HEIGHT).map(|i| i as f32 * 0.25).collect()
}

fn coco_file(id: u64, image: &str) -> Value {
    json!({
        "images": [{"id": id, "file_name": image, "width": WIDTH, "height": HEIGHT}],
        "annotations": [{
            "id": id * 10, "image_id": id, "category_id": 1, "iscrowd": 0,
            "keypoints": [1.0, 1.0, 2, 4.5, 2.0, 1, 0, 0, 0],
            "num_keypoints": 2, "bbox": [1.0, 1.0, 4.0, 2.0], "area": 8.0
        }],
        "categories": [{
            "id": 1, "name": "thing", "keypoints": ["nose", "left_ear", "right_ear"],
            "skeleton": [[1, 2], [1, 3]]
        }]
    })
}
