//! Structures between two: the image dependent pair potential.
//!
//! Problem: the straight line between two structures takes atoms through each other and squeezes bonds that turn. What should
//! go straight are the distances. Image k of K + 1 minimises
//!
//! S_k(x) = Σ_{i<j} (d_ij^k − d_ij)²/d_ij⁴,  d_ij^k = d_ij(A) + k/(K + 1) (d_ij(B) − d_ij(A)),
//!
//! beginning on the line; the weight 1/d⁴ is for near pairs (Smidstrup, Pedersen, Stokbro, Jónsson, J. Chem. Phys. 140,
//! 214106 (2014)). No energy is asked.
//!
//! Departure: every image is minimised by itself, without the springs of a band between them; the targets d^k keep images
//! apart. Where A and B have the same distances, as mirror images, S knows no way between them.

use super::structure::Structure;
use deo_core::objective::Objective;
use deo_core::space::Host;
use deo_saddle::{DriveError, Goal, Method, search};

/// Gradients of an image; some fifty are usual, and one that isn't there yet is still better than the line.
const GRADIENTS: u64 = 500;
/// ‖∇S‖ of an image that is good enough, Å⁻³: of S = 1e-2 Å⁻² after a hundredth of a bond.
const TOLERANCE: f64 = 1e-4;

/// `count` structures from `from` to `to`, the moving coordinates of each.
pub(super) fn images(
    structure: &Structure,
    from: &[f64],
    to: &[f64],
    count: usize,
) -> Result<Vec<Vec<f64>>, DriveError> {
    let ends = [structure.all(from), structure.all(to)];
    let goal = Goal { index: 0, tolerance: TOLERANCE, max_gradients: GRADIENTS, ..Goal::default() };
    let image = |k: usize| -> Result<Vec<f64>, DriveError> {
        let share = k as f64 / (count + 1) as f64;
        let mut pairs = Pairs::new(structure, &ends, share);
        let line: Vec<f64> = from.iter().zip(to).map(|(a, b)| a + share * (b - a)).collect();
        let found = search(&Host::<f64>::new(), &mut pairs, &line, None, &Method::Auto(goal))?;
        // A search whose gradients weren't finite, as of two atoms at one place, leaves the line as it is.
        Ok(if found.x.iter().all(|x| x.is_finite()) { found.x } else { line })
    };
    (1..=count).map(image).collect()
}

/// S_k.
struct Pairs<'a> {
    structure: &'a Structure,
    /// i, j, d_ij^k.
    targets: Vec<(usize, usize, f64)>,
}

impl<'a> Pairs<'a> {
    fn new(structure: &'a Structure, [a, b]: &[Vec<f64>; 2], share: f64) -> Self {
        let atoms = structure.frame.species.len();
        let movable = &structure.frame.movable;
        let mut targets = vec![];
        for i in 0..atoms {
            for j in (0..i).filter(|j| movable[i] || movable[*j]) {
                let [near, far] = [a, b].map(|x| length(vector(structure, x, i, j)));
                targets.push((i, j, near + share * (far - near)));
            }
        }
        Pairs { structure, targets }
    }
}

fn vector(structure: &Structure, x: &[f64], i: usize, j: usize) -> [f64; 3] {
    structure.shortest([0, 1, 2].map(|k| x[3 * i + k] - x[3 * j + k]))
}

fn length(v: [f64; 3]) -> f64 {
    v[0].hypot(v[1]).hypot(v[2])
}

impl Objective<[f64]> for Pairs<'_> {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.value_grad(x, &mut vec![0.0; x.len()])
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let all = self.structure.all(x);
        let mut slope = vec![0.0; all.len()];
        let mut sum = 0.0;
        for &(i, j, target) in &self.targets {
            let v = vector(self.structure, &all, i, j);
            let d = length(v);
            let (missed, weight) = (target - d, d.powi(-4));
            sum += missed * missed * weight;
            // dS/dd, over d for the unit vector.
            let along = (-2.0 * missed * weight - 4.0 * missed * missed * weight / d) / d;
            for k in 0..3 {
                slope[3 * i + k] += along * v[k];
                slope[3 * j + k] -= along * v[k];
            }
        }
        gradient.copy_from_slice(&self.structure.moving(&slope));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saddle::xyz::parse_structures;
    use std::path::Path;

    fn structure(text: &str) -> Structure {
        let frame = parse_structures(text, Path::new("x")).unwrap().remove(0);
        Structure::of(frame, Path::new("x")).unwrap()
    }

    /// Hydrogen goes round CN: on the line it would go through, at 0.3 Å from an atom; on images it keeps a bond's length.
    #[test]
    fn atoms_go_round_each_other() {
        let a = structure("3\n\nC 0 0 0\nN 1.15 0 0\nH -1.07 0.02 0\n");
        let b = structure("3\n\nC 0 0 0\nN 1.17 0 0\nH 2.16 0.02 0\n");
        let images = images(&a, &a.frame.x, &b.frame.x, 7).unwrap();
        let nearest = |x: &Vec<f64>| {
            let away = |i| length(vector(&a, x, 2, i));
            f64::min(away(0), away(1))
        };
        assert!(images.iter().all(|x| nearest(x) > 0.8), "{images:?}");
        let line: Vec<f64> =
            a.frame.x.iter().zip(&b.frame.x).map(|(a, b)| 0.65 * a + 0.35 * b).collect();
        assert!(nearest(&line) < 0.1);
    }

    #[test]
    fn the_gradient_is_that_of_the_sum_across_the_walls_of_a_cell_too() {
        let text = "3\nLattice=\"4 0 0 0.5 5 0 0 0 6\" Properties=species:S:1:pos:R:3:move_mask:L:1\n\
            H 0.1 0.2 0 T\nC 3.8 4.6 0.3 F\nN 1.9 2.4 5.5 T\n";
        let a = structure(text);
        let b: Vec<f64> = a.frame.x.iter().enumerate().map(|(i, x)| x + 0.1 * i as f64).collect();
        let mut pairs = Pairs::new(&a, &[a.frame.x.clone(), b], 0.3);
        let x = a.moving(&a.frame.x).iter().map(|x| x + 0.05).collect::<Vec<f64>>();
        let mut gradient = vec![0.0; x.len()];
        pairs.value_grad(&x, &mut gradient);
        for i in 0..x.len() {
            let mut at = |h: f64| {
                let mut x = x.clone();
                x[i] += h;
                pairs.value(&x)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - gradient[i]).abs() < 1e-8, "{i}: {slope} {}", gradient[i]);
        }
    }
}
