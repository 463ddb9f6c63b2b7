#include "models/hyper.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>

#include "models/architecture.h"

namespace ingle::models {
namespace {

// Limits far above any model that exists; they keep products of two sizes inside 64 bits and loops inside a second.
constexpr uint64_t kMaxLayers = 1024;
constexpr uint64_t kMaxWidth = 1U << 20;
constexpr uint64_t kMaxContext = 1U << 27;
constexpr double kMaxTypes = 64;
constexpr double kMaxClasses = 1 << 16;

constexpr double kRequired = -1;

struct UintRow {
  const char* key;  // after "ARCHITECTURE."
  uint64_t Hyper::* member;
  uint64_t min, max;
  std::optional<uint64_t> fallback;  // none: required
};
constexpr std::array kUints = {
    UintRow{"block_count", &Hyper::n_layers, 1, kMaxLayers, {}},
    UintRow{"context_length", &Hyper::context_length, 1, kMaxContext, {}},
    UintRow{"embedding_length", &Hyper::n_embd, 1, kMaxWidth, {}},
    UintRow{"attention.key_length", &Hyper::head_dim, 1, 4096, 0},
    UintRow{"attention.value_length", &Hyper::value_dim, 1, 4096, 0},
    UintRow{"rope.dimension_count", &Hyper::n_rot, 0, 4096, UINT64_MAX},
    UintRow{"rope.scaling.original_context_length", &Hyper::original_context, 1, kMaxContext, 0},
    UintRow{"attention.sliding_window", &Hyper::window, 0, kMaxContext, 0},
    UintRow{"pooling_type", &Hyper::pooling, 0, kPoolingClasses, 0},
};

struct FloatRow {
  const char* key;
  double Hyper::* member;
  double min, max;
  double fallback;  // kRequired: none
};
constexpr std::array kFloats = {
    FloatRow{"rope.freq_base", &Hyper::rope_base, 1e-3, 1e12, 10000},
    FloatRow{"rope.freq_base_swa", &Hyper::rope_base_swa, 1e-3, 1e12, 10000},
    FloatRow{"rope.scaling.factor", &Hyper::scaling_factor, 0, 1e6, 0},
    FloatRow{"rope.scaling.attn_factor", &Hyper::attention_factor, 1e-3, 1e3, 1},
    FloatRow{"final_logit_softcapping", &Hyper::logit_softcap, 0, 1e6, 0},
};

struct LayerRow {
  const char* key;
  std::vector<uint64_t> Hyper::* member;
  uint64_t min, max;
  std::vector<uint64_t> Hyper::* fallback;  // nullptr: required
};
const std::array kPerLayer = {
    LayerRow{"feed_forward_length", &Hyper::n_ff, 1, kMaxWidth, nullptr},
    LayerRow{"attention.head_count", &Hyper::n_heads, 1, 4096, nullptr},
    LayerRow{"attention.head_count_kv", &Hyper::n_kv_heads, 1, 4096, &Hyper::n_heads},
};

std::string where(const gguf::File& file, const std::string& key) {
  const gguf::Value* value = file.find(key);
  return value == nullptr ? fmt::format("'{}'", key) : fmt::format("'{}' at offset {}", key, value->offset());
}

Error bad(const gguf::File& file, const std::string& key, std::string what) {
  return Error::corrupt(fmt::format("{} {}", where(file, key), what))
      .hint("the file is damaged or was made by a converter this program does not know; get it from another source");
}

Status in_range(const gguf::File& file, const std::string& key, double value, double min, double max) {
  // Written so that NaN fails.
  if (value >= min && value <= max) return {};
  return std::unexpected(bad(file, key, fmt::format("is {}, which is not between {} and {}", value, min, max)));
}

class Reader {
 public:
  Reader(const gguf::File& file, Hyper& hyper, bool is_encoder) : file_(file), h_(hyper), is_encoder_(is_encoder) {}

