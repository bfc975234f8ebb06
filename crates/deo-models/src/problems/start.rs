//! Where runs start: seeded points.

use crate::landscapes::LandscapeError;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::StandardNormal;
use std::fmt;

/// A distribution of starts about a point, 0 unless [`about`](Start::about) says otherwise; each seed draws one.
pub struct Start {
    spread: Spread,
    /// None for 0.
    centre: Option<Vec<f64>>,
}

enum Spread {
    Cube(f64),
    Normal(f64),
    Sphere(f64),
    Drawn(Box<Draw>),
}

/// Overwrites a vector of zeros, by the seed.
type Draw = dyn Fn(u64, &mut [f64]) + Send;

impl Start {
    /// Uniform in the cube |x_j| ≤ `half`.
    pub fn cube(half: f64) -> Self {
        Start { spread: Spread::Cube(half), centre: None }
    }

    /// Every component independently normal(0, `deviation`).
    pub fn normal(deviation: f64) -> Self {
        Start { spread: Spread::Normal(deviation), centre: None }
    }

    /// Uniform on the sphere of that radius.
    pub fn sphere(radius: f64) -> Self {
        Start { spread: Spread::Sphere(radius), centre: None }
    }

    /// What `draw` makes of a seed and a vector of zeros, the same whenever it is called.
    pub fn drawn(draw: impl Fn(u64, &mut [f64]) + Send + 'static) -> Self {
        Start { spread: Spread::Drawn(Box::new(draw)), centre: None }
    }

    /// The same about `centre`, a saddle perhaps.
    #[must_use]
    pub fn about(self, centre: Vec<f64>) -> Self {
        Start { centre: Some(centre), ..self }
    }

    /// `Ok` if it makes starts of n components.
    pub(super) fn check(&self, n: usize) -> Result<(), LandscapeError> {
        if let Spread::Cube(width) | Spread::Normal(width) | Spread::Sphere(width) = self.spread {
            let allowed = width >= 0.0 && width.is_finite();
            LandscapeError::unless(allowed, "the width of the start", width, "finite, at least 0")?;
        }
        let Some(centre) = &self.centre else { return Ok(()) };
        if centre.len() != n {
            let (parameter, length) = ("the centre of the start", centre.len());
            return Err(LandscapeError::WrongLength { parameter, length, expected: n });
        }
        LandscapeError::unless_finite("the centre of the start", centre)
    }

    /// Where the run with that seed starts, n components.
    pub(super) fn point(&self, seed: u64, n: usize) -> Vec<f64> {
        let mut x = vec![0.0; n];
        match &self.spread {
            Spread::Cube(half) => cube(&mut generator(seed), &mut x, *half),
            Spread::Normal(deviation) => normal(&mut generator(seed), &mut x, *deviation),
            Spread::Sphere(radius) => sphere(&mut generator(seed), &mut x, *radius),
            Spread::Drawn(draw) => draw(seed, &mut x),
        }
        for (x, centre) in x.iter_mut().zip(self.centre.iter().flatten()) {
            *x += centre;
        }
        x
    }
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spread {
            Spread::Cube(half) => write!(f, "cube({half})")?,
            Spread::Normal(deviation) => write!(f, "normal({deviation})")?,
            Spread::Sphere(radius) => write!(f, "sphere({radius})")?,
            Spread::Drawn(_) => f.write_str("drawn")?,
        }
        self.centre.as_ref().map_or(Ok(()), |centre| write!(f, " about {centre:?}"))
    }
}

/// The generator of the start of the run with that seed.
///
/// Its own stream keeps the start independent of a basis, a batch or an axis drawn from the same seed.
pub(super) fn generator(seed: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from_le_bytes(*b"start   "));
    rng
}

/// Uniform in [−half, half]ᴺ.
pub(super) fn cube(rng: &mut ChaCha8Rng, x: &mut [f64], half: f64) {
    x.fill_with(|| half * rng.random_range(-1.0..=1.0));
}

/// Independently normal(0, deviation).
pub(super) fn normal(rng: &mut ChaCha8Rng, x: &mut [f64], deviation: f64) {
    x.fill_with(|| deviation * rng.sample::<f64, _>(StandardNormal));
}

/// Uniform on the sphere of that radius about 0.
pub(super) fn sphere(rng: &mut ChaCha8Rng, x: &mut [f64], radius: f64) {
    normal(rng, x, 1.0);
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    for x in x {
        *x *= radius / norm; // a Gaussian vector is zero with probability zero
    }
}
