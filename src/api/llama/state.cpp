#include "api/llama/state.h"

#include <algorithm>

#include "api/json_input.h"
#include "api/llama/encode.h"
#include "api/llama/parse.h"
#include "api/llama/routes.h"
#include "api/llama/target.h"

namespace ingle::api::llama {
namespace {

// clang-format off
constexpr Field kModelRows[] = {honoured("model", "string", "missing: the loaded model that was used last, or the only one that is installed")};
constexpr Field kSlotRows[] = {honoured("fail_on_no_slot", "integer", "1: 503 where as many requests run as can")};
constexpr Field kReloadRows[] = {harmless("reload", "the list is read anew every time")};
constexpr Field kLoadRows[] = {required("model", "string")};
constexpr auto kSlotTable = joined(kModelRows, kSlotRows);
// clang-format on

using Loaded = std::span<const runtime::LoadedModel>;

/// By the one name that it is loaded under.
const runtime::LoadedModel* find(Loaded loaded, std::string_view name) {
  const auto found = std::ranges::find(loaded, name, &runtime::LoadedModel::name);
  return found == loaded.end() ? nullptr : &*found;
}

/// By any name; nullptr: it is installed and not loaded.
Answer<const runtime::LoadedModel*> find(const Services& services, Loaded loaded, std::string_view name) {
  if (const auto* model = find(loaded, name)) return model;
  const auto installed = installed_model(services, name);
  if (!installed) return std::unexpected(installed.error());
  return find(loaded, installed->name);
}

}  // namespace

constexpr FieldTable kModelParameters = kModelRows;
constexpr FieldTable kSlotsParameters = kSlotTable;
constexpr FieldTable kModelsParameters = kReloadRows;
constexpr FieldTable kLoadFields = kLoadRows;

std::string encode_props(const Props& props) {
  chat::CompleteRequest defaults;
  defaults.sampling = default_sampling();
  return to_text({{"default_generation_settings",
                   {{"id", 0},
                    {"id_task", -1},
                    {"n_ctx", props.context},
                    {"speculative", false},
                    {"is_processing", false},
                    {"params", Json::parse(encode_settings(defaults, false), nullptr, false)}}},
                  {"total_slots", props.slots},
                  {"model_alias", props.model},
                  {"model_path", props.model},
                  {"chat_template", props.template_text},
                  {"chat_template_caps",
                   {{"supports_tools", props.calls_tools},
                    {"supports_tool_calls", props.calls_tools},
                    {"supports_parallel_tool_calls", props.calls_tools},
                    {"supports_string_content", true}}},
                  {"media_marker", ""},
                  {"modalities", {{"vision", false}, {"audio", false}}},
                  {"build_info", props.build},
                  {"is_sleeping", !props.loaded}});
}

std::string encode_slots(uint32_t slots, uint32_t running, uint32_t context) {
  Json list = Json::array();
  for (uint32_t i = 0; i < std::max(slots, running); ++i)
    list.push_back({{"id", i}, {"n_ctx", context}, {"speculative", false}, {"is_processing", i < running}});
  return to_text(list);
}

std::string encode_models(std::span<const ModelInfo> models, std::span<const runtime::LoadedModel> loaded) {
  Json data = Json::array();
  for (const ModelInfo& model : models) {
    const bool is_loaded = find(loaded, model.name) != nullptr;
    data.push_back({{"id", model.name},
                    {"object", "model"},
                    {"created", model.modified_unix},
                    {"owned_by", "inglenook"},
                    {"status", {{"value", is_loaded ? "loaded" : "unloaded"}}},
                    {"architecture", {{"input_modalities", {"text"}}, {"output_modalities", {"text"}}}},
                    {"meta",
                     {{"n_ctx_train", model.context},
                      {"n_embd", model.embedding},
                      {"n_params", model.parameters},
                      {"size", model.size}}}});
  }
  return to_text({{"object", "list"}, {"data", std::move(data)}});
}

Answer<std::string> parse_load(std::string_view body) {
  const auto json = parse_json_object(body);
  if (!json) return std::unexpected(json.error());
  ReadNotes notes;
  ObjectReader in(*json, "", notes, kLoadFields);
  std::string model = in.text("model").value_or("");
  if (model.empty()) in.missing("model");
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  return model;
}

Answer<bool> parse_adapters(std::string_view body) {
  const auto json = parse_json(body);
  if (!json) return std::unexpected(json.error());
  if (json->is_array() && json->empty()) return true;
  return std::unexpected(
      Failure{.status = 501,
              .error = Error::unsupported("no adapters are switched here").hint("pull a model that has them merged")});
}

void props(const std::shared_ptr<Call>& call) {
  auto name = model_of(*call, call->query("model"));
  if (!name) return call->fail(name.error());
  const auto details = call->services().show(*name);
  if (!details) return call->fail(Failure::no_model(*name, details.error().hint()));
  const auto loaded = call->services().models->loaded();
  const runtime::LoadedModel* model = find(loaded, details->info.name);
  call->respond_json(encode_props(
      {.model = *name,
       .template_text = details->chat_template,
       .build = "ingle-" + call->services().version,
       .context = model == nullptr ? details->info.context : model->description.context_limit,
       .slots = call->services().parallel,
       .calls_tools = std::ranges::find(details->info.capabilities, "tools") != details->info.capabilities.end(),
       .loaded = model != nullptr}));
}

void slots(const std::shared_ptr<Call>& call) {
  const auto name = model_of(*call, call->query("model"));
  if (!name) return call->fail(name.error());
  const auto loaded = call->services().models->loaded();
  const auto found = find(call->services(), loaded, *name);
  if (!found) return call->fail(found.error());
  const runtime::LoadedModel* model = *found;
  uint32_t running = 0;
  if (model != nullptr) {
    const auto stats = call->services().models->stats(model->name);
    if (failed(*call, stats)) return;
    running = stats->running;
  }
  const uint32_t n_slots = call->services().parallel;
  if (call->query("fail_on_no_slot") == "1" && running >= n_slots)
    return call->fail(Error::unavailable("as many requests run as can"));
  call->respond_json(encode_slots(n_slots, running, model == nullptr ? 0 : model->description.context_limit));
}

void list_models(const std::shared_ptr<Call>& call) {
  const auto models = call->services().list();
  if (failed(*call, models)) return;
  call->respond_json(encode_models(*models, call->services().models->loaded()));
}

void load_model(const std::shared_ptr<Call>& call) {
  const auto name = parse_load(call->request().body);
  if (!name) return call->fail(name.error());
  with_model(call, *name, {}, [call](const auto& /*model*/) { call->respond_json(R"({"success":true})"); });
}

void unload_model(const std::shared_ptr<Call>& call) {
  const auto name = parse_load(call->request().body);
  if (!name) return call->fail(name.error());
  const auto loaded = call->services().models->loaded();
  const auto found = find(call->services(), loaded, *name);
  if (!found) return call->fail(found.error());
  if (*found == nullptr) return call->fail(Failure::bad_field("model", "is not loaded"));
  call->services().models->unload(*name);
  call->respond_json(R"({"success":true})");
}

void list_adapters(const std::shared_ptr<Call>& call) {
  call->respond_json("[]");
}

void set_adapters(const std::shared_ptr<Call>& call) {
  const auto none = parse_adapters(call->request().body);
  if (!none) return call->fail(none.error());
  call->respond_json(R"({"success":true})");
}

}  // namespace ingle::api::llama
