//! One structure laid upon another of the same atoms in the same order.
//!
//! | structure | what is free |
//! |---|---|
//! | a molecule, atoms held or not | the turn and the move that make Σ w ‖R r + t − r′‖² least; held atoms weigh so much that they stay |
//! | periodic | images of atoms, and the move, where nothing is held |
//!
//! The turn is Horn's: the quaternion is the eigenvector of the largest eigenvalue of a symmetric matrix of the sums
//! Σ w rₐr′_b. No reflection is allowed: mirror images are two structures.
//!
//! B. K. P. Horn, J. Opt. Soc. Am. A 4, 629 (1987).

use super::structure::Structure;
use deo_linalg::eigen::symmetric_eigen;

/// The weight of a held atom: it moves by a millionth of what the others miss.
const HELD: f64 = 1e6;

/// `from` laid upon `to`, all atoms of both, each with its weight.
pub(super) fn superposed(
    structure: &Structure,
    from: &[f64],
    to: &[f64],
    weights: &[f64],
) -> Vec<f64> {
    if structure.is_periodic() {
        return nearest_images(structure, from, to, weights);
    }
    let movable = &structure.frame.movable;
    let heaviest = weights.iter().copied().fold(0.0, f64::max);
    let weights: Vec<f64> = (weights.iter().zip(movable))
        .map(|(weight, movable)| if *movable { *weight } else { HELD * heaviest })
        .collect();
    let (a, b) = (centre(from, &weights), centre(to, &weights));
    let Some(turn) = turn(from, a, to, b, &weights) else { return from.to_vec() };
    let place = |r: &[f64]| {
        let r = [0, 1, 2].map(|k| r[k] - a[k]);
        [0, 1, 2].map(|k| b[k] + turn[k].iter().zip(&r).map(|(m, r)| m * r).sum::<f64>())
    };
    from.chunks(3).flat_map(place).collect()
}

fn centre(x: &[f64], weights: &[f64]) -> [f64; 3] {
    let sum: f64 = weights.iter().sum();
    [0, 1, 2].map(|k| x.chunks(3).zip(weights).map(|(r, w)| w * r[k]).sum::<f64>() / sum)
}

/// The rows of R.
fn turn(
    from: &[f64],
    a: [f64; 3],
    to: &[f64],
    b: [f64; 3],
    weights: &[f64],
) -> Option<[[f64; 3]; 3]> {
    let mut s = [[0.0; 3]; 3];
    for ((r, t), weight) in from.chunks(3).zip(to.chunks(3)).zip(weights) {
        for (i, row) in s.iter_mut().enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry += weight * (r[i] - a[i]) * (t[j] - b[j]);
            }
        }
    }
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    let matrix = [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ];
    let eigen = symmetric_eigen(matrix.as_flattened(), 4).ok()?;
    let [w, x, y, z] = *eigen.vector(3) else { return None };
    Some([
        [w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ])
}

