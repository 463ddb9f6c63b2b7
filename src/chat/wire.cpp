#include "chat/wire.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "chat/wire_fields.h"

namespace ingle::chat {
namespace {

constexpr uint8_t kVersion = 1;

template <typename T>
constexpr uint8_t kTypeByte = 0;
template <>
constexpr uint8_t kTypeByte<CompleteRequest> = 1;
template <>
constexpr uint8_t kTypeByte<ChatPrompt> = 2;
template <>
constexpr uint8_t kTypeByte<TokenizeRequest> = 3;
template <>
constexpr uint8_t kTypeByte<ScoreRequest> = 4;
template <>
constexpr uint8_t kTypeByte<EmbedRequest> = 5;
template <>
constexpr uint8_t kTypeByte<Event> = 6;
template <>
constexpr uint8_t kTypeByte<Description> = 7;
template <>
constexpr uint8_t kTypeByte<EmbedTokens> = 8;
template <>
constexpr uint8_t kTypeByte<Stats> = 9;

template <typename T>
concept Number = std::same_as<T, bool> || std::integral<T> || std::floating_point<T>;

/// Numbers travel as their bytes, little-endian; the machines that this runs on are.
static_assert(std::endian::native == std::endian::little);

class Writer {
 public:
  template <typename... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  std::string take() { return std::move(out_); }

  template <Number T>
  void put(T value) {
    std::array<char, sizeof(T)> bytes{};
    std::memcpy(bytes.data(), &value, sizeof(T));
    out_.append(bytes.data(), bytes.size());
  }

 private:
  void put_count(size_t n) { put(static_cast<uint32_t>(std::min<size_t>(n, std::numeric_limits<uint32_t>::max()))); }
  void put(const std::string& text) {
    put_count(text.size());
    out_ += text;
  }
  void put(const Private& text) { put(text.reveal()); }
  void put(FinishReason reason) { put(static_cast<uint8_t>(reason)); }
  void put(Priority priority) { put(static_cast<uint8_t>(priority)); }
  void put(ToolChoice::Mode mode) { put(static_cast<uint8_t>(mode)); }
  void put(Pooling pooling) { put(static_cast<uint8_t>(pooling)); }
  void put(const Error& error) {
    put(static_cast<uint8_t>(error.code()));
    put(error.message());
    put(error.hint());
  }
  template <typename T>
  void put(const std::vector<T>& list) {
    put_count(list.size());
    if constexpr (Number<T> && !std::same_as<T, bool>) {
      out_.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T));
    } else {
      for (const T& element : list)
        put(element);
    }
  }
  template <typename A, typename B>
  void put(const std::pair<A, B>& pair) {
    put(pair.first);
    put(pair.second);
  }
  template <typename T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <typename... T>
  void put(const std::variant<T...>& choice) {
    put(static_cast<uint8_t>(choice.index()));
    std::visit([this](const auto& value) { this->put(value); }, choice);
  }
  template <typename T>
    requires requires(Writer& w, const T& v) { fields(w, v); }
  void put(const T& value) {
    fields(*this, value);
  }

  std::string out_;
};

