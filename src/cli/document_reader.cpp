#include "cli/document_reader.h"

#include "app/document_jobs.h"
#include "documents/read_job.h"

namespace ingle::cli {

documents::JobReader document_reader(Context& context) {
  return documents::JobReader([&context](std::string_view payload, std::span<const base::FileDescriptor> descriptors) {
    return context.app->run_job(documents::kReadJobKind, payload, descriptors);
  });
}

Result<std::string> document_model(Context& context, const std::string& wanted) {
  if (wanted == "none") return std::string();
  const std::string& chosen = context.app->settings().extract_model;
  INGLE_TRY_VOID(app::check_document_model(wanted.empty() ? chosen : wanted));
  if (!wanted.empty()) {
    INGLE_TRY_VOID(context.app->locate(wanted));
    return wanted;
  }
  if (!chosen.empty()) return chosen;
  // Measured in docs/quality.md; the larger first.
  for (const std::string_view model : {"qwen2.5-coder:1.5b", "qwen2.5-coder:0.5b"}) {
    if (context.app->locate(model)) return std::string(model);
  }
  return std::string();
}

}  // namespace ingle::cli
