// PDF through the programs of poppler-utils, run as children in a folder of their own. Runs in the parse role.
//
// Poppler is not linked: its licence is the GPL, and a crash of it must be an error message of ours.
#pragma once

#include <filesystem>
#include <string_view>

#include "documents/document.h"

namespace ingle::documents {

/// `file` lies in `folder`, where more files may be written.
Result<Document> read_pdf(const std::filesystem::path& folder, const std::filesystem::path& file);

/// What `pdftotext -bbox-layout` printed.
Result<Document> document_from_bbox_layout(std::string_view xhtml);

}  // namespace ingle::documents
