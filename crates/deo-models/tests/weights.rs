//! Weights through safetensors: a round trip, PyTorch's own file, and what is refused.

#![cfg(feature = "weights")]

use deo_linalg::{Real, Threads};
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::layout::Layout;
use deo_models::weights::{WeightsError, from_bytes, load, save, to_bytes};
use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};
use std::fs;

fn layout() -> Layout {
    let mut layout = Layout::new();
    layout.push("weight", &[2, 3]);
    layout.push("gain", &[4]);
    layout
}

/// Numbers that a change of byte order, of precision or of place would alter.
fn params<T: Real>(len: usize) -> Vec<T> {
    (0..len)
        .map(|i| T::from_f64((i as f64 + 1.0).sqrt() * if i % 3 == 0 { -1e-3 } else { 1e5 }))
        .collect()
}

/// A file with these tensors of 4-byte words.
fn file(tensors: &[(&str, Dtype, &[usize], &[u8])], metadata: &[(&str, &str)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap())
    });
    let metadata = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    serialize(views, Some(metadata)).unwrap()
}

fn words(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The complaint about a file, which is one line that names the file and holds these words.
#[track_caller]
fn refused<T: Real>(bytes: &[u8], expected: &[&str]) -> WeightsError {
    let error = from_bytes::<T>(&layout(), bytes, "w.safetensors").unwrap_err();
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    for word in expected.iter().chain(&["w.safetensors"]) {
        assert!(message.contains(word), "{word} is not in: {message}");
    }
    error
}

#[test]
fn a_file_brings_back_every_bit_and_only_the_file_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("w.safetensors");
    let gpt = Gpt::<f32>::new(GptConfig::tiny(17), Threads::One).unwrap();
    let mut x = gpt.init(3);
    (x[0], x[1]) = (f32::MIN_POSITIVE / 2.0, -0.0); // a subnormal and a signed zero
    save(&path, gpt.layout(), &x).unwrap();
    let read = load::<f32>(&path, gpt.layout()).unwrap();
    assert!(x.iter().zip(&read).all(|(x, y)| x.to_bits() == y.to_bits()));
    let wide = load::<f64>(&path, gpt.layout()).unwrap();
    assert!(x.iter().zip(&wide).all(|(x, y)| f64::from(*x) == *y), "widening is exact");

    let y = params::<f64>(gpt.layout().len());
    save(&path, gpt.layout(), &y).unwrap(); // over the old one
    assert_eq!(load::<f64>(&path, gpt.layout()).unwrap(), y);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the partial file is gone");
}

#[test]
fn the_file_is_one_that_hugging_faces_loaders_take() {
    let bytes = to_bytes(&layout(), &params::<f32>(10));
    let (header, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(metadata.metadata().as_ref().unwrap()["format"], "pt");
    assert_eq!((8 + header) % 8, 0, "aligned for a memory map");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("gain").unwrap().data(), words(&params::<f32>(10)[6..]));
    assert_eq!(bytes, to_bytes(&layout(), &params::<f32>(10)), "the same weights, the same bytes");
}

#[test]
fn a_file_of_pytorch_is_read() {
    // The layout of the golden GPT, its tensors under a prefix: what another program wrote, in its own order.
    let golden = include_bytes!("golden/gpt.safetensors");
    let file = SafeTensors::deserialize(golden).unwrap();
    let mut layout = Layout::new();
    let mut tensors = file.tensors();
    tensors.sort_by(|(a, _), (b, _)| b.cmp(a)); // not the file's order
    for (name, view) in &tensors {
        layout.push(name.as_str(), view.shape());
    }
    let x = from_bytes::<f64>(&layout, golden, "golden").unwrap();
    for ((tensor, values), (name, view)) in layout.split(&x).zip(&tensors) {
        assert_eq!(tensor.name(), name);
        let numbers: Vec<f64> = match view.dtype() {
            Dtype::F32 => view
                .data()
                .chunks(4)
                .map(|w| f64::from(f32::from_le_bytes(w.try_into().unwrap())))
                .collect(),
            _ => view.data().chunks(8).map(|w| f64::from_le_bytes(w.try_into().unwrap())).collect(),
        };
        assert_eq!(values, numbers, "{name}");
    }
}

