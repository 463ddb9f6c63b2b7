// PdfWriter: small PDF files for tests: Helvetica at given places, attachments, and the ways in which files are broken.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "documents/document.h"

namespace ingle::documents::testing {

class PdfWriter {
 public:
  /// From the top left, in points; Latin-1 characters and the euro sign.
  PdfWriter& text(float x, float y, std::string_view utf8, float size = 10);
  PdfWriter& new_page();
  PdfWriter& attach(std::string_view name, std::string_view bytes);
  /// Says that a password is needed, without encrypting anything.
  PdfWriter& encrypted();
  std::string bytes() const;

 private:
  std::vector<std::string> pages_{""};
  std::vector<std::pair<std::string, std::string>> attachments_;
  bool encrypted_ = false;
};

/// The file read as the parse role reads it, but in this process.
Result<Document> read_in_process(std::string_view bytes, std::string_view name);

}  // namespace ingle::documents::testing
