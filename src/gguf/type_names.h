// Names for the tensor types that GGUF files may carry and this build does not read, for error texts. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace ingle::gguf {

/// "IQ2_XS", or nothing for a number that no known ggml uses.
std::string_view unread_type_name(uint32_t ggml_type);

}  // namespace ingle::gguf
