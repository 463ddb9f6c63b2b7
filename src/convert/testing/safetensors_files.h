// Safetensors files made here: a small writer, right ones, and one for each way to be wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::convert::testing {

/// Length, header, data, as they are given.
std::string raw_file(std::string_view header, std::string_view data);
/// The same with a length that may lie.
std::string raw_file(uint64_t length, std::string_view header, std::string_view data);

struct Tensor {
  std::string name;
  std::string dtype;
  std::vector<uint64_t> shape;
  std::string bytes;
};
std::string write_safetensors(const std::vector<Tensor>& tensors);

struct Malformed {
  std::string name;
  std::string bytes;
  std::string says;  // a part of the message
};
std::vector<Malformed> malformed_safetensors();

/// The files of a tiny BERT with random weights: two layers of 32, 16 positions, 40 rows.
struct TinyBert {
  std::string weights, config, tokenizer, pooling;
};
/// `dtype`: F32, F16 or BF16. `n_classes` > 0: one that tells classes apart.
TinyBert tiny_bert(std::string_view dtype = "F32", size_t n_classes = 0);

}  // namespace ingle::convert::testing
