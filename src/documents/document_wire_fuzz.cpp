// What decodes must encode to the same bytes, and its words must have places.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "documents/document_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle::documents;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto document = decode_document(bytes);
  if (!document) return 0;
  for (const Word& word : document->words) {
    if (word.span.from < word.span.to && !place_of(*document, word.span)) std::abort();
  }
  if (encode(*document) != bytes) std::abort();
  return 0;
}
