//! The formulas of the dimer method: what [`Space`]'s fused operations run.
//!
//! | formula | writes | sums | vectors read, written |
//! |---|---|---|---|
//! | [`Product`] | | ⟨x, y⟩ | 2, 0 |
//! | [`ScaledSquare`] | | ⟨s x, s x⟩ | 1, 0 |
//! | [`Secant`] | hn ← (g₁ − g₀)/h | ⟨n, hn⟩, ⟨hn, hn⟩ | 3, 1 |
//! | [`Displace`] | y ← x + h n | ⟨y − x, n⟩ | 2, 1 |
//! | [`Combine`] | y ← Σ aₖ xₖ + b y | | K + 1, 1 |
//! | [`Rotate`] | (x, y) ← (c x + s y, c y − s x) | | 2, 2 |
//! | [`Torque`] | w ← c n − hn | ⟨w, w⟩, ⟨w, n⟩, ⟨w, p⟩ | 3, 1 |
//! | [`RitzUpdate`] | (x, y) ← (c x + s q, c q − s x), q = a w + b y | | 3, 2 |
//! | [`RitzUpdateFromGradients`] | the same, q = a (g₁ − g₀) + b y | | 4, 2 |
//!
//! With `READS` false the term b y is left out and the old y isn't read. The deflation of a gradient is missing: its inner product must
//! be complete before the first component changes, so that it is a `dot` and an `axpby` in any space.

use super::{Formula, Number, Space, Written};
use Written::{Changed, Direction, Point, Scratch, Spent};
use std::borrow::{Borrow, BorrowMut};

/// ⟨x, y⟩, for spaces whose `dot` is their loop.
#[derive(Debug, Clone, Copy)]
pub struct Product;

impl Formula<2, 0, 1> for Product {
    fn written(&self) -> [Written; 0] {
        []
    }

    #[inline(always)]
    fn component<N: Number>(&self, [x, y]: [N; 2], []: &mut [N; 0]) -> [(N, N); 1] {
        [(x, y)]
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [x, y]: [&S::Vector; 2],
        []: [&mut S::Vector; 0],
    ) -> [f64; 1] {
        [space.dot(x, y)]
    }
}

/// ⟨s x, s x⟩.
#[derive(Debug, Clone, Copy)]
pub struct ScaledSquare {
    /// s, a power of two.
    pub scale: f64,
}

impl Formula<1, 0, 1> for ScaledSquare {
    fn written(&self) -> [Written; 0] {
        []
    }

    #[inline(always)]
    fn component<N: Number>(&self, [x]: [N; 1], []: &mut [N; 0]) -> [(N, N); 1] {
        let scaled = x * self.scale;
        [(scaled.clone(), scaled)]
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [x]: [&S::Vector; 1],
        []: [&mut S::Vector; 0],
    ) -> [f64; 1] {
        let mut scaled = space.zeros_like(x);
        space.axpby(self.scale, x, 0.0, scaled.borrow_mut());
        [space.dot(scaled.borrow(), scaled.borrow())]
    }
}

/// hn ← (g₁ − g₀)/h and (⟨n, hn⟩, ⟨hn, hn⟩), of (g₀, g₁, n; hn).
#[derive(Debug, Clone, Copy)]
pub struct Secant {
    /// h, the distance between the two gradients.
    pub length: f64,
}

impl Formula<3, 1, 2> for Secant {
    fn written(&self) -> [Written; 1] {
        [Direction]
    }

    #[inline(always)]
    fn component<N: Number>(&self, [g0, g1, n]: [N; 3], [hn]: &mut [N; 1]) -> [(N, N); 2] {
        *hn = ((g1 - g0) / self.length).stored();
        [(n, hn.clone()), (hn.clone(), hn.clone())]
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [g0, g1, n]: [&S::Vector; 3],
        [hn]: [&mut S::Vector; 1],
    ) -> [f64; 2] {
        // Subtract first: g₁/h − g₀/h would round two large numbers instead of one small difference.
        space.copy(g1, hn);
        space.axpby(-1.0, g0, 1.0, hn);
        space.axpby(0.0, g0, 1.0 / self.length, hn);
        space.dots([(n, hn), (hn, hn)])
    }
}

/// y ← x + h n and ⟨y − x, n⟩, of (n, x; y).
#[derive(Debug, Clone, Copy)]
pub struct Displace {
    /// h.
    pub length: f64,
}

impl Formula<2, 1, 1> for Displace {
    fn written(&self) -> [Written; 1] {
        [Point { of: 1, times: 1.0 }]
    }

    #[inline(always)]
    fn component<N: Number>(&self, [n, x]: [N; 2], [y]: &mut [N; 1]) -> [(N, N); 1] {
        *y = (x.clone() + n.clone() * self.length).stored();
        [(y.clone() - x, n)]
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [n, x]: [&S::Vector; 2],
        [y]: [&mut S::Vector; 1],
    ) -> [f64; 1] {
        space.copy(x, y);
        space.axpby(self.length, n, 1.0, y);
        let [after, before] = space.dots([(y, n), (x, n)]);
        [after - before]
    }
}

/// y ← Σ aₖ xₖ + b y, of (x₁ … x_K; y); with K = 1 it is `axpby`.
#[derive(Debug, Clone, Copy)]
pub struct Combine<const K: usize, const READS: bool> {
    /// aₖ.
    pub factors: [f64; K],
    /// b.
    pub keep: f64,
}

impl<const K: usize, const READS: bool> Formula<K, 1, 0> for Combine<K, READS> {
    fn written(&self) -> [Written; 1] {
        [if READS { Changed } else { Point { of: 0, times: self.factors[0] } }]
    }

