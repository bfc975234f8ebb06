//! Weights from a stranger: the whole layout, to be written again to the same bits, or a complaint of one line.

use deo_models::layout::Layout;
use deo_models::weights::{from_bytes, to_bytes};

pub(crate) fn layout() -> Layout {
    let mut layout = Layout::new();
    layout.push("weight", &[2, 3]);
    layout.push("gain", &[2]);
    layout
}

pub(crate) fn run(data: &[u8]) {
    let layout = layout();
    match from_bytes::<f32>(&layout, data, "w.safetensors") {
        Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
        Ok(params) => {
            let again =
                from_bytes(&layout, &to_bytes(&layout, &params), "w").expect("our own file");
            // Through f64, where a signalling NaN becomes a quiet one.
            let same =
                |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
            assert!(params.len() == layout.len() && params.iter().zip(&again).all(same));
        }
    }
    if let Ok(params) = from_bytes::<f64>(&layout, data, "w.safetensors") {
        assert_eq!(params.len(), layout.len());
    }
}
