//! Lindh's model Hessian of a molecule, from elements and distances.
//!
//! H = Σ k bbᵀ over all stretches, bends and torsions q, b = ∂q/∂x, with force constants that fade with the distances
//!
//! | q | k, hartree and bohr |
//! |---|---|
//! | stretch ij | 0.45 ρᵢⱼ |
//! | bend ijk | 0.15 ρᵢⱼρⱼₖ |
//! | torsion ijkl | 0.005 ρᵢⱼρⱼₖρₖₗ |
//!
//! ρᵢⱼ = exp(αᵢⱼ(r²_ref,ᵢⱼ − rᵢⱼ²)), α and r_ref by the rows of the periodic table. R. Lindh, A. Bernhardsson, G. Karlström
//! & P.-Å. Malmqvist, Chem. Phys. Lett. 241, 423 (1995), eqs. 1–4 and table 1. Atoms below the third row are taken as of it.
//!
//! **Breaking bonds.** Lindh's stretches are meant for minima. A bond that is 1.05 to 1.8 times the sum of its atoms' radii
//! long, and isn't the base of a triangle of two whole ones, gets the curvature of Morse's curve instead where that is less,
//! k(2z² − z) with z = exp(−a(r − r_e)), but not below −0.05 k. Without it the softest directions of the model are never
//! those of a proton between two atoms or of two fragments that join, and the search climbs elsewhere.
//!
//! **What the gradient adds.** The model is the Hessian of E = Σ fq + ½kq² about x, of which the paper has the second term,
//! for minima. Away from one the forces f along the coordinates bend the Cartesian surface, Σ f ∂²q/∂x²: a bond that is
//! pulled by 5 eV/Å resists being turned by 5/r eV/Å². The f that explain the gradient g are taken as those of the strain
//! that would relax it, f = k bᵀ(H + μ)⁻¹g. A search in internal coordinates has the same term in its transformations.
//!
//! **Change of the gradient** from x to x′ by the same E: Σ b′(f + k(q′ − q)) − bf, exact for a surface that is quadratic in
//! the coordinates, however far the atoms turn.
//!
//! **A step** s is followed in the coordinates: x′ minimises ½Σ k(q′ − q − bᵀs)² + ½μ‖x′ − x − s‖², by Gauss–Newton. Straight
//! on, a turn would stretch the bonds.

mod coordinates;
mod hessian;
mod rows;
mod way;

use super::structure::Structure;
use super::{ModelHessian, largest, multiply};

/// μ, eV/Å²: what holds a coordinate that nothing else does, so that a gradient along it isn't taken for a strain without bound.
const HOLD: f64 = 0.5;

/// Lindh's model for atoms of one molecule, or of several.
///
/// # Examples
///
/// ```
/// use deo_saddle::{Lindh, ModelHessian, Structure};
/// // Two carbon atoms at their reference distance, ρ = 1: 0.45 hartree/bohr² are 43.7 eV/Å² along the bond.
/// let x = [0.0, 0.0, 0.0, 1.518_739, 0.0, 0.0];
/// let mut model = Lindh::new(Structure::new(&[6, 6], &x)?);
/// assert!(model.prepare(&x, &[0.0; 6]));
/// let mut product = [0.0; 6];
/// model.apply(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0], &mut product);
/// assert!((product[0] - 43.728).abs() < 1e-3 && product[0] == -product[3]);
/// # Ok::<(), deo_saddle::StructureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Lindh {
    structure: Structure,
    matrix: Vec<f64>,
    /// The component that each coordinate of an atom is.
    component: Vec<Option<usize>>,
}

impl Lindh {
    /// For these atoms; positions in Å, Hessians in eV/Å².
    pub fn new(structure: Structure) -> Self {
        let mut component = vec![None; 3 * structure.count()];
        structure.free().iter().enumerate().for_each(|(k, &i)| component[i] = Some(k));
        Lindh { structure, matrix: Vec::new(), component }
    }
}

impl ModelHessian<[f64]> for Lindh {
    fn prepare(&mut self, x: &[f64], gradient: &[f64]) -> bool {
        self.structure.set(x);
        let set = self.internals();
        let (mut matrix, rows) = self.harmonic(&set);
        let forces = self.forces(&set, &rows, &matrix, gradient);
        for (q, f) in set.internals.iter().zip(forces) {
            self.bend_surface(q, f, &mut matrix);
        }
        self.matrix = matrix;
        true
    }

    fn apply(&mut self, v: &[f64], product: &mut [f64]) {
        multiply(&self.matrix, v, product);
    }

    fn change(&mut self, x: &[f64], gradient: &[f64], to: &[f64], change: &mut [f64]) -> bool {
        self.changed(x, gradient, to, change);
        true
    }

    fn follow(&mut self, x: &[f64], step: &[f64], to: &mut [f64]) -> bool {
        self.followed(x, step, to)
    }

    fn size(&self, v: &[f64]) -> Option<f64> {
        Some(largest(v))
    }
}
