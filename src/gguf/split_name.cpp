#include "gguf/split_name.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace ingle::gguf {
namespace {

constexpr size_t kDigits = 5;

std::optional<uint64_t> five_digits(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.size() != kDigits) return std::nullopt;
  return value;
}

}  // namespace

std::string SplitName::file_name(uint64_t other_part) const {
  return fmt::format("{}-{:05}-of-{:05}.gguf", prefix, other_part + 1, count);
}

std::optional<SplitName> parse_split_name(const std::filesystem::path& path) {
  constexpr std::string_view kShape = "-00001-of-00001.gguf";
  const std::string name = path.filename().string();
  if (name.size() <= kShape.size()) return std::nullopt;
  const std::string_view tail = std::string_view(name).substr(name.size() - kShape.size());
  const auto number = five_digits(tail.substr(1, kDigits));
  const auto count = five_digits(tail.substr(1 + kDigits + 4, kDigits));
  const bool shaped = tail.front() == '-' && tail.substr(1 + kDigits, 4) == "-of-" && tail.ends_with(".gguf");
  if (!shaped || !number || !count || *number == 0 || *number > *count) return std::nullopt;
  return SplitName{name.substr(0, name.size() - kShape.size()), *number - 1, *count};
}

}  // namespace ingle::gguf
