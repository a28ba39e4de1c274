//! Scores keypoints: a COCO results file against an annotation file.

use std::collections::BTreeMap;
use std::path::Path;

use nasfw::data::{CocoFile, DataError, KeypointResult, read_keypoint_results};
use nasfw::plugins::tasks::Pck;
use nasfw::sdk::{Keypoint, Metrics, Size};

use crate::exit::Failure;

/// Metrics, and the counts of what was scored, by name.
pub(crate) type Scored = (Metrics, Vec<(&'static str, u64)>);

/// Position given to the joints of an object without a result: finite, and far from everything.
const NOWHERE_PX: f32 = 1e9;

/// One annotated object.
struct Object {
    points: Vec<Keypoint>,
    reference_px: f32,
    /// Joints of the matched result.
    found: Option<Vec<(f32, f32)>>,
}

/// Share of correct keypoints at `alpha` of the box's longer side. Every annotated object counts;
/// the joints of one without a result are wrong.
pub(crate) fn score_pose(pred: &Path, truth: &Path, alpha: f64) -> Result<Scored, Failure> {
    let mut pck = Pck::new(alpha)?;
    let (category, mut images) = read_truth(truth)?;
    let mut results: Vec<(usize, KeypointResult)> = read_keypoint_results(pred)?
        .into_iter()
        .enumerate()
        .collect();
    // The result with the highest score is matched first; on ties the earlier one.
    results.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
    for (at, result) in &results {
        if result.category_id != category {
            continue;
        }
        let objects = images.get_mut(&result.image_id).ok_or_else(|| {
            let expected = format!("expected the id of an image in {}", truth.display());
            wrong(
                pred,
                *at,
                format!("image_id {} is unknown", result.image_id),
                expected,
            )
        })?;
        take(pred, *at, result, objects)?;
    }
    let (mut count, mut missed) = (0, 0);
    for object in images.values_mut().flatten() {
        count += 1;
        missed += u64::from(object.found.is_none());
        let found = object.found.take();
        let found = found.unwrap_or_else(|| vec![(NOWHERE_PX, NOWHERE_PX); object.points.len()]);
        pck.add(&found, &object.points, object.reference_px)?;
    }
    if pck.joints() == 0 {
        let message = format!("{}: no visible joint is annotated", truth.display());
        return Err(Failure::Input(message));
    }
    let counts = vec![
        ("objects", count),
        ("missed", missed),
        ("joints", pck.joints()),
    ];
    Ok((pck.metrics(), counts))
}

/// Matches a result with the unmatched object whose visible joints are closest.
fn take(
    pred: &Path,
    at: usize,
    result: &KeypointResult,
    objects: &mut [Object],
) -> Result<(), Failure> {
    let (triples, _) = result.keypoints.as_chunks::<3>();
    let found: Vec<(f32, f32)> = triples
        .iter()
        .map(|&[x, y, _]| (x as f32, y as f32))
        .collect();
    if let Some(object) = objects.first()
        && object.points.len() != found.len()
    {
        let expected = format!("the ground truth has {}", object.points.len());
        return Err(wrong(pred, at, format!("{} joints", found.len()), expected));
    }
    let free = objects.iter_mut().filter(|o| o.found.is_none());
    let nearest = free.min_by(|a, b| distance(a, &found).total_cmp(&distance(b, &found)));
    if let Some(object) = nearest {
        object.found = Some(found);
    }
    Ok(())
}

/// Mean distance of visible joints in reference lengths.
fn distance(object: &Object, found: &[(f32, f32)]) -> f32 {
    let visible = object.points.iter().zip(found).filter(|(p, _)| p.visible);
    let distances = visible.map(|(p, (x, y))| (p.x_px - x).hypot(p.y_px - y) / object.reference_px);
    let (sum, count) = distances.fold((0.0, 0.0_f32), |(sum, n), d| (sum + d, n + 1.0));
    sum / count.max(1.0)
}

/// Reads the category with joints, and the objects of every image.
fn read_truth(path: &Path) -> Result<(u64, BTreeMap<u64, Vec<Object>>), Failure> {
    let file = CocoFile::read(path)?;
    let category = file.categories.iter().find(|c| !c.keypoints.is_empty());
    let category = category.ok_or_else(|| DataError::Empty {
        path: path.into(),
        needed: "`categories` should hold a category with `keypoints`".into(),
    })?;
    let sizes = file
        .images
        .iter()
        .map(|i| (i.id, Size::new(i.width, i.height)));
    let sizes: BTreeMap<u64, Size> = sizes.collect();
    let mut images: BTreeMap<u64, Vec<Object>> = sizes.keys().map(|&id| (id, Vec::new())).collect();
    for annotation in &file.annotations {
        if annotation.category_id != category.id || annotation.is_box_only() {
            continue;
        }
        let id = annotation.image_id;
        let (Some(objects), Some(&size)) = (images.get_mut(&id), sizes.get(&id)) else {
            let found = format!("its image_id {id} is unknown");
            let expected = "expected the id of one of `images`";
            return Err(annotation.wrong(path, found, expected).into());
        };
        let [_, _, width, height] = annotation.bbox;
        if width.max(height) <= 0.0 {
            let found = format!("bbox {:?}", annotation.bbox);
            return Err(annotation
                .wrong(path, found, "expected a positive size")
                .into());
        }
        objects.push(Object {
            points: annotation.points(path, &category.keypoints, size)?,
            reference_px: width.max(height) as f32,
            found: None,
        });
    }
    Ok((category.id, images))
}

fn wrong(path: &Path, at: usize, found: String, expected: String) -> Failure {
    let message = format!("{}: result {at}: {found}; {expected}", path.display());
    Failure::Input(message)
}
