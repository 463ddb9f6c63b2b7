#include "quant/finite.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/check.h"

namespace ingle::quant {
namespace {

using Find = std::optional<size_t> (*)(std::span<const std::byte> blocks);

/// The fields at `kAt` of a block of kBlock bytes, and the bits that are all set in an infinity or a NaN of their type.
template <typename Field, Field kExponent, size_t kBlock, size_t... kAt>
std::optional<size_t> find(std::span<const std::byte> blocks) {
  const auto is_bad = [&](size_t at) {
    Field field;
    std::memcpy(&field, blocks.data() + at, sizeof field);
    return (field & kExponent) == kExponent;
  };
  constexpr size_t kStretch = 64 * kBlock;  // a stretch has no branches; only a bad one is looked through
  for (size_t first = 0; first + kBlock <= blocks.size(); first += kStretch) {
    const size_t end = std::min(first + kStretch, blocks.size() / kBlock * kBlock);
    bool bad = false;
    for (size_t at = first; at < end; at += kBlock)
      bad |= (is_bad(at + kAt) | ...);
    if (!bad) continue;
    for (size_t at = first; at < end; at += kBlock)
      for (const size_t field : {kAt...})
        if (is_bad(at + field)) return at + field;
  }
  return {};
}

// Binary16's exponent is the default: most scales are of that type.
template <size_t kBlock, size_t... kAt>
constexpr Find find_halves = find<uint16_t, 0x7C00, kBlock, kAt...>;

struct Row {
  FormatId id;
  Find find;
};
constexpr std::array kRows = {
    Row{FormatId::kF32, find<uint32_t, 0x7F800000, 4, 0>}, Row{FormatId::kF16, find_halves<2, 0>},
    Row{FormatId::kBF16, find<uint16_t, 0x7F80, 2, 0>},    Row{FormatId::kQ4_0, find_halves<18, 0>},
    Row{FormatId::kQ4_1, find_halves<20, 0, 2>},           Row{FormatId::kQ5_0, find_halves<22, 0>},
    Row{FormatId::kQ5_1, find_halves<24, 0, 2>},           Row{FormatId::kQ8_0, find_halves<34, 0>},
    Row{FormatId::kQ2_K, find_halves<84, 80, 82>},         Row{FormatId::kQ3_K, find_halves<110, 108>},
    Row{FormatId::kQ4_K, find_halves<144, 0, 2>},          Row{FormatId::kQ5_K, find_halves<176, 0, 2>},
    Row{FormatId::kQ6_K, find_halves<210, 208>},           Row{FormatId::kIQ4_NL, find_halves<18, 0>},
    Row{FormatId::kMXFP4, find<uint8_t, 0xFF, 17, 0>},
};

}  // namespace

std::optional<size_t> find_non_finite(const Format& format, std::span<const std::byte> blocks) {
  const auto row = std::ranges::find(kRows, format.id, &Row::id);
  if (row == kRows.end()) base::check_failed("every format has a row", __FILE__, __LINE__);
  return row->find(blocks);
}

}  // namespace ingle::quant
