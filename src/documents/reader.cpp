#include "documents/reader.h"

#include <unistd.h>
#include <cerrno>
#include <vector>

#include "documents/document_wire.h"

namespace ingle::documents {

Result<Document> JobReader::read(const base::FileDescriptor& file, std::string_view name) {
  // The job may send its descriptors away; the caller keeps his own.
  std::vector<base::FileDescriptor> descriptors;
  descriptors.emplace_back(dup(file.get()));
  if (!descriptors[0].valid()) return std::unexpected(Error::io("opening '" + std::string(name) + "' again", errno));
  INGLE_TRY(const std::string answer, run_(name, descriptors));
  return decode_document(answer);
}

Status require_text(const Document& document, std::string_view name, bool einvoice_is_enough) {
  if (!document.words.empty() || (einvoice_is_enough && document.einvoice)) return {};
  return std::unexpected(Error::refused("'" + std::string(name) + "' has no text layer: it is probably a scan")
                             .hint("recognising text in pictures comes in a later version; run the file through OCR "
                                   "(ocrmypdf) first"));
}

}  // namespace ingle::documents
