#include "app/document_jobs.h"

#include <nlohmann/json.hpp>

#include "documents/summarize.h"
#include "documents/transcript.h"

namespace ingle::app {
namespace {

using Json = nlohmann::ordered_json;

/// A text option; "" where it is missing or null.
Result<std::string> text_option(const Json& options, const char* name) {
  const auto it = options.find(name);
  if (it == options.end() || it->is_null()) return std::string();
  if (it->is_string()) return it->get<std::string>();
  return std::unexpected(Error::usage(std::string("the option '") + name + "' is not a string"));
}

Result<documents::SummarizeOptions> summarize_options(const api::DocumentUpload& upload) {
  const Json given = Json::parse(upload.options_json, nullptr, false);
  if (!given.is_object()) return std::unexpected(Error::usage("'options' is not a JSON object"));
  documents::SummarizeOptions options;
  INGLE_TRY(options.model, text_option(given, "model"));
  INGLE_TRY_VOID(check_model_name(options.model));
  INGLE_TRY(options.query, text_option(given, "query"));
  INGLE_TRY(const std::string style, text_option(given, "style"));
  if (!style.empty()) {
    INGLE_TRY(options.style, documents::parse_summary_style(style));
  }
  return options;
}

Result<std::string> summarize(const Front& front, runtime::Models& models, const documents::Transcript& transcript,
                              documents::SummarizeOptions options, const std::string& file_name,
                              const api::DocumentProgress& progress, std::stop_token stop) {
  if (options.model.empty()) {
    INGLE_TRY(options.model, default_model(front));
  }
  const auto on_progress = [&](uint32_t done, uint32_t total) { progress("summarizing", done, total); };
  progress("loading", 0, 0);
  INGLE_TRY(const documents::Summary summary,
            documents::summarize(transcript, options, models, on_progress, std::move(stop)));
  Json answer = Json::parse(documents::summary_json(summary, file_name));
  answer["turns"] = Json::array();
  for (const documents::Turn& turn : transcript.turns)
    answer["turns"].push_back({{"speaker", turn.speaker}, {"text", turn.text}});
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<std::string> default_model(const Front& front) {
  constexpr uint64_t kLargest = uint64_t{4} << 30;  // beyond it a document takes many minutes on a laptop
  INGLE_TRY(const std::vector<store::InstalledModel> installed, front.store().list());
  const store::InstalledModel* best = nullptr;
  for (const store::InstalledModel& model : installed)
    if (model.size <= kLargest && (best == nullptr || model.size > best->size)) best = &model;
  if (best != nullptr) return best->name.display();
  return std::unexpected(Error::not_found("no model is installed that this could be done with")
                             .hint("ingle pull qwen2.5-coder:1.5b, or name a model with --model"));
}

api::DocumentJob summarize_job(const Front& front, runtime::Models& models) {
  return [&front, &models](const api::DocumentUpload& upload, const api::DocumentProgress& progress,
                           std::stop_token stop) -> api::Answer<std::string> {
    auto options = summarize_options(upload);
    if (!options) return std::unexpected(api::Failure::from(std::move(options).error()));
    const auto transcript = documents::parse_transcript(upload.bytes);
    if (!transcript)
      return std::unexpected(api::Failure::of_upload(Error(transcript.error()).within("'" + upload.file_name + "'")));
    auto answer =
        summarize(front, models, *transcript, *std::move(options), upload.file_name, progress, std::move(stop));
    if (!answer) return std::unexpected(api::Failure::from(std::move(answer).error()));
    return *std::move(answer);
  };
}

}  // namespace ingle::app
