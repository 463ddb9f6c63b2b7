// Routes that look at models and manage them.
#include "api/inference.h"
#include "api/json_input.h"
#include "api/ollama/create.h"
#include "api/ollama/encode.h"
#include "api/ollama/parse.h"
#include "api/ollama/progress.h"
#include "api/ollama/routes.h"

namespace ingle::api::ollama {
namespace {

/// The digest that the catalog pins for a model; empty where it pins none.
std::string pinned_digest(std::string_view model) {
  const auto name = store::ModelName::parse(model);
  if (!name) return {};
  const store::CatalogEntry* entry = store::Catalog::builtin().find(*name);
  return entry == nullptr ? std::string() : entry->digest.hex();
}

Result<store::PullReport> run_pull(Call& call, std::string_view model, ProgressStream& stream,
                                   const std::stop_token& stop) {
  const std::string digest = pinned_digest(model);
  std::optional<store::PullPhase> phase;
  return call.services().pull(
      model,
      [&](const store::PullProgress& progress) {
        const bool same_phase = phase == progress.phase;
        phase = progress.phase;
        stream.send(encode_pull(progress, model, digest), same_phase);
      },
      stop);
}

Failure of_model(Error error, std::string_view model) {
  if (error.code() == ErrorCode::kNotFound) return Failure::no_model(model, error.hint());
  return Failure::from(std::move(error));
}

}  // namespace

void show(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_model_call(call->request().body, kShowFields);
  if (!wanted) return call->fail(wanted.error());
  call->name_ignored(wanted->ignored);
  if (!is_model_name(wanted->model)) return call->fail(Failure::no_model(wanted->model));
  auto details = call->services().show(wanted->model);
  if (!details) return call->fail(of_model(details.error(), wanted->model));
  if (!wanted->system.empty()) details->system = wanted->system;
  std::string listing;
  if (wanted->verbose && call->services().listing_json) {
    auto all = call->services().listing_json(wanted->model);
    if (!all) return call->fail(of_model(all.error(), wanted->model));
    listing = *std::move(all);
  }
  call->respond_json(encode_show(*details, listing));
}

void pull(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_model_call(call->request().body, kPullFields);
  if (!wanted) return call->fail(wanted.error());
  call->name_ignored(wanted->ignored);
  if (!is_model_name(wanted->model)) return call->fail(Failure::bad_field("model", "is not a model's name"));
  ProgressStream stream(call, wanted->stream);
  const auto report = run_pull(*call, wanted->model, stream, stop_when_gone(*call));
  if (!report) return stream.fail(Failure::from(report.error()));
  stream.send(encode_status("writing manifest"));
  stream.succeed();
}

void remove(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_model_call(call->request().body, kModelFields);
  if (!wanted) return call->fail(wanted.error());
  if (!is_model_name(wanted->model)) return call->fail(Failure::no_model(wanted->model));
  call->services().models->unload(wanted->model);
  const auto removed = call->services().remove(wanted->model);
  if (!removed) return call->fail(of_model(removed.error(), wanted->model));
  // Ollama's answer has no body.
  call->add_header("x-ingle-freed-bytes", std::to_string(removed->bytes_freed));
  if (removed->blobs_foreign > 0)
    call->add_header("x-ingle-kept-files", std::to_string(removed->blobs_foreign) + " of another program");
  call->respond({.status = 200});
}

void copy(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_copy(call->request().body);
  if (!wanted) return call->fail(wanted.error());
  call->name_ignored(wanted->ignored);
  const Status copied = call->services().copy(wanted->source, wanted->destination, stop_when_gone(*call));
  if (!copied) return call->fail(of_model(copied.error(), wanted->source));
  call->respond({.status = 200});
}

void create(const std::shared_ptr<Call>& call) {
  const auto wanted = parse_create(call->request().body);
  if (!wanted) return call->fail(wanted.error());
  call->name_ignored(wanted->ignored);
  const CreateModel& model = wanted->model;
  const std::stop_token stop = stop_when_gone(*call);
  ProgressStream stream(call, wanted->stream);
  const auto make = [&] {
    return call->services().create(model, [&](std::string_view status) { stream.send(encode_status(status)); }, stop);
  };
  Status made = make();
  if (!made && made.error().code() == ErrorCode::kNotFound && !model.from.empty()) {
    const auto report = run_pull(*call, model.from, stream, stop);
    if (!report) return stream.fail(of_model(report.error(), model.from));
    made = make();
  }
  if (!made) return stream.fail(Failure::from(made.error()));
  stream.succeed();
}

}  // namespace ingle::api::ollama
