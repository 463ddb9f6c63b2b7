// Result<T>: how every operation that can fail for the world's reasons reports it.
//
// An Error says what went wrong and where, in words for the person at the keyboard, and may carry a hint: the next thing
// to do. Errors are plain values; they can cross threads and processes. No exception crosses a module border: a file that
// calls a throwing library catches there. Broken invariants are not errors: see check.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ingle::base {

enum class ErrorCode : uint8_t {
  kUsage,        // the request itself is malformed: a flag, a field, a name
  kRefused,      // input understood and refused: over a limit, unsafe, not allowed by a setting
  kNotFound,     // no such model, file, blob, field
  kCorrupt,      // bytes that break their own format
  kUnsupported,  // valid, but nothing here can do it
  kUnavailable,  // a network, a server or a device did not answer; trying again may help
  kIo,           // the operating system refused a read, a write, a mapping
  kExhausted,    // memory, disk, KV pages, fuel
  kCancelled,    // the caller asked to stop
  kInternal,     // a defect of ours
};

/// Stable lower-case word for JSON and logs: "usage", "refused", "not_found" ...
std::string_view to_string(ErrorCode code);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Error usage(std::string message) { return {ErrorCode::kUsage, std::move(message)}; }
  static Error refused(std::string message) { return {ErrorCode::kRefused, std::move(message)}; }
  static Error not_found(std::string message) { return {ErrorCode::kNotFound, std::move(message)}; }
  static Error corrupt(std::string message) { return {ErrorCode::kCorrupt, std::move(message)}; }
  static Error unsupported(std::string message) { return {ErrorCode::kUnsupported, std::move(message)}; }
  static Error unavailable(std::string message) { return {ErrorCode::kUnavailable, std::move(message)}; }
  static Error io(std::string message) { return {ErrorCode::kIo, std::move(message)}; }
  /// kIo with the text of `errno_value` appended.
  static Error io(std::string_view what, int errno_value);
  static Error exhausted(std::string message) { return {ErrorCode::kExhausted, std::move(message)}; }
  static Error cancelled(std::string message = "cancelled") { return {ErrorCode::kCancelled, std::move(message)}; }
  static Error internal(std::string message) { return {ErrorCode::kInternal, std::move(message)}; }

  /// The next thing the user can do. The last hint given wins: callers higher up know better.
  Error hint(std::string text) && {
    hint_ = std::move(text);
    return std::move(*this);
  }
  /// Prefix the message with where it happened: "reading 'x.gguf': ...".
  Error within(std::string_view where) &&;

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

  friend bool operator==(const Error&, const Error&) = default;

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

}  // namespace ingle::base

namespace ingle {
using base::Error;
using base::ErrorCode;
using base::Result;
using base::Status;
}  // namespace ingle

#define INGLE_CONCAT_INNER(a, b) a##b
#define INGLE_CONCAT(a, b) INGLE_CONCAT_INNER(a, b)

/// INGLE_TRY(auto file, open(path));   binds the value or returns the error to our caller.
#define INGLE_TRY(declaration, ...) INGLE_TRY_IMPL(INGLE_CONCAT(ingle_result_, __LINE__), declaration, __VA_ARGS__)
#define INGLE_TRY_IMPL(result, declaration, ...)                  \
  auto result = (__VA_ARGS__);                                    \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)

/// INGLE_TRY_VOID(write(x));   returns the error of a Status to our caller.
#define INGLE_TRY_VOID(...)                                                                                        \
  do {                                                                                                             \
    if (auto ingle_status = (__VA_ARGS__); !ingle_status) return std::unexpected(std::move(ingle_status).error()); \
  } while (false)
