// GGUF model files, versions 1 to 3, single or split, read in place.
//
// Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md. The file is hostile input: every count, size and offset is
// checked against the bytes that exist before anything is allocated or read, and every error names the field and its
// offset in the file. A File is immutable after open() and may be read from any thread; views into it live as long as it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "quant/format.h"

namespace ingle::gguf {

/// GGUF's own numbering of metadata types.
enum class ValueType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

/// One metadata value, viewed in the file. Arrays of strings are indexed once at open.
class Value {
 public:
  ValueType type() const;
  bool is_array() const;
  ValueType element_type() const;  // of an array
  size_t size() const;             // elements of an array, 1 otherwise
  uint64_t offset() const;         // where the value lies in its file, for error texts

  // Each accessor answers nothing when the type does not fit or the number does not (a negative as unsigned, say).
  std::optional<uint64_t> as_uint(size_t index = 0) const;  // any integer type or bool
  std::optional<int64_t> as_int(size_t index = 0) const;
  std::optional<double> as_float(size_t index = 0) const;  // any number type
  std::optional<bool> as_bool(size_t index = 0) const;
  std::optional<std::string_view> as_string(size_t index = 0) const;

 private:
  friend class Reader;
  ValueType type_{};
  ValueType element_type_{};
  uint64_t offset_ = 0;
  size_t size_ = 1;
  const std::byte* data_ = nullptr;  // numbers, packed; possibly unaligned
  std::vector<std::string_view> strings_;
};

struct Tensor {
  std::string name;
  const quant::Format* format = nullptr;
  std::vector<uint64_t> shape;       // fastest dimension first, as in the file: {n_in, n_out} for a matrix
  std::span<const std::byte> bytes;  // in the mapping; exactly the size that format and shape ask for
  uint64_t file_offset = 0;
  size_t part = 0;  // which file of a split

  uint64_t n_elements() const;
};

struct Entry {
  std::string key;
  Value value;
};

class File {
 public:
  /// Opens `path`; when it is the first of a split ("...-00001-of-00003.gguf"), its siblings too.
  static Result<std::unique_ptr<File>> open(const std::filesystem::path& path);
  /// From descriptors, in the order of the parts; names serve error texts. This is how an engine process opens a model.
  static Result<std::unique_ptr<File>> open(std::span<const base::FileDescriptor> parts, std::string_view name);
  /// From bytes that outlive the File: tests and fuzzing.
  static Result<std::unique_ptr<File>> parse(std::span<const std::byte> bytes, std::string_view name);
  ~File();

  uint32_t version() const { return version_; }
  const std::string& name() const { return name_; }
  uint64_t total_bytes() const;  // of all parts

  std::span<const Entry> metadata() const { return entries_; }
  const Value* find(std::string_view key) const;  // nullptr when absent

  // Typed access with errors that name key, offset, expected and found type. `get_*` fails when absent.
  Result<uint64_t> get_uint(std::string_view key) const;
  Result<double> get_float(std::string_view key) const;
  Result<bool> get_bool(std::string_view key) const;
  Result<std::string_view> get_string(std::string_view key) const;
  // `*_or` answers the fallback when absent and still fails when present with another type.
  Result<uint64_t> uint_or(std::string_view key, uint64_t fallback) const;
  Result<double> float_or(std::string_view key, double fallback) const;
  Result<bool> bool_or(std::string_view key, bool fallback) const;
  Result<std::string_view> string_or(std::string_view key, std::string_view fallback) const;

  std::span<const Tensor> tensors() const { return tensors_; }
  const Tensor* find_tensor(std::string_view name) const;

  /// Copies what a view into the file shows, without the mapping: see base::MappedFile::read. Any thread.
  Status read(std::span<const std::byte> view, std::byte* to) const;
  /// What the view shows will be read soon.
  void expect(std::span<const std::byte> view) const;

 private:
  struct Index;  // key and tensor lookup

  File();
  Status add_mapped(const base::FileDescriptor& fd, std::string_view part_name);
  Status add_part(std::span<const std::byte> bytes, std::string_view part_name);
  Status finish();
  const base::MappedFile* map_of(std::span<const std::byte> view) const;
  template <typename T>
  Result<T> get(std::string_view key, std::string_view expected,
                std::optional<T> (Value::*accessor)(size_t) const) const;
  template <typename T>
  Result<T> get_or(std::string_view key, T fallback, Result<T> (File::*get)(std::string_view) const) const;

  uint32_t version_ = 0;
  std::string name_;
  std::vector<base::MappedFile> maps_;
  std::vector<std::span<const std::byte>> parts_;
  std::vector<Entry> entries_;
  std::vector<Tensor> tensors_;
  uint64_t metadata_end_ = 0;  // of the first part
  uint64_t n_parts_ = 1;       // as the first part says
  std::unique_ptr<Index> index_;
};

}  // namespace ingle::gguf
