// What the egress process might say to front, and an order that front would send it.
#include <cstdint>
#include <string>
#include <variant>

#include "base/check.h"
#include "roles/egress_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle::roles;
  if (size == 0) return 0;
  const std::string payload(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto message =
      from_egress({.type = static_cast<uint8_t>(64 + data[0] % 6), .payload = payload, .descriptors = {}});
  if (message) {
    if (const auto* head = std::get_if<HeadOf>(&*message))
      INGLE_CHECK(encode_head(head->number, head->head) == payload);
    if (const auto* end = std::get_if<EndOf>(&*message)) INGLE_CHECK(encode_end(end->number, end->result) == payload);
  }
  if (const auto order = decode_order(payload)) INGLE_CHECK(encode_order(0, *order).substr(8) == payload);
  return 0;
}
