// A Document as bytes, on its way from the parse role to front. What arrives is hostile: decode() accepts nothing that
// would break an invariant of document.h, and allocates no more than a small multiple of what it was given. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "documents/document.h"

namespace ingle::documents {

inline constexpr size_t kMaxPages = 500;
inline constexpr size_t kMaxWords = 500'000;
inline constexpr size_t kMaxTextBytes = size_t{16} << 20;

std::string encode(const Document& document);
Result<Document> decode_document(std::string_view bytes);

}  // namespace ingle::documents
