// Requests and events as bytes, for the socketpairs between processes.
//
// The form is ours and private to one version of the binary: a version byte, a type byte, then the fields in the order of
// types.h; numbers little-endian, text and lists with a 32-bit count. The reader trusts nothing: what it accepts is exactly
// what the writer writes, and it never allocates more than a small multiple of the bytes it was given. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/types.h"

namespace ingle::chat {

/// Longer messages are refused before they are looked at.
inline constexpr size_t kMaxWireBytes = size_t{256} << 20;

// For T one of: CompleteRequest, ChatPrompt, TokenizeRequest, ScoreRequest, EmbedRequest, EmbedTokens, Event,
// Description, Stats.
template <typename T>
std::string encode(const T& value);

/// kCorrupt, with the place, for anything that encode() would not have written.
template <typename T>
Result<T> decode(std::string_view bytes);

}  // namespace ingle::chat
