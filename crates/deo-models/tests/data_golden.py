"""The batch starts pinned in data_batches.rs, from an independent ChaCha8 in plain Python.

Prints floor(u * S / 2^64) for consecutive 64-bit outputs u, beginning at output `first`.
Key: rand_core's seed_from_u64 (PCG32 outputs). State: constants, key, 64-bit block counter, 64-bit stream.
Needs no package: python3 data_golden.py
"""

M32, M64 = (1 << 32) - 1, (1 << 64) - 1


def key(seed):
    words = []
    for _ in range(8):
        seed = (seed * 6364136223846793005 + 11634580027462260723) & M64
        x, r = (((seed >> 18) ^ seed) >> 27) & M32, seed >> 59
        words.append((x >> r | x << (32 - r)) & M32)
    return words


def quarter(s, a, b, c, d):
    for x, y, z, r in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & M32
        w = s[z] ^ s[x]
        s[z] = (w << r | w >> (32 - r)) & M32


def block(seed, counter, stream):
    state = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574] + key(seed)
    state += [counter & M32, counter >> 32, stream & M32, stream >> 32]
    s = list(state)
    for _ in range(4):  # 8 rounds
        for i in range(4):
            quarter(s, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return [(a + b) & M32 for a, b in zip(s, state)]


def starts(seed, stream, first, count, choices):
    stream = int.from_bytes(stream, "little")
    for k in range(first, first + count):
        words = block(seed, k // 8, stream)
        low, high = words[2 * (k % 8)], words[2 * (k % 8) + 1]
        yield (low | high << 32) * choices >> 64


if __name__ == "__main__":
    # A text of 5000 characters: 4500 to train on, blocks of 1, hence 4499 starts; 4 rows a batch.
    print("FIRST     ", list(starts(2025, b"batches ", 0, 4, 4499)))
    print("FAR       ", list(starts(2025, b"batches ", 4 * 1_000_000_007, 4, 4499)))
    print("EVALUATION", list(starts(2025, b"evaluate", 0, 4, 4499)))
