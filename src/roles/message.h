// The fields of messages between roles as bytes: numbers little-endian, texts with a 32-bit count before them.
//
// What is read comes from another process and is hostile: after the first mistake every further read gives nothing, and
// done() says that there was one. Used by one thread at a time.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ingle::roles {

/// What a request to another process came to; the form of the bytes is the request's business.
using Outcome = Result<std::string>;

template <typename T>
concept Scalar = std::integral<T> || std::floating_point<T>;

class MessageWriter {
 public:
  template <Scalar T>
  MessageWriter& number(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out_.append(bytes, sizeof(T));
    return *this;
  }
  MessageWriter& text(std::string_view text) {
    number(static_cast<uint32_t>(text.size()));
    out_ += text;
    return *this;
  }
  template <Scalar T>
  MessageWriter& list(const std::vector<T>& values) {
    number(static_cast<uint32_t>(values.size()));
    for (const T value : values)
      number(value);
    return *this;
  }
  MessageWriter& error(const Error& error) {
    return number(static_cast<uint8_t>(error.code())).text(error.message()).text(error.hint());
  }
  /// The end of the message: bytes without a count.
  MessageWriter& rest(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : rest_(bytes) {}

  template <Scalar T>
  T number() {
    T value{};
    if constexpr (std::same_as<T, bool>) {
      const auto byte = number<uint8_t>();
      if (byte > 1) broken_ = true;
      value = byte == 1;
    } else if (has(sizeof(T))) {
      std::memcpy(&value, rest_.data(), sizeof(T));
      rest_.remove_prefix(sizeof(T));
    }
    return value;
  }
  std::string text() {
    const auto size = number<uint32_t>();
    if (!has(size)) return {};
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  template <Scalar T>
  std::vector<T> list() {
    const auto count = number<uint32_t>();
    std::vector<T> values;
    if (!has(uint64_t{count} * sizeof(T))) return values;
    values.reserve(count);
    for (uint32_t i = 0; i < count; ++i)
      values.push_back(number<T>());
    return values;
  }
  Error error() {
    const auto code = number<uint8_t>();
    if (code > static_cast<uint8_t>(ErrorCode::kInternal)) broken_ = true;
    std::string message = text();
    std::string hint = text();
    if (broken_) return Error::internal("");
    return Error(static_cast<ErrorCode>(code), std::move(message)).hint(std::move(hint));
  }
  std::string_view rest() { return std::exchange(rest_, {}); }

  /// For a value that the caller finds wrong.
  void fail() {
    broken_ = true;
    rest_ = {};
  }
  bool broken() const { return broken_; }
  /// Whether everything was read and nothing was wrong.
  bool done() const { return !broken_ && rest_.empty(); }

 private:
  bool has(uint64_t n) {
    if (rest_.size() < n) broken_ = true;
    if (broken_) rest_ = {};
    return !broken_;
  }
  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace ingle::roles