  Status scalars() {
    for (const UintRow& row : kUints) {
      const std::string key = full(row.key);
      if (file_.find(key) == nullptr && row.fallback) {
        h_.*row.member = *row.fallback;
        continue;
      }
      INGLE_TRY(const uint64_t value, file_.get_uint(key));
      INGLE_TRY_VOID(
          in_range(file_, key, static_cast<double>(value), static_cast<double>(row.min), static_cast<double>(row.max)));
      h_.*row.member = value;
    }
    for (const FloatRow& row : kFloats)
      INGLE_TRY_VOID(read(row));
    return read(FloatRow{is_encoder_ ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon",
                         &Hyper::norm_eps, 0, 1, kRequired});
  }

  /// What only encoders have: how many kinds of text and how many classes they tell apart.
  Status encoder() {
    if (!is_encoder_) return {};
    const std::string causal = full("attention.causal");
    INGLE_TRY(const bool is_causal, file_.find(causal) == nullptr ? Result<bool>(false) : file_.get_bool(causal));
    if (is_causal) {
      return std::unexpected(Error::unsupported(where(file_, causal) + " is true: this architecture sees both ways")
                                 .hint("get the model from another source"));
    }
    const std::string types = "tokenizer.ggml.token_type_count";
    if (file_.find(types) != nullptr) {
      INGLE_TRY(h_.n_token_types, file_.get_uint(types));
      INGLE_TRY_VOID(in_range(file_, types, static_cast<double>(h_.n_token_types), 1, kMaxTypes));
    }
    const std::string labels = full("classifier.output_labels");
    const gguf::Value* value = file_.find(labels);
    if (value == nullptr) return {};
    if (!value->is_array()) return std::unexpected(bad(file_, labels, "is not a list of classes"));
    h_.n_classes = value->size();
    return in_range(file_, labels, static_cast<double>(h_.n_classes), 1, kMaxClasses);
  }

  Status per_layer() {
    for (const LayerRow& row : kPerLayer) {
      const std::string key = full(row.key);
      const gguf::Value* value = file_.find(key);
      if (value == nullptr && row.fallback != nullptr) {
        h_.*row.member = h_.*row.fallback;
        continue;
      }
      if (value == nullptr) return std::unexpected(file_.get_uint(key).error());
      if (value->is_array() && value->size() != h_.n_layers) {
        return std::unexpected(
            bad(file_, key, fmt::format("holds {} numbers for {} layers", value->size(), h_.n_layers)));
      }
      auto& numbers = h_.*row.member;
      for (uint64_t i = 0; i < h_.n_layers; ++i) {
        const auto number = value->as_uint(value->is_array() ? i : 0);
        if (!number) return std::unexpected(bad(file_, key, "is not a whole number that is 0 or more"));
        INGLE_TRY_VOID(in_range(file_, key, static_cast<double>(*number), static_cast<double>(row.min),
                                static_cast<double>(row.max)));
        numbers.push_back(*number);
      }
    }
    return {};
  }

  Status scaling() {
    const std::string key = full("rope.scaling.type");
    INGLE_TRY(const std::string_view type, file_.string_or(key, "linear"));
    if (h_.scaling_factor == 0) {
      const std::string old_key = full("rope.scale_linear");
      INGLE_TRY(h_.scaling_factor, file_.float_or(old_key, 0));
      INGLE_TRY_VOID(in_range(file_, old_key, h_.scaling_factor, 0, 1e6));
    }
    if (type == "linear") {
      h_.scaling = h_.scaling_factor == 0 ? RopeScaling::kNone : RopeScaling::kLinear;
    } else if (type == "yarn") {
      h_.scaling = RopeScaling::kYarn;
      if (h_.scaling_factor == 0)
        return std::unexpected(bad(file_, key, "is 'yarn', but rope.scaling.factor is missing"));
    } else if (type != "none" && type != "longrope") {  // longrope is told by its tensors
      return std::unexpected(Error::unsupported(fmt::format("{} is '{}'", where(file_, key), type))
                                 .hint("this program knows none, linear, yarn and longrope"));
    }
    return {};
  }

