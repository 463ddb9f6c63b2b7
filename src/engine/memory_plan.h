// MemoryPlan: what a model will take, and whether there is room, before anything of it is loaded.
//
// Pure: from the shapes in the file's header, the options, and what front says is free. A model that has no room is
// refused with the figures and with what would help; a context that nobody named may be shortened instead.
#pragma once

#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"
#include "chat/types.h"
#include "engine/engine.h"

namespace ingle::engine {

struct MemoryNeeds {
  backend::Footprint model;
  uint64_t small_page = 0;  // KV bytes of a page at eight bits a number
  uint64_t vocabulary = 0;  // tokenizer, logits, and the process itself
  uint32_t context = 0;     // tokens of a sequence
  bool encoder = false;     // keeps nothing, and reads whole texts
  uint32_t max_rows = 0;    // of an encoder's step
};

struct PlannedMemory {
  chat::MemoryPlan plan;
  uint32_t context = 0;
  uint32_t n_pages = 0;
};

/// options.max_memory_bytes is what is free, 0: not asked. Pages are for every sequence at full length where there is
/// room, but for one in any case. kExhausted: there is none for that; chat::out_of_reach(): and never will be, for the
/// shortest context that would do needs more than options.memory_ceiling.
Result<PlannedMemory> plan_memory(const MemoryNeeds& needs, const Options& options);

/// What the vocabulary and a process take: an estimate, from above for the models that were measured.
uint64_t vocabulary_bytes(uint64_t n_vocab, uint32_t max_sequences);

}  // namespace ingle::engine
