// Reads the header, the metadata and the tensor table of one GGUF file. Private to this module: File puts parts together.
//
// Used by one thread for one file; what it returns views the bytes it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "gguf/cursor.h"
#include "gguf/file.h"

namespace ingle::gguf {

/// What one file holds.
struct Part {
  uint32_t version = 0;
  std::vector<Entry> entries;
  std::vector<Tensor> tensors;
  uint64_t metadata_end = 0;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes), cursor_(bytes) {}

  /// Called once.
  Result<Part> read();

 private:
  /// A tensor as its table row announces it, before its bytes are known to exist.
  struct Row {
    uint64_t row_at = 0;
    uint64_t offset_at = 0;
    uint64_t offset = 0;  // from the start of the data
    uint64_t n_bytes = 0;
  };

  Status read_header();
  Result<Entry> read_entry();
  Result<Value> read_value();
  Result<Value> read_array(Value value);
  Status check_items(ValueType element_type, uint64_t count);
  Result<std::vector<std::string_view>> read_strings(uint64_t count);
  Status skip_nested(ValueType element_type, uint64_t count, int depth);
  Result<ValueType> read_type(std::string_view field);
  Status check_bools(uint64_t at, const std::byte* data, uint64_t count) const;
  Status check_keys() const;
  Result<uint64_t> alignment() const;

  Result<Tensor> read_tensor(Row& row);
  Status read_shape(Tensor& tensor);
  Status read_format(Tensor& tensor, Row& row);
  uint64_t bytes_needed(uint64_t data_start) const;
  Status place_tensors(uint64_t alignment);
  Status check_overlap() const;
  Status check_tensor_names() const;

  std::span<const std::byte> bytes_;
  Cursor cursor_;
  uint64_t n_tensors_ = 0;
  uint64_t n_entries_ = 0;
  uint64_t n_items_ = 0;  // strings and arrays inside arrays, so far
  std::vector<uint64_t> key_offsets_;
  std::vector<Row> rows_;
  Part part_;
};

}  // namespace ingle::gguf
