//! About which axes does turning a body move it?
//!
//! | shape | axes |
//! |---|---|
//! | atoms at one place | none |
//! | on a line, within `STRAIGHT` | two, across it |
//! | any other | x, y, z |
//!
//! The line is the eigenvector of the largest eigenvalue of Σ rrᵀ, r from the atoms' mean: the best line in the sense of
//! least squares. The width is what that leaves, w² = Σ‖r_⊥‖².

use crate::ritz::symmetric_eigen;

/// A width of so many bonds is none. A three-atom molecule has w = 0.007 at one degree of bend, and 0.002 at a quarter of
/// one; a gradient of 1e-5 leaves 0.002 where the bend's curvature is 0.005, less than soft bends have.
const STRAIGHT: f64 = 2e-3;

/// Relative to the distance from the origin: what rounding makes of atoms at one place.
const ROUNDING: f64 = 1e-12;

/// The angular velocities of the turns that move atoms at `positions`, which are about their centre, `far` from the origin.
pub(super) fn axes_of_rotation(positions: &[[f64; 3]], far: f64) -> Vec<[f64; 3]> {
    let n = positions.len() as f64;
    let mean = [0, 1, 2].map(|a| positions.iter().map(|r| r[a] / n).sum::<f64>());
    let atoms: Vec<[f64; 3]> =
        positions.iter().map(|r| [0, 1, 2].map(|a| r[a] - mean[a])).collect();
    let size = atoms.iter().flatten().fold(0.0, |size: f64, r| size.max(r.abs()));
    // No atoms have a mean that is NaN, and no size.
    if size <= ROUNDING * far || atoms.is_empty() {
        return vec![];
    }
    let [across, other, along] = principal_axes(&atoms, size);
    if is_straight(&atoms, along) {
        return vec![across, other];
    }
    [0, 1, 2].map(|k| [0, 1, 2].map(|a| f64::from(u8::from(a == k)))).to_vec()
}

/// A place on the line that all `places` are on, and its direction unless they are one place; `None` where they are on
/// none, or are none.
pub(super) fn line(places: &[[f64; 3]]) -> Option<([f64; 3], Option<[f64; 3]>)> {
    let n = places.len() as f64;
    let mean = [0, 1, 2].map(|a| places.iter().map(|r| r[a] / n).sum::<f64>());
    let atoms: Vec<[f64; 3]> = places.iter().map(|r| [0, 1, 2].map(|a| r[a] - mean[a])).collect();
    let largest = |of: &[[f64; 3]]| of.iter().flatten().fold(0.0, |far: f64, r| far.max(r.abs()));
    let size = largest(&atoms);
    if places.is_empty() {
        return None;
    }
    if size <= ROUNDING * largest(places) {
        return Some((mean, None));
    }
    let [_, _, along] = principal_axes(&atoms, size);
    is_straight(&atoms, along).then_some((mean, Some(along)))
}

/// Within a tenth of a degree.
pub(super) fn are_parallel(a: [f64; 3], b: [f64; 3]) -> bool {
    let across = cross(a, b);
    dot(across, across) <= STRAIGHT * STRAIGHT * dot(a, a) * dot(b, b)
}

/// Whether a turn about the unit vector `axis` through the origin moves anything: atoms on the axis stay where they are.
pub(super) fn moves(positions: &[[f64; 3]], axis: [f64; 3]) -> bool {
    let off = positions
        .iter()
        .fold(0.0, |off: f64, r| off.hypot(dot(cross(axis, *r), cross(axis, *r)).sqrt()));
    let size = positions.iter().flatten().fold(0.0, |size: f64, r| size.hypot(*r));
    off > STRAIGHT * size
}

/// The eigenvectors of Σ rrᵀ, of the smallest eigenvalue first.
fn principal_axes(atoms: &[[f64; 3]], size: f64) -> [[f64; 3]; 3] {
    let (mut tensor, mut vectors, mut values) = ([0.0; 9], [0.0; 9], [0.0; 3]);
    for r in atoms {
        for k in 0..9 {
            tensor[k] += (r[k / 3] / size) * (r[k % 3] / size);
        }
    }
    symmetric_eigen(&mut tensor, &mut vectors, &mut values);
    [0, 1, 2].map(|i| [0, 1, 2].map(|a| vectors[3 * i + a]))
}

fn is_straight(atoms: &[[f64; 3]], along: [f64; 3]) -> bool {
    let places: Vec<f64> = atoms.iter().map(|r| dot(*r, along)).collect();
    let off = atoms.iter().zip(&places).flat_map(|(r, s)| [0, 1, 2].map(|a| r[a] - s * along[a]));
    let width = off.fold(0.0, f64::hypot);
    let length = places.iter().fold(0.0, |length: f64, s| length.hypot(*s));
    // No bond is longer than the molecule: spares the sorting where it isn't near a line.
    width <= 2.0 * STRAIGHT * length && width <= (STRAIGHT * bond(places)).max(ROUNDING * length)
}

/// The median distance between neighbours on the line; their mean, if half of the atoms are at one place.
fn bond(mut places: Vec<f64>) -> f64 {
    places.sort_by(f64::total_cmp);
    let mut gaps: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    gaps.sort_by(f64::total_cmp);
    let median = gaps[gaps.len() / 2];
    if median > 0.1 * mean { median } else { mean }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
