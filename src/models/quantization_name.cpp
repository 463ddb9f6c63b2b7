#include "models/quantization_name.h"

#include <algorithm>

namespace ingle::models {
namespace {

struct FileType {
  uint64_t id;
  std::string_view name;
};

// llama.h of llama.cpp, enum llama_ftype.
constexpr FileType kFileTypes[] = {
    {0, "F32"},     {1, "F16"},     {2, "Q4_0"},    {3, "Q4_1"},    {7, "Q8_0"},    {8, "Q5_0"},    {9, "Q5_1"},
    {10, "Q2_K"},   {11, "Q3_K_S"}, {12, "Q3_K_M"}, {13, "Q3_K_L"}, {14, "Q4_K_S"}, {15, "Q4_K_M"}, {16, "Q5_K_S"},
    {17, "Q5_K_M"}, {18, "Q6_K"},   {25, "IQ4_NL"}, {32, "BF16"},   {38, "MXFP4"},
};

}  // namespace

std::string quantization_name(const gguf::File& file, std::string_view main_format) {
  const gguf::Value* value = file.find("general.file_type");
  const auto id = value == nullptr ? std::nullopt : value->as_uint();
  const auto* row = id ? std::ranges::find(kFileTypes, *id, &FileType::id) : std::end(kFileTypes);
  return std::string(row == std::end(kFileTypes) ? main_format : row->name);
}

}  // namespace ingle::models
