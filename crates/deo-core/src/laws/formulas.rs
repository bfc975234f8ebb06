//! A formula run by the space's loop against its definition.

use super::Laws;
use crate::space::formulas::{
    Combine, Displace, Product, RitzUpdate, RitzUpdateFromGradients, Rotate, ScaledSquare, Secant,
    Torque,
};
use crate::space::{Formula, Fused, Number, Space, Updates, Written};
use std::borrow::{Borrow, BorrowMut};

/// More vectors, more sums and more ways of writing than any operation has: (x, y, z) of (u, v) with four products.
struct Mixed;

impl Formula<2, 3, 4> for Mixed {
    fn written(&self) -> [Written; 3] {
        [Written::Changed, Written::Direction, Written::Point { of: 1, times: 2.0 }]
    }

    #[inline(always)]
    fn component<N: Number>(&self, [u, v]: [N; 2], [x, y, z]: &mut [N; 3]) -> [(N, N); 4] {
        let old = x.clone();
        *x = (old.clone() * 0.5 + u.clone()).stored();
        *y = (u.clone() - old * 0.25).stored();
        *z = (v.clone() * 2.0 + u.clone() / -4.0).stored();
        [(x.clone(), y.clone()), (z.clone(), z.clone()), (u.clone(), v), (u, y.clone())]
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [u, v]: [&S::Vector; 2],
        [x, y, z]: [&mut S::Vector; 3],
    ) -> [f64; 4] {
        space.copy(u, y);
        space.axpby(-0.25, x, 1.0, y);
        space.axpby(1.0, u, 0.5, x);
        space.axpby(2.0, v, 0.0, z);
        space.axpby(-0.25, u, 1.0, z);
        [space.dot(x, y), space.dot(z, z), space.dot(u, v), space.dot(u, y)]
    }
}

impl<S: Space> Laws<'_, S> {
    #[track_caller]
    pub(super) fn check_formulas(&self) {
        let (angle, towards) = ([0.6, -0.8], [0.7, -0.3]);
        self.check_formula("Product", &Product);
        self.check_formula("ScaledSquare", &ScaledSquare { scale: 0.5 });
        self.check_formula("Secant", &Secant { length: -0.6 });
        self.check_formula("Displace", &Displace { length: 0.4 });
        self.check_formula("Combine", &Combine::<1, false> { factors: [-1.5], keep: 0.0 });
        self.check_formula("Combine", &Combine::<2, false> { factors: [0.6, 1.2], keep: 0.0 });
        self.check_formula("Combine", &Combine::<3, true> { factors: [1.0, 0.2, -2.0], keep: 0.5 });
        self.check_formula("Rotate", &Rotate { angle });
        self.check_formula("Torque", &Torque { curvature: -0.9 });
        self.check_formula("RitzUpdate", &RitzUpdate::<true> { angle, towards });
        self.check_formula("RitzUpdate", &RitzUpdate::<false> { angle, towards });
        self.check_formula(
            "RitzUpdateFromGradients",
            &RitzUpdateFromGradients::<true> { angle, towards },
        );
        self.check_formula(
            "RitzUpdateFromGradients",
            &RitzUpdateFromGradients::<false> { angle, towards },
        );
        self.check_formula("Mixed", &Mixed);
    }

    /// Vectors to read and vectors to write, of which those that aren't read are full of NaN.
    fn vectors<const R: usize, const W: usize>(
        &self,
        written: [Written; W],
    ) -> ([S::Owned; R], [S::Owned; W]) {
        let mut seed = R as u64;
        let read = std::array::from_fn(|k| self.noise(1 + k as u64));
        let written = written.map(|how| {
            seed += 1;
            if how.is_read() { self.noise(seed) } else { self.poison() }
        });
        (read, written)
    }

    #[track_caller]
    fn check_formula<const R: usize, const W: usize, const K: usize>(
        &self,
        name: &str,
        formula: &impl Formula<R, W, K>,
    ) {
        let how = formula.written();
        let (read, mut got) = self.vectors::<R, W>(how);
        let (_, mut want) = self.vectors::<R, W>(how);
        let refs = || read.each_ref().map(|x| x.borrow());
        let sums = self.space.run(formula, refs(), got.each_mut().map(|x| x.borrow_mut()));
        let wanted = formula.define(self.space, refs(), want.each_mut().map(|x| x.borrow_mut()));
        // No factor of the formulas tried is above 2, and none takes more than four terms.
        let norms = |x: &[S::Owned]| x.iter().map(|x| self.norm(x)).sum::<f64>();
        let results = (want.iter().zip(how)).filter(|(_, how)| how.is_result());
        let scale = 8.0 * norms(&read) + 8.0 * results.map(|(x, _)| self.norm(x)).sum::<f64>();
        for (k, how) in how.iter().enumerate() {
            if how.is_result() {
                let law = format!("run = define: vector {k} that {name} writes");
                self.same(&law, &got[k], &want[k], scale);
            }
        }
        for k in 0..K {
            let law = format!("run = define: number {k} of {name}");
            self.equal(&law, sums[k], wanted[k], scale * scale);
        }
    }
}

impl<S: Updates> Laws<'_, S> {
    /// One pass over all components is `run`, to the last bit; in parts it writes the same.
    #[track_caller]
    pub(super) fn check_updates(&self) {
        let n = self.space.len(self.template);
        let how = Mixed.written();
        let (read, mut want) = self.vectors::<2, 3>(how);
        let refs = || read.each_ref().map(|x| x.borrow());
        let sums = self.space.run(&Mixed, refs(), want.each_mut().map(|x| x.borrow_mut()));
        let scale = (0..3).map(|k| self.norm(&want[k])).sum::<f64>() + self.norm(&read[0]);
        for cuts in [vec![0, n], vec![0, n / 3, n / 3, n - n / 4, n]] {
            let (_, mut got) = self.vectors::<2, 3>(how);
            let mut total = [0.0; 4];
            for range in cuts.windows(2) {
                let written = got.each_mut().map(|x| x.borrow_mut());
                let range = range[0]..range[1];
                let parts = self.space.update(range, &Fused(&Mixed), refs(), written);
                total.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
            }
            for k in 0..3 {
                self.same("update = run on every component", &got[k], &want[k], 0.0);
            }
            for k in 0..4 {
                self.equal("update = run in its numbers", total[k], sums[k], scale * scale);
            }
        }
    }
}
