// POST /v1/extract and /v1/summarize: an upload, a job of the documents module, and its result, with progress on the way
// where the client asks for a stream.
#include <algorithm>
#include <chrono>

#include "api/json_input.h"
#include "api/multipart.h"
#include "api/own/routes.h"

namespace ingle::api::own {
namespace {

constexpr Field kExtractOptionRows[] = {
    honoured("model", "string", "a model of this machine"),
    honoured("preset", "string", "invoice"),
    honoured("schema", "object|string", "what to look for"),
    honoured("ignore_xml", "boolean", "reads an invoice's pages although it holds its own figures"),
};
constexpr FieldTable kExtractOptions = kExtractOptionRows;
constexpr Field kSummarizeOptionRows[] = {
    honoured("model", "string", "a model of this machine"),
    honoured("style", "string"),
    honoured("query", "string", "what the summary is to be about"),
};
constexpr FieldTable kSummarizeOptions = kSummarizeOptionRows;
constexpr Field kFileRows[] = {required("file", "string", "the document, at most 64 MiB")};
constexpr Field kExtractRows[] = {honoured("options", "object", "", &kExtractOptions)};
constexpr Field kSummarizeRows[] = {honoured("options", "object", "", &kSummarizeOptions)};
constexpr auto kExtractTable = joined(kFileRows, kExtractRows);
constexpr auto kSummarizeTable = joined(kFileRows, kSummarizeRows);

constexpr auto kProgressInterval = std::chrono::milliseconds(100);

std::string event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

/// Only a name, whatever the client says: it is shown, and its ending may say what the file is.
std::string base_name(std::string_view name) {
  const size_t slash = name.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

Result<DocumentUpload> read_upload(Call& call) {
  INGLE_TRY(const auto parts, parse_multipart(call.request().header("content-type"), call.request().body));
  const auto file = std::ranges::find(parts, "file", &FormPart::name);
  if (file == parts.end()) return std::unexpected(Error::usage("the part 'file' is missing"));
  DocumentUpload upload{.file_name = base_name(file->file_name),
                        .bytes = std::string(file->body),
                        .options_json = "{}",
                        .request_id = call.request_id()};
  const auto options = std::ranges::find(parts, "options", &FormPart::name);
  if (options == parts.end()) return upload;
  const auto json = parse_json_object(options->body);
  if (!json) return std::unexpected(Error::usage("'options' is not a JSON object"));
  upload.options_json = to_text(*json);
  return upload;
}

void stream_job(Call& call, const DocumentJob& job, const DocumentUpload& upload, std::stop_token stop) {
  call.start_stream("text/event-stream; charset=utf-8", "");
  std::string last_stage;
  std::chrono::steady_clock::time_point last;
  const auto progress = [&](std::string_view stage, uint64_t done, uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (stage == last_stage && done < total && now - last < kProgressInterval) return;
    last = now;
    last_stage = stage;
    call.exchange().send(event("progress", to_text({{"stage", stage}, {"done", done}, {"total", total}})));
  };
  const auto result = job(upload, progress, std::move(stop));
  call.exchange().send(result ? event("result", *result)
                              : event("error", error_body(Dialect::kOwn, result.error(), call.request_id())));
  call.exchange().finish();
}

void run_job(const std::shared_ptr<Call>& call, const DocumentJob& job) {
  if (!job) return call->fail(Failure{.status = 501, .error = Error::unsupported("this server reads no documents")});
  const auto upload = read_upload(*call);
  if (failed(*call, upload)) return;
  call->request().body = {};  // the upload holds its own copy of the file
  const auto stop = std::make_shared<std::stop_source>();
  call->exchange().on_gone([stop] { stop->request_stop(); });
  call->add_header("x-ingle-route", "local");
  if (call->request().header("accept").find("text/event-stream") != std::string_view::npos)
    return stream_job(*call, job, *upload, stop->get_token());
  const auto result = job(*upload, [](std::string_view, uint64_t, uint64_t) {}, stop->get_token());
  if (!result) return call->fail(result.error());
  call->respond_json(*result);
}

}  // namespace

constexpr FieldTable kExtractFields = kExtractTable;
constexpr FieldTable kSummarizeFields = kSummarizeTable;

void extract(const std::shared_ptr<Call>& call) {
  run_job(call, call->services().extract);
}

void summarize(const std::shared_ptr<Call>& call) {
  run_job(call, call->services().summarize);
}

}  // namespace ingle::api::own
