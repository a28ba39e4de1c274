//! COCO keypoints: one sample per annotated object.

mod file;
mod objects;
mod result;
mod set;

pub use file::{Annotation, Category, CocoFile, CocoImage};
pub use result::{KeypointResult, read_keypoint_results};

pub(super) use set::open;
