#include "documents/testing/pdf_writer.h"

#include <fmt/format.h>

#include "base/testing/temp_folder.h"
#include "documents/read_job.h"
#include "documents/reader.h"

namespace ingle::documents::testing {
namespace {

constexpr float kPageHeight = 842;

/// WinAnsi (PDF 1.7, annex D.2) as an escaped string.
std::string pdf_string(std::string_view utf8) {
  std::string out = "(";
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (utf8.substr(i).starts_with("€")) {
      out += "\\200";
      i += 2;
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < utf8.size()) {
      const auto next = static_cast<unsigned char>(utf8[++i]);
      out += fmt::format("\\{:03o}", (c == 0xC3 ? 0x40U : 0U) + next);
    } else if (c == '(' || c == ')' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + ")";
}

class Objects {
 public:
  int add(const std::string& body) {
    bodies_.push_back(body);
    return static_cast<int>(bodies_.size());
  }
  int reserve() { return add({}); }
  void set(int number, std::string body) { bodies_[static_cast<size_t>(number - 1)] = std::move(body); }
  int add_stream(const std::string& entries, const std::string& content) {
    return add(fmt::format("<< {} /Length {} >>\nstream\n{}\nendstream", entries, content.size(), content));
  }

  std::string file(int catalog, const std::string& trailer_entries) const {
    std::string out = "%PDF-1.7\n";
    std::string table = fmt::format("xref\n0 {}\n0000000000 65535 f \n", bodies_.size() + 1);
    for (size_t i = 0; i < bodies_.size(); ++i) {
      table += fmt::format("{:010} 00000 n \n", out.size());
      out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, bodies_[i]);
    }
    const size_t start = out.size();
    out += table;
    out += fmt::format("trailer\n<< /Size {} /Root {} 0 R {} >>\nstartxref\n{}\n%%EOF\n", bodies_.size() + 1, catalog,
                       trailer_entries, start);
    return out;
  }

 private:
  std::vector<std::string> bodies_;
};

}  // namespace

PdfWriter& PdfWriter::text(float x, float y, std::string_view utf8, float size) {
  pages_.back() += fmt::format("BT /F1 {} Tf {} {} Td {} Tj ET\n", size, x, kPageHeight - y, pdf_string(utf8));
  return *this;
}

PdfWriter& PdfWriter::new_page() {
  pages_.emplace_back();
  return *this;
}

PdfWriter& PdfWriter::attach(std::string_view name, std::string_view bytes) {
  attachments_.emplace_back(name, bytes);
  return *this;
}

PdfWriter& PdfWriter::encrypted() {
  encrypted_ = true;
  return *this;
}

std::string PdfWriter::bytes() const {
  Objects objects;
  const int font = objects.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
  const int tree = objects.reserve();
  std::string kids;
  for (const std::string& content : pages_) {
    const int stream = objects.add_stream("", content);
    const int page =
        objects.add(fmt::format("<< /Type /Page /Parent {} 0 R /MediaBox [0 0 595 {}] /Contents {} 0 R "
                                "/Resources << /Font << /F1 {} 0 R >> >> >>",
                                tree, kPageHeight, stream, font));
    kids += fmt::format("{} 0 R ", page);
  }
  objects.set(tree, fmt::format("<< /Type /Pages /Count {} /Kids [ {}] >>", pages_.size(), kids));
  std::string names;
  for (const auto& [name, content] : attachments_) {
    const int stream = objects.add_stream("/Type /EmbeddedFile /Subtype /text#2Fxml", content);
    const int file = objects.add(
        fmt::format("<< /Type /Filespec /F ({0}) /UF ({0}) /EF << /F {1} 0 R /UF {1} 0 R >> >>", name, stream));
    names += fmt::format("({}) {} 0 R ", name, file);
  }
  std::string catalog = fmt::format("<< /Type /Catalog /Pages {} 0 R ", tree);
  if (!names.empty()) catalog += fmt::format("/Names << /EmbeddedFiles << /Names [ {}] >> >> ", names);
  const int root = objects.add(catalog + ">>");
  std::string trailer;
  if (encrypted_) {
    const std::string key(64, '0');
    const int encryption =
        objects.add(fmt::format("<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{0}> /U <{0}> >>", key));
    trailer = fmt::format("/Encrypt {} 0 R /ID [ <00> <00> ]", encryption);
  }
  return objects.file(root, trailer);
}

Result<Document> read_in_process(std::string_view bytes, std::string_view name) {
  const base::testing::TempFolder folder;
  const auto path = folder / "document";
  base::testing::write(path, bytes);
  INGLE_TRY(const base::FileDescriptor file, base::FileDescriptor::open_read(path));
  JobReader reader(read_document_job);
  return reader.read(file, name);
}

}  // namespace ingle::documents::testing
