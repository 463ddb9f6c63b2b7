// Schemas from a stranger: the schema, a zero byte, then the text to copy from.
//
// Beyond "no crash": an error has words; a schema that compiles has a document, which a walk of random bytes within a budget
// always reaches, and what it has spelled is JSON.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/check.h"
#include "text/grammar/check.h"
#include "text/grammar/testing/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle;
  using namespace ingle::text::grammar;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t zero = bytes.find('\0');
  const std::string_view schema = bytes.substr(0, zero);
  const CopySource source{"s", zero == std::string_view::npos ? "one \"two\" 3,5\n" : bytes.substr(zero + 1)};
  static const auto tokens = TokenTrie::of_bytes();
  auto constraint = Constraint::from_schema(schema, {&source, 1}, tokens);
  if (!constraint) {
    INGLE_CHECK(!constraint.error().message().empty());
    return 0;
  }
  const uint32_t shortest = constraint->shortest();
  INGLE_CHECK(shortest < kFar);
  if (shortest > 2000) return 0;
  const std::string document = testing::random_text(*std::move(constraint), size);
  INGLE_CHECK(nlohmann::json::accept(document));
  return 0;
}
