// Any bytes as a provider's answer and as a policy: an error or a value, never more text than came in.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "router/policy.h"
#include "router/providers/provider.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto reader = router::find_provider_kind("openai")->reader();
  size_t text = 0;
  const auto fed = reader->feed(bytes, [&](const std::string& piece) {
    INGLE_CHECK(base::is_valid_utf8(piece));
    text += piece.size();
  });
  INGLE_CHECK(text <= size);
  if (fed) std::ignore = reader->finish();
  const router::PolicyFile policy = router::parse_policy(bytes);
  INGLE_CHECK(policy.policy.has_value() == policy.problems.empty());
  return 0;
}
