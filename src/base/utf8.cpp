#include "base/utf8.h"

#include <cstdint>

namespace ingle::base {
namespace {

// One step over `bytes` at `at`: how many bytes belong together, and what they are (Unicode 15, table 3-7).
enum class Kind { kValid, kInvalid, kCut };
struct Step {
  size_t size;
  Kind kind;
};

Step step_at(std::string_view bytes, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = byte(at);
  if (lead < 0x80) return {1, Kind::kValid};
  size_t length = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, Kind::kInvalid};
  }
  for (size_t i = 1; i < length; ++i) {
    if (at + i == bytes.size()) return {i, Kind::kCut};
    const uint8_t next = byte(at + i);
    if (next < low || next > high) return {i, Kind::kInvalid};
    low = 0x80;
    high = 0xBF;
  }
  return {length, Kind::kValid};
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const Step step = step_at(bytes, at);
    if (step.kind != Kind::kValid) return false;
    at += step.size;
  }
  return true;
}

size_t complete_utf8_prefix(std::string_view bytes) {
  // Only the last three bytes can start an unfinished sequence.
  const size_t first = bytes.size() < 3 ? 0 : bytes.size() - 3;
  for (size_t at = first; at < bytes.size(); ++at) {
    const auto lead = static_cast<uint8_t>(bytes[at]);
    if (lead >= 0xC2 && step_at(bytes, at).kind == Kind::kCut) return at;
  }
  return bytes.size();
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const Step step = step_at(bytes, at);
    if (step.kind == Kind::kValid) {
      out.append(bytes.substr(at, step.size));
    } else {
      out += "\xEF\xBF\xBD";
    }
    at += step.size;
  }
  return out;
}

}  // namespace ingle::base
