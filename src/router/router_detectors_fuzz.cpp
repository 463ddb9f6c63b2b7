// Any bytes: the detectors end, every finding lies inside the text and holds something, and so do the hidden views.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "router/detectors/detector.h"
#include "router/gate.h"
#include "router/views.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle::router;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Finding& finding : find_private(text)) {
    INGLE_CHECK(finding.span.begin < finding.span.end && finding.span.end <= size);
  }
  size_t hidden = 0;
  for (const std::string& view : hidden_views(text))
    hidden += view.size();
  INGLE_CHECK(hidden <= 2 * size);
  std::ignore = inspect_body(text);
  return 0;
}
