//! Matrix views: a slice, a shape and two strides.
//!
//! Element (i, j) of a view is `data[i · row_stride + j · col_stride]`. The constructors check once that
//! every element lies in the slice, and for [`MatMut`] that no two elements share a place; that check is what
//! the raw views handed to faer rest on.

use crate::Real;

/// A borrowed matrix: a slice seen as rows × columns, row-major unless made by [`strided`](Self::strided) or
/// [`t`](Self::t).
#[derive(Debug, Clone, Copy)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

/// A mutably borrowed matrix: as [`MatRef`], with no two elements in one place.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

/// The length of the shortest slice that holds every element.
///
/// Saturates: a shape whose extent overflows fits no slice.
fn extent(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 {
        return 0;
    }
    let last_row = (rows - 1).saturating_mul(row_stride);
    let last_col = (cols - 1).saturating_mul(col_stride);
    last_row.saturating_add(last_col).saturating_add(1)
}

#[track_caller]
fn check_full(len: usize, rows: usize, cols: usize) {
    assert_eq!(
        Some(len),
        rows.checked_mul(cols),
        "a slice of {len} components is no {rows} × {cols} matrix"
    );
}

#[track_caller]
fn check_extent(len: usize, rows: usize, cols: usize, row_stride: usize, col_stride: usize) {
    let need = extent(rows, cols, row_stride, col_stride);
    assert!(
        need <= len,
        "a {rows} × {cols} matrix of strides {row_stride}, {col_stride} needs {need} components, the slice has {len}"
    );
}

impl<'a, T: Real> MatRef<'a, T> {
    /// The row-major matrix that fills `data`.
    ///
    /// # Panics
    ///
    /// If `data.len() != rows · cols`.
    #[track_caller]
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        check_full(data.len(), rows, cols);
        MatRef { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The matrix of elements `data[i · row_stride + j · col_stride]`; a stride of 0 repeats a row or column.
    ///
    /// # Panics
    ///
    /// If an element lies outside of `data`.
    #[track_caller]
    pub fn strided(
        data: &'a [T],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Self {
        check_extent(data.len(), rows, cols, row_stride, col_stride);
        MatRef { data, rows, cols, row_stride, col_stride }
    }

    /// The transpose, columns × rows, of the same data; nothing is moved.
    pub fn t(self) -> Self {
        MatRef {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Element (i, j), counted from 0.
    ///
    /// # Panics
    ///
    /// If there is no such row or column.
    #[track_caller]
    pub fn at(&self, i: usize, j: usize) -> T {
        check_index(i, j, self.rows, self.cols);
        self.data[i * self.row_stride + j * self.col_stride]
    }

    /// The distance from one column to the next, if each column is a slice and there are several.
    pub(super) fn column_stride(&self) -> Option<usize> {
        (self.row_stride == 1 && self.rows > 1 && self.cols > 1).then_some(self.col_stride)
    }

    /// Column j, where [`column_stride`](Self::column_stride) has one or the matrix is a single column or row.
    pub(super) fn column(&self, j: usize) -> &'a [T] {
        &self.data[j * self.col_stride..][..self.rows]
    }

    /// The same view for faer.
    pub(super) fn as_faer(&self) -> faer::MatRef<'a, T> {
        // SAFETY: the constructors checked that `data` holds every element (i, j) of the shape, an empty
        // shape has none, and the borrow of `data` lives as long as the returned view. `stride` says why
        // strides fit in an isize.
        unsafe {
            faer::MatRef::from_raw_parts(
                self.data.as_ptr(),
                self.rows,
                self.cols,
                stride(self.rows, self.cols, self.row_stride),
                stride(self.cols, self.rows, self.col_stride),
            )
        }
    }
}

impl<'a, T: Real> MatMut<'a, T> {
    /// The row-major matrix that fills `data`.
    ///
    /// # Panics
    ///
    /// If `data.len() != rows · cols`.
    #[track_caller]
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        check_full(data.len(), rows, cols);
        MatMut { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The matrix of elements `data[i · row_stride + j · col_stride]`.
    ///
    /// # Panics
    ///
    /// If an element lies outside of `data`, or if rows interleave with columns so that two elements could
    /// share a place: one stride must be larger than the whole extent along the other.
    #[track_caller]
    pub fn strided(
        data: &'a mut [T],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Self {
        check_extent(data.len(), rows, cols, row_stride, col_stride);
        let by_rows = rows <= 1 || row_stride >= extent(1, cols, 0, col_stride);
        let by_cols = cols <= 1 || col_stride >= extent(rows, 1, row_stride, 0);
        let distinct = (rows <= 1 || row_stride > 0) && (cols <= 1 || col_stride > 0);
        assert!(
            rows == 0 || cols == 0 || (distinct && (by_rows || by_cols)),
            "a mutable {rows} × {cols} matrix of strides {row_stride}, {col_stride} overlaps itself"
        );
        MatMut { data, rows, cols, row_stride, col_stride }
    }

    /// The transpose, columns × rows, of the same data; nothing is moved.
    pub fn t(self) -> Self {
        MatMut {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// Whether the numbers of a column lie closer together than those of a row.
    pub(super) fn is_by_columns(&self) -> bool {
        let row = stride(self.rows, self.cols, self.row_stride);
        stride(self.cols, self.rows, self.col_stride) > row
    }

    /// The same view for a shorter time: to pass on what is still needed afterwards.
    pub fn rb_mut(&mut self) -> MatMut<'_, T> {
        MatMut { data: self.data, ..*self }
    }

    /// A shared view of the same matrix.
    pub fn rb(&self) -> MatRef<'_, T> {
        MatRef {
            data: self.data,
            rows: self.rows,
            cols: self.cols,
            row_stride: self.row_stride,
            col_stride: self.col_stride,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Element (i, j), counted from 0, to be written.
    ///
    /// # Panics
    ///
    /// If there is no such row or column.
    #[track_caller]
    pub fn at_mut(&mut self, i: usize, j: usize) -> &mut T {
        check_index(i, j, self.rows, self.cols);
        &mut self.data[i * self.row_stride + j * self.col_stride]
    }

    /// The same view for faer.
    pub(super) fn into_faer(self) -> faer::MatMut<'a, T> {
        // SAFETY: as for `MatRef::as_faer`; the borrow is exclusive and is given away with `self`, and the
        // constructors checked that no two elements share a place (`new` cannot make such a view, `t` only
        // exchanges the roles of the two dimensions).
        unsafe {
            faer::MatMut::from_raw_parts_mut(
                self.data.as_mut_ptr(),
                self.rows,
                self.cols,
                stride(self.rows, self.cols, self.row_stride),
                stride(self.cols, self.rows, self.col_stride),
            )
        }
    }
}

/// A stride as faer counts it. That of a dimension without a second element is never used and may be any
/// number; all others lie between two elements of one slice, hence below isize::MAX.
fn stride(along: usize, across: usize, stride: usize) -> isize {
    if along <= 1 || across == 0 { 0 } else { stride as isize }
}

#[track_caller]
fn check_index(i: usize, j: usize, rows: usize, cols: usize) {
    assert!(i < rows && j < cols, "element ({i}, {j}) of a {rows} × {cols} matrix");
}
