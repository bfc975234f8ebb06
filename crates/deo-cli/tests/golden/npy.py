"""Arrays as NumPy writes them, for the tests of src/npy: python npy.py, beside this file.

The numbers are (i + 1)/3 in row-major order, rounded to the stored type.
"""

from pathlib import Path

import numpy as np

here = Path(__file__).parent
print("numpy", np.__version__)


def thirds(shape, dtype):
    return (np.arange(1, np.prod(shape) + 1, dtype="<f8") / 3).astype(dtype).reshape(shape)


np.save(here / "rows_f8.npy", thirds((2, 3), "<f8"))
np.save(here / "columns_f4.npy", np.asfortranarray(thirds((2, 3), "<f4")))
np.save(here / "vector_f4.npy", thirds((5,), "<f4"))
with open(here / "version_2.npy", "wb") as file:
    np.lib.format.write_array(file, thirds((2, 3), "<f8"), version=(2, 0))