  /// A period (every n-th layer is global) or a flag a layer; without either the window holds everywhere.
  Status window_pattern() {
    const std::string key = full("attention.sliding_window_pattern");
    const gguf::Value* value = file_.find(key);
    h_.local.assign(h_.n_layers, h_.window > 0);
    h_.has_window_pattern = value != nullptr;
    if (value == nullptr || h_.window == 0) return {};
    if (!value->is_array()) {
      INGLE_TRY(const uint64_t period, file_.get_uint(key));
      for (uint64_t i = 0; i < h_.n_layers; ++i)
        h_.local[i] = period == 0 || i % period < period - 1;
      return {};
    }
    if (value->size() != h_.n_layers) {
      return std::unexpected(bad(file_, key, fmt::format("holds {} flags for {} layers", value->size(), h_.n_layers)));
    }
    for (uint64_t i = 0; i < h_.n_layers; ++i) {
      const auto flag = value->as_uint(i);
      if (!flag) return std::unexpected(bad(file_, key, "holds something else than flags"));
      h_.local[i] = *flag != 0;
    }
    return {};
  }

  Status cross_checks() {
    for (uint64_t i = 0; i < h_.n_layers; ++i) {
      if (h_.n_heads[i] % h_.n_kv_heads[i] != 0) {
        return std::unexpected(bad(file_, full("attention.head_count_kv"),
                                   fmt::format("is {}, which does not divide the {} query heads of layer {}",
                                               h_.n_kv_heads[i], h_.n_heads[i], i)));
      }
    }
    if (h_.head_dim == 0) {
      if (h_.n_embd % h_.n_heads[0] != 0) {
        return std::unexpected(bad(file_, full("attention.head_count"),
                                   fmt::format("is {}, which does not divide embedding_length {}, and "
                                               "attention.key_length is missing",
                                               h_.n_heads[0], h_.n_embd)));
      }
      h_.head_dim = h_.n_embd / h_.n_heads[0];
      INGLE_TRY_VOID(in_range(file_, full("attention.head_count"), static_cast<double>(h_.head_dim), 1, 4096));
    }
    if (h_.value_dim == 0) h_.value_dim = h_.head_dim;
    if (h_.value_dim != h_.head_dim) {
      return std::unexpected(Error::unsupported(fmt::format(
          "{} is {}, the keys have {}", where(file_, full("attention.value_length")), h_.value_dim, h_.head_dim)));
    }
    if (h_.n_rot == UINT64_MAX) h_.n_rot = h_.head_dim;
    if (h_.n_rot % 2 != 0 || h_.n_rot > h_.head_dim) {
      return std::unexpected(
          bad(file_, full("rope.dimension_count"),
              fmt::format("is {}: it must be even and at most {}, the size of a head", h_.n_rot, h_.head_dim)));
    }
    if (h_.original_context == 0) h_.original_context = h_.context_length;
    return {};
  }

 private:
  Status read(const FloatRow& row) {
    const std::string key = full(row.key);
    if (file_.find(key) == nullptr && row.fallback != kRequired) {
      h_.*row.member = row.fallback;
      return {};
    }
    INGLE_TRY(const double value, file_.get_float(key));
    INGLE_TRY_VOID(in_range(file_, key, value, row.min, row.max));
    h_.*row.member = value;
    return {};
  }

  std::string full(std::string_view key) const { return fmt::format("{}.{}", h_.architecture, key); }

  const gguf::File& file_;
  Hyper& h_;
  const bool is_encoder_;
};

}  // namespace

Result<Hyper> read_hyper(const gguf::File& file) {
  Hyper hyper;
  INGLE_TRY(const std::string_view architecture, file.get_string("general.architecture"));
  hyper.architecture = architecture;
  const Architecture* known = find_architecture(architecture);
  Reader reader(file, hyper, known != nullptr && known->is_encoder);
  INGLE_TRY_VOID(reader.scalars());
  INGLE_TRY_VOID(reader.per_layer());
  INGLE_TRY_VOID(reader.scaling());
  INGLE_TRY_VOID(reader.encoder());
  INGLE_TRY_VOID(reader.window_pattern());
  INGLE_TRY_VOID(reader.cross_checks());
  return hyper;
}

}  // namespace ingle::models
