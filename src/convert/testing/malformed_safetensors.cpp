#include <fmt/format.h>

#include "convert/testing/safetensors_files.h"

namespace ingle::convert::testing {
namespace {

/// A header of one tensor of four F32, with these values in place of the right ones.
std::string one(std::string_view dtype = R"("F32")", std::string_view shape = "[4]",
                std::string_view offsets = "[0,16]") {
  return fmt::format(R"({{"a":{{"dtype":{},"shape":{},"data_offsets":{}}}}})", dtype, shape, offsets);
}

std::string two(std::string_view first, std::string_view second) {
  return fmt::format(R"({{"a":{{"dtype":"F32","shape":[2],"data_offsets":{}}},)"
                     R"("b":{{"dtype":"F32","shape":[2],"data_offsets":{}}}}})",
                     first, second);
}

std::string many_dimensions() {
  std::string shape = "[1";
  for (int i = 1; i < 200; ++i)
    shape += ",1";
  return shape + "]";
}

}  // namespace

std::vector<Malformed> malformed_safetensors() {
  const std::string data(16, 'x');
  const std::string deep(100'000, '[');
  return {
      {"empty", "", "too few for a header"},
      {"length_only", std::string(8, '\0'), "too few for a header"},
      {"header_length_0", raw_file(0, one(), data), "does not begin with '{'"},
      {"header_length_7", raw_file(7, one(), data), "not valid JSON"},
      {"header_length_2_63", raw_file(uint64_t{1} << 63, one(), data), "at most 16777216 are accepted"},
      {"header_length_100_mb_and_1", raw_file(100'000'001, one(), data), "at most 16777216 are accepted"},
      {"header_past_the_end", raw_file(1000, one(), data), "a header of 1000 bytes in a file of"},
      {"not_an_object", raw_file("[]", ""), "does not begin with '{'"},
      {"byte_order_mark", raw_file("\xEF\xBB\xBF" + one(), data), "does not begin with '{'"},
      {"cut_json", raw_file(one().substr(0, 20), data), "not valid JSON"},
      {"two_values", raw_file(one() + "{}", data), "not valid JSON"},
      {"invalid_utf8", raw_file("{\"\xFF\xFE\":{}}", ""), "not valid JSON at byte"},
      {"depth_100000", raw_file(R"({"a":)" + deep + "}", ""), "'a' is an array and not an object"},
      {"depth_in_shape", raw_file(one("\"F32\"", "[" + deep + "]"), data), "holds an array"},
      {"duplicate_tensor",
       raw_file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                R"("a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
                data),
       "'a' stands twice"},
      {"duplicate_field", raw_file(R"({"a":{"dtype":"F32","dtype":"F16","shape":[4],"data_offsets":[0,16]}})", data),
       "'dtype' stands twice in tensor 'a'"},
      {"duplicate_metadata_entry", raw_file(R"({"__metadata__":{"k":"1","k":"2"}})", ""),
       "stands twice in __metadata__"},
      {"metadata_number", raw_file(R"({"__metadata__":{"k":1}})", ""), "__metadata__: 'k' is a number and not a text"},
      {"metadata_object", raw_file(R"({"__metadata__":{"k":{}}})", ""), "'k' is an object and not a text"},
      {"metadata_text", raw_file(R"({"__metadata__":"x"})", ""), "is a text and not an object"},
      {"tensor_is_null", raw_file(R"({"a":null})", ""), "'a' is null and not an object"},
      {"no_dtype", raw_file(R"({"a":{"shape":[4],"data_offsets":[0,16]}})", data), "has no dtype"},
      {"no_shape", raw_file(R"({"a":{"dtype":"F32","data_offsets":[0,16]}})", data), "has no shape"},
      {"no_offsets", raw_file(R"({"a":{"dtype":"F32","shape":[4]}})", data), "data_offsets are not two numbers"},
      {"unknown_field", raw_file(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1}})", data),
       "'x' holds a number"},
      {"dtype_unknown", raw_file(one(R"("F33")"), data), "the dtype 'F33' is not known"},
      {"dtype_number", raw_file(one("7"), data), "'dtype' holds a number"},
      {"shape_negative", raw_file(one(R"("F32")", "[-1]"), data), "holds a negative number"},
      {"shape_1e18", raw_file(one(R"("F32")", "[1000000000000000000]"), data), "do not hold its shape"},
      {"shape_wraps", raw_file(one(R"("F32")", "[4294967296,4294967296,4]"), data), "do not hold its shape"},
      {"shape_float", raw_file(one(R"("F32")", "[4.0]"), data), "no whole one"},
      {"shape_200_dimensions", raw_file(one(R"("F32")", many_dimensions()), data), "more than 8 dimensions"},
      {"number_1e400", raw_file(one(R"("F32")", "[1e400]"), data), "not valid JSON"},
      {"number_over_64_bits", raw_file(one(R"("F32")", "[18446744073709551616]"), data), "no whole one"},
      {"offsets_reversed", raw_file(one(R"("F32")", "[4]", "[16,0]"), data), "the wrong way round"},
      {"offsets_one", raw_file(one(R"("F32")", "[4]", "[0]"), data), "not two numbers"},
      {"offsets_three", raw_file(one(R"("F32")", "[4]", "[0,8,16]"), data), "not two numbers"},
      {"offsets_past_the_end", raw_file(one(R"("F32")", "[4]", "[8,24]"), data), "end past the end of the data"},
      {"overlap", raw_file(two("[0,8]", "[4,12]"), data.substr(0, 12)), "'b' begins at byte"},
      {"same_bytes_twice", raw_file(two("[0,8]", "[0,8]"), data.substr(0, 8)), "begins at byte"},
      {"hole", raw_file(two("[0,8]", "[12,20]"), std::string(20, 'x')), "'b' begins at byte"},
      {"hole_at_the_beginning", raw_file(two("[4,12]", "[12,20]"), std::string(20, 'x')), "'a' begins at byte"},
      {"zero_size_inside_another",
       raw_file(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},)"
                R"("z":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}})",
                data),
       "'z' begins at byte"},
      {"zero_size_with_bytes", raw_file(one(R"("F32")", "[0]"), data), "do not hold its shape"},
      {"bytes_are_not_the_shape", raw_file(one(R"("F32")", "[3]"), data), "16 bytes do not hold its shape [3] of F32"},
      {"bytes_after_the_last", raw_file(one(), data + "tail"), "4 bytes after the last tensor"},
      {"name_of_2000_bytes", raw_file("{\"" + std::string(2000, 'n') + "\":{}}", ""), "a name of 2000 bytes"},
      {"shard_index", R"({"weight_map":{"a":"../../etc/passwd"}})", "at most 16777216 are accepted"},
  };
}

}  // namespace ingle::convert::testing
