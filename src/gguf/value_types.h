// GGUF's metadata types: their names for people, their sizes in a file. Private to this module; pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "gguf/file.h"

namespace ingle::gguf {

struct TypeInfo {
  std::string_view name;
  uint32_t size;  // bytes of a number; 0 for strings and arrays
};

/// nullptr for a number that is not a type of GGUF.
const TypeInfo* find_type(uint32_t type);
std::string_view type_name(ValueType type);

}  // namespace ingle::gguf
