//! The forward and the backward pass of [`gpt`](super).
//!
//! Backward takes the lines of forward from the last to the first; a comment cites each before its gradient. ∂f/∂x of
//! the residual stream is the one gradient that is accumulated from line to line; see the rule in
//! [`layers`](crate::layers).

use super::GptConfig;
use super::activations::{Activations, Block, of};
use super::parameters::{self, Parameters};
use crate::layers::{Attention, CrossEntropy, Embedding, LayerNorm, Linear, gelu};
use deo_linalg::{Real, Threads};

/// The layers, with their shapes for sequences of one length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass<'a> {
    parameters: &'a Parameters,
    threads: Threads,
    embedding: Embedding,
    norm: LayerNorm,
    c_attn: Linear,
    attention: Attention,
    c_proj: Linear,
    c_fc: Linear,
    mlp_c_proj: Linear,
    head: Linear,
    loss: CrossEntropy,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        config: &GptConfig,
        parameters: &'a Parameters,
        threads: Threads,
        block: usize,
    ) -> Self {
        let (width, heads) = (config.width, config.heads);
        let linear = |inputs, outputs| Linear { inputs, outputs };
        Pass {
            parameters,
            threads,
            embedding: Embedding { block, width },
            norm: LayerNorm { width },
            c_attn: linear(width, 3 * width),
            attention: Attention { block, heads, width },
            c_proj: linear(width, width),
            c_fc: linear(width, 4 * width),
            mlp_c_proj: linear(4 * width, width),
            head: linear(width, config.vocabulary),
            loss: CrossEntropy { classes: config.vocabulary },
        }
    }

    /// `a.logits` ← the logits, R × vocabulary. x: the parameters, N; tokens: R.
    pub(super) fn logits<T: Real>(&self, x: &[T], tokens: &[u16], a: &mut Activations<T>) {
        let (p, th) = (self.parameters, self.threads);
        let get = |id| p.layout.get(id, x);
        let stream = &mut a.stream;
        (self.embedding).forward(th, stream, tokens, get(p.wte), get(p.wpe));
        for (i, w) in p.blocks.iter().enumerate() {
            if let Some(input) = a.inputs.get_mut(i) {
                input.copy_from_slice(stream);
            }
            let b = of(&mut a.blocks, i);
            self.fill(b, stream, x, w);
            (self.mlp_c_proj).forward_add(th, stream, &b.active, get(w.mlp_c_proj));
        }
        (self.norm).forward(th, &mut a.last, &mut a.ln_f, stream, get(p.ln_f));
        (self.head).forward(th, &mut a.logits, &a.last, get(p.wte));
    }

    /// The buffers of a block that reads `stream`, R × C, which is left as it is between the two branches.
    fn fill<T: Real>(&self, b: &mut Block<T>, stream: &mut [T], x: &[T], w: &parameters::Block) {
        let (p, th) = (self.parameters, self.threads);
        let get = |id| p.layout.get(id, x);
        (self.norm).forward(th, &mut b.normed_1, &mut b.ln_1, stream, get(w.ln_1));
        (self.c_attn).forward(th, &mut b.qkv, &b.normed_1, get(w.c_attn));
        (self.attention).forward(th, &mut b.y, &mut b.p, &b.qkv);
        (self.c_proj).forward_add(th, stream, &b.y, get(w.c_proj));
        (self.norm).forward(th, &mut b.normed_2, &mut b.ln_2, stream, get(w.ln_2));
        (self.c_fc).forward(th, &mut b.hidden, &b.normed_2, get(w.c_fc));
        gelu::forward_with_slope(th, &mut b.active, &mut b.hidden);
    }

    /// The loss, after [`logits`](Self::logits). targets: R.
    pub(super) fn loss<T: Real>(&self, targets: &[u16], a: &mut Activations<T>) -> f64 {
        (self.loss).forward_in_place(self.threads, &mut a.logits, &mut a.losses, targets)
    }

    /// g ← ∇f, after [`loss`](Self::loss). g, x: N; tokens, targets: R.
    pub(super) fn backward<T: Real>(
        &self,
        g: &mut [T],
        x: &[T],
        tokens: &[u16],
        targets: &[u16],
        a: &mut Activations<T>,
    ) {
        let (p, th) = (self.parameters, self.threads);
        let get = |id| p.layout.get(id, x);
        let (d_stream, d_narrow) = (&mut a.d_stream, &mut a.d_narrow);

        // f = cross entropy(logits, targets)
        let d_logits = &mut a.logits;
        self.loss.backward_in_place(th, d_logits, targets);
        // logits = last · wteᵀ; the embedding adds the second half of the gradient of wte
        let d_wte = p.layout.get_mut(p.wte, g);
        self.head.backward_weight(th, d_wte, d_logits, &a.last);
        (self.head).backward_input(th, d_narrow, d_logits, get(p.wte));
        // last = ln_f(stream)
        let d_gain = p.layout.get_mut(p.ln_f, g);
        self.norm.backward_gain(th, d_gain, d_narrow, &a.ln_f);
        d_stream.fill(T::ZERO);
        (self.norm).backward_input_add(th, d_stream, d_narrow, &a.ln_f, get(p.ln_f));

        for (i, w) in p.blocks.iter().enumerate().rev() {
            let b = of(&mut a.blocks, i);
            if let Some(input) = a.inputs.get(i) {
                a.stream.copy_from_slice(input);
                self.fill(b, &mut a.stream, x, w);
            }
            let d: [&mut [T]; 3] = [&mut *d_stream, &mut *d_narrow, &mut a.d_wide];
            self.backward_mlp(g, x, w, b, d);
            let d: [&mut [T]; 3] = [&mut *d_stream, &mut *d_narrow, &mut a.d_wide];
            self.backward_attention(g, x, w, b, d, &mut a.scratch);
        }

        // stream = wte[token] + wpe[position]
        let (d_wte, d_wpe) = p.layout.get_two_mut(p.wte, p.wpe, g);
        (self.embedding).backward_add(th, d_wte, d_wpe, tokens, d_stream);
    }

    /// The gradients of the weights of the MLP, and d_stream of what it read added to that of what it wrote. d: those of the
    /// stream, of narrow and of wide buffers.
    fn backward_mlp<T: Real>(
        &self,
        g: &mut [T],
        x: &[T],
        w: &parameters::Block,
        b: &Block<T>,
        [d_stream, d_narrow, d_active]: [&mut [T]; 3],
    ) {
        let (p, th) = (self.parameters, self.threads);
        let get = |id| p.layout.get(id, x);
        // stream += active · mlp.c_projᵀ
        let d_w = p.layout.get_mut(w.mlp_c_proj, g);
        (self.mlp_c_proj).backward_weight(th, d_w, d_stream, &b.active);
        (self.mlp_c_proj).backward_input(th, d_active, d_stream, get(w.mlp_c_proj));
        // active = gelu(hidden), whose slope is where hidden was
        gelu::backward_by_slope(th, d_active, &b.hidden);
        // hidden = normed_2 · c_fcᵀ
        let d_w = p.layout.get_mut(w.c_fc, g);
        self.c_fc.backward_weight(th, d_w, d_active, &b.normed_2);
        (self.c_fc).backward_input(th, d_narrow, d_active, get(w.c_fc));
        // normed_2 = ln_2(stream)
        let d_gain = p.layout.get_mut(w.ln_2, g);
        self.norm.backward_gain(th, d_gain, d_narrow, &b.ln_2);
        (self.norm).backward_input_add(th, d_stream, d_narrow, &b.ln_2, get(w.ln_2));
    }

    /// The same of attention.
    fn backward_attention<T: Real>(
        &self,
        g: &mut [T],
        x: &[T],
        w: &parameters::Block,
        b: &Block<T>,
        [d_stream, d_narrow, d_wide]: [&mut [T]; 3],
        scratch: &mut [T],
    ) {
        let (p, th) = (self.parameters, self.threads);
        let get = |id| p.layout.get(id, x);
        // stream += y · c_projᵀ
        let d_w = p.layout.get_mut(w.c_proj, g);
        self.c_proj.backward_weight(th, d_w, d_stream, &b.y);
        (self.c_proj).backward_input(th, d_narrow, d_stream, get(w.c_proj));
        // y = attention(qkv)
        let d_qkv = &mut d_wide[..b.qkv.len()];
        (self.attention).backward(th, d_qkv, d_narrow, &b.qkv, &b.p, scratch);
        // qkv = normed_1 · c_attnᵀ
        let d_w = p.layout.get_mut(w.c_attn, g);
        self.c_attn.backward_weight(th, d_w, d_qkv, &b.normed_1);
        (self.c_attn).backward_input(th, d_narrow, d_qkv, get(w.c_attn));
        // normed_1 = ln_1(stream)
        let d_gain = p.layout.get_mut(w.ln_1, g);
        self.norm.backward_gain(th, d_gain, d_narrow, &b.ln_1);
        (self.norm).backward_input_add(th, d_stream, d_narrow, &b.ln_1, get(w.ln_1));
    }
}
