// Reader: documents for front, which never parses one itself. JobReader has the parse role do it.
//
// Any thread; read() blocks while the role works.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "documents/document.h"

namespace ingle::documents {

class Reader {
 public:
  virtual ~Reader() = default;
  /// `name` is what the user calls the file.
  virtual Result<Document> read(const base::FileDescriptor& file, std::string_view name) = 0;
};

/// Has a job done elsewhere: its payload and descriptors, and what it answered. Tests give read_document_job itself.
using JobRunner =
    std::function<Result<std::string>(std::string_view payload, std::span<const base::FileDescriptor> descriptors)>;

class JobReader : public Reader {
 public:
  explicit JobReader(JobRunner run) : run_(std::move(run)) {}
  Result<Document> read(const base::FileDescriptor& file, std::string_view name) override;

 private:
  JobRunner run_;
};

/// Something to read: text, or an e-invoice. A scan has neither: kRefused says what can be done.
Status require_text(const Document& document, std::string_view name, bool einvoice_is_enough);

}  // namespace ingle::documents
