// Whatever is accepted is exactly what would be written again.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "chat/wire.h"

namespace {

template <typename T>
void try_as(std::string_view bytes) {
  const auto value = ingle::chat::decode<T>(bytes);
  if (value) INGLE_CHECK(ingle::chat::encode(*value) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_as<ingle::chat::CompleteRequest>(bytes);
  try_as<ingle::chat::ChatPrompt>(bytes);
  try_as<ingle::chat::TokenizeRequest>(bytes);
  try_as<ingle::chat::ScoreRequest>(bytes);
  try_as<ingle::chat::EmbedRequest>(bytes);
  try_as<ingle::chat::EmbedTokens>(bytes);
  try_as<ingle::chat::Event>(bytes);
  try_as<ingle::chat::Description>(bytes);
  try_as<ingle::chat::Stats>(bytes);
  return 0;
}
