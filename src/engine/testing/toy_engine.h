// A BatchEngine over a ToyExecutor and the byte vocabulary: one for all tests of the engine.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/batch_engine.h"
#include "engine/testing/toy_executor.h"

namespace ingle::engine::testing {

struct ToySetup {
  ToyExecutor::Logits logits = count_up;
  uint32_t n_pages = 64;
  uint32_t context = 64;
  uint32_t max_sequences = 8;
  uint32_t max_queue = 512;
  uint32_t prefill_chunk = 16;
  bool speculate = true;
  std::vector<std::string> merges = {};
  uint32_t n_vocab = ToyExecutor::kVocab;
  std::string_view chat_template = {};
  std::function<void(std::chrono::nanoseconds)> on_pause = {};
};

struct ToyEngine {
  std::unique_ptr<BatchEngine> engine;
  ToyExecutor* executor = nullptr;
};

ToyEngine make_toy_engine(ToySetup setup = {});

}  // namespace ingle::engine::testing