#[test]
fn tied_tensors_are_read_however_they_were_stored() {
    let (weight, gain) = (words(&params(6)), words(&params(4)));
    let own: &[(&str, Dtype, &[usize], &[u8])] =
        &[("weight", Dtype::F32, &[2, 3], &weight), ("gain", Dtype::F32, &[4], &gain)];
    let plain = from_bytes::<f32>(&layout(), &file(own, &[]), "w").unwrap();
    // torch.save: both names, the same numbers.
    let twice = file(&[own, &[("lm_head", Dtype::F32, &[2, 3], &weight)]].concat(), &[]);
    assert_eq!(from_bytes::<f32>(&layout(), &twice, "w").unwrap(), plain);
    // save_model: the name that sorts first, the other one in the metadata.
    let alias =
        file(&[("lm_head", Dtype::F32, &[2, 3], &weight), own[1]], &[("weight", "lm_head")]);
    assert_eq!(from_bytes::<f32>(&layout(), &alias, "w").unwrap(), plain);
    // Untied: another function than this layout's model.
    let untied = file(&[own, &[("lm_head", Dtype::F32, &[2, 3], &words(&[0.0; 6]))]].concat(), &[]);
    let error = refused::<f32>(&untied, &["\"lm_head\"", "lacks"]);
    assert!(matches!(error, WeightsError::Unexpected { .. }));
}

#[test]
fn tensors_that_do_not_fit_are_named_with_both_shapes() {
    let (weight, gain) = (words(&params(6)), words(&params(4)));
    let missing = file(&[("weight", Dtype::F32, &[2, 3], &weight)], &[]);
    assert!(matches!(refused::<f32>(&missing, &["\"gain\""]), WeightsError::MissingTensor { .. }));
    let turned =
        file(&[("weight", Dtype::F32, &[3, 2], &weight), ("gain", Dtype::F32, &[4], &gain)], &[]);
    let error = refused::<f64>(&turned, &["\"weight\"", "[3, 2]", "[2, 3]"]);
    assert!(matches!(error, WeightsError::WrongShape { .. }));
    let half = file(
        &[("weight", Dtype::BF16, &[2, 3], &weight[..12]), ("gain", Dtype::F32, &[4], &gain)],
        &[],
    );
    let error = refused::<f32>(&half, &["\"weight\"", "BF16", "F32 or F64"]);
    assert!(matches!(error, WeightsError::WrongType { .. }));
    let error = refused::<f32>(&to_bytes(&layout(), &params::<f64>(10)), &["F64", "round"]);
    assert!(matches!(error, WeightsError::WouldRound { .. }));
}

#[test]
fn every_truncation_and_every_foreign_file_is_a_typed_error() {
    let bytes = to_bytes(&layout(), &params::<f32>(10));
    for len in 0..bytes.len() {
        let error = from_bytes::<f32>(&layout(), &bytes[..len], "w").unwrap_err();
        assert!(matches!(error, WeightsError::Truncated { .. }), "{len} bytes: {error}");
    }
    let long = [&bytes[..], &[0]].concat();
    assert!(matches!(refused::<f32>(&long, &["too many"]), WeightsError::Truncated { .. }));
    for foreign in [
        &b"PK\x03\x04 a zip archive, as torch.save writes it"[..],
        b"{\"json\": true}, say",
        &[0xff; 64],
    ] {
        assert!(matches!(
            refused::<f32>(foreign, &["no safetensors file"]),
            WeightsError::Malformed { .. }
        ));
    }
    // Any one byte of the header changed: refused, or the same numbers (a changed space, say); never a panic.
    let header = 8 + usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    for place in 0..header {
        for flip in [1, 0x20, 0x80] {
            let mut hurt = bytes.clone();
            hurt[place] ^= flip;
            if let Ok(read) = from_bytes::<f32>(&layout(), &hurt, "w") {
                assert_eq!(read, params::<f32>(10), "byte {place} ^ {flip}");
            }
        }
    }
}

