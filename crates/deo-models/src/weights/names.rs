//! Under which names a file holds the tensors of a layout, and which of its tensors are no parameters.
//!
//! PyTorch's wrappers put their own name before each of those of the model that they wrap, one before another: `module.` is
//! of the data-parallel ones, `_orig_mod.` of `torch.compile`. nanoGPT's attention keeps its causal mask as a buffer
//! `attn.bias` where it has no fused kernel, and that of GPT-2 a constant `attn.masked_bias` besides; both are in the
//! `state_dict`. A mask is recognised by its content, lest a parameter of that name be lost.

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use std::collections::HashMap;

const WRAPPERS: [&str; 2] = ["_orig_mod.", "module."];

/// The name without those of wrappers.
fn bare(mut name: &str) -> &str {
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
        name = rest;
    }
    name
}

/// The names of a file's tensors.
pub(super) struct Names<'a> {
    /// All of them, sorted.
    all: Vec<&'a str>,
    /// Bare name → name in the file.
    stored: HashMap<&'a str, &'a str>,
}

impl<'a> Names<'a> {
    /// Those of the tensors and, where a tensor has none of its own, those that the metadata says it shares.
    pub(super) fn of(
        file: &'a SafeTensors<'_>,
        aliases: Option<&'a HashMap<String, String>>,
    ) -> Self {
        let mut all = file.names();
        // The file's table is a hash map; what is chosen should be the same each time.
        all.sort_unstable();
        let mut stored = HashMap::new();
        for &name in &all {
            // A bare name is its own, whatever else is there.
            if bare(name) == name {
                stored.insert(name, name);
            } else {
                stored.entry(bare(name)).or_insert(name);
            }
        }
        for (name, other) in aliases.into_iter().flatten() {
            if let Ok(at) = all.binary_search(&other.as_str()) {
                stored.entry(bare(name)).or_insert(all[at]);
            }
        }
        Names { all, stored }
    }

    /// The name under which the file holds that tensor of a layout.
    pub(super) fn stored(&self, name: &str) -> Option<&'a str> {
        let own = self.all.binary_search(&name).ok().map(|at| self.all[at]);
        own.or_else(|| self.stored.get(name).copied())
    }

    /// A name that may mean a tensor which is missing: one with something else before it.
    pub(super) fn hint(&self, name: &str) -> Option<String> {
        // A last part alone, such as "weight", stands in every file.
        let end = name.contains('.').then(|| format!(".{name}"))?;
        self.all.iter().find(|other| other.ends_with(&end)).map(|other| (*other).to_owned())
    }
}

/// Whether a tensor that the layout lacks may be passed over.
pub(super) fn is_no_parameter(name: &str, view: &TensorView<'_>) -> bool {
    let elements = view.shape().iter().product::<usize>();
    elements == 0
        || name.ends_with(".attn.masked_bias") && elements == 1
        || name.ends_with(".attn.bias") && is_causal_mask(view)
}

/// A square matrix, maybe of more dimensions of extent 1, with the same number at and below its diagonal and 0 above it.
fn is_causal_mask(view: &TensorView<'_>) -> bool {
    let [ones @ .., rows, columns] = view.shape() else { return false };
    if rows != columns || ones.iter().any(|extent| *extent != 1) {
        return false;
    }
    let size = view.data().len() / (rows * columns);
    if size == 0 {
        return false; // several to a byte
    }
    let elements = view.data().chunks_exact(size);
    let first = elements.clone().next().unwrap_or_default();
    let is_zero = |element: &[u8]| element.iter().all(|byte| *byte == 0);
    !is_zero(first)
        && elements.enumerate().all(|(i, element)| {
            if i % columns <= i / columns { element == first } else { is_zero(element) }
        })
}
