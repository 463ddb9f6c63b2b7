#include "documents/read_job.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "documents/document.h"
#include "documents/document_wire.h"
#include "documents/einvoice.h"
#include "documents/pdf_reader.h"

namespace ingle::documents {
namespace {

/// A folder that goes away with everything in it.
class PrivateFolder {
 public:
  static Result<PrivateFolder> make() {
    std::error_code code;
    std::string name = (std::filesystem::temp_directory_path(code) / "ingle-document-XXXXXX").string();
    if (code || mkdtemp(name.data()) == nullptr)
      return std::unexpected(Error::io("making a temporary folder", code ? code.value() : errno));
    return PrivateFolder(name);
  }
  explicit PrivateFolder(std::filesystem::path path) : path_(std::move(path)) {}
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Signature {
  std::string_view bytes;
  size_t at;
  std::string_view what;
};
constexpr Signature kPictures[] = {
    {"\x89PNG\r\n", 0, "a PNG picture"}, {"\xFF\xD8\xFF", 0, "a JPEG picture"}, {"II*", 0, "a TIFF picture"},
    {"MM", 0, "a TIFF picture"},         {"GIF8", 0, "a GIF picture"},          {"WEBP", 8, "a WebP picture"},
    {"BM", 0, "a BMP picture"},          {"ftypheic", 4, "a HEIC picture"},
};
constexpr Signature kPackages[] = {
    {"PK\x03\x04", 0, "a ZIP package (perhaps an office document)"},
    {"\xD0\xCF\x11\xE0", 0, "an old office document"},
    {"{\\rtf", 0, "an RTF document"},
};

template <size_t N>
const Signature* recognise(const Signature (&table)[N], std::string_view bytes) {
  const auto* found = std::ranges::find_if(
      table, [&](const Signature& row) { return bytes.substr(std::min(row.at, bytes.size())).starts_with(row.bytes); });
  return found == std::end(table) ? nullptr : found;
}

bool is_pdf(std::string_view bytes) {
  // Readers accept the header anywhere in the first 1024 bytes (PDF 1.7, annex H, note 13).
  return bytes.substr(0, 1024).find("%PDF-") != std::string_view::npos;
}

bool is_binary(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 64 << 10);
  const auto n_control = std::ranges::count_if(head, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
  });
  return head.find('\0') != std::string_view::npos || static_cast<size_t>(n_control) * 50 > head.size();
}

bool looks_like_xml(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const size_t start = std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size());
  return bytes.substr(start).starts_with("<?xml") || bytes.substr(start).starts_with("<");
}

Result<Document> read_plain(std::string_view bytes) {
  if (bytes.size() > kMaxTextBytes)
    return std::unexpected(Error::refused(fmt::format("it has more than {} MiB of text", kMaxTextBytes >> 20)));
  Document document = document_from_text(bytes);
  if (document.words.size() > kMaxWords)
    return std::unexpected(Error::refused(fmt::format("it has more than {} words", kMaxWords)));
  if (document.pages.size() > kMaxPages)
    return std::unexpected(Error::refused(fmt::format("it has more than {} pages", kMaxPages)));
  if (looks_like_xml(bytes)) {
    if (auto invoice = parse_einvoice(bytes)) {
      document.kind = DocumentKind::kXml;
      document.einvoice = *std::move(invoice);
    }
  }
  return document;
}

Result<Document> read_any(std::string_view bytes) {
  if (bytes.empty()) return std::unexpected(Error::refused("it is empty"));
  if (const Signature* picture = recognise(kPictures, bytes); picture != nullptr && !is_pdf(bytes) && is_binary(bytes))
    return std::unexpected(Error::unsupported("it is " + std::string(picture->what))
                               .hint("recognising text in pictures comes in a later version; use a PDF with a text "
                                     "layer or a text file"));
  if (const Signature* package = recognise(kPackages, bytes))
    return std::unexpected(
        Error::unsupported("it is " + std::string(package->what)).hint("save it as PDF or as plain text"));
  if (!is_pdf(bytes)) {
    if (is_binary(bytes)) return std::unexpected(Error::unsupported("it is neither PDF nor text"));
    return read_plain(bytes);
  }
  INGLE_TRY(const PrivateFolder folder, PrivateFolder::make());
  const std::filesystem::path file = folder.path() / "document.pdf";
  INGLE_TRY_VOID(base::write_file_atomic(file, bytes, 0600));
  return read_pdf(folder.path(), file);
}

}  // namespace

Result<std::string> read_document_job(std::string_view payload, std::span<const base::FileDescriptor> descriptors) {
  const std::string where = "'" + std::string(payload) + "'";
  if (descriptors.size() != 1) return std::unexpected(Error::internal("a document job needs one descriptor"));
  INGLE_TRY(const base::MappedFile file, base::MappedFile::map(descriptors[0], payload));
  const auto bytes = file.bytes();
  if (bytes.size() > kMaxDocumentBytes)
    return std::unexpected(Error::refused(fmt::format("{} is larger than {} MiB", where, kMaxDocumentBytes >> 20)));
  auto document = read_any({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!document) return std::unexpected(std::move(document).error().within(where));
  return encode(*document);
}

}  // namespace ingle::documents
