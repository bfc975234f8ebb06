//! The passes of a rotation against their definitions.

use super::Laws;
use crate::Space;
use std::borrow::{Borrow, BorrowMut};

impl<S: Space> Laws<'_, S> {
    #[track_caller]
    pub(super) fn check_combine(&self) {
        let [x, y, z] = [1, 2, 3].map(|seed| self.noise(seed));
        let scale = self.norm(&x) + self.norm(&y) + self.norm(&z);
        for (a, b, c) in [(1.0, 1.0, 1.0), (-0.7, 0.0, 2.0), (0.3, -3.0, -1.0), (0.0, 0.0, 0.5)] {
            let law = format!("combine's z = {a} x + {b} y + {c} z");
            let mut got = self.scaled(1.0, &z);
            self.space.combine([(a, x.borrow()), (b, y.borrow())], c, got.borrow_mut());
            let want = self.combined(a, &x, 1.0, &self.combined(b, &y, c, &z));
            self.same(&law, &got, &want, 4.0 * scale);
            let law = format!("combine's z = {a} x + {b} y never reads z");
            let mut got = self.poison();
            self.space.combine([(a, x.borrow()), (b, y.borrow())], 0.0, got.borrow_mut());
            self.same(&law, &got, &self.combined(a, &x, b, &y), 4.0 * scale);
        }
        let mut got = self.scaled(1.0, &z);
        self.space.combine([(-0.3, x.borrow())], 1.7, got.borrow_mut());
        self.same("combine of one term", &got, &self.combined(-0.3, &x, 1.7, &z), 2.0 * scale);
    }

    #[track_caller]
    pub(super) fn check_torque(&self) {
        let (n, hn, p) = (self.axis(1), self.noise(2), self.axis(3));
        for c in [1.3, -0.2, 0.0] {
            let mut w = self.poison();
            let [square, along_n, along_p] =
                self.space.torque(c, n.borrow(), hn.borrow(), p.borrow(), w.borrow_mut());
            let law = format!("torque's w = {c} n − hn");
            let scale = self.norm(&hn) + c.abs() * self.norm(&n);
            self.same(&law, &w, &self.combined(c, &n, -1.0, &hn), scale);
            let norm = self.norm(&w);
            self.equal("torque's ⟨w, w⟩", square, self.dot(&w, &w), norm * norm);
            self.equal("torque's ⟨w, n⟩", along_n, self.dot(&w, &n), norm * self.norm(&n));
            self.equal("torque's ⟨w, p⟩", along_p, self.dot(&w, &p), norm * self.norm(&p));
        }
    }

    #[track_caller]
    pub(super) fn check_turn(&self) {
        let [x, y, w, g] = [1, 2, 3, 4].map(|seed| self.noise(seed));
        let scale = 2.0 * [&x, &y, &w, &g].map(|x| self.norm(x)).iter().sum::<f64>();
        let difference = self.combined(1.0, &g, -1.0, &w);
        for (angle, [a, b]) in [
            ([0.8, 0.6], [0.28, 0.96]),
            ([-0.6, 0.8], [1.0, 0.0]),
            ([0.96, -0.28], [-0.6, 0.8]),
            ([0.0, 1.0], [0.0, 1.0]),
        ] {
            let [c, s] = angle;
            let old = || if b == 0.0 { self.poison() } else { self.scaled(1.0, &y) };
            let q = |w: &S::Owned| match b {
                0.0 => self.scaled(a, w),
                _ => self.combined(a, w, b, &y),
            };
            let compare = |name: &str, got: [&S::Owned; 2], q: &S::Owned| {
                let law = format!("{name}'s x = {c} x + {s} q, q = {a} w + {b} y");
                self.same(&law, got[0], &self.combined(s, q, c, &x), scale);
                let law = format!("{name}'s y = {c} q − {s} x, q = {a} w + {b} y");
                self.same(&law, got[1], &self.combined(-s, &x, c, q), scale);
            };
            let (mut got_x, mut got_y, mut got_w) =
                (self.scaled(1.0, &x), old(), self.scaled(1.0, &w));
            let towards = [a, b];
            self.space.ritz_update(
                angle,
                towards,
                got_x.borrow_mut(),
                got_y.borrow_mut(),
                got_w.borrow_mut(),
            );
            compare("ritz_update", [&got_x, &got_y], &q(&w));
            let (mut got_x, mut got_y, mut scratch) = (self.scaled(1.0, &x), old(), self.poison());
            self.space.ritz_update_from_gradients(
                angle,
                towards,
                [w.borrow(), g.borrow()],
                got_x.borrow_mut(),
                got_y.borrow_mut(),
                scratch.borrow_mut(),
            );
            compare("ritz_update_from_gradients", [&got_x, &got_y], &q(&difference));
        }
    }
}
