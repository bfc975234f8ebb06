//! The 1 797 handwritten digits of 8 × 8 pixels, brought by cargo.
//!
//! Problem: a real data set that every machine has without a download. These are the test part of "Optical
//! Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998, UCI Machine Learning Repository, CC BY 4.0),
//! which scikit-learn made known as `load_digits`, from the crate `smartcore`. A pixel counts the black points, 0 to
//! 16, of a 4 × 4 block of a bitmap; here it is divided by 16. The order is that of the data, writer after writer.

use smartcore::dataset::digits;

/// Images of digits: pixels in [0, 1] and labels 0 … 9.
///
/// # Examples
///
/// ```
/// use deo_models::digits::Digits;
/// let digits = Digits::load();
/// assert_eq!(digits.len(), 1797);
/// let (train, held_out) = digits.split();
/// assert_eq!((train.len(), held_out.len()), (1438, 359));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Digits {
    /// The pixels, R × 64, row after row of each image.
    pub pixels: Vec<f64>,
    /// The labels, R.
    pub labels: Vec<u16>,
}

impl Digits {
    /// The number of pixels of an image.
    pub const PIXELS: usize = 64;
    /// The number of labels.
    pub const CLASSES: usize = 10;

    /// All 1 797 images. They are compiled in; takes about a millisecond.
    pub fn load() -> Self {
        let data = digits::load_dataset();
        // Both are small integers in f32, so the quotient and the label are exact.
        let pixels = data.data.iter().map(|&pixel| f64::from(pixel) / 16.0).collect();
        let labels = data.target.iter().map(|&label| label as u16).collect();
        Digits { pixels, labels }
    }

    /// The number of images, R.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels and the label of image i.
    ///
    /// # Panics
    ///
    /// If there are not as many images.
    pub fn image(&self, i: usize) -> (&[f64], u16) {
        (&self.pixels[i * Self::PIXELS..][..Self::PIXELS], self.labels[i])
    }

    /// The images to train on, and those held out: every fifth, so that both have all writers.
    pub fn split(&self) -> (Digits, Digits) {
        let (mut train, mut held_out) = (Digits::default(), Digits::default());
        for i in 0..self.len() {
            let part = if i % 5 == 4 { &mut held_out } else { &mut train };
            let (pixels, label) = self.image(i);
            part.pixels.extend_from_slice(pixels);
            part.labels.push(label);
        }
        (train, held_out)
    }
}
