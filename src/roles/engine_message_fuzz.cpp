// What an engine's process might say to front: decoded or refused, and every result that a call could bring along.
#include <cstdint>
#include <string>
#include <variant>

#include "base/check.h"
#include "roles/engine_protocol.h"

namespace {

using namespace ingle::roles;

void read_result(const Outcome& outcome) {
  if (!outcome) return;
  if (const auto tokens = decode_tokens(*outcome)) INGLE_CHECK(encode_tokens(*tokens) == *outcome);
  if (const auto pieces = decode_pieces(*outcome)) INGLE_CHECK(encode_pieces(*pieces).size() == outcome->size());
  if (const auto table = decode_table(*outcome)) INGLE_CHECK(encode_table(*table).size() == outcome->size());
  (void)decode_numbers(*outcome);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // One byte chooses among the kinds there are, a few that there are not, and an order that front would send.
  Frame frame{.type = static_cast<uint8_t>(64 + data[0] % 9),
              .payload = std::string(reinterpret_cast<const char*>(data) + 1, size - 1),
              .descriptors = {}};
  const auto message = from_engine(frame);
  if (message) {
    if (const auto* reply = std::get_if<Reply>(&*message)) {
      INGLE_CHECK(encode_outcome(reply->number, reply->outcome) == frame.payload);
      read_result(reply->outcome);
    }
  }
  if (const auto order = decode_load(frame.payload)) INGLE_CHECK(encode_load(*order) == frame.payload);
  return 0;
}
