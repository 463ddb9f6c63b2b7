#include "gguf/type_names.h"

#include <algorithm>
#include <array>

namespace ingle::gguf {
namespace {

struct TypeName {
  uint32_t type;
  std::string_view name;
};

// The numbering of enum ggml_type in ggml.h, withdrawn types included: old files still carry them.
constexpr std::array kUnreadTypes = {
    TypeName{4, "Q4_2"},        TypeName{5, "Q4_3"},      TypeName{9, "Q8_1"},        TypeName{15, "Q8_K"},
    TypeName{16, "IQ2_XXS"},    TypeName{17, "IQ2_XS"},   TypeName{18, "IQ3_XXS"},    TypeName{19, "IQ1_S"},
    TypeName{21, "IQ3_S"},      TypeName{22, "IQ2_S"},    TypeName{23, "IQ4_XS"},     TypeName{24, "I8"},
    TypeName{25, "I16"},        TypeName{26, "I32"},      TypeName{27, "I64"},        TypeName{28, "F64"},
    TypeName{29, "IQ1_M"},      TypeName{31, "Q4_0_4_4"}, TypeName{32, "Q4_0_4_8"},   TypeName{33, "Q4_0_8_8"},
    TypeName{34, "TQ1_0"},      TypeName{35, "TQ2_0"},    TypeName{36, "IQ4_NL_4_4"}, TypeName{37, "IQ4_NL_4_8"},
    TypeName{38, "IQ4_NL_8_8"}, TypeName{40, "NVFP4"},    TypeName{41, "Q1_0"},       TypeName{42, "Q2_0"},
};

}  // namespace

std::string_view unread_type_name(uint32_t ggml_type) {
  const auto found = std::ranges::find(kUnreadTypes, ggml_type, &TypeName::type);
  return found == kUnreadTypes.end() ? std::string_view() : found->name;
}

}  // namespace ingle::gguf
