//! The laws of the inner product, and the provided methods against their definitions.

use super::{Laws, SCALARS, agree};
use crate::Space;
use std::borrow::{Borrow, BorrowMut};

impl<S: Space> Laws<'_, S> {
    #[track_caller]
    pub(super) fn check_dot(&self) {
        let [x, y, z] = [1, 2, 3].map(|seed| self.noise(seed));
        let [x_norm, y_norm, z_norm] = [&x, &y, &z].map(|x| self.norm(x));
        for (a, b) in SCALARS {
            let law = format!("⟨{a} x + {b} y, z⟩ = {a} ⟨x, z⟩ + {b} ⟨y, z⟩");
            let got = self.dot(&self.combined(a, &x, b, &y), &z);
            let want = a * self.dot(&x, &z) + b * self.dot(&y, &z);
            let scale = (a.abs() * x_norm + b.abs() * y_norm) * z_norm;
            self.equal(&law, got, want, scale);
        }
        let xy = self.dot(&x, &y);
        self.equal("⟨x, y⟩ = ⟨y, x⟩", self.dot(&y, &x), xy, x_norm * y_norm);
        agree("⟨x, y⟩ = ⟨x, y⟩, the same bits", self.dot(&x, &y), xy, 0.0);
        for x in [&x, &y, &z] {
            let square = self.dot(x, x);
            assert!(square > 0.0, "law `⟨x, x⟩ > 0`: got {square:e}");
        }
        let bound = x_norm * y_norm * (1.0 + self.stored() + self.summed());
        assert!(
            xy.abs() <= bound,
            "law `|⟨x, y⟩| ≤ ‖x‖‖y‖`: got {xy:e}, expected at most {bound:e}"
        );
    }

    #[track_caller]
    pub(super) fn check_dots(&self) {
        let [x, y, z] = [1, 2, 3].map(|seed| self.noise(seed));
        let pairs = [(&x, &y), (&z, &x), (&y, &y), (&y, &z), (&x, &x)];
        let want = pairs.map(|(x, y)| self.dot(x, y));
        let scale = self.norm(&x).max(self.norm(&y)).max(self.norm(&z)).powi(2);
        self.check_dots_of::<1>(&pairs, &want, scale);
        self.check_dots_of::<2>(&pairs, &want, scale);
        self.check_dots_of::<3>(&pairs, &want, scale);
        self.check_dots_of::<4>(&pairs, &want, scale);
        self.check_dots_of::<5>(&pairs, &want, scale);
        let (got, want) = (self.space.norm(x.borrow()), self.norm(&x));
        self.equal("‖x‖² = ⟨x, x⟩", got, want, want);
        let (got, want) = (self.space.scaled_square(4.0, x.borrow()), 16.0 * want * want);
        self.equal("scaled_square(s, x) = s² ⟨x, x⟩", got, want, want);
    }

    /// Lengths whose squares aren't numbers.
    #[track_caller]
    pub(super) fn check_norm(&self) {
        // A shorter format than f64 has no such numbers.
        if self.space.epsilon() > f64::EPSILON {
            return;
        }
        let x = self.noise(1);
        let want = self.norm(&x);
        for (law, scale) in
            [("‖2⁷⁰⁰ x‖ = 2⁷⁰⁰ ‖x‖", 2f64.powi(700)), ("‖2⁻⁷⁰⁰ x‖ = 2⁻⁷⁰⁰ ‖x‖", 2f64.powi(-700))]
        {
            let got = self.space.norm(self.scaled(scale, &x).borrow()) / scale;
            self.equal(law, got, want, want);
        }
    }

    #[track_caller]
    fn check_dots_of<const K: usize>(
        &self,
        pairs: &[(&S::Owned, &S::Owned); 5],
        want: &[f64; 5],
        scale: f64,
    ) {
        let chosen: [(&S::Vector, &S::Vector); K] =
            std::array::from_fn(|k| (pairs[k].0.borrow(), pairs[k].1.borrow()));
        for (k, got) in self.space.dots(chosen).into_iter().enumerate() {
            let law = format!("pair {k} of dots::<{K}> = its dot");
            self.equal(&law, got, want[k], scale);
        }
    }

    #[track_caller]
    pub(super) fn check_secant(&self) {
        let (g0, g1, n) = (self.noise(1), self.noise(2), self.axis(3));
        for h in [0.01, 0.7, -2.0] {
            let mut hn = self.poison();
            let (c, square) =
                (self.space).secant(h, g0.borrow(), g1.borrow(), n.borrow(), hn.borrow_mut());
            let want = self.combined(1.0 / h, &g1, -1.0 / h, &g0);
            let scale = (self.norm(&g0) + self.norm(&g1)) / h.abs();
            self.same("secant's hn = (g₁ − g₀)/h", &hn, &want, scale);
            self.equal("secant's C = ⟨n, hn⟩", c, self.dot(&n, &hn), self.norm(&n) * scale);
            self.equal("secant's square = ⟨hn, hn⟩", square, self.dot(&hn, &hn), scale * scale);
        }
    }

    #[track_caller]
    pub(super) fn check_deflate(&self) {
        let (g, n) = (self.noise(1), self.axis(3));
        let (along, g_norm, n_norm) = (self.dot(&g, &n), self.norm(&g), self.norm(&n));
        for beta in [1.0, 2.0, 0.3, -0.5, 0.0] {
            let mut got = self.scaled(1.0, &g);
            let before = self.space.deflate(beta, n.borrow(), got.borrow_mut());
            let want = self.combined(-beta * along, &n, 1.0, &g);
            let law = format!("deflate's g = g − {beta} ⟨g, n⟩ n");
            self.same(&law, &got, &want, g_norm * (1.0 + beta.abs()));
            self.equal("deflate returns the old ⟨g, n⟩", before, along, g_norm * n_norm);
        }
    }

    #[track_caller]
    pub(super) fn check_displace(&self) {
        let (x, n) = (self.noise(1), self.axis(3));
        let (x_norm, n_norm) = (self.norm(&x), self.norm(&n));
        for h in [1e-3, -0.5, 2.0, 0.0f64] {
            let mut y = self.poison();
            let realised = (self.space).displace(h, n.borrow(), x.borrow(), y.borrow_mut());
            let want = self.combined(h, &n, 1.0, &x);
            let law = format!("displace's y = x + {h} n");
            self.same(&law, &y, &want, x_norm + h.abs() * n_norm);
            // Not h⟨n, n⟩: what the rounding of y left of it. The second term is for ⟨y, n⟩ − ⟨x, n⟩ in f64.
            let want = self.dot(&self.combined(1.0, &y, -1.0, &x), &n);
            let tolerance = (self.stored() + self.summed()) * h.abs() * n_norm * n_norm
                + 2.0 * self.summed() * (x_norm + h.abs() * n_norm) * n_norm;
            agree("displace returns ⟨y − x, n⟩", realised, want, tolerance);
        }
    }

    pub(super) fn rotated(
        &self,
        c: f64,
        s: f64,
        x: &S::Owned,
        y: &S::Owned,
        mut scratch: S::Owned,
    ) -> (S::Owned, S::Owned) {
        let (mut x, mut y) = (self.scaled(1.0, x), self.scaled(1.0, y));
        (self.space).rotate(c, s, x.borrow_mut(), y.borrow_mut(), scratch.borrow_mut());
        (x, y)
    }

    #[track_caller]
    pub(super) fn check_rotate(&self) {
        let (x, y) = (self.noise(1), self.noise(2));
        let scale = self.norm(&x) + self.norm(&y);
        for (c, s) in [(0.8, 0.6), (-0.6, 0.8), (1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let (got_x, got_y) = self.rotated(c, s, &x, &y, self.poison());
            let law = format!("rotate's x = {c} x + {s} y");
            self.same(&law, &got_x, &self.combined(s, &y, c, &x), scale);
            let law = format!("rotate's y = {c} y − {s} x");
            self.same(&law, &got_y, &self.combined(-s, &x, c, &y), scale);
        }
    }
}
