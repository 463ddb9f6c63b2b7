// GGUF bytes put together field by field, right or wrong: the material of malformed files and of fuzzing seeds.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ingle::gguf::testing {

class RawFile {
 public:
  explicit RawFile(uint32_t version = 3) : version_(version) {}

  template <typename T>
  RawFile& put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  RawFile& u32(uint32_t value) { return put(value); }
  RawFile& u64(uint64_t value) { return put(value); }
  RawFile& wide(uint64_t value) { return version_ == 1 ? put(static_cast<uint32_t>(value)) : put(value); }
  RawFile& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  RawFile& text(std::string_view text) { return wide(text.size()).raw(text); }
  RawFile& zeros(size_t n) {
    bytes_.append(n, '\0');
    return *this;
  }
  RawFile& pad(size_t alignment = 32) { return zeros((alignment - bytes_.size() % alignment) % alignment); }

  RawFile& header(uint64_t n_tensors, uint64_t n_kv) { return raw("GGUF").u32(version_).wide(n_tensors).wide(n_kv); }
  RawFile& key(std::string_view name, uint32_t type) { return text(name).u32(type); }
  RawFile& array(std::string_view name, uint32_t element_type, uint64_t count) {
    return key(name, 9).u32(element_type).wide(count);
  }
  RawFile& tensor(std::string_view name, std::initializer_list<uint64_t> dims, uint32_t type, uint64_t offset) {
    text(name).u32(static_cast<uint32_t>(dims.size()));
    for (const uint64_t dim : dims)
      wide(dim);
    return u32(type).u64(offset);
  }

  const std::string& bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  std::string first(size_t n) const { return bytes_.substr(0, n); }

 private:
  uint32_t version_;
  std::string bytes_;
};

}  // namespace ingle::gguf::testing