/// The images of `from` that are nearest to `to`, moved as a whole if nothing is held.
fn nearest_images(structure: &Structure, from: &[f64], to: &[f64], weights: &[f64]) -> Vec<f64> {
    let away: Vec<f64> = from.iter().zip(to).map(|(a, b)| a - b).collect();
    let mut shift = [0.0; 3];
    if structure.free.len() == structure.frame.species.len() {
        // Beside one atom all are at their nearest images, if they have moved less than half a cell; then the mean is known.
        shift = [away[0], away[1], away[2]];
        let mut beside = away.clone();
        beside.chunks_mut(3).for_each(|d| {
            let [x, y, z] = structure.shortest([d[0] - shift[0], d[1] - shift[1], d[2] - shift[2]]);
            d.copy_from_slice(&[x, y, z]);
        });
        let mean = centre(&beside, weights);
        (0..3).for_each(|k| shift[k] += mean[k]);
    }
    let mut placed = to.to_vec();
    for (place, d) in placed.chunks_mut(3).zip(away.chunks(3)) {
        let d = structure.shortest([d[0] - shift[0], d[1] - shift[1], d[2] - shift[2]]);
        (0..3).for_each(|k| place[k] += d[k]);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saddle::xyz::parse_structures;
    use std::path::Path;

    const ATOMS: &str = "4\nCOMMENT\nH 0 0 0\nC 1.1 0.2 0\nN 0.3 2.1 0.4\nO -0.7 0.3 1.9\n";

    fn structure(comment: &str, held: &[usize]) -> Structure {
        let text = ATOMS.replace("COMMENT", comment);
        let mut frame = parse_structures(&text, Path::new("x")).unwrap().remove(0);
        held.iter().for_each(|atom| frame.movable[*atom] = false);
        Structure::of(frame, Path::new("x")).unwrap()
    }

    /// By 0.7 about z, 1.1 about x, and moved.
    fn turned(x: &[f64]) -> Vec<f64> {
        let ((s, c), (t, d)) = (0.7_f64.sin_cos(), 1.1_f64.sin_cos());
        let turn = |r: &[f64]| {
            let [x, y, z] = [c * r[0] - s * r[1], s * r[0] + c * r[1], r[2]];
            [x + 5.0, d * y - t * z - 1.0, t * y + d * z + 0.3]
        };
        x.chunks(3).flat_map(turn).collect()
    }

    fn farthest(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn a_molecule_that_was_turned_is_the_same_and_its_mirror_image_is_not() {
        let structure = structure("", &[]);
        let x = structure.frame.x.clone();
        let weights = [1.0, 12.0, 14.0, 16.0];
        assert!(farthest(&superposed(&structure, &turned(&x), &x, &weights), &x) < 1e-12);
        let mirrored: Vec<f64> = x.chunks(3).flat_map(|r| [r[0], r[1], -r[2]]).collect();
        assert!(farthest(&superposed(&structure, &mirrored, &x, &weights), &x) > 0.3);
    }

    #[test]
    fn held_atoms_stay_and_what_turns_about_them_is_the_same() {
        let two = structure("", &[0, 1]);
        let x = two.frame.x.clone();
        // About the line of the first two atoms, by Rodrigues' formula.
        let axis = [1.1, 0.2, 0.0].map(|a| a / 1.1_f64.hypot(0.2));
        let (s, c) = 0.9_f64.sin_cos();
        let turn = |r: &[f64]| {
            let along: f64 = axis.iter().zip(r).map(|(a, r)| a * r).sum();
            let cross = |i: usize, j: usize| axis[i] * r[j] - axis[j] * r[i];
            let across = [cross(1, 2), cross(2, 0), cross(0, 1)];
            [0, 1, 2].map(|k| c * r[k] + s * across[k] + (1.0 - c) * along * axis[k])
        };
        let y: Vec<f64> = x.chunks(3).flat_map(turn).collect();
        assert!(farthest(&superposed(&two, &y, &x, &[1.0; 4]), &x) < 1e-5);
        let three = structure("", &[0, 1, 2]);
        let mut moved = x.clone();
        moved[9] += 0.4;
        assert!((farthest(&superposed(&three, &moved, &x, &[1.0; 4]), &x) - 0.4).abs() < 1e-5);
    }

    #[test]
    fn images_of_a_cell_are_the_same() {
        let comment = "Lattice=\"6 0 0 1 7 0 0 0 8\"";
        let free = structure(comment, &[]);
        let x = free.frame.x.clone();
        let mut y: Vec<f64> = x.chunks(3).flat_map(|r| [r[0] + 0.3, r[1] - 5.0, r[2]]).collect();
        (y[3], y[4]) = (y[3] + 6.0 - 1.0, y[4] - 7.0);
        assert!(farthest(&superposed(&free, &y, &x, &[1.0; 4]), &x) < 1e-12);
        let held = structure(comment, &[0]);
        assert!((farthest(&superposed(&held, &y, &x, &[1.0; 4]), &x) - 2.0).abs() < 1e-9);
    }
}