/// After the first mistake every further field is left as it is; the place of the mistake is kept.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename... T>
  void operator()(T&... values) {
    (get(values), ...);
  }

  template <Number T>
  void get(T& value) {
    if (!expect(sizeof(T))) return;
    if constexpr (std::same_as<T, bool>) {
      const auto byte = static_cast<uint8_t>(bytes_[at_]);
      if (byte > 1) return fail("neither true nor false");
      value = byte == 1;
    } else {
      std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    }
    at_ += sizeof(T);
  }

  Status finish() {
    if (problem_.empty() && at_ != bytes_.size()) fail("bytes after the end");
    if (problem_.empty()) return {};
    return std::unexpected(Error::corrupt("message between processes, byte " + std::to_string(at_) + ": " + problem_));
  }

 private:
  void fail(std::string_view problem) {
    if (problem_.empty()) problem_ = problem;
  }
  bool expect(size_t n) {
    if (problem_.empty() && bytes_.size() - at_ < n) fail("ends too early");
    return problem_.empty();
  }
  /// The value of an enumeration or the index of a choice, below `end`.
  uint8_t get_choice(size_t end) {
    if (!expect(1)) return 0;
    const auto choice = static_cast<uint8_t>(bytes_[at_]);
    if (choice >= end) {
      fail("no such choice");
      return 0;
    }
    ++at_;
    return choice;
  }

  void get(std::string& text) {
    uint32_t n = 0;
    get(n);
    if (!expect(n)) return;
    text.assign(bytes_.substr(at_, n));
    at_ += n;
  }
  void get(Private& text) {
    std::string plain;
    get(plain);
    text = Private(std::move(plain));
  }
  void get(FinishReason& reason) {
    reason = static_cast<FinishReason>(get_choice(static_cast<size_t>(FinishReason::kToolCalls) + 1));
  }
  void get(Priority& priority) {
    priority = static_cast<Priority>(get_choice(static_cast<size_t>(Priority::kBackground) + 1));
  }
  void get(ToolChoice::Mode& mode) {
    mode = static_cast<ToolChoice::Mode>(get_choice(static_cast<size_t>(ToolChoice::Mode::kNamed) + 1));
  }
  void get(Pooling& pooling) { pooling = static_cast<Pooling>(get_choice(static_cast<size_t>(Pooling::kRank) + 1)); }
  void get(Error& error) {
    const auto code = static_cast<ErrorCode>(get_choice(static_cast<size_t>(ErrorCode::kInternal) + 1));
    std::string message;
    std::string hint;
    get(message);
    get(hint);
    error = Error(code, std::move(message)).hint(std::move(hint));
  }
  template <typename T>
  void get(std::vector<T>& list) {
    uint32_t n = 0;
    get(n);
    // No element is shorter than a byte. Grown as elements arrive, so a lie about the count costs nothing.
    if (!expect(n)) return;
    list.clear();
    if constexpr (Number<T> && !std::same_as<T, bool>) {
      if (!expect(size_t{n} * sizeof(T))) return;
      list.resize(n);
      if (n > 0) std::memcpy(list.data(), bytes_.data() + at_, n * sizeof(T));
      at_ += n * sizeof(T);
    } else {
      for (uint32_t i = 0; i < n && problem_.empty(); ++i)
        get(list.emplace_back());
    }
  }
  template <typename A, typename B>
  void get(std::pair<A, B>& pair) {
    get(pair.first);
    get(pair.second);
  }
  template <typename T>
  void get(std::optional<T>& value) {
    bool is_there = false;
    get(is_there);
    value.reset();
    if (is_there && problem_.empty()) get(value.emplace());
  }
  template <typename... T>
  void get(std::variant<T...>& choice) {
    const uint8_t index = get_choice(sizeof...(T));
    if (problem_.empty()) get_alternative(choice, index, std::index_sequence_for<T...>());
  }
  template <typename Variant, size_t... I>
  void get_alternative(Variant& choice, uint8_t index, std::index_sequence<I...>) {
    (void)((I == index && (get(emplace<I>(choice)), true)) || ...);
  }
  template <size_t I, typename Variant>
  static auto& emplace(Variant& choice) {
    if constexpr (std::same_as<std::variant_alternative_t<I, Variant>, Failed>) {
      return choice.template emplace<I>(Failed{Error::internal("")});
    } else {
      return choice.template emplace<I>();
    }
  }
  template <typename T>
    requires requires(Reader& r, T& v) { fields(r, v); }
  void get(T& value) {
    fields(*this, value);
  }

  std::string_view bytes_;
  size_t at_ = 0;
  std::string problem_;
};

}  // namespace

template <typename T>
std::string encode(const T& value) {
  Writer writer;
  writer(kVersion, kTypeByte<T>, value);
  return writer.take();
}

template <typename T>
Result<T> decode(std::string_view bytes) {
  if (bytes.size() > kMaxWireBytes) {
    return std::unexpected(Error::corrupt("message between processes: " + std::to_string(bytes.size()) +
                                          " bytes, at most " + std::to_string(kMaxWireBytes) + " are read"));
  }
  if (bytes.size() < 2 || static_cast<uint8_t>(bytes[0]) != kVersion ||
      static_cast<uint8_t>(bytes[1]) != kTypeByte<T>) {
    return std::unexpected(Error::corrupt("message between processes: another version or another kind of message"));
  }
  Reader reader(bytes.substr(2));
  T value{};
  reader(value);
  INGLE_TRY_VOID(reader.finish());
  return value;
}

template std::string encode(const CompleteRequest&);
template std::string encode(const ChatPrompt&);
template std::string encode(const TokenizeRequest&);
template std::string encode(const ScoreRequest&);
template std::string encode(const EmbedRequest&);
template std::string encode(const EmbedTokens&);
template std::string encode(const Event&);
template std::string encode(const Description&);
template std::string encode(const Stats&);
template Result<CompleteRequest> decode(std::string_view);
template Result<ChatPrompt> decode(std::string_view);
template Result<TokenizeRequest> decode(std::string_view);
template Result<ScoreRequest> decode(std::string_view);
template Result<EmbedRequest> decode(std::string_view);
template Result<EmbedTokens> decode(std::string_view);
template Result<Event> decode(std::string_view);
template Result<Description> decode(std::string_view);
template Result<Stats> decode(std::string_view);

}  // namespace ingle::chat