#[test]
fn paths_that_cannot_be_used_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.safetensors");
    assert!(
        matches!(load::<f32>(&missing, &layout()), Err(WeightsError::NoFile { path }) if path == missing)
    );
    assert!(matches!(load::<f32>(dir.path(), &layout()), Err(WeightsError::Unreadable { .. })));
    let below = missing.join("w.safetensors");
    assert!(
        matches!(save(&below, &layout(), &params::<f32>(10)), Err(WeightsError::Write { path, .. }) if path == below)
    );
    // A directory has the name: the complaint leaves nothing behind.
    let taken = dir.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(matches!(save(&taken, &layout(), &params::<f32>(10)), Err(WeightsError::Write { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn header_metadata_is_not_taken_for_a_tensor() {
    let mut layout = Layout::new();
    layout.push("a", &[0]);
    let bytes = file(&[("a", Dtype::F32, &[0], &[])], &[("a", "b"), ("note", "x")]);
    assert_eq!(from_bytes::<f32>(&layout, &bytes, "w").unwrap(), [0.0_f32; 0]);
}

/// nanoGPT's mask of so many places, as words.
fn mask(places: usize) -> Vec<u8> {
    let kept = |i: usize| if i % places <= i / places { 1.0 } else { 0.0 };
    words(&(0..places * places).map(kept).collect::<Vec<f32>>())
}

#[test]
fn what_wrappers_and_buffers_add_is_passed_over() {
    let x = params::<f32>(10);
    let (weight, gain) = (words(&x[..6]), words(&x[6..]));
    for wrapper in ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."] {
        let name = |bare: &str| format!("{wrapper}{bare}");
        let bytes = file(
            &[
                (&name("weight"), Dtype::F32, &[2, 3], &weight),
                (&name("gain"), Dtype::F32, &[4], &gain),
                (&name("h.0.attn.bias"), Dtype::F32, &[1, 1, 8, 8], &mask(8)),
                (&name("h.1.attn.bias"), Dtype::U8, &[1, 1, 2, 2], &[1, 0, 1, 1]),
                (&name("h.0.attn.masked_bias"), Dtype::F32, &[], &words(&[-1e4])),
                (&name("empty"), Dtype::F32, &[0, 7], &[]),
            ],
            &[],
        );
        assert_eq!(from_bytes::<f32>(&layout(), &bytes, "w").unwrap(), x);
        // The second name of a tied tensor has the wrapper's before it, too.
        let alias = [(name("gain"), name("tied"))];
        let bytes = file(
            &[
                (&name("weight"), Dtype::F32, &[2, 3], &weight),
                (&name("tied"), Dtype::F32, &[4], &gain),
            ],
            &[(&alias[0].0, &alias[0].1)],
        );
        assert_eq!(from_bytes::<f32>(&layout(), &bytes, "w").unwrap(), x);
    }
    // A bare name goes before a wrapped one, which is a part that the model lacks.
    let both = file(
        &[
            ("weight", Dtype::F32, &[2, 3], &weight),
            ("gain", Dtype::F32, &[4], &gain),
            ("module.gain", Dtype::F32, &[4], &weight[..16]),
        ],
        &[],
    );
    refused::<f32>(&both, &["module.gain", "lacks"]);
}

#[test]
fn what_might_be_a_parameter_is_not_passed_over() {
    let x = params::<f32>(10);
    let (weight, gain) = (words(&x[..6]), words(&x[6..]));
    let with = |name: &str, shape: &[usize], bytes: &[u8]| {
        let own: [(&str, Dtype, &[usize], &[u8]); 2] =
            [("weight", Dtype::F32, &[2, 3], &weight), ("gain", Dtype::F32, &[4], &gain)];
        file(&[&own[..], &[(name, Dtype::F32, shape, bytes)]].concat(), &[])
    };
    let full = words(&[1.0; 4]);
    for (name, shape, bytes) in [
        ("h.0.attn.bias", &[1, 1, 2, 2][..], &full[..]),
        ("h.0.attn.bias", &[4], &full),
        ("h.0.attn.bias", &[2, 1, 2], &full),
        ("h.0.attn.bias", &[2, 2], &words(&[1.0, 0.0, 2.0, 1.0])),
        ("h.0.attn.bias", &[2, 2], &words(&[0.0; 4])),
        ("h.0.attn.masked_bias", &[2], &full[..8]),
        ("h.0.mlp.bias", &[1, 1, 2, 2], &mask(2)),
        ("h.0.bias", &[], &full[..4]),
    ] {
        refused::<f32>(&with(name, shape, bytes), &[name, "lacks", "leave it out"]);
    }
    // Another wrapper's name is told.
    let mut two = Layout::new();
    two.push("h.weight", &[4]);
    let bytes = file(&[("model.h.weight", Dtype::F32, &[4], &gain)], &[]);
    let error = from_bytes::<f32>(&two, &bytes, "w").unwrap_err().to_string();
    assert!(error.contains("no tensor \"h.weight\"; rename \"model.h.weight\""), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_a_device_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (link, target) = (dir.path().join("link"), dir.path().join("target"));
    std::os::unix::fs::symlink("target", &link).unwrap();
    let x = params::<f32>(10);
    // To nothing at first, then to a file.
    for _ in 0..2 {
        save(&link, &layout(), &x).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(load::<f32>(&target, &layout()).unwrap(), x);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    let error = save("/dev/null".as_ref(), &layout(), &x).unwrap_err().to_string();
    assert!(error.contains("/dev/null") && error.contains("no regular file"), "{error}");
}
