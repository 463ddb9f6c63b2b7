// Patterns from a stranger: the pattern, a zero byte, then a text.
//
// Beyond "no crash": an error has words, a language and its complement share no text and miss none, and what stands in a
// JSON string is read as the text is.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "text/grammar/byte_language.h"
#include "text/grammar/json_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle;
  using namespace ingle::text::grammar;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t zero = bytes.find('\0');
  const std::string text =
      base::to_valid_utf8(zero == std::string_view::npos ? std::string_view("ab1") : bytes.substr(zero + 1));
  Budget budget(300'000);
  const auto language = Language::from_pattern(bytes.substr(0, zero), &budget);
  if (!language) {
    INGLE_CHECK(!language.error().message().empty());
    return 0;
  }
  const bool inside = language->contains(text);
  const auto other = language->complement();
  INGLE_CHECK(other.has_value());
  INGLE_CHECK(other->contains(text) != inside);
  INGLE_CHECK(*other->complement() == *language);
  const ByteLanguage json(*language, Spelling::kJsonString);
  const std::string escaped = string_text(text);
  ByteLanguage::Place place = json.start();
  bool lives = !language->is_empty();
  for (size_t i = 1; i + 1 < escaped.size() && lives; ++i) {
    lives = json.step(place, static_cast<uint8_t>(escaped[i]));
    INGLE_CHECK(!lives || json.distance(place) < kFar);
  }
  INGLE_CHECK((lives && json.accepts(place)) == inside);
  return 0;
}
