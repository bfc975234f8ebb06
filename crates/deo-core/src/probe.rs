//! The question a dimer asks and the answers a training loop may give.
//!
//! A [`Probe`] is a unit direction and a length. The loop displaces its parameters along it, evaluates
//! gradients there, and answers with whatever it has:
//!
//! | answer | product | cost beyond g(x) | error |
//! |---|---|---|---|
//! | [`Answer::forward`] | (g(x + h v) − g(x))/h | 1 gradient | ½h‖∇³f‖ + 2ε‖g‖/h |
//! | [`Answer::central`] | (g(x + h v) − g(x − h v))/2h | 2 gradients | h²‖∇⁴f‖/6 + ε‖g‖/h |
//! | [`Answer::product`] | Hv, exact | yours | – |

use crate::setting::SettingError;
use crate::space::Space;

/// By which rule the loop intends to answer; it sets the default length of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rule {
    /// One displaced gradient.
    #[default]
    Forward,
    /// Two displaced gradients, one on each side.
    Central,
    /// Exact Hessian–vector products; the length is ignored.
    Product,
}

impl Rule {
    /// Gradients for an answer beyond the one at x; an exact product counts as one.
    pub(crate) fn gradients(self) -> u64 {
        if self == Rule::Central { 2 } else { 1 }
    }

    /// ρ: a second length is so many times the first, where two of them are to show the error of a product.
    pub(crate) fn ratio(self) -> f64 {
        if self == Rule::Central { 1.5 } else { 2.0 }
    }

    /// k: what the difference of two products at lengths h and ρh is divided by to get the truncation at h.
    pub(crate) fn divisor(self) -> f64 {
        if self == Rule::Central { 1.25 } else { 1.0 }
    }
}

/// How many unit roundoffs a gradient is taken to be off by, relative to its norm.
///
/// A gradient is a sum of many rounded terms; ten is between what single- and double-precision networks
/// show, and the length below depends on its square root or cube root only.
const GRADIENT_ROUNDOFFS: f64 = 10.0;

/// The relative error of a gradient stored with unit roundoff `epsilon`.
pub(crate) fn gradient_error(epsilon: f64) -> f64 {
    GRADIENT_ROUNDOFFS * epsilon
}

/// The length of a dimer, the distance from x to a displaced end.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Length {
    /// The given fraction of max(‖x‖, 1). At the origin, where nothing is known of the scale of
    /// x, one is the conventional guess (Dennis & Schnabel 1983, §5.4); give an absolute length if it isn't.
    Relative(f64),
    /// A fixed distance, for coordinates with an origin of no meaning, such as positions of atoms.
    Absolute(f64),
}

/// The shortest length, in unit roundoffs of ‖x‖: storage rounds each component of x + hn by 0.4 ε of it in the root mean
/// square (±½ unit in the last place, which is 1 to 2 ε), so that the displacement is turned away from n by 0.4 ε‖x‖/h.
/// That is a fortieth of a radian here; the best length of a network of 8e5 parameters was 5 to 17 of these units.
pub(crate) const SHORTEST: f64 = 16.0;

impl Length {
    /// The length that balances truncation against the rounding of a gradient: ε_g^½ ‖x‖/√N for the forward rule
    /// and ε_g^⅓ ‖x‖/√N for the central one, ε_g = 10 ε, N the `dimension` of the space.
    ///
    /// ‖x‖/√N is the size of one component. The directions whose curvature matters live on few components, so that
    /// is the scale on which the function changes along them: on networks of 2e3 to 8e5 parameters the best length
    /// was within a factor of three of this, and √N times shorter than the same fraction of ‖x‖ (docs/adr/0004).
    ///
    /// Never below 16 ε‖x‖, where storage turns the displacement by a fortieth of a radian: in f32 that is the length of
    /// the forward rule from 6.6e5 parameters on.
    pub fn balanced(rule: Rule, epsilon: f64, dimension: f64) -> Length {
        let error = gradient_error(epsilon);
        let fraction = match rule {
            Rule::Forward | Rule::Product => error.sqrt(),
            Rule::Central => error.cbrt(),
        };
        Length::Relative((fraction / dimension.max(1.0).sqrt()).max(SHORTEST * epsilon))
    }

    /// `length`, or the balanced one for vectors of the shape of `like`.
    pub(crate) fn or_balanced<S: Space>(
        length: Option<Length>,
        rule: Rule,
        space: &S,
        like: &S::Vector,
    ) -> Length {
        length.unwrap_or_else(|| Length::balanced(rule, space.epsilon(), space.dimension(like)))
    }

