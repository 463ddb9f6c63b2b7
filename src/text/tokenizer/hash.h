// Hashes for the tables of a tokenizer.
//
// Seeded once for the process: a model file made so that its tokens collide does so under one seed only. The seed
// changes where entries lie and never what is found.
#pragma once

#include <cstdint>
#include <string_view>

namespace ingle::text {

uint64_t hash_bytes(std::string_view bytes);
uint64_t hash_pair(uint32_t first, uint32_t second);

}  // namespace ingle::text
