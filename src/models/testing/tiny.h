// The tiny random-weight models of tests/models and what they must answer (docs/exactness.md, "The vectors").
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ingle::models::testing {

struct TinyCase {
  std::string name;
  std::filesystem::path model;
  uint32_t context = 0;
  std::vector<int32_t> tokens;
  std::map<uint32_t, std::vector<float>> logits;  // by position
};

std::vector<TinyCase> read_tiny_cases(const std::filesystem::path& folder);

/// The tiny encoders of tests/models/encoders.
struct EncoderCase {
  std::string name;
  std::filesystem::path model;
  uint32_t context = 0;
  struct Text {
    std::vector<int32_t> tokens;
    uint32_t second_from = 0;
    std::vector<float> answer;  // what pooling gives, not normalised
  };
  std::vector<Text> texts;
};

std::vector<EncoderCase> read_encoder_cases(const std::filesystem::path& folder);

}  // namespace ingle::models::testing
