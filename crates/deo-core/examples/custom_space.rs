//! A space of your own: the slowest vibration of two masses, by an inner product that is weighted with them.
//!
//! Springs of strength 1 join wall, mass 1, mass 3 and wall. Squared frequencies are the eigenvalues of M⁻¹K, which
//! is symmetric in ⟨x, y⟩ = Σ mᵢ xᵢ yᵢ: the dimer finds the lowest, (4 − √7)/3, if the space and the gradient
//! M⁻¹∇f know the masses. Run with `--features testing` to check the laws of a space.

use deo_core::space::{Formula, Fused, Host, Pass, Space, formulas::Product};
use deo_core::{DimerSettings, drive::curvature, objective::FromFn};

struct MassWeighted {
    masses: Vec<f64>,
}
const HOST: Host<f64> = Host::new();

impl Space for MassWeighted {
    type Vector = [f64];
    type Owned = Vec<f64>;

    fn zeros_like(&self, x: &[f64]) -> Vec<f64> {
        vec![0.0; x.len()]
    }
    fn len(&self, x: &[f64]) -> usize {
        x.len()
    }
    fn epsilon(&self) -> f64 {
        HOST.epsilon()
    }
    fn fill(&self, x: &mut [f64], value: &(dyn Fn(u64) -> f64 + Sync)) {
        HOST.fill(x, value);
    }
    fn axpby(&self, a: f64, x: &[f64], b: f64, y: &mut [f64]) {
        HOST.axpby(a, x, b, y);
    }
    fn dot(&self, x: &[f64], y: &[f64]) -> f64 {
        let [dot] = self.run(&Product, [x, y], []);
        dot
    }
    /// One pass for every fused operation; without this method each would take the axpbys and dots of its definition.
    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&[f64]; R],
        written: [&mut [f64]; W],
    ) -> [f64; K] {
        let masses = &self.masses[..];
        let lanes = Fused(formula).over::<f64, 16>(0..masses.len(), |i| masses[i], read, written);
        lanes.map(|sums| sums.iter().sum())
    }
}

fn main() -> Result<(), deo_core::SettingError> {
    let space = MassWeighted { masses: vec![1.0, 3.0] };
    #[cfg(feature = "testing")]
    deo_core::laws::check(&space, &[0.0; 2]); // panics with the name of the law that does not hold
    assert_eq!(space.dimension(&[0.0; 2]), 2.0, "two directions, whatever their masses");

    let mut springs = FromFn(|x: &[f64], gradient: Option<&mut [f64]>| {
        if let Some(g) = gradient {
            g.copy_from_slice(&[2.0 * x[0] - x[1], (2.0 * x[1] - x[0]) / 3.0]);
        }
        x[0] * x[0] - x[0] * x[1] + x[1] * x[1]
    });
    let (estimate, mode) = curvature(&space, &mut springs, &[0.0; 2], DimerSettings::default(), 1)?;
    let exact = (4.0 - 7f64.sqrt()) / 3.0;
    println!("ω² = {:.6}, exactly {exact:.6}; mode {mode:.4?}", estimate.curvature);
    assert!((estimate.curvature - exact).abs() < 1e-6);
    Ok(())
}
