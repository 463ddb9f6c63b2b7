#include "documents/pdf_reader.h"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <pugixml.hpp>
#include <string>

#include "base/child_process.h"
#include "base/files.h"
#include "base/utf8.h"
#include "documents/document_wire.h"
#include "documents/einvoice.h"
#include "documents/layout.h"

namespace ingle::documents {
namespace {

constexpr uint64_t kMaxAttachmentBytes = uint64_t{32} << 20;
constexpr size_t kMaxAttachmentsTried = 8;
constexpr std::chrono::seconds kTimeEach{60};
constexpr float kMaxPoints = 20'000;  // PDF 1.7, annex C: pages are at most 14,400 units

Result<std::string> find_tool(std::string_view name) {
  for (const std::string_view folder : {"/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"}) {
    std::string path = std::string(folder) + std::string(name);
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return std::unexpected(Error::unavailable("reading PDF needs the program '" + std::string(name) + "'")
                             .hint("install the package poppler-utils"));
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// What poppler's programs say on stderr, as an error for a person.
Error explain(const base::ChildOutput& output) {
  if (contains(output.err, "Incorrect password"))
    return Error::refused("the PDF is encrypted and needs a password").hint("save a copy without a password first");
  if (contains(output.err, "Copying of text from this document is not allowed"))
    return Error::refused("the PDF does not allow its text to be copied");
  std::string first = output.err.substr(0, std::min(output.err.find('\n'), size_t{200}));
  if (first.empty()) first = fmt::format("exit code {}", output.exit_code);
  return Error::corrupt("the PDF is broken: " + base::to_valid_utf8(first)).hint("open it and save it anew");
}

float edge(const pugi::xml_node& node, const char* name) {
  const float value = node.attribute(name).as_float();
  return std::isfinite(value) ? std::clamp(value, -kMaxPoints, kMaxPoints) : 0;
}

/// A word without the control characters and line ends that broken fonts produce.
std::string word_text(const pugi::xml_node& node) {
  std::string text = base::to_valid_utf8(node.text().get());
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return text;
}

class PageReader {
 public:
  explicit PageReader(Document& document) : document_(document) {}

  Status page(const pugi::xml_node& node) {
    if (document_.pages.size() >= kMaxPages)
      return std::unexpected(Error::refused(fmt::format("the PDF has more than {} pages", kMaxPages)));
    runs_.clear();
    for (const pugi::xml_node& flow : node.children("flow")) {
      for (const pugi::xml_node& block : flow.children("block")) {
        for (const pugi::xml_node& line : block.children("line"))
          INGLE_TRY_VOID(read_line(line));
      }
    }
    append_page(document_, {edge(node, "width"), edge(node, "height")}, runs_);
    if (document_.text.size() > kMaxTextBytes)
      return std::unexpected(Error::refused(fmt::format("the PDF has more than {} MiB of text", kMaxTextBytes >> 20)));
    return {};
  }

 private:
  Status read_line(const pugi::xml_node& line) {
    Run run;
    for (const pugi::xml_node& node : line.children("word")) {
      if (++n_words_ > kMaxWords)
        return std::unexpected(Error::refused(fmt::format("the PDF has more than {} words", kMaxWords)));
      LooseWord word{word_text(node), {edge(node, "xMin"), edge(node, "yMin"), edge(node, "xMax"), edge(node, "yMax")}};
      if (!word.text.empty()) run.push_back(std::move(word));
    }
    if (!run.empty()) runs_.push_back(std::move(run));
    return {};
  }

  Document& document_;
  std::vector<Run> runs_;
  size_t n_words_ = 0;
};

Result<base::ChildOutput> run_tool(std::string_view tool, std::vector<std::string> arguments,
                                   const std::filesystem::path& folder) {
  INGLE_TRY(std::string path, find_tool(tool));
  arguments.insert(arguments.begin(), std::move(path));
  return base::run_program(arguments, {.folder = folder, .time = kTimeEach});
}

/// "3: factur-x.xml" -> 3, for names that end in .xml.
std::vector<int> xml_attachments(std::string_view list) {
  std::vector<int> numbers;
  while (!list.empty()) {
    const std::string_view line = list.substr(0, list.find('\n'));
    list.remove_prefix(std::min(line.size() + 1, list.size()));
    int number = 0;
    const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (code != std::errc() || end == line.data() + line.size() || *end != ':') continue;
    std::string name(line);
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (name.ends_with(".xml") && numbers.size() < kMaxAttachmentsTried) numbers.push_back(number);
  }
  return numbers;
}

/// The first attachment that is an invoice. A broken one must not keep us from the text: then there is none.
Result<std::optional<EInvoice>> attached_invoice(const std::filesystem::path& folder, const std::string& file) {
  INGLE_TRY(const base::ChildOutput list, run_tool("pdfdetach", {"-list", file}, folder));
  for (const int number : xml_attachments(list.out)) {
    const std::filesystem::path target = folder / "attachment.xml";
    INGLE_TRY(const base::ChildOutput saved,
              run_tool("pdfdetach", {"-save", std::to_string(number), "-o", target.string(), file}, folder));
    if (saved.exit_code != 0) continue;
    const auto xml = base::read_file(target, kMaxAttachmentBytes);
    if (!xml) continue;
    if (auto invoice = parse_einvoice(*xml)) return *std::move(invoice);
  }
  return std::nullopt;
}

}  // namespace

Result<Document> document_from_bbox_layout(std::string_view xhtml) {
  pugi::xml_document xml;
  const pugi::xml_parse_result parsed =
      xml.load_buffer(xhtml.data(), xhtml.size(), pugi::parse_default & ~pugi::parse_doctype);
  if (!parsed)
    return std::unexpected(Error::corrupt("pdftotext's output is broken at byte " + std::to_string(parsed.offset)));
  Document document;
  document.kind = DocumentKind::kPdf;
  PageReader reader(document);
  for (const pugi::xml_node& page : xml.child("html").child("body").child("doc").children("page"))
    INGLE_TRY_VOID(reader.page(page));
  return document;
}

Result<Document> read_pdf(const std::filesystem::path& folder, const std::filesystem::path& file) {
  INGLE_TRY(const base::ChildOutput layout,
            run_tool("pdftotext",
                     {"-q", "-enc", "UTF-8", "-l", std::to_string(kMaxPages + 1), "-bbox-layout", file.string(), "-"},
                     folder));
  if (layout.exit_code != 0) {
    // -q keeps what is only untidy out of the way; the reason of a failure is asked for.
    INGLE_TRY(const base::ChildOutput again, run_tool("pdftotext", {"-l", "1", file.string(), "-"}, folder));
    return std::unexpected(explain(again));
  }
  INGLE_TRY(Document document, document_from_bbox_layout(layout.out));
  INGLE_TRY(document.einvoice, attached_invoice(folder, file.string()));
  return document;
}

}  // namespace ingle::documents
