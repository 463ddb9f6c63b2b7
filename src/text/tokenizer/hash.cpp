#include "text/tokenizer/hash.h"

#include <chrono>
#include <cstddef>
#include <cstring>

namespace ingle::text {
namespace {

constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15U;  // 2^64 / golden ratio

uint64_t mixed(uint64_t hash, uint64_t chunk) {
  hash = (hash ^ chunk) * kGoldenRatio;
  return hash ^ (hash >> 29);
}

// From where the process was loaded and when: an engine in its sandbox can open no source of randomness.
uint64_t hash_seed() {
  static const char here = 0;
  static const uint64_t seed =
      mixed(reinterpret_cast<uintptr_t>(&here),
            static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
  return seed;
}

}  // namespace

uint64_t hash_bytes(std::string_view bytes) {
  uint64_t hash = mixed(hash_seed(), bytes.size());
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t chunk;
  for (; left >= sizeof chunk; at += sizeof chunk, left -= sizeof chunk) {
    std::memcpy(&chunk, at, sizeof chunk);
    hash = mixed(hash, chunk);
  }
  if (left != 0) {
    chunk = 0;
    std::memcpy(&chunk, at, left);
    hash = mixed(hash, chunk);
  }
  return hash ^ (hash >> 32);
}

uint64_t hash_pair(uint32_t first, uint32_t second) {
  const uint64_t hash = mixed(hash_seed(), (uint64_t{first} << 32) | second);
  return hash ^ (hash >> 32);
}

}  // namespace ingle::text
