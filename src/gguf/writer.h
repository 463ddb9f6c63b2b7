// A small writer of GGUF version 3 files: metadata and tensors in, bytes out. Tests make their models with it; models too
// large for memory declare their tensors, take the header, and write the bytes behind it themselves.
//
// A Writer belongs to one thread. What it is given comes from our own code, so a tensor whose bytes do not fit its shape
// is a broken invariant, not an error. It writes what it is told: duplicate keys and names are the caller's affair, so
// that tests can make wrong files.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gguf/file.h"
#include "quant/format.h"

namespace ingle::gguf {

template <typename T>
concept Number = std::is_arithmetic_v<T>;

class Writer {
 public:
  /// `alignment` is a power of two of at least 8; any other than 32 is also written as general.alignment.
  explicit Writer(uint32_t alignment = 32);

  /// The value's C++ type decides the type in the file: add("llama.block_count", uint32_t{2}).
  template <Number T>
  void add(std::string_view key, T value) {
    begin_entry(key, value_type_of<T>());
    append(metadata_, value);
  }
  template <Number T>
  void add(std::string_view key, const std::vector<T>& values) {
    begin_array(key, value_type_of<T>(), values.size());
    for (const T value : values)
      append(metadata_, value);
  }
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
  void add(std::string_view key, const std::vector<std::string>& values);

  /// `shape` as in Tensor: the fastest dimension first.
  void add_tensor(std::string_view name, quant::FormatId format, std::vector<uint64_t> shape,
                  std::span<const std::byte> bytes);
  /// Quantizes the numbers on the way.
  void add_tensor(std::string_view name, quant::FormatId format, std::vector<uint64_t> shape,
                  std::span<const float> values);

  /// A tensor whose bytes the caller writes after header(): in the order of the declarations, each padded with zeros to
  /// the alignment. Returns their number without padding.
  uint64_t declare_tensor(std::string_view name, quant::FormatId format, const std::vector<uint64_t>& shape);
  /// Everything before the first tensor's bytes.
  std::string header() const;

  /// The whole file, where every tensor was given with its bytes. The Writer may be extended and asked again.
  std::string finish() const;

 private:
  template <Number T>
  static constexpr ValueType value_type_of() {
    if constexpr (std::same_as<T, bool>) return ValueType::kBool;
    if constexpr (std::floating_point<T>) return sizeof(T) == 4 ? ValueType::kFloat32 : ValueType::kFloat64;
    constexpr bool kSigned = std::is_signed_v<T>;
    if constexpr (sizeof(T) == 1) return kSigned ? ValueType::kInt8 : ValueType::kUint8;
    if constexpr (sizeof(T) == 2) return kSigned ? ValueType::kInt16 : ValueType::kUint16;
    if constexpr (sizeof(T) == 4) return kSigned ? ValueType::kInt32 : ValueType::kUint32;
    return kSigned ? ValueType::kInt64 : ValueType::kUint64;
  }
  template <Number T>
  static void append(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  static void append_string(std::string& out, std::string_view text);
  void begin_entry(std::string_view key, ValueType type);
  void begin_array(std::string_view key, ValueType element_type, size_t size);

  uint32_t alignment_;
  uint64_t n_entries_ = 0;
  uint64_t n_tensors_ = 0;
  std::string metadata_;
  std::string table_;
  uint64_t data_size_ = 0;  // of all tensors so far, each padded to the alignment
  std::string data_;        // those that were given with their bytes
};

}  // namespace ingle::gguf
