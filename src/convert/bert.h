// From the files of a BERT model, as sentence-transformers lays them out, to one GGUF of the architecture `bert`.
//
// Keys and tensor names are those of llama.cpp's converter (gguf-py/gguf/constants.py), so that the file serves there too.
// Numbers are taken over as they are: F32 stays F32, and a 16-bit format stays where a matrix is multiplied. Not rounded to F16,
// since these models are small, their vectors are compared with those that other programs computed, and a
// file whose weights are the source's bits can be checked against the source. The same files give the same bytes.
// One thread; the inputs are hostile.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::convert {

struct BertFiles {
  std::string name;                    // general.name
  std::span<const std::byte> weights;  // model.safetensors
  std::string_view config;             // config.json
  std::string_view tokenizer;          // tokenizer.json
  std::string_view pooling;            // 1_Pooling/config.json; empty: the model has none
};

using Sink = std::function<Status(std::string_view)>;

/// Hands the GGUF on in order.
Status convert_bert(const BertFiles& files, const Sink& sink);

}  // namespace ingle::convert
