#include "app/document_jobs.h"

#include <nlohmann/json.hpp>

#include "api/inference.h"
#include "base/files.h"
#include "documents/extraction.h"
#include "documents/read_job.h"
#include "documents/reader.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Options were parsed by the API and are an object; a wrong type is told by name.
class Options {
 public:
  explicit Options(const std::string& json) : json_(Json::parse(json, nullptr, false)) {}

  Result<std::string> text(const char* name) const {
    const auto found = json_.is_object() ? json_.find(name) : json_.end();
    if (found == json_.end() || found->is_null()) return std::string();
    if (found->is_string()) return found->get<std::string>();
    return std::unexpected(Error::usage(std::string("options: '") + name + "' must be a string"));
  }
  Result<bool> flag(const char* name) const {
    const auto found = json_.is_object() ? json_.find(name) : json_.end();
    if (found == json_.end() || found->is_null()) return false;
    if (found->is_boolean()) return found->get<bool>();
    return std::unexpected(Error::usage(std::string("options: '") + name + "' must be true or false"));
  }
  /// A schema as an object, or as text.
  Result<std::string> schema() const {
    const auto found = json_.is_object() ? json_.find("schema") : json_.end();
    if (found == json_.end() || found->is_null()) return std::string();
    if (found->is_object()) return found->dump();
    return std::unexpected(Error::usage("options: 'schema' must be a JSON schema"));
  }

 private:
  Json json_;
};

/// What the user named, what the setting names, or the best installed one for extraction; empty: rules only.
Result<std::string> extract_model(Front& front, const std::string& wanted) {
  if (wanted == "none") return std::string();
  if (!wanted.empty()) return wanted;
  if (const std::string& chosen = front.settings().extract_model; !chosen.empty()) {
    INGLE_TRY_VOID(check_document_model(chosen));
    return chosen;
  }
  for (const std::string_view model : {"qwen2.5-coder:1.5b", "qwen2.5-coder:0.5b"})
    if (front.locate(model)) return std::string(model);
  return std::string();
}

Result<documents::Document> read_document(Front& front, const api::DocumentUpload& upload) {
  const fs::path folder = fs::path(front.settings().home) / "run";
  std::error_code error;
  fs::create_directories(folder, error);
  INGLE_TRY(const base::FileDescriptor file, base::unnamed_file(folder, upload.bytes));
  documents::JobReader reader([&front](std::string_view payload, std::span<const base::FileDescriptor> files) {
    return front.run_job(documents::kReadJobKind, payload, files);
  });
  return reader.read(file, upload.file_name);
}

Result<documents::ExtractOptions> extract_options(Front& front, const api::DocumentUpload& upload) {
  const Options options(upload.options_json);
  INGLE_TRY(const std::string preset, options.text("preset"));
  if (!preset.empty() && preset != "invoice")
    return std::unexpected(Error::usage("options: there is no preset '" + preset + "'").hint("invoice"));
  documents::ExtractOptions wanted;
  INGLE_TRY(wanted.schema, options.schema());
  INGLE_TRY(wanted.ignore_xml, options.flag("ignore_xml"));
  INGLE_TRY(const std::string model, options.text("model"));
  INGLE_TRY_VOID(check_model_name(model));
  INGLE_TRY(wanted.model, extract_model(front, model));
  return wanted;
}

Result<std::string> extract(Front& front, const documents::Document& document, const documents::ExtractOptions& options,
                            const std::string& file_name, const api::DocumentProgress& progress, std::stop_token stop) {
  const auto on_progress = [&](std::string_view stage, uint32_t done, uint32_t total) { progress(stage, done, total); };
  INGLE_TRY(const documents::Extraction extraction,
            documents::extract(document, options, front.models(), on_progress, std::move(stop)));
  return documents::to_json(extraction, document, file_name, {.with_text = true});
}

}  // namespace

Status check_model_name(const std::string& name) {
  INGLE_TRY_VOID(check_document_model(name));
  if (name.empty() || api::is_model_name(name)) return {};
  return std::unexpected(Error::not_found("model '" + name + "' not found"));
}

Status check_document_model(std::string_view name) {
  if (name != router::kAutoModel) return {};
  return std::unexpected(Error::usage("documents are read on this machine, and 'auto' may ask somebody else's model")
                             .hint("name an installed model; 'ingle list' shows them"));
}

api::DocumentJob extract_job(Front& front) {
  return [&front](const api::DocumentUpload& upload, const api::DocumentProgress& progress,
                  std::stop_token stop) -> api::Answer<std::string> {
    const auto options = extract_options(front, upload);
    if (!options) return std::unexpected(api::Failure::from(options.error()));
    progress("reading", 0, 0);
    const auto document = read_document(front, upload);
    if (!document) return std::unexpected(api::Failure::of_upload(document.error()));
    auto answer = extract(front, *document, *options, upload.file_name, progress, std::move(stop));
    if (!answer) return std::unexpected(api::Failure::from(std::move(answer).error()));
    return *std::move(answer);
  };
}

}  // namespace ingle::app
