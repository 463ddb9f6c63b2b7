// What a request may ask of the server, in one place. Limits of the connection itself: net::ServerLimits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ingle::api {

inline constexpr uint64_t kMaxJsonBytes = uint64_t{16} << 20;
inline constexpr size_t kMaxJsonDepth = 128;
inline constexpr size_t kMaxJsonValues = 400'000;
inline constexpr uint64_t kMaxSmallJsonBytes = 64 * 1024;          // of requests that hold no texts
inline constexpr uint64_t kMaxUnusedBytes = 4 * 1024;              // read and dropped where nothing is expected
inline constexpr uint64_t kMaxDocumentBytes = uint64_t{64} << 20;  // of an upload
inline constexpr uint64_t kMaxChatBytes = uint64_t{4} << 20;       // of a saved conversation
inline constexpr size_t kMaxMultipartParts = 16;
inline constexpr size_t kMaxMultipartHeaderBytes = 4096;
inline constexpr size_t kMaxRequestIdBytes = 64;
inline constexpr size_t kMaxModelNameBytes = 512;
inline constexpr size_t kMaxTools = 256;
inline constexpr size_t kMaxToolNameBytes = 128;
inline constexpr size_t kMaxEmbeddingInputs = 2048;
inline constexpr size_t kMaxChoices = 128;        // answers to one request, to all of its prompts together
inline constexpr size_t kMaxLogitBias = 4096;     // tokens
inline constexpr uint32_t kMaxContext = 1 << 24;  // that a request may ask for; what a model was made for is less
inline constexpr int64_t kMaxTopLogprobs = 20;
inline constexpr size_t kMaxEchoBytes = size_t{1} << 20;  // of what a response repeats of its request, in three events
inline constexpr size_t kMaxMetadataPairs = 16;
inline constexpr size_t kMaxMetadataNameChars = 64;
inline constexpr size_t kMaxMetadataChars = 512;  // of a value

}  // namespace ingle::api
