#include "documents/document_wire.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/utf8.h"

namespace ingle::documents {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers travel as their bytes");

constexpr std::string_view kMagic = "IDOC1";
constexpr size_t kMaxFields = 64;
constexpr size_t kMaxLines = 10'000;
constexpr float kMaxPoints = 1e9F;  // plain text may be one long line

template <typename T>
void put(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(T));
  out.append(bytes.data(), bytes.size());
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<uint32_t>(text.size()));
  out += text;
}

void put_fields(std::string& out, const EInvoice::Fields& fields) {
  put(out, static_cast<uint32_t>(fields.size()));
  for (const auto& [name, value] : fields) {
    put_text(out, name);
    put_text(out, value);
  }
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  Result<T> number() {
    if (bytes_.size() < sizeof(T)) return std::unexpected(bad("it ends too early"));
    T value;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
    return value;
  }

  /// A count whose elements take at least `least` bytes each.
  Result<uint32_t> count(size_t most, size_t least) {
    INGLE_TRY(const uint32_t n, number<uint32_t>());
    if (n > most || n > bytes_.size() / least) return std::unexpected(bad("a count is too large"));
    return n;
  }

  Result<std::string> text(size_t most) {
    INGLE_TRY(const uint32_t n, count(most, 1));
    std::string value(bytes_.substr(0, n));
    bytes_.remove_prefix(n);
    if (!base::is_valid_utf8(value)) return std::unexpected(bad("a text is not UTF-8"));
    return value;
  }

  Result<float> points() {
    INGLE_TRY(const float value, number<float>());
    if (!std::isfinite(value) || std::abs(value) > kMaxPoints)
      return std::unexpected(bad("a place is outside of every page"));
    return value;
  }

  Result<EInvoice::Fields> fields() {
    INGLE_TRY(const uint32_t n, count(kMaxFields, 8));
    EInvoice::Fields fields;
    for (uint32_t i = 0; i < n; ++i) {
      INGLE_TRY(std::string name, text(64));
      INGLE_TRY(std::string value, text(64 << 10));
      fields.emplace_back(std::move(name), std::move(value));
    }
    return fields;
  }

  bool at_end() const { return bytes_.empty(); }
  static Error bad(std::string_view what) {
    return Error::corrupt("what the document reader sent is broken: " + std::string(what));
  }

 private:
  std::string_view bytes_;
};

Result<Box> take_box(Cursor& in) {
  Box box;
  INGLE_TRY(box.x0, in.points());
  INGLE_TRY(box.y0, in.points());
  INGLE_TRY(box.x1, in.points());
  INGLE_TRY(box.y1, in.points());
  return box;
}

Status take_pages(Cursor& in, Document& document) {
  INGLE_TRY(const uint32_t n, in.count(kMaxPages, 8));
  for (uint32_t i = 0; i < n; ++i) {
    Page page;
    INGLE_TRY(page.width, in.points());
    INGLE_TRY(page.height, in.points());
    document.pages.push_back(page);
  }
  return {};
}

Status take_words(Cursor& in, Document& document) {
  const auto n_code_points = static_cast<uint32_t>(
      std::ranges::count_if(document.text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  INGLE_TRY(const uint32_t n, in.count(kMaxWords, 28));
  uint32_t last = 0;
  for (uint32_t i = 0; i < n; ++i) {
    Word word;
    INGLE_TRY(word.page, in.number<uint32_t>());
    INGLE_TRY(word.box, take_box(in));
    INGLE_TRY(word.span.from, in.number<uint32_t>());
    INGLE_TRY(word.span.to, in.number<uint32_t>());
    if (word.page >= document.pages.size()) return std::unexpected(Cursor::bad("a word is on no page"));
    if (word.span.from < last || word.span.to < word.span.from || word.span.to > n_code_points)
      return std::unexpected(Cursor::bad("words are out of order"));
    last = word.span.to;
    document.words.push_back(word);
  }
  return {};
}

Status take_einvoice(Cursor& in, Document& document) {
  INGLE_TRY(const auto present, in.number<uint8_t>());
  if (present > 1) return std::unexpected(Cursor::bad("a flag is neither set nor clear"));
  if (present == 0) return {};
  EInvoice invoice;
  INGLE_TRY(invoice.fields, in.fields());
  INGLE_TRY(const uint32_t n, in.count(kMaxLines, 4));
  for (uint32_t i = 0; i < n; ++i) {
    INGLE_TRY(EInvoice::Fields line, in.fields());
    invoice.lines.push_back(std::move(line));
  }
  document.einvoice = std::move(invoice);
  return {};
}

}  // namespace

std::string encode(const Document& document) {
  std::string out(kMagic);
  put(out, static_cast<uint8_t>(document.kind));
  put_text(out, document.text);
  put(out, static_cast<uint32_t>(document.pages.size()));
  for (const Page& page : document.pages) {
    put(out, page.width);
    put(out, page.height);
  }
  put(out, static_cast<uint32_t>(document.words.size()));
  for (const Word& word : document.words) {
    put(out, word.page);
    for (const float edge : {word.box.x0, word.box.y0, word.box.x1, word.box.y1})
      put(out, edge);
    put(out, word.span.from);
    put(out, word.span.to);
  }
  put(out, static_cast<uint8_t>(document.einvoice.has_value()));
  if (document.einvoice) {
    put_fields(out, document.einvoice->fields);
    put(out, static_cast<uint32_t>(document.einvoice->lines.size()));
    for (const EInvoice::Fields& line : document.einvoice->lines)
      put_fields(out, line);
  }
  return out;
}

Result<Document> decode_document(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::unexpected(Cursor::bad("it has another form"));
  Cursor in(bytes.substr(kMagic.size()));
  Document document;
  INGLE_TRY(const auto kind, in.number<uint8_t>());
  if (kind > static_cast<uint8_t>(DocumentKind::kXml)) return std::unexpected(Cursor::bad("it is of no known kind"));
  document.kind = static_cast<DocumentKind>(kind);
  INGLE_TRY(document.text, in.text(kMaxTextBytes));
  INGLE_TRY_VOID(take_pages(in, document));
  INGLE_TRY_VOID(take_words(in, document));
  INGLE_TRY_VOID(take_einvoice(in, document));
  if (!in.at_end()) return std::unexpected(Cursor::bad("something follows its end"));
  return document;
}

}  // namespace ingle::documents
