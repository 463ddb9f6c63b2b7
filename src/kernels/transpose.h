// Small transpositions of words, bytes and bits, with the compilers' own vectors of 16 bytes: one source for every
// processor, and fast enough on each that packing weights is bounded by memory. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ingle::kernels {

using Words = uint32_t __attribute__((vector_size(16)));
using Halves = uint16_t __attribute__((vector_size(16)));
using Bytes = uint8_t __attribute__((vector_size(16)));

inline Words load_words(const void* at) {
  Words words;
  std::memcpy(&words, at, sizeof words);
  return words;
}

/// Afterwards word i of m[j] is what word j of m[i] was.
inline void transpose_words(Words (&m)[4]) {
  const Words low01 = __builtin_shufflevector(m[0], m[1], 0, 4, 1, 5);
  const Words low23 = __builtin_shufflevector(m[2], m[3], 0, 4, 1, 5);
  const Words high01 = __builtin_shufflevector(m[0], m[1], 2, 6, 3, 7);
  const Words high23 = __builtin_shufflevector(m[2], m[3], 2, 6, 3, 7);
  m[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  m[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  m[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  m[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

/// Four vectors of a panel: word w of read(row) becomes word `row` of vectors[w].
template <class Read>
void put_words(uint8_t (*vectors)[64], Read read) {
  for (uint32_t r = 0; r < 16; r += 4) {
    Words words[4] = {read(r), read(r + 1), read(r + 2), read(r + 3)};
    transpose_words(words);
    for (uint32_t w = 0; w < 4; ++w)
      std::memcpy(vectors[w] + size_t{4} * r, &words[w], sizeof words[w]);
  }
}

/// 16 rows of 16 bytes: four perfect shuffles of the rows.
inline void transpose_bytes(Bytes (&m)[16]) {
  for (int round = 0; round < 4; ++round) {
    Bytes next[16];
    for (int i = 0; i < 8; ++i) {
      next[2 * i] = __builtin_shufflevector(m[i], m[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] =
          __builtin_shufflevector(m[i], m[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    std::memcpy(m, next, sizeof next);
  }
}

/// The bits of `low` that lie `shift` above those of `mask` change places with the bits of `high` under `mask`.
inline void exchange_bits(Words& low, Words& high, int shift, uint32_t mask) {
  const Words difference = ((low >> shift) ^ high) & mask;
  high ^= difference;
  low ^= difference << shift;
}

/// Byte by byte: afterwards bit i of m[j] is what bit j of m[i] was.
inline void transpose_bits(Words (&m)[8]) {
  for (int i = 0; i < 4; ++i)
    exchange_bits(m[i], m[i + 4], 4, 0x0f0f0f0fU);
  for (int i : {0, 1, 4, 5})
    exchange_bits(m[i], m[i + 2], 2, 0x33333333U);
  for (int i = 0; i < 8; i += 2)
    exchange_bits(m[i], m[i + 1], 1, 0x55555555U);
}

/// Byte by byte, fields of two bits: afterwards field i of m[j] is what field j of m[i] was.
inline void transpose_bit_pairs(Words* m) {
  for (int i = 0; i < 2; ++i)
    exchange_bits(m[i], m[i + 2], 4, 0x0f0f0f0fU);
  for (int i = 0; i < 4; i += 2)
    exchange_bits(m[i], m[i + 1], 2, 0x33333333U);
}

}  // namespace ingle::kernels