    #[inline(always)]
    fn component<N: Number>(&self, x: [N; K], [y]: &mut [N; 1]) -> [(N, N); 0] {
        // By index: compilers see through it, and not through iterators over arrays.
        let mut sum = x[0].clone() * self.factors[0];
        for k in 1..K {
            sum = sum + x[k].clone() * self.factors[k];
        }
        *y = (if READS { sum + y.clone() * self.keep } else { sum }).stored();
        []
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        x: [&S::Vector; K],
        [y]: [&mut S::Vector; 1],
    ) -> [f64; 0] {
        for (k, (x, a)) in x.into_iter().zip(self.factors).enumerate() {
            let keep = if READS { self.keep } else { 0.0 };
            space.axpby(a, x, if k == 0 { keep } else { 1.0 }, y);
        }
        []
    }
}

/// (x, y) ← (c x + s y, c y − s x), of (; x, y, scratch).
#[derive(Debug, Clone, Copy)]
pub struct Rotate {
    /// [c, s].
    pub angle: [f64; 2],
}

/// (c x + s q, c q − s x).
#[inline(always)]
fn turned<N: Number>([c, s]: [f64; 2], x: &N, q: N) -> [N; 2] {
    [(x.clone() * c + q.clone() * s).stored(), (q * c - x.clone() * s).stored()]
}

impl Formula<0, 3, 0> for Rotate {
    fn written(&self) -> [Written; 3] {
        [Changed, Changed, Scratch]
    }

    #[inline(always)]
    fn component<N: Number>(&self, []: [N; 0], [x, y, _]: &mut [N; 3]) -> [(N, N); 0] {
        [*x, *y] = turned(self.angle, x, y.clone());
        []
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        []: [&S::Vector; 0],
        [x, y, scratch]: [&mut S::Vector; 3],
    ) -> [f64; 0] {
        let [c, s] = self.angle;
        space.copy(x, scratch);
        space.axpby(s, y, c, x);
        space.axpby(-s, scratch, c, y);
        []
    }
}

/// w ← c n − hn and [⟨w, w⟩, ⟨w, n⟩, ⟨w, p⟩], of (n, hn, p; w).
#[derive(Debug, Clone, Copy)]
pub struct Torque {
    /// c.
    pub curvature: f64,
}

impl Formula<3, 1, 3> for Torque {
    fn written(&self) -> [Written; 1] {
        [Direction]
    }

    #[inline(always)]
    fn component<N: Number>(&self, [n, hn, p]: [N; 3], [w]: &mut [N; 1]) -> [(N, N); 3] {
        *w = (n.clone() * self.curvature - hn).stored();
        [(w.clone(), w.clone()), (w.clone(), n), (w.clone(), p)]
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [n, hn, p]: [&S::Vector; 3],
        [w]: [&mut S::Vector; 1],
    ) -> [f64; 3] {
        space.axpby(-1.0, hn, 0.0, w);
        space.axpby(self.curvature, n, 1.0, w);
        space.dots([(w, w), (w, n), (w, p)])
    }
}

/// (x, y) ← (c x + s q, c q − s x) with q = a w + b y, of (; x, y, w).
#[derive(Debug, Clone, Copy)]
pub struct RitzUpdate<const READS: bool> {
    /// [c, s].
    pub angle: [f64; 2],
    /// [a, b].
    pub towards: [f64; 2],
}

/// How x and y are written, before what is needed beside them.
fn turns(reads: bool, beside: Written) -> [Written; 3] {
    [Changed, if reads { Changed } else { Direction }, beside]
}

impl<const READS: bool> Formula<0, 3, 0> for RitzUpdate<READS> {
    fn written(&self) -> [Written; 3] {
        turns(READS, Spent)
    }

    #[inline(always)]
    fn component<N: Number>(&self, []: [N; 0], [x, y, w]: &mut [N; 3]) -> [(N, N); 0] {
        let [a, b] = self.towards;
        let q = w.clone() * a;
        let q = if READS { q + y.clone() * b } else { q };
        [*x, *y] = turned(self.angle, x, q);
        []
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        []: [&S::Vector; 0],
        [x, y, w]: [&mut S::Vector; 3],
    ) -> [f64; 0] {
        let [a, b] = self.towards;
        space.axpby(a, w, if READS { b } else { 0.0 }, y);
        Rotate { angle: self.angle }.define(space, [], [x, y, w])
    }
}

/// The same with q = a (g₁ − g₀) + b y, of (g₀, g₁; x, y, scratch).
#[derive(Debug, Clone, Copy)]
pub struct RitzUpdateFromGradients<const READS: bool> {
    /// [c, s].
    pub angle: [f64; 2],
    /// [a, b].
    pub towards: [f64; 2],
}

impl<const READS: bool> Formula<2, 3, 0> for RitzUpdateFromGradients<READS> {
    fn written(&self) -> [Written; 3] {
        turns(READS, Scratch)
    }

    #[inline(always)]
    fn component<N: Number>(&self, [g0, g1]: [N; 2], [x, y, _]: &mut [N; 3]) -> [(N, N); 0] {
        let [a, b] = self.towards;
        let q = (g1 - g0) * a;
        let q = if READS { q + y.clone() * b } else { q };
        [*x, *y] = turned(self.angle, x, q);
        []
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [g0, g1]: [&S::Vector; 2],
        [x, y, scratch]: [&mut S::Vector; 3],
    ) -> [f64; 0] {
        // Not two axpby: the secant is the difference that every space makes a direction of.
        space.secant(1.0, g0, g1, x, scratch);
        RitzUpdate::<READS> { angle: self.angle, towards: self.towards }.define(
            space,
            [],
            [x, y, scratch],
        )
    }
}
