#include <array>

#include "gguf/testing/malformed.h"
#include "gguf/testing/raw_file.h"

namespace ingle::gguf::testing {
namespace {

using std::string_literals::operator""s;

constexpr uint32_t kF32 = 0;

void add_wrong_names(std::vector<Malformed>& cases) {
  const auto named = [](std::string_view name) {
    return RawFile().header(1, 0).tensor(name, {8}, kF32, 0).pad().zeros(32).bytes();
  };
  const std::string field = "tensor name at byte 24";
  cases.push_back({"tensor_name_empty", named(""), field});
  cases.push_back({"tensor_name_65_bytes", named(std::string(65, 'n')), field});
  cases.push_back({"tensor_name_70000_bytes", named(std::string(70000, 'n')), field});
  cases.push_back({"tensor_name_with_nul", named("a\0b"s), field});
  cases.push_back({"tensor_name_with_newline", named("a\nb"), field});
  cases.push_back({"tensor_name_with_escape", named("\x1b]0;title\x07"), field});
  cases.push_back({"tensor_name_invalid_utf8", named("a\x80"), field});
  const auto with_length = [](uint64_t size) {
    return RawFile().header(1, 0).wide(size).raw("name").zeros(60).bytes();
  };
  cases.push_back({"tensor_name_length_minus_one", with_length(~uint64_t{0}), field});
  cases.push_back({"tensor_name_length_2_63", with_length(uint64_t{1} << 63), field});
  cases.push_back({"tensor_name_length_one_too_many", with_length(65), field});
  cases.push_back({"tensor_name_twice",
                   RawFile().header(2, 0).tensor("t", {8}, kF32, 0).tensor("t", {8}, kF32, 32).pad().zeros(64).bytes(),
                   "'t' stands already at byte 24"});
  cases.push_back({"tensor_name_twice_apart",
                   RawFile()
                       .header(3, 0)
                       .tensor("t", {8}, kF32, 0)
                       .tensor("u", {8}, kF32, 32)
                       .tensor("t", {4}, kF32, 64)
                       .pad()
                       .zeros(96)
                       .bytes(),
                   "'t' stands already at byte 24"});
}

void add_wrong_dims(std::vector<Malformed>& cases) {
  for (const uint32_t n_dims : {0U, 5U, 255U, 0x80000000U, 0xffffffffU}) {
    cases.push_back({"n_dims_" + std::to_string(n_dims),
                     RawFile().header(1, 0).text("t").u32(n_dims).zeros(200).bytes(), "'t': n_dims at byte 33"});
  }
  const auto shaped = [](std::initializer_list<uint64_t> dims, uint32_t type) {
    return RawFile().header(1, 0).tensor("t", dims, type, 0).pad().zeros(64).bytes();
  };
  constexpr uint64_t kMinusOne = ~uint64_t{0};
  constexpr uint64_t kHalf = uint64_t{1} << 32;
  constexpr uint64_t kSign = uint64_t{1} << 63;
  cases.push_back({"dim_0_zero", shaped({0}, kF32), "'t': dimension 0 at byte 37"});
  cases.push_back({"dim_1_zero", shaped({8, 0}, kF32), "'t': dimension 1 at byte 45"});
  cases.push_back({"dim_2_zero", shaped({8, 1, 0}, kF32), "'t': dimension 2 at byte 53"});
  cases.push_back({"dim_3_zero", shaped({8, 1, 1, 0}, kF32), "'t': dimension 3 at byte 61"});
  cases.push_back({"dim_0_minus_one", shaped({kMinusOne}, kF32), "'t': dimension 0 at byte 37"});
  cases.push_back({"dim_0_2_63", shaped({kSign}, kF32), "'t': dimension 0 at byte 37"});
  cases.push_back({"dim_1_minus_one", shaped({1, kMinusOne}, kF32), "'t': dimension 1 at byte 45"});
  cases.push_back({"dims_wrap_to_zero", shaped({kHalf, kHalf}, kF32), "'t': dimension 1 at byte 45"});
  cases.push_back({"dims_wrap_to_one", shaped({kSign - 1, kSign + 1}, kF32), "'t': dimension 0 at byte 37"});
  cases.push_back({"dims_wrap_in_four", shaped({65536, 65536, 65536, 65536}, kF32), "'t': dimension 3 at byte 61"});
  cases.push_back({"dim_bytes_wrap_f32", shaped({uint64_t{1} << 60}, kF32), "'t': tensor type at byte 45"});
  cases.push_back({"dim_bytes_wrap_f16", shaped({uint64_t{1} << 60, 1}, 1), "'t': tensor type at byte 53"});
  cases.push_back({"dim_larger_than_the_file", shaped({1000}, kF32), "tensor 't': offset"});
  cases.push_back({"dims_larger_than_any_disk", shaped({uint64_t{1} << 50}, kF32), "tensor 't': offset"});
  cases.push_back({"dim_v1_highest",
                   RawFile(1).header(1, 0).tensor("t", {0xffffffffU}, kF32, 0).pad().zeros(64).bytes(),
                   "tensor 't': offset"});
}

void add_wrong_types(std::vector<Malformed>& cases) {
  struct Unread {
    uint32_t type;
    std::string_view name;
  };
  constexpr Unread kUnread[] = {
      {4, "Q4_2"},        {5, "Q4_3"},      {9, "Q8_1"},   {15, "Q8_K"},  {16, "IQ2_XXS"},    {17, "IQ2_XS"},
      {18, "IQ3_XXS"},    {19, "IQ1_S"},    {21, "IQ3_S"}, {22, "IQ2_S"}, {23, "IQ4_XS"},     {24, "I8"},
      {25, "I16"},        {26, "I32"},      {27, "I64"},   {28, "F64"},   {29, "IQ1_M"},      {31, "Q4_0_4_4"},
      {32, "Q4_0_4_8"},   {33, "Q4_0_8_8"}, {34, "TQ1_0"}, {35, "TQ2_0"}, {36, "IQ4_NL_4_4"}, {37, "IQ4_NL_4_8"},
      {38, "IQ4_NL_8_8"}, {40, "NVFP4"},    {41, "Q1_0"},  {42, "Q2_0"}};
  const auto typed = [](uint32_t type) {
    return RawFile().header(1, 0).tensor("t", {256}, type, 0).pad().zeros(2048).bytes();
  };
  for (const Unread& unread : kUnread) {
    const std::string number = std::to_string(unread.type);
    cases.push_back({"tensor_type_unread_" + number, typed(unread.type),
                     "'t': tensor type at byte 45: " + number + " (" + std::string(unread.name) + ")"});
  }
  for (const uint32_t type : {43U, 255U, 65536U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    cases.push_back({"tensor_type_" + std::to_string(type), typed(type), "'t': tensor type at byte 45"});
  }
}

struct Blocked {
  std::string_view name;
  uint32_t type;
  uint64_t block_size;
  uint64_t block_bytes;
};

constexpr std::array kBlocked = {
    Blocked{"Q4_0", 2, 32, 18},    Blocked{"Q4_1", 3, 32, 20},    Blocked{"Q5_0", 6, 32, 22},
    Blocked{"Q5_1", 7, 32, 24},    Blocked{"Q8_0", 8, 32, 34},    Blocked{"Q2_K", 10, 256, 84},
    Blocked{"Q3_K", 11, 256, 110}, Blocked{"Q4_K", 12, 256, 144}, Blocked{"Q5_K", 13, 256, 176},
    Blocked{"Q6_K", 14, 256, 210}, Blocked{"IQ4_NL", 20, 32, 18}, Blocked{"MXFP4", 39, 32, 17},
};

void add_wrong_sizes(std::vector<Malformed>& cases) {
  for (const Blocked& format : kBlocked) {
    const std::string name(format.name);
    const auto file = [&](uint64_t n_in, uint64_t n_bytes) {
      return RawFile().header(1, 0).tensor("t", {n_in, 2}, format.type, 0).pad().zeros(n_bytes).bytes();
    };
    cases.push_back({"row_not_whole_blocks_" + name, file(format.block_size / 2, 4096), "'t': tensor type at byte 53"});
    cases.push_back({"row_one_too_many_" + name, file(format.block_size + 1, 4096), "'t': tensor type at byte 53"});
    cases.push_back(
        {"data_one_byte_short_" + name, file(format.block_size, 2 * format.block_bytes - 1), "tensor 't': offset"});
  }
  for (const Blocked& format : {Blocked{"F32", 0, 1, 4}, Blocked{"F16", 1, 1, 2}, Blocked{"BF16", 30, 1, 2}}) {
    cases.push_back(
        {"data_one_byte_short_" + std::string(format.name),
         RawFile().header(1, 0).tensor("t", {7}, format.type, 0).pad().zeros(7 * format.block_bytes - 1).bytes(),
         "tensor 't': offset"});
  }
}

void add_wrong_offsets(std::vector<Malformed>& cases) {
  const auto at = [](uint64_t offset) {
    return RawFile().header(1, 0).tensor("t", {8}, kF32, offset).pad().zeros(64).bytes();
  };
  const std::string field = "tensor 't': offset at byte 49";
  for (const uint64_t offset : {uint64_t{1}, uint64_t{16}, uint64_t{31}, uint64_t{33}, ~uint64_t{0}}) {
    cases.push_back({"offset_unaligned_" + std::to_string(offset), at(offset), field});
  }
  for (const uint64_t offset : {uint64_t{64}, uint64_t{96}, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{31}}) {
    cases.push_back({"offset_past_the_end_" + std::to_string(offset), at(offset), field});
  }
  cases.push_back({"offset_of_another_alignment",
                   RawFile()
                       .header(1, 1)
                       .key("general.alignment", 4)
                       .u32(4096)
                       .tensor("t", {8}, kF32, 32)
                       .pad(4096)
                       .zeros(64)
                       .bytes(),
                   "tensor 't': offset"});
  cases.push_back(
      {"offset_padded_past_the_end",
       RawFile().header(1, 1).key("general.alignment", 4).u32(4096).tensor("t", {8}, kF32, 0).pad().zeros(64).bytes(),
       "tensor 't': offset"});

  const auto two = [](uint64_t n_first, uint64_t first, uint64_t n_second, uint64_t second) {
    return RawFile()
        .header(2, 0)
        .tensor("a", {n_first}, kF32, first)
        .tensor("b", {n_second}, kF32, second)
        .pad()
        .zeros(256)
        .bytes();
  };
  cases.push_back({"tensors_at_one_place", two(8, 0, 8, 0), "tensor 'b': offset"});
  cases.push_back({"tensors_overlap_by_one_number", two(9, 0, 8, 32), "tensor 'b': offset"});
  cases.push_back({"tensors_overlap_backwards", two(8, 32, 9, 0), "tensor 'a': offset"});
  cases.push_back({"tensor_inside_another", two(32, 0, 8, 64), "tensor 'b': offset"});
  cases.push_back({"tensor_around_another", two(8, 64, 32, 0), "tensor 'a': offset"});
}

}  // namespace

void add_malformed_tensors(std::vector<Malformed>& cases) {
  add_wrong_names(cases);
  add_wrong_dims(cases);
  add_wrong_types(cases);
  add_wrong_sizes(cases);
  add_wrong_offsets(cases);
}

}  // namespace ingle::gguf::testing
