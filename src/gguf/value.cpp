#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.h"
#include "gguf/file.h"
#include "gguf/value_types.h"

namespace ingle::gguf {
namespace {

constexpr std::array kTypes = {
    TypeInfo{"uint8", 1},  TypeInfo{"int8", 1},    TypeInfo{"uint16", 2},  TypeInfo{"int16", 2},  TypeInfo{"uint32", 4},
    TypeInfo{"int32", 4},  TypeInfo{"float32", 4}, TypeInfo{"bool", 1},    TypeInfo{"string", 0}, TypeInfo{"array", 0},
    TypeInfo{"uint64", 8}, TypeInfo{"int64", 8},   TypeInfo{"float64", 8},
};

template <typename T>
T load(const std::byte* data, size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

/// Calls `use` with the number at `index` in its own type; nothing for strings and arrays.
template <typename Out, typename Use>
std::optional<Out> visit_number(ValueType type, const std::byte* data, size_t index, Use use) {
  switch (type) {
    case ValueType::kUint8:
      return use(load<uint8_t>(data, index));
    case ValueType::kInt8:
      return use(load<int8_t>(data, index));
    case ValueType::kUint16:
      return use(load<uint16_t>(data, index));
    case ValueType::kInt16:
      return use(load<int16_t>(data, index));
    case ValueType::kUint32:
      return use(load<uint32_t>(data, index));
    case ValueType::kInt32:
      return use(load<int32_t>(data, index));
    case ValueType::kUint64:
      return use(load<uint64_t>(data, index));
    case ValueType::kInt64:
      return use(load<int64_t>(data, index));
    case ValueType::kFloat32:
      return use(load<float>(data, index));
    case ValueType::kFloat64:
      return use(load<double>(data, index));
    case ValueType::kBool:
      return use(load<uint8_t>(data, index) != 0);
    case ValueType::kString:
    case ValueType::kArray:
      return std::nullopt;
  }
  return std::nullopt;
}

template <typename Out>
std::optional<Out> integer_at(ValueType type, const std::byte* data, size_t index) {
  return visit_number<Out>(type, data, index, []<typename T>(T value) -> std::optional<Out> {
    if constexpr (std::is_same_v<T, bool>) {
      return value ? 1 : 0;
    } else if constexpr (std::is_integral_v<T>) {
      if (std::in_range<Out>(value)) return static_cast<Out>(value);
    }
    return std::nullopt;
  });
}

}  // namespace

const TypeInfo* find_type(uint32_t type) {
  return type < kTypes.size() ? &kTypes[type] : nullptr;
}

std::string_view type_name(ValueType type) {
  return kTypes.at(static_cast<size_t>(type)).name;
}

ValueType Value::type() const {
  return type_;
}
bool Value::is_array() const {
  return type_ == ValueType::kArray;
}
ValueType Value::element_type() const {
  return element_type_;
}
size_t Value::size() const {
  return size_;
}
uint64_t Value::offset() const {
  return offset_;
}

std::optional<uint64_t> Value::as_uint(size_t index) const {
  if (index >= size_) return std::nullopt;
  return integer_at<uint64_t>(element_type_, data_, index);
}

std::optional<int64_t> Value::as_int(size_t index) const {
  if (index >= size_) return std::nullopt;
  return integer_at<int64_t>(element_type_, data_, index);
}

std::optional<double> Value::as_float(size_t index) const {
  if (index >= size_) return std::nullopt;
  return visit_number<double>(element_type_, data_, index, []<typename T>(T value) -> std::optional<double> {
    if constexpr (std::is_same_v<T, bool>) {
      return std::nullopt;
    } else {
      return static_cast<double>(value);
    }
  });
}

std::optional<bool> Value::as_bool(size_t index) const {
  if (index >= size_ || element_type_ != ValueType::kBool) return std::nullopt;
  return load<uint8_t>(data_, index) != 0;
}

std::optional<std::string_view> Value::as_string(size_t index) const {
  if (index >= strings_.size()) return std::nullopt;
  return strings_[index];
}

uint64_t Tensor::n_elements() const {
  uint64_t n = 1;
  for (const uint64_t dim : shape)
    n *= dim;
  return n;
}

}  // namespace ingle::gguf
