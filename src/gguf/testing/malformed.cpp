#include "gguf/testing/malformed.h"

#include "gguf/testing/raw_file.h"

namespace ingle::gguf::testing {
namespace {

/// A whole model of one tensor.
RawFile complete_model(uint32_t version) {
  RawFile file(version);
  file.header(1, 2).key("general.architecture", 8).text("llama").array("tokens", 8, 2).text("a").text("bc");
  return file.tensor("weight", {32, 2}, 8, 0).pad().zeros(68);
}

/// Where the file is cut, and what the reader was after there.
struct Cut {
  std::string_view name;
  size_t size;
  std::string_view field;
};

void add_truncations(std::vector<Malformed>& cases) {
  for (const uint32_t version : {1U, 2U, 3U}) {
    const RawFile model = complete_model(version);
    const size_t wide = version == 1 ? 4 : 8;
    const size_t key = 8 + 2 * wide;
    const size_t value = key + wide + 20 + 4;
    const size_t array = value + wide + 5 + wide + 6 + 4;
    const size_t table = array + 4 + wide + wide + 1 + wide + 2;
    const size_t dims = table + wide + 6 + 4;
    const size_t data = model.size() - 68;
    const Cut cuts[] = {
        {"inside_the_array", array + 4 + wide + wide, "array length at byte"},
        {"inside_the_last_string", table - 1, "string at byte"},
        {"before_the_table", table, "tensor name at byte"},
        {"inside_the_name", table + wide + 3, "tensor name at byte"},
        {"before_n_dims", table + wide + 6, "n_dims at byte"},
        {"inside_the_dimensions", dims + wide, "dimension at byte"},
        {"before_the_type", dims + 2 * wide, "tensor type at byte"},
        {"inside_the_offset", dims + 2 * wide + 4 + 7, "tensor offset at byte"},
        {"before_the_data", data, "offset at byte"},
        {"inside_the_data", data + 34, "offset at byte"},
        {"before_the_last_byte", model.size() - 1, "offset at byte"},
    };
    for (const Cut& cut : cuts) {
      cases.push_back({"truncated_v" + std::to_string(version) + "_" + std::string(cut.name), model.first(cut.size),
                       std::string(cut.field)});
    }
  }
}

}  // namespace

std::vector<Malformed> malformed_files() {
  std::vector<Malformed> cases;
  add_malformed_headers(cases);
  add_malformed_metadata(cases);
  add_malformed_arrays(cases);
  add_malformed_tensors(cases);
  add_malformed_splits(cases);
  add_truncations(cases);
  return cases;
}

}  // namespace ingle::gguf::testing
