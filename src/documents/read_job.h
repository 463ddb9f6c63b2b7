// The parse role's part of reading a document: from an open file to a Document on the wire.
//
// read_document_job() is the handler that the role runs for the job kind "document"; it may crash, hang or be taken over,
// and nothing but its process is lost. It writes below the system's temporary folder (TMPDIR), which the role's sandbox
// makes private, and removes what it wrote. One thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace ingle::documents {

inline constexpr std::string_view kReadJobKind = "document";
inline constexpr uint64_t kMaxDocumentBytes = uint64_t{64} << 20;

/// `payload` is the file's name, for error texts; `descriptors` holds the file. Answers with encode(Document).
Result<std::string> read_document_job(std::string_view payload, std::span<const base::FileDescriptor> descriptors);

}  // namespace ingle::documents
