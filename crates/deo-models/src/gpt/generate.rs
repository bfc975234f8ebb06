//! Text from a model, one token at a time.

use super::Gpt;
use deo_linalg::Real;
use rand::{Rng, RngExt};

impl<T: Real> Gpt<T> {
    /// `count` tokens that the model draws to continue a prompt.
    ///
    /// Token by token, with l the logits after the last token and u uniform on [0, 1): the first token c with
    /// Σ_{j≤c} softmax(l/temperature)_j > u. A temperature of 0 takes the likeliest token. The model reads
    /// the last `block` tokens of what is there.
    ///
    /// # Panics
    ///
    /// If the prompt is empty or holds a token outside of the vocabulary, if `params` has the wrong length,
    /// or if the temperature is negative or NaN.
    pub fn generate(
        &mut self,
        params: &[T],
        prompt: &[u16],
        count: usize,
        temperature: f64,
        rng: &mut impl Rng,
    ) -> Vec<u16> {
        assert!(!prompt.is_empty(), "a prompt needs at least one token");
        assert!(temperature >= 0.0, "a temperature of {temperature} is not at least 0");
        let vocabulary = self.config.vocabulary;
        let mut text = prompt.to_vec();
        for _ in 0..count {
            let window = &text[text.len().saturating_sub(self.config.block)..];
            let logits = self.logits(params, window, window.len());
            let last = &logits[logits.len() - vocabulary..];
            text.push(draw(last, temperature, rng));
        }
        text.split_off(prompt.len())
    }
}

/// A token drawn from softmax(l/temperature).
fn draw<T: Real>(l: &[T], temperature: f64, rng: &mut impl Rng) -> u16 {
    let (likeliest, greatest) = (l.iter().map(|l| l.to_f64()).enumerate())
        .fold((0, f64::NEG_INFINITY), |best, l| if l.1 > best.1 { l } else { best });
    if temperature == 0.0 {
        return likeliest as u16;
    }
    let weight = |l: &T| ((l.to_f64() - greatest) / temperature).exp();
    let mut rest = rng.random::<f64>() * l.iter().map(weight).sum::<f64>();
    for (token, l) in l.iter().enumerate() {
        rest -= weight(l);
        if rest < 0.0 {
            return token as u16;
        }
    }
    // Rounding has left a trace of `rest`, or the logits are not finite.
    likeliest as u16
}
