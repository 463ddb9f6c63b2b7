// What front and the egress role say to each other; internal to remote_transport.cpp, egress_role.cpp and the fuzz target.
//
// Requests carry a number of front's, and everything about them repeats it. A body comes in pieces of which egress sends no
// more than front has room for (kWindow, then what kTake gives back). Egress trusts front as far as a receipt goes; front
// trusts nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "net/egress.h"
#include "net/http_types.h"
#include "roles/channel.h"

namespace ingle::roles {

enum class ToEgress : uint8_t {
  kKey = 1,   // once, first: the key that verifies receipts
  kSend = 2,  // number, SendOrder
  kTake = 3,  // number, bytes (32 bits) of the body that front has used up
  kStop = 4,  // number
};

enum class FromEgress : uint8_t {
  kHead = 65,  // number, HttpHead
  kBody = 66,  // number, bytes
  kEnd = 67,   // number, whether it went well; the HttpHead or the Error
};

inline constexpr uint32_t kWindow = 1 << 20;

struct SendOrder {
  net::HttpSettings settings;
  net::HttpRequest request;
  net::EgressPermit permit = net::EgressPermit::for_model_download("");
};
std::string encode_order(uint64_t number, const SendOrder& order);
Result<SendOrder> decode_order(std::string_view bytes);  // without the number
/// The settings alone, as bytes: equal settings can share a client.
std::string encode_settings(const net::HttpSettings& settings);

struct HeadOf {
  uint64_t number = 0;
  net::HttpHead head;
};
struct BodyOf {
  uint64_t number = 0;
  std::string bytes;
};
struct EndOf {
  uint64_t number = 0;
  Result<net::HttpHead> result;
};
using EgressMessage = std::variant<HeadOf, BodyOf, EndOf>;

std::string encode_head(uint64_t number, const net::HttpHead& head);
std::string encode_end(uint64_t number, const Result<net::HttpHead>& result);
/// kCorrupt for anything that the egress role would not send.
Result<EgressMessage> from_egress(Frame frame);

}  // namespace ingle::roles
