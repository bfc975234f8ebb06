//! The laws of a vector space, and of what is read and what is not.

use super::{Laws, SCALARS, agree};
use crate::{Space, noise::noise};
use std::{
    borrow::{Borrow, BorrowMut},
    sync::Mutex,
};

impl<S: Space> Laws<'_, S> {
    #[track_caller]
    pub(super) fn check_shape(&self) {
        let zero = self.space.zeros_like(self.template);
        let (got, want) = (self.space.len(zero.borrow()), self.space.len(self.template));
        assert_eq!(got, want, "law `len(zeros_like(x)) = len(x)`");
        agree("‖zeros_like(x)‖ = 0", self.norm(&zero), 0.0, 0.0);

        let epsilon = self.space.epsilon();
        // The coarsest floating-point formats in use, with three bits, have 2⁻⁴.
        assert!(
            epsilon > 0.0 && epsilon < 0.1,
            "law `ε is a unit roundoff`: got {epsilon:e}, expected a number in (0, 0.1)"
        );
    }

    #[track_caller]
    pub(super) fn check_fill(&self) {
        let seen = Mutex::new(Vec::new());
        self.filled(&|i| {
            seen.lock().expect("no check panics here").push(i);
            0.0
        });
        let mut seen = seen.into_inner().expect("no check panics here");
        seen.sort_unstable(); // threads may fill in any order
        assert_eq!(
            seen.len(),
            self.space.len(self.template),
            "law `fill asks once for each component`: calls against len(x)"
        );
        let first = seen.first().copied().unwrap_or(0);
        for (&got, want) in seen.iter().zip(first..) {
            assert_eq!(got, want, "law `fill's indices are consecutive`");
        }
        assert!(
            first == 0 || self.space.is_distributed(),
            "law `a vector that starts at component {first} is_distributed`: is_distributed() is false"
        );
    }

    #[track_caller]
    pub(super) fn check_axpby(&self) {
        let (x, y) = (self.noise(1), self.noise(2));
        let (x_norm, y_norm) = (self.norm(&x), self.norm(&y));
        for (a, b) in SCALARS {
            let law = format!("y ← {a} x + {b} y, by components");
            let want = self.filled(&|i| a * noise(1, i) + b * noise(2, i));
            let scale = a.abs() * x_norm + b.abs() * y_norm;
            self.same(&law, &self.combined(a, &x, b, &y), &want, scale);
        }
    }

    #[track_caller]
    pub(super) fn check_storage(&self) {
        let epsilon = self.space.epsilon();
        // Noise for the first, since a space may project constants out; 1 for the second, since a number
        // that lies between two stored ones rounds away from itself.
        let (coarse, fine) = (1.0 + 4.0 * epsilon, 1.0 + epsilon / 16.0);
        let gap = self.norm(&self.combined(
            1.0,
            &self.filled(&|i| noise(1, i) * coarse),
            -1.0,
            &self.noise(1),
        ));
        assert!(
            gap > 0.0,
            "law `(1 + 4ε) x ≠ x in storage`: the difference has norm {gap:e} at ε = {epsilon:e}"
        );
        let (fine, one) = (self.filled(&|_| fine), self.filled(&|_| 1.0));
        self.same("1 + ε/16 = 1 in storage", &fine, &one, 0.0);

        let mut x = self.poison();
        self.space.fill(x.borrow_mut(), &|i| noise(1, i));
        self.same("fill overwrites", &x, &self.noise(1), 0.0);
        let norm = self.norm(&x);
        assert!(norm > 0.0, "law `filled with noise, x ≠ 0`: norm {norm:e}");
    }

    #[track_caller]
    pub(super) fn check_vector_space(&self) {
        let [x, y, z] = [1, 2, 3].map(|seed| self.noise(seed));
        let scale = self.norm(&x) + self.norm(&y) + self.norm(&z);
        let add = |x: &_, y: &_| self.combined(1.0, x, 1.0, y);
        self.same("x + y = y + x", &add(&x, &y), &add(&y, &x), scale);
        let (left, right) = (add(&add(&x, &y), &z), add(&x, &add(&y, &z)));
        self.same("(x + y) + z = x + (y + z)", &left, &right, scale);
        let (a, b) = (-1.7, 0.4);
        let (left, right) = (self.scaled(a, &self.scaled(b, &x)), self.scaled(a * b, &x));
        self.same("a (b x) = (a b) x", &left, &right, scale);
        let (left, right) = (self.scaled(a, &add(&x, &y)), self.combined(a, &x, a, &y));
        self.same("a (x + y) = a x + a y", &left, &right, a.abs() * scale);
        self.same("1 x = x, exactly", &self.scaled(1.0, &x), &x, 0.0);
        let zero = self.space.zeros_like(self.template);
        self.same("x − x = 0, exactly", &self.combined(-1.0, &x, 1.0, &x), &zero, 0.0);
    }

    /// Outputs are bit by bit the same whether their buffers held zeros or NaN.
    #[track_caller]
    pub(super) fn check_unread(&self) {
        let [x, y, n] = [1, 2, 3].map(|seed| self.noise(seed));
        let zero = || self.space.zeros_like(self.template);
        for a in [1.0, -0.3, 0.0] {
            let [got, want] = [self.poison(), zero()].map(|mut out| {
                self.space.axpby(a, x.borrow(), 0.0, out.borrow_mut());
                out
            });
            self.same("axpby with b = 0 never reads y", &got, &want, 0.0);
        }
        let [got, want] = [self.poison(), zero()].map(|mut out| {
            let numbers =
                (self.space).secant(0.1, x.borrow(), y.borrow(), n.borrow(), out.borrow_mut());
            (out, numbers)
        });
        self.same("secant never reads hn", &got.0, &want.0, 0.0);
        agree("secant never reads hn", got.1.0, want.1.0, 0.0);
        let [got, want] = [self.poison(), zero()].map(|mut out| {
            let realised = (self.space).displace(0.1, n.borrow(), x.borrow(), out.borrow_mut());
            (out, realised)
        });
        self.same("displace never reads y", &got.0, &want.0, 0.0);
        agree("displace never reads y", got.1, want.1, 0.0);
        let [got, want] =
            [self.poison(), zero()].map(|scratch| self.rotated(0.6, 0.8, &x, &y, scratch));
        self.same("rotate never reads scratch", &got.0, &want.0, 0.0);
        self.same("rotate never reads scratch", &got.1, &want.1, 0.0);
    }
}
