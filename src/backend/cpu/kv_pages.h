// The memory behind KV page ids: every page holds K and V of 32 tokens of all layers.
//
// Which sequence owns a page is the engine's business; this only knows where things lie in one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/buffer.h"
#include "base/result.h"
#include "kernels/kernels.h"

namespace ingle::backend::cpu {

inline kernels::KvFormat kv_format(KvType type, Precision precision) {
  switch (type) {
    case KvType::kF32:
      return kernels::KvFormat::kF32;
    case KvType::kF16:
      return kernels::KvFormat::kF16;
    case KvType::kBF16:
      return kernels::KvFormat::kBF16;
    case KvType::kI8:
      return kernels::KvFormat::kI8;
    case KvType::kDefault:
      break;
  }
  return precision == Precision::kReference ? kernels::KvFormat::kF32 : kernels::KvFormat::kF16;
}

/// Where each layer's heads lie in a page.
struct KvLayout {
  kernels::KvFormat format{};
  std::vector<uint64_t> layer_offset;
  std::vector<uint64_t> head_bytes;
  uint64_t page_bytes = 0;

  static KvLayout of(const Program& program, kernels::KvFormat format) {
    KvLayout layout;
    layout.format = format;
    for (const Layer& layer : program.layers) {
      const uint64_t head = kernels::kv_head_bytes(format, layer.attention.head_dim);
      const uint64_t all_heads = head * layer.attention.n_kv_heads;
      // An encoder's layer needs its keys and values until the next one has begun.
      layout.layer_offset.push_back(program.encoder ? 0 : layout.page_bytes);
      layout.head_bytes.push_back(head);
      layout.page_bytes = std::max(layout.page_bytes, layout.layer_offset.back() + all_heads);
    }
    return layout;
  }
};

class KvPages {
 public:
  static Result<KvPages> allocate(KvLayout layout, uint32_t n_pages) {
    KvPages pages;
    INGLE_TRY(pages.memory_, Buffer::allocate(layout.page_bytes * n_pages, "the KV cache"));
    pages.layout_ = std::move(layout);
    pages.n_pages_ = n_pages;
    return pages;
  }

  kernels::KvFormat format() const { return layout_.format; }
  uint32_t n_pages() const { return n_pages_; }
  uint64_t page_bytes() const { return layout_.page_bytes; }
  std::byte* block(uint32_t page, size_t layer, uint32_t kv_head) const {
    return memory_.data() + page * layout_.page_bytes + layout_.layer_offset[layer] +
           kv_head * layout_.head_bytes[layer];
  }
  std::span<std::byte> page(uint32_t page) const {
    return {memory_.data() + page * layout_.page_bytes, layout_.page_bytes};
  }
  void copy(uint32_t from, uint32_t to) {
    std::memcpy(memory_.data() + to * layout_.page_bytes, memory_.data() + from * layout_.page_bytes,
                layout_.page_bytes);
  }

 private:
  Buffer memory_;
  KvLayout layout_;
  uint32_t n_pages_ = 0;
};

}  // namespace ingle::backend::cpu
