#include "gguf/testing/malformed.h"
#include "gguf/testing/raw_file.h"

namespace ingle::gguf::testing {
namespace {

using std::string_literals::operator""s;

void add_wrong_magic(std::vector<Malformed>& cases) {
  cases.push_back({"empty", "", "magic"});
  cases.push_back({"magic_one_byte", "G", "magic"});
  cases.push_back({"magic_three_bytes", "GGU", "magic"});
  cases.push_back({"magic_zeros", std::string(64, '\0'), "magic"});
  cases.push_back({"magic_lower_case", "gguf" + std::string(60, '\0'), "magic"});
  cases.push_back({"magic_shifted_by_one", RawFile().raw("x").header(0, 0).bytes(), "magic"});
  cases.push_back({"magic_byte_order_mark", "\xef\xbb\xbf" + RawFile().header(0, 0).bytes(), "magic"});
  cases.push_back({"magic_terminal_escape", "\x1b[2J" + std::string(60, 'x'), "magic"});
  cases.push_back({"magic_invalid_utf8", "\xff\xfe\xfd\xfc" + std::string(60, '\0'), "magic"});
  cases.push_back({"magic_big_endian", "FUGG" + std::string(20, '\0'), "big-endian"});
  cases.push_back({"magic_ggjt", "tjgg" + std::string(60, '\0'), "GGJT"});
  cases.push_back({"magic_ggmf", "fmgg" + std::string(60, '\0'), "GGMF"});
  cases.push_back({"magic_ggml", "lmgg" + std::string(60, '\0'), "GGML"});
  cases.push_back({"magic_web_page", "<!DOCTYPE html><html><body>Not found</body></html>", "web page"});
  cases.push_back(
      {"magic_lfs_pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"});
  cases.push_back({"magic_zip", "PK\x03\x04" + std::string(60, '\0'), "zip"});
  cases.push_back({"magic_json", "{\"error\": \"Repository not found\"}", "JSON"});
}

void add_wrong_versions(std::vector<Malformed>& cases) {
  cases.push_back({"version_missing", "GGUF", "version"});
  cases.push_back({"version_one_byte", "GGUF\x03", "version"});
  cases.push_back({"version_three_bytes", "GGUF\x03\0\0"s, "version"});
  const auto add = [&](std::string name, uint32_t version, std::string field) {
    cases.push_back({std::move(name), RawFile(version).header(0, 0).bytes(), std::move(field)});
  };
  add("version_zero", 0, "version");
  add("version_next", 4, "version");
  add("version_million", 1000000, "version");
  add("version_highest", 0xffffffffU, "version");
  add("version_sign_bit", 0x80000003U, "version");
  add("version_big_endian_1", 0x01000000U, "big-endian");
  add("version_big_endian_2", 0x02000000U, "big-endian");
  add("version_big_endian_3", 0x03000000U, "big-endian");
}

void add_wrong_counts(std::vector<Malformed>& cases) {
  for (const uint32_t version : {1U, 2U, 3U}) {
    const std::string v = "v" + std::to_string(version);
    const size_t wide = version == 1 ? 4 : 8;
    const RawFile empty = RawFile(version).header(0, 0);
    cases.push_back({"n_tensors_missing_" + v, empty.first(8), "n_tensors"});
    cases.push_back({"n_tensors_cut_" + v, empty.first(8 + wide - 1), "n_tensors"});
    cases.push_back({"n_kv_missing_" + v, empty.first(8 + wide), "n_kv"});
    cases.push_back({"n_kv_cut_" + v, empty.first(8 + 2 * wide - 1), "n_kv"});
    cases.push_back({"n_tensors_without_table_" + v, RawFile(version).header(1, 0).bytes(), "n_tensors"});
    cases.push_back({"n_kv_without_entries_" + v, RawFile(version).header(0, 1).bytes(), "n_kv"});
  }
  struct Count {
    std::string_view name;
    uint64_t value;
  };
  constexpr Count kCounts[] = {{"2_40", uint64_t{1} << 40},
                               {"2_60", uint64_t{1} << 60},
                               {"2_63", uint64_t{1} << 63},
                               {"minus_one", ~uint64_t{0}},
                               {"one_too_many", 12}};
  for (const Count& count : kCounts) {
    const std::string name(count.name);
    cases.push_back({"n_tensors_" + name, RawFile().header(count.value, 0).zeros(150).bytes(), "n_tensors"});
    cases.push_back({"n_kv_" + name, RawFile().header(0, count.value).zeros(150).bytes(), "n_kv"});
  }
  cases.push_back({"n_tensors_32_bit_minus_one", RawFile(1).header(0xffffffffU, 0).zeros(200).bytes(), "n_tensors"});
  cases.push_back({"n_kv_32_bit_minus_one", RawFile(1).header(0, 0xffffffffU).zeros(200).bytes(), "n_kv"});
  cases.push_back({"n_kv_over_the_limit", RawFile().header(0, 65537).zeros(65537 * 14).bytes(), "n_kv"});
  cases.push_back({"n_tensors_over_the_limit", RawFile(1).header(131073, 0).zeros(131073 * 25).bytes(), "n_tensors"});
  cases.push_back({"n_kv_counts_one_more_than_there_are",
                   RawFile().header(0, 2).key("a", 8).text("text that is long enough for another").bytes(), "key"});
}

}  // namespace

void add_malformed_headers(std::vector<Malformed>& cases) {
  add_wrong_magic(cases);
  add_wrong_versions(cases);
  add_wrong_counts(cases);
}

}  // namespace ingle::gguf::testing