    /// The distance at a point of norm `norm`.
    pub fn at(self, norm: f64) -> f64 {
        match self {
            Length::Relative(fraction) => fraction * norm.max(1.0),
            Length::Absolute(length) => length,
        }
    }

    /// The unit roundoff `epsilon` of ‖x‖ over the length: by how much storage turns a displacement, up to 0.4. Zero if
    /// the length doesn't say what ‖x‖ is.
    pub(crate) fn turn(self, epsilon: f64) -> f64 {
        match self {
            Length::Relative(fraction) => epsilon / fraction,
            Length::Absolute(_) => 0.0,
        }
    }

    /// It is a finite number above 0.
    pub fn is_valid(self) -> bool {
        let (Length::Relative(length) | Length::Absolute(length)) = self;
        length > 0.0 && length.is_finite()
    }

    /// Refuses a setting `name` that is no finite number above 0; `None` leaves the length to the machine.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn require(name: &'static str, length: Option<Length>) -> Result<(), SettingError> {
        match length {
            Some(length) if !length.is_valid() => {
                Err(SettingError::new(name, format_args!("{length:?}"), "finite and above 0"))
            }
            _ => Ok(()),
        }
    }
}

/// A question: what is H times this direction?
#[derive(Debug)]
pub struct Probe<'a, V: ?Sized> {
    direction: &'a V,
    length: Length,
    /// 1 but for the second probe of a check at two lengths.
    factor: f64,
}

impl<V: ?Sized> Clone for Probe<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: ?Sized> Copy for Probe<'_, V> {}

impl<'a, V: ?Sized> Probe<'a, V> {
    pub(crate) fn new(direction: &'a V, length: Length, factor: f64) -> Self {
        Probe { direction, length, factor }
    }

    /// The unit direction v, for those who answer with a product Hv.
    pub fn direction(&self) -> &'a V {
        self.direction
    }

    /// The length in units of the machine's own: 1 but for a second probe, which shows the error of the first.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// The length h to use at a point of norm `norm`.
    pub fn length(&self, norm: f64) -> f64 {
        self.factor * self.length.at(norm)
    }

    /// y ← x + h v. Returns the length that storage realised, for [`Answer::forward`].
    ///
    /// Never displace x itself: adding and then subtracting h v doesn't restore it bit for bit.
    pub fn displace<S: Space<Vector = V>>(&self, space: &S, x: &V, y: &mut V) -> f64 {
        space.displace(self.length(space.norm(x)), self.direction, x, y)
    }

    /// y ← x − h v, the other end for [`Answer::central`]. Returns the (positive) realised length.
    pub fn displace_back<S: Space<Vector = V>>(&self, space: &S, x: &V, y: &mut V) -> f64 {
        -space.displace(-self.length(space.norm(x)), self.direction, x, y)
    }
}

/// What the loop found for a [`Probe`].
#[derive(Debug)]
pub struct Answer<'a, V: ?Sized> {
    pub(crate) ahead: &'a V,
    pub(crate) behind: Option<&'a V>,
    /// What the difference, or the product, is divided by: the distance between the two ends, 1 for a product.
    pub(crate) span: f64,
    /// Gradient evaluations beyond g(x).
    pub(crate) gradients: u64,
}

impl<V: ?Sized> Clone for Answer<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: ?Sized> Copy for Answer<'_, V> {}

impl<'a, V: ?Sized> Answer<'a, V> {
    /// The gradients g(x) and g(x + h v) on the same batch, h being what [`Probe::displace`] returned.
    pub fn forward(h: f64, at_x: &'a V, ahead: &'a V) -> Self {
        Answer { ahead, behind: Some(at_x), span: h, gradients: 1 }
    }

    /// The gradients g(x − h₋ v) and g(x + h₊ v) on the same batch, h₊ from [`Probe::displace`] and h₋ from
    /// [`Probe::displace_back`].
    pub fn central(h_behind: f64, behind: &'a V, h_ahead: f64, ahead: &'a V) -> Self {
        Answer { ahead, behind: Some(behind), span: h_behind + h_ahead, gradients: 2 }
    }

    /// The exact product Hv; counted as one gradient.
    pub fn product(product: &'a V) -> Self {
        Answer { ahead: product, behind: None, span: 1.0, gradients: 1 }
    }
}
