#include <array>

#include "gguf/testing/malformed.h"
#include "gguf/testing/raw_file.h"

namespace ingle::gguf::testing {
namespace {

using std::string_literals::operator""s;

struct NumberType {
  std::string_view name;
  uint32_t type;
  size_t size;
};

constexpr std::array kNumbers = {
    NumberType{"uint8", 0, 1},   NumberType{"int8", 1, 1},   NumberType{"uint16", 2, 2},   NumberType{"int16", 3, 2},
    NumberType{"uint32", 4, 4},  NumberType{"int32", 5, 4},  NumberType{"float32", 6, 4},  NumberType{"bool", 7, 1},
    NumberType{"uint64", 10, 8}, NumberType{"int64", 11, 8}, NumberType{"float64", 12, 8},
};

/// The count of entries is checked against what follows, so a file that ends early begins with a harmless entry.
RawFile after_one_entry() {
  return RawFile().header(0, 2).key("first", 8).text("something that takes some room");
}

void add_wrong_keys(std::vector<Malformed>& cases) {
  const auto with_key = [](std::string_view key) {
    return RawFile().header(0, 1).key(key, 4).u32(1).zeros(32).bytes();
  };
  cases.push_back({"key_empty", with_key(""), "key at byte 24"});
  cases.push_back({"key_with_nul", with_key("a\0b"s), "key at byte 24"});
  cases.push_back({"key_with_newline", with_key("a\nb"), "key at byte 24"});
  cases.push_back({"key_with_escape", with_key("\x1b[31mred"), "key at byte 24"});
  cases.push_back({"key_with_delete", with_key("a\x7f"), "key at byte 24"});
  cases.push_back({"key_invalid_utf8", with_key("a\xff"), "key at byte 24"});
  cases.push_back({"key_overlong_utf8", with_key("a\xc0\xaf"), "key at byte 24"});
  cases.push_back({"key_surrogate", with_key("a\xed\xa0\x80"), "key at byte 24"});
  cases.push_back({"key_cut_utf8", with_key("a\xe2\x82"), "key at byte 24"});
  cases.push_back({"key_over_the_limit", with_key(std::string(65536, 'k')), "key at byte 24"});

  const auto with_length = [](uint64_t size) { return RawFile().header(0, 1).wide(size).raw("abc").zeros(40).bytes(); };
  cases.push_back({"key_length_minus_one", with_length(~uint64_t{0}), "key at byte 24"});
  cases.push_back({"key_length_2_63", with_length(uint64_t{1} << 63), "key at byte 24"});
  cases.push_back({"key_length_2_32", with_length(uint64_t{1} << 32), "key at byte 24"});
  cases.push_back({"key_length_one_too_many", with_length(44), "key at byte 24"});
  cases.push_back({"key_length_cut", after_one_entry().raw("abc").bytes(), "key at byte"});
  cases.push_back({"key_missing", after_one_entry().bytes(), "key at byte"});

  const auto twice = [](std::string_view between, uint32_t type) {
    RawFile file = RawFile().header(0, between.empty() ? 2 : 3).key("same", 4).u32(1);
    if (!between.empty()) file.key(between, 4).u32(2);
    return file.key("same", type).u32(1).bytes();
  };
  cases.push_back({"key_twice", twice("", 4), "'same' stands already"});
  cases.push_back({"key_twice_apart", twice("other", 4), "'same' stands already"});
  cases.push_back({"key_twice_with_another_type", twice("", 6), "'same' stands already"});
}

void add_wrong_types(std::vector<Malformed>& cases) {
  for (const uint32_t type : {13U, 14U, 255U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    cases.push_back({"value_type_" + std::to_string(type), RawFile().header(0, 1).key("k", type).zeros(32).bytes(),
                     "'k': value type at byte 33"});
  }
  cases.push_back({"value_type_missing", after_one_entry().text("k").bytes(), "'k': value type"});
  cases.push_back({"value_type_cut", after_one_entry().text("k").raw("\x04").bytes(), "'k': value type"});
}

void add_wrong_values(std::vector<Malformed>& cases) {
  for (const NumberType& number : kNumbers) {
    cases.push_back({"value_cut_" + std::string(number.name),
                     after_one_entry().key("k", number.type).zeros(number.size - 1).bytes(),
                     "'k': " + std::string(number.name)});
  }
  for (const uint32_t value : {2U, 127U, 255U}) {
    cases.push_back({"bool_" + std::to_string(value),
                     RawFile().header(0, 1).key("k", 7).put(static_cast<uint8_t>(value)).bytes(),
                     "'k': bool at byte 37"});
  }
  const auto string_of = [](uint64_t size) {
    return RawFile().header(0, 1).key("k", 8).wide(size).raw("abcd").bytes();
  };
  cases.push_back({"string_length_minus_one", string_of(~uint64_t{0}), "'k': string at byte 37"});
  cases.push_back({"string_length_2_63", string_of(uint64_t{1} << 63), "'k': string at byte 37"});
  cases.push_back({"string_length_2_32", string_of(uint64_t{1} << 32), "'k': string at byte 37"});
  cases.push_back({"string_length_one_too_many", string_of(5), "'k': string at byte 37"});
  cases.push_back({"string_length_cut", after_one_entry().key("k", 8).u32(1).bytes(), "'k': string"});
  cases.push_back({"string_length_missing", after_one_entry().key("k", 8).bytes(), "'k': string"});
  cases.push_back({"string_v1_length_minus_one",
                   RawFile(1).header(0, 1).key("k", 8).u32(0xffffffffU).raw("abcd").bytes(), "'k': string at byte 25"});
}

void add_wrong_alignment(std::vector<Malformed>& cases) {
  constexpr std::string_view kKey = "general.alignment";
  const std::string field = "'general.alignment' at byte";
  for (const uint32_t value : {0U, 1U, 2U, 3U, 4U, 12U, 31U, 33U, 48U, 0x200000U, 0x80000000U, 0xffffffffU}) {
    cases.push_back(
        {"alignment_" + std::to_string(value), RawFile().header(0, 1).key(kKey, 4).u32(value).bytes(), field});
  }
  cases.push_back({"alignment_2_63", RawFile().header(0, 1).key(kKey, 10).u64(uint64_t{1} << 63).bytes(), field});
  cases.push_back({"alignment_negative", RawFile().header(0, 1).key(kKey, 5).put(int32_t{-32}).bytes(), field});
  cases.push_back({"alignment_float", RawFile().header(0, 1).key(kKey, 6).put(32.0F).bytes(), field});
  cases.push_back({"alignment_bool", RawFile().header(0, 1).key(kKey, 7).put(uint8_t{1}).bytes(), field});
  cases.push_back({"alignment_string", RawFile().header(0, 1).key(kKey, 8).text("32").bytes(), field});
  cases.push_back({"alignment_array", RawFile().header(0, 1).array(kKey, 4, 1).u32(32).bytes(), field});
}

void add_lying_array_lengths(std::vector<Malformed>& cases) {
  const std::string field = "'k': array at byte";
  for (const NumberType& number : kNumbers) {
    const std::string name(number.name);
    const auto array = [&](uint64_t count) {
      return RawFile().header(0, 1).array("k", number.type, count).zeros(3 * number.size).bytes();
    };
    cases.push_back({"array_one_too_many_" + name, array(4), field});
    cases.push_back({"array_minus_one_" + name, array(~uint64_t{0}), field});
    // The size in bytes wraps to something that would fit.
    if (number.size > 1) {
      const uint64_t wraps = (~uint64_t{0} / number.size) + 2;
      cases.push_back({"array_wraps_" + name, array(wraps), field});
    }
  }
}

}  // namespace

void add_malformed_metadata(std::vector<Malformed>& cases) {
  add_wrong_keys(cases);
  add_wrong_types(cases);
  add_wrong_values(cases);
  add_wrong_alignment(cases);
}

void add_malformed_arrays(std::vector<Malformed>& cases) {
  add_lying_array_lengths(cases);
  for (const uint32_t type : {13U, 99U, 0xffffffffU}) {
    cases.push_back({"array_element_type_" + std::to_string(type),
                     RawFile().header(0, 1).array("k", type, 1).zeros(16).bytes(),
                     "'k': array element type at byte 37"});
  }
  cases.push_back(
      {"array_element_type_cut", after_one_entry().key("k", 9).raw("\x04").bytes(), "'k': array element type"});
  cases.push_back({"array_length_cut", after_one_entry().key("k", 9).u32(4).u32(1).bytes(), "'k': array length"});
  cases.push_back({"array_of_bools_with_two", RawFile().header(0, 1).array("k", 7, 3).raw("\x01\x02"s).zeros(1).bytes(),
                   "'k': bool at byte 50"});

  const auto strings = [](uint64_t count) { return RawFile().header(0, 1).array("k", 8, count); };
  cases.push_back({"strings_minus_one", strings(~uint64_t{0}).text("a").bytes(), "'k': array length at byte 41"});
  cases.push_back({"strings_2_61", strings(uint64_t{1} << 61).text("a").bytes(), "'k': array length at byte 41"});
  cases.push_back({"strings_more_than_fit", strings(3).text("a").text("b").bytes(), "'k': array length at byte 41"});
  cases.push_back({"strings_end_early", strings(3).text("a longer string").text("b").bytes(), "element 2: string"});
  cases.push_back({"strings_second_too_long", strings(2).text("a").wide(99).raw("b").bytes(), "element 1: string"});
  cases.push_back(
      {"strings_second_wraps", strings(2).text("a").wide(~uint64_t{0} - 7).raw("b").bytes(), "element 1: string"});
  cases.push_back({"strings_over_the_limit", strings((1 << 23) + 1).zeros(((1 << 23) + 1) * size_t{8}).bytes(),
                   "'k': array length at byte 41"});

  RawFile many_arrays = RawFile().header(0, 2).array("j", 8, 1 << 22).zeros((1 << 22) * size_t{8});
  many_arrays.array("k", 8, (1 << 22) + 1).zeros(((1 << 22) + 1) * size_t{8});
  cases.push_back({"strings_over_the_limit_together", many_arrays.bytes(), "'k': array length at byte"});

  const auto nested = [](int depth) {
    RawFile file = RawFile().header(0, 1).key("k", 9);
    for (int i = 1; i < depth; ++i)
      file.u32(9).u64(1);
    return file.u32(0).u64(1).zeros(1).bytes();
  };
  for (const int depth : {5, 6, 50, 5000}) {
    cases.push_back({"nested_" + std::to_string(depth), nested(depth), "'k': array at byte"});
  }
  const auto array_of_arrays = [](uint64_t count) { return RawFile().header(0, 1).array("k", 9, count); };
  cases.push_back({"nested_count_minus_one", array_of_arrays(~uint64_t{0}).u32(0).u64(1).zeros(1).bytes(),
                   "'k': array length at byte 41"});
  cases.push_back(
      {"nested_element_type_13", array_of_arrays(1).u32(13).u64(1).zeros(1).bytes(), "'k': nested array element type"});
  cases.push_back({"nested_length_cut", array_of_arrays(2).u32(0).u64(8).zeros(8).u32(0).u32(1).bytes(),
                   "'k': nested array length"});
  cases.push_back(
      {"nested_numbers_too_many", array_of_arrays(1).u32(4).u64(9).u32(1).bytes(), "'k': nested array at byte"});
  cases.push_back({"nested_numbers_wrap", array_of_arrays(1).u32(10).u64((uint64_t{1} << 61) + 1).u64(1).bytes(),
                   "'k': nested array at byte"});
  cases.push_back({"nested_string_too_long", array_of_arrays(1).u32(8).u64(1).wide(9).raw("a").bytes(), "'k': string"});
  cases.push_back({"nested_strings_minus_one", array_of_arrays(1).u32(8).u64(~uint64_t{0}).text("a").bytes(),
                   "'k': array length at byte 53"});
}

void add_malformed_splits(std::vector<Malformed>& cases) {
  const auto number = [](std::string_view key, uint32_t value) {
    return RawFile().header(0, 1).key(key, 4).u32(value).bytes();
  };
  cases.push_back({"split_second_part_alone", number("split.no", 1), "'split.no' at byte"});
  cases.push_back({"split_no_highest", number("split.no", 0xffffffffU), "'split.no' at byte"});
  cases.push_back({"split_count_two_of_one", number("split.count", 2), "'split.count' at byte"});
  cases.push_back({"split_count_over_the_limit", number("split.count", 1025), "'split.count' at byte"});
  cases.push_back({"split_count_highest", number("split.count", 0xffffffffU), "'split.count' at byte"});
  for (const std::string_view key : {"split.no", "split.count", "split.tensors.count"}) {
    const std::string name(key);
    const std::string field = "'" + name + "' at byte";
    cases.push_back({name + "_as_negative", RawFile().header(0, 1).key(key, 5).put(int32_t{-1}).bytes(), field});
    cases.push_back({name + "_as_string", RawFile().header(0, 1).key(key, 8).text("1").bytes(), field});
    cases.push_back({name + "_as_float", RawFile().header(0, 1).key(key, 6).put(1.0F).bytes(), field});
    cases.push_back({name + "_as_array", RawFile().header(0, 1).array(key, 4, 1).u32(1).bytes(), field});
  }
}

}  // namespace ingle::gguf::testing
