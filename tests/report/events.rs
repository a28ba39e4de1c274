//! Event files for TensorBoard, read back by separate code.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::program::{self, Place, sets};

/// Numbers by tag: steps with values.
type Numbers = BTreeMap<String, Vec<(u64, f32)>>;

fn small() -> Vec<&'static str> {
    sets(&program::small(&["events"]))
}

#[test]
fn a_search_and_its_resumption_write_what_was_tried() {
    let place = Place::new();
    let run = [
        "run", "--seed", "3", "--trials", "2", "--out", "r", "--quiet",
    ];
    let events = ["--tensorboard", "logs/r"];
    place.text(&[&run[..], &events, &small()].concat());
    place.text(&[
        "resume",
        "r",
        "--trials",
        "3",
        "--quiet",
        "--tensorboard",
        "logs/r",
    ]);
    assert_eq!(files(&place, "logs/r").len(), 2, "one for each call");
    let numbers = numbers(&place, "logs/r");
    let trials = place.json(&["trials", "r", "--json"]);
    let mut best = f64::NEG_INFINITY;
    for trial in &trials {
        let id = trial["id"].as_u64().unwrap();
        let at = |tag: &str| {
            let found = numbers[tag].iter().find(|(step, _)| *step == id);
            found.unwrap_or_else(|| panic!("{tag} of trial {id}")).1
        };
        let reward = trial["reward"].as_f64().unwrap();
        assert_eq!(at("search/reward"), reward as f32);
        assert_eq!(
            at("metrics/miou"),
            trial["metrics"]["miou"].as_f64().unwrap() as f32
        );
        assert_eq!(
            at("cost/parameters"),
            trial["params"].as_f64().unwrap() as f32
        );
        assert_eq!(
            at("cost/multiply_adds"),
            trial["macs"].as_f64().unwrap() as f32
        );
        let stages = trial["stage_rewards"].as_array().unwrap();
        for (stage, reward) in stages.iter().enumerate() {
            let written = at(&format!("search/stage{stage}_reward"));
            assert_eq!(written, reward.as_f64().unwrap() as f32);
        }
        if trial["status"] == "complete" {
            best = best.max(reward);
            assert_eq!(at("search/best_reward"), best as f32);
        }
    }
    assert_eq!(trials.len(), 3);
}

#[test]
fn a_training_writes_losses_and_metrics() {
    let place = Place::new();
    let genotype = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";
    let train = [
        "train",
        "--genotype",
        genotype,
        "--out",
        "m",
        "--epochs",
        "2",
        "--json",
    ];
    let more = ["--tensorboard", "logs", "--set", "train.shorter_side_px=32"];
    let end: Value = place
        .json(&[&train[..], &more, &small()].concat())
        .remove(0);
    let numbers = numbers(&place, "logs");
    let steps: Vec<u64> = numbers["train/loss"]
        .iter()
        .map(|(step, _)| *step)
        .collect();
    assert_eq!(steps, [1, 2, 3, 4]);
    let epochs = &numbers["validation/miou"];
    assert_eq!((epochs[0].0, epochs[1].0, epochs.len()), (1, 2, 2));
    let best = end["epoch"].as_u64().unwrap();
    let miou = epochs.iter().find(|(epoch, _)| *epoch == best).unwrap().1;
    assert_eq!(miou, end["metrics"]["miou"].as_f64().unwrap() as f32);
    assert!(numbers.contains_key("validation/reward"));
}

#[test]
fn folders_that_cannot_be_written_are_refused_before_the_work() {
    let place = Place::new();
    fs::write(place.path("file"), "").unwrap();
    for folder in ["file", "file/logs"] {
        let run = ["run", "--out", "r", "--tensorboard", folder];
        place.refuses(&[&run[..], &small()].concat(), &[folder, "is a file"]);
    }
    // A call that is refused for another reason leaves no event file either.
    let run = [
        "run",
        "--out",
        "r",
        "--tensorboard",
        "logs",
        "--data",
        "gone",
    ];
    place.refuses(&[&run[..], &small()].concat(), &["gone"]);
}

fn files(place: &Place, folder: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(place.path(folder)).unwrap();
    let mut files: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// All numbers of all files of a folder.
fn numbers(place: &Place, folder: &str) -> Numbers {
    let mut numbers = Numbers::new();
    for file in files(place, folder) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("events.out.tfevents."), "{name}");
        let bytes = fs::read(&file).unwrap();
        let messages = messages(&bytes);
        assert_eq!(
            fields(messages[0]).last().unwrap().1,
            Field::Bytes(b"brain.Event:2")
        );
        for message in &messages[1..] {
            add_message(message, &mut numbers);
        }
    }
    numbers
}

/// The messages of a file; checks their checksums.
fn messages(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let (head, rest) = bytes.split_at(12);
        let (message, rest) = rest.split_at(length);
        for (sum, of) in [(&head[8..], &head[..8]), (&rest[..4], message)] {
            assert_eq!(u32::from_le_bytes(sum.try_into().unwrap()), masked_crc(of));
        }
        messages.push(message);
        bytes = &rest[4..];
    }
    messages
}

/// CRC-32C, Castagnoli's polynomial, bit by bit, masked as TensorFlow does.
fn masked_crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 * (crc & 1));
        }
    }
    let crc = !crc;
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[derive(Debug, PartialEq)]
enum Field<'a> {
    Integer(u64),
    Four([u8; 4]),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
}

/// The fields of a protobuf message with their numbers.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Integer(varint(&mut bytes)),
            1 => Field::Eight(take(&mut bytes, 8).try_into().unwrap()),
            2 => {
                let length = varint(&mut bytes) as usize;
                Field::Bytes(take(&mut bytes, length))
            }
            5 => Field::Four(take(&mut bytes, 4).try_into().unwrap()),
            other => panic!("wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for at in 0.. {
        let byte = take(bytes, 1)[0];
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// `Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }`.
fn add_message(message: &[u8], numbers: &mut Numbers) {
    let (mut step, mut summary) = (0, &[][..]);
    for (number, field) in fields(message) {
        match (number, field) {
            (1, Field::Eight(secs)) => assert!(f64::from_le_bytes(secs) > 1.7e9),
            (2, Field::Integer(value)) => step = value,
            (5, Field::Bytes(bytes)) => summary = bytes,
            other => panic!("{other:?}"),
        }
    }
    for (_, value) in fields(summary) {
        let Field::Bytes(value) = value else { panic!() };
        match &fields(value)[..] {
            [(1, Field::Bytes(tag)), (2, Field::Four(number))] => {
                let tag = String::from_utf8(tag.to_vec()).unwrap();
                let number = f32::from_le_bytes(*number);
                numbers.entry(tag).or_default().push((step, number));
            }
            other => panic!("{other:?}"),
        }
    }
}
