//! Mutated ONNX files: a model or an error, within the limits of time and memory; and the real file
//! with bits of its graph flipped.

use std::path::Path;

use graft_fuzz::{Limits, MIB, MUTATIONS, Material, Rng, Target, Verdict, mutate};
use onnx_protobuf::{Bytes, GraphProto, ModelProto, StringStringEntryProto, TensorProto};
use onnx_protobuf::{Message, decode};

use crate::Imported;
use crate::fixture::{chain, fill, from_tensorflow, in_the_old_way, normalised, vgg16};
use crate::weights::Source;

/// What is promised for ONNX: 2 GiB, less what the harness takes of it.
fn limits() -> Limits {
    Limits {
        memory: 1900 * MIB,
        ..Limits::declaring(0)
    }
}

/// A field of a message: its number with its wire type, and its content without its length.
type Field<'a> = (u64, &'a [u8]);

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

/// The fields of a message; none where it is no message.
fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let length = match key & 7 {
            0 => {
                let mut rest = bytes;
                varint(&mut rest)?;
                bytes.len() - rest.len()
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = bytes.split_at_checked(length)?;
        fields.push((key, content));
        bytes = rest;
    }
    Some(fields)
}

fn message(fields: &[Field<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, content) in fields {
        write_varint(&mut bytes, *key);
        if key & 7 == 2 {
            write_varint(&mut bytes, content.len() as u64);
        }
        bytes.extend_from_slice(content);
    }
    bytes
}

/// Spoils one field, at any depth, and leaves the lengths around it right.
fn one_field(bytes: &mut Vec<u8>, rng: &mut Rng, material: Material<'_>) {
    let whole = bytes.clone();
    let Some(mut fields) = fields(&whole).filter(|fields| !fields.is_empty()) else {
        return mutate(bytes, rng, material);
    };
    let at = rng.usize(..fields.len());
    let other = rng.usize(..fields.len());
    let mut content = fields[at].1.to_vec();
    match rng.u8(0..16) {
        0 => drop(fields.remove(at)),
        1 => fields.insert(other, fields[at]),
        2 => fields.swap(at, other),
        3 => fields[at].0 = fields[other].0,
        4 => {
            // Within itself.
            content = message(&[fields[at]]);
            fields[at].1 = &content;
        }
        5 => fields = fields.repeat(rng.usize(2..30)),
        _ => {
            match fields[at].0 & 7 {
                0 => {
                    content.clear();
                    write_varint(&mut content, rng.u64(..) >> rng.u32(0..64));
                }
                2 => one_field(&mut content, rng, material),
                _ => mutate(&mut content, rng, material),
            }
            fields[at].1 = &content;
        }
    }
    *bytes = message(&fields);
}

/// Takes from a file whatever the importer may ask of it.
fn read(file: &[u8]) -> Verdict {
    let model = match decode(Bytes::copy_from_slice(file)) {
        Ok(model) => model,
        Err(error) => {
            assert!(error.to_string().len() < 2000, "{error}");
            return Verdict::Refused;
        }
    };
    if let Some(graph) = &model.graph {
        let attributes = graph.node.iter().flat_map(|node| &node.attribute);
        let constants = attributes.filter_map(|attribute| attribute.t.as_ref());
        for tensor in graph.initializer.iter().chain(constants) {
            if let (Ok(floats), Ok(shape)) = (tensor.floats(), tensor.shape()) {
                assert_eq!(floats.values().len(), shape.iter().product::<usize>());
            }
        }
    }
    if let Err(refusal) = Imported::from_model(&model, Source::default()) {
        assert!(refusal.to_string().len() < 2000, "{refusal}");
    }
    Verdict::Accepted
}

/// Models as exporters write them, without weights, and a small one with weights.
fn corpus() -> Vec<Vec<u8>> {
    let small = fill(chain(&[&[4, 4], &[8]]));
    let models = [
        vgg16(),
        from_tensorflow(),
        in_the_old_way(),
        normalised(),
        small,
    ];
    models.iter().map(Message::encode_to_vec).collect()
}

#[test]
fn mutated_models_are_read_or_refused() {
    let corpus = corpus();
    assert!(corpus.iter().all(|file| file.len() < 1 << 16));
    let target = Target {
        name: "onnx",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "mutations::mutated_models_are_read_or_refused",
        limits: limits(),
        corpus: &corpus,
        mutations: MUTATIONS,
        words: &[
            b"Conv",
            b"Relu",
            b"MaxPool",
            b"BatchNormalization",
            b"conv0",
            b"w0",
            b"Identity",
            b"Constant",
        ],
        numbers: &[],
        own: Some(one_field),
    };
    target.run(read);
}

/// Where a model's bytes are not elements of its tensors.
fn graph_positions(file: &Bytes) -> Vec<usize> {
    let graph = decode(file.clone()).unwrap().graph.unwrap();
    let elements = graph
        .initializer
        .iter()
        .filter_map(|one| one.raw_data.as_ref());
    let mut places: Vec<_> = elements
        .map(|part| {
            let from = part.as_ptr() as usize - file.as_ptr() as usize;
            from..from + part.len()
        })
        .collect();
    places.sort_by_key(|place| place.start);
    let mut positions = Vec::new();
    let mut at = 0;
    for place in places {
        positions.extend(at..place.start);
        at = place.end;
    }
    positions.extend(at..file.len());
    positions
}

/// Flips up to three bits of the graph.
fn in_the_graph(bytes: &mut Vec<u8>, rng: &mut Rng, _: Material<'_>) {
    let file = Bytes::from(std::mem::take(bytes));
    let positions = graph_positions(&file);
    *bytes = file.into();
    for _ in 0..rng.usize(1..=3) {
        if let Some(at) = rng.choice(&positions) {
            bytes[*at] ^= 1 << rng.u8(0..8);
        }
    }
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn flipped_bits_in_the_graph_of_the_real_file_do_no_harm() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/vgg16.onnx");
    let target = Target {
        name: "onnx-vgg16",
        manifest: env!("CARGO_MANIFEST_DIR"),
        test: "mutations::flipped_bits_in_the_graph_of_the_real_file_do_no_harm",
        limits: limits(),
        corpus: &[std::fs::read(path).unwrap()],
        mutations: MUTATIONS / 100,
        words: &[],
        numbers: &[],
        own: Some(in_the_graph),
    };
    target.run(read);
}

#[test]
fn elements_in_another_file_are_refused_unopened() {
    for location in [
        "w.bin",
        "../w.bin",
        "/etc/passwd",
        "/dev/zero",
        "C:\\w.bin",
        "",
    ] {
        let mut model = vgg16();
        let external = |tensor: &mut TensorProto| {
            tensor.external_data = vec![StringStringEntryProto {
                key: "location".into(),
                value: location.into(),
            }];
        };
        let graph: &mut GraphProto = model.graph.as_mut().unwrap();
        graph.initializer.iter_mut().for_each(external);
        let model: ModelProto = decode(model.encode_to_vec().into()).unwrap();
        let refusal = Imported::from_model(&model, Source::default()).unwrap_err();
        let message = refusal.to_string();
        assert!(message.contains("in another file"), "{location}: {message}");
    }
}
