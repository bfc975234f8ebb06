//! Atoms from a stranger: frames of the same atoms, to be written again to the same bits, or a complaint of one
//! line that has the number of a line of the file.

use deo_cli::saddle::xyz::{XyzError, frame_text, parse};
use std::path::Path;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let path = Path::new("a.xyz");
    let frames = match parse(text, path) {
        Err(error) => return check(text, &error),
        Ok(frames) => frames,
    };
    let species = &frames[0].species;
    for frame in &frames {
        assert!(frame.species == *species && frame.x.len() == 3 * species.len());
        assert!(frame.x.iter().all(|x| x.is_finite()));
    }
    let again: String = frames.iter().map(|f| frame_text(&f.species, &f.x, "energy=0")).collect();
    let again = parse(&again, path).expect("our own file");
    let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(again.len(), frames.len());
    for (a, b) in again.iter().zip(&frames) {
        assert!(a.species == b.species && bits(&a.x) == bits(&b.x));
    }
}

fn check(text: &str, error: &XyzError) {
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1, "{message:?}");
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().count();
    match error {
        XyzError::Line { line, .. } => assert!((1..=lines).contains(line), "{message}"),
        XyzError::End { line, .. } => assert_eq!(*line, lines + 1, "{message}"),
        _ => panic!("{message}"),
    }
}
