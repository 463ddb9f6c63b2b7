#include "quant/finite.h"

#include <array>
#include <cstdint>

#include "base/check.h"

namespace ingle::quant {
namespace {

constexpr uint8_t kNone = 255;

// Where a block keeps its floating-point fields, and the bits that are all set in an infinity or a NaN of their type.
struct Fields {
  FormatId id;
  std::array<uint8_t, 2> at;  // kNone: no second field
  uint8_t bytes;              // of one field
  uint32_t exponent;
};
constexpr uint32_t kF16Exponent = 0x7C00;
constexpr std::array kFields = {
    Fields{FormatId::kF32, {0, kNone}, 4, 0x7F800000},      Fields{FormatId::kF16, {0, kNone}, 2, kF16Exponent},
    Fields{FormatId::kBF16, {0, kNone}, 2, 0x7F80},         Fields{FormatId::kQ4_0, {0, kNone}, 2, kF16Exponent},
    Fields{FormatId::kQ4_1, {0, 2}, 2, kF16Exponent},       Fields{FormatId::kQ5_0, {0, kNone}, 2, kF16Exponent},
    Fields{FormatId::kQ5_1, {0, 2}, 2, kF16Exponent},       Fields{FormatId::kQ8_0, {0, kNone}, 2, kF16Exponent},
    Fields{FormatId::kQ2_K, {80, 82}, 2, kF16Exponent},     Fields{FormatId::kQ3_K, {108, kNone}, 2, kF16Exponent},
    Fields{FormatId::kQ4_K, {0, 2}, 2, kF16Exponent},       Fields{FormatId::kQ5_K, {0, 2}, 2, kF16Exponent},
    Fields{FormatId::kQ6_K, {208, kNone}, 2, kF16Exponent}, Fields{FormatId::kIQ4_NL, {0, kNone}, 2, kF16Exponent},
    Fields{FormatId::kMXFP4, {0, kNone}, 1, 0xFF},
};

const Fields& fields_of(FormatId id) {
  for (const Fields& row : kFields) {
    if (row.id == id) return row;
  }
  base::check_failed("every format has a row", __FILE__, __LINE__);
}

uint32_t load(const std::byte* bytes, uint8_t n) {
  uint32_t value = 0;
  for (uint8_t i = 0; i < n; ++i)
    value |= static_cast<uint32_t>(bytes[i]) << (8 * i);
  return value;
}

}  // namespace

std::optional<size_t> find_non_finite(const Format& format, std::span<const std::byte> blocks) {
  const Fields& fields = fields_of(format.id);
  for (size_t at = 0; at + format.block_bytes <= blocks.size(); at += format.block_bytes) {
    for (const uint8_t field : fields.at) {
      if (field == kNone) continue;
      if ((load(blocks.data() + at + field, fields.bytes) & fields.exponent) == fields.exponent) return at + field;
    }
  }
  return {};
}

}  // namespace ingle::quant
