// Finding text in text in linear time, whatever the texts: both can come from an attacker.
#pragma once

#include <string_view>
#include <vector>

namespace ingle::text::jinja {

class Finder {
 public:
  static constexpr size_t kNone = std::string_view::npos;

  explicit Finder(std::string_view needle);  // not empty; must outlive the Finder
  /// The first occurrence at or after `from`, or kNone.
  size_t find(std::string_view text, size_t from) const;

 private:
  std::string_view needle_;
  std::vector<size_t> border_;  // of each prefix; only for long needles
};

}  // namespace ingle::text::jinja
