// What front and an engine say to each other; internal to remote_completer.cpp, engine_role.cpp and the fuzz target.
//
// Requests and calls carry a number of front's; everything that the engine says about them repeats it. The engine's side
// trusts front, front's side trusts nothing: from_engine() accepts exactly what engine_role.cpp writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "engine/engine.h"
#include "roles/channel.h"
#include "roles/message.h"

namespace ingle::roles {

enum class ToEngine : uint8_t {
  kCoreBoard = 6,    // at most once, first: one descriptor, a place on the board
  kPagesOnDisk = 7,  // at most once, before kLoad: engine::PagesOnDisk; one descriptor
  kLoad = 1,         // once: LoadOrder; descriptors: the model's parts
  kComplete = 2,     // number, chat::CompleteRequest
  kCancel = 3,       // id of the request
  kCall = 4,         // number, Verb, its argument
  kRelease = 5,      // handle
  kEmbed = 8,        // number, chat::EmbedRequest
};

enum class Verb : uint8_t { kRender, kTokenize, kDetokenize, kPieces, kScore, kTag, kFork, kStats, kLast = kStats };

enum class FromEngine : uint8_t {
  kProgress = 65,  // double: 0 ... 1
  kLoaded = 66,    // memory in bytes, chat::Description
  kFailed = 67,    // Error: the model cannot be loaded
  kEvent = 69,     // number, chat::Event
  kReply = 70,     // number, Outcome with the call's result
};

struct LoadOrder {
  std::string name;
  engine::Options options;  // without callbacks and handles
};
/// But for the file, which travels beside it.
std::string encode_pages(const engine::PagesOnDisk& pages);
Result<engine::PagesOnDisk> decode_pages(std::string_view bytes);

std::string encode_load(const LoadOrder& order);
Result<LoadOrder> decode_load(std::string_view bytes);

std::string encode_outcome(uint64_t number, const Outcome& outcome);

struct Progress {
  double done = 0;
};
struct Loaded {
  uint64_t bytes = 0;
  chat::Description description;
};
struct LoadFailed {
  Error error;
};
struct EventOf {
  uint64_t number = 0;
  chat::Event event;
};
struct Reply {
  uint64_t number = 0;
  Outcome outcome;
};
using EngineMessage = std::variant<Progress, Loaded, LoadFailed, EventOf, Reply>;

/// kCorrupt for anything that an engine would not send.
Result<EngineMessage> from_engine(const Frame& frame);

// Results of verbs.
std::string encode_tokens(const std::vector<int32_t>& tokens);
std::string encode_pieces(const std::vector<std::string>& pieces);
std::string encode_numbers(const std::vector<float>& numbers);
std::string encode_table(const std::vector<std::vector<float>>& table);
Result<std::vector<int32_t>> decode_tokens(std::string_view bytes);
Result<std::vector<std::string>> decode_pieces(std::string_view bytes);
Result<std::vector<float>> decode_numbers(std::string_view bytes);
Result<std::vector<std::vector<float>>> decode_table(std::string_view bytes);

}  // namespace ingle::roles
