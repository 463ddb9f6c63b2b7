#include "api/own/routes.h"

#include <algorithm>
#include <charconv>

#include "api/app_keys.h"
#include "api/compat.h"
#include "api/json_input.h"
#include "api/limits.h"

namespace ingle::api::own {
namespace {

constexpr Field kOfflineRows[] = {required("offline", "boolean")};
constexpr Field kSearchRows[] = {honoured("q", "string", "words of the title or the messages")};
constexpr Field kLimitRows[] = {honoured("limit", "integer", "1 to 500, default 50")};
constexpr Field kBeforeRows[] = {honoured("before", "string", "the id of the decision before which to begin")};
constexpr auto kDecisionTable = joined(kLimitRows, kBeforeRows);
constexpr Field kLinkRows[] = {required("key", "string", "the word of the link, which works once")};

constexpr uint32_t kDefaultRows = 50;
constexpr uint32_t kMaxRows = 500;

Failure not_here(std::string_view what) {
  return {.status = 501, .error = Error::unsupported("this server has no " + std::string(what))};
}

uint32_t row_limit(const Call& call) {
  const std::string text = call.query("limit");
  uint32_t limit = kDefaultRows;
  std::from_chars(text.data(), text.data() + text.size(), limit);
  return std::clamp(limit, 1U, kMaxRows);
}

Json licence_json(const LicenceInfo& licence) {
  return {
      {"id", licence.id}, {"title", licence.title}, {"verdict", licence.verdict}, {"commercial", licence.commercial}};
}

/// A file that could not be read may be anything.
bool generates(const ModelInfo& model) {
  return model.capabilities.empty() || std::ranges::find(model.capabilities, "completion") != model.capabilities.end();
}

Json memory_json(const chat::Description& description) {
  const chat::MemoryPlan& plan = description.memory;
  Json json = {
      {"weights", plan.weights}, {"cache", plan.cache}, {"work", plan.work}, {"context", description.context_limit}};
  if (plan.wanted_context > 0) json["wanted_context"] = plan.wanted_context;
  return json;
}

Json installed_json(const ModelInfo& model) {
  return {{"name", model.name},
          {"size", model.size},
          {"digest", model.digest},
          {"modified", model.modified_unix},
          {"quantization", model.quantization},
          {"parameters", model.parameters},
          {"context", model.context},
          {"architecture", model.architecture},
          {"generates", generates(model)},
          {"licence", licence_json(model.licence)},
          {"source", model.source},
          {"path", model.path},
          {"removable", model.removable}};
}

Json available_json(const AvailableModel& model, bool installed) {
  return {{"name", model.name},
          {"title", model.title},
          {"size", model.size},
          {"parameters", model.parameters},
          {"quantization", model.quantization},
          {"context", model.context},
          {"generates", model.generates},
          {"licence", licence_json(model.licence)},
          {"installed", installed}};
}

void respond_or_fail(Call& call, const Result<std::string>& body) {
  if (failed(call, body)) return;
  call.respond_json(*body);
}

std::string offline_text(const Services& services) {
  return to_text({{"offline", services.offline ? services.offline() : true},
                  {"by_setting", services.offline_by_setting && services.offline_by_setting()}});
}

}  // namespace

constexpr FieldTable kOfflineFields = kOfflineRows;
constexpr FieldTable kSearchParameters = kSearchRows;
constexpr FieldTable kDecisionParameters = kDecisionTable;
constexpr FieldTable kEgressParameters = kLimitRows;
constexpr FieldTable kLinkParameters = kLinkRows;

std::string cookie_name(const net::ServerRequest& request) {
  const std::string_view host = request.header("host");
  const size_t colon = host.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "80" : host.substr(colon + 1);
  std::string name = "ingle_session_";
  for (const char c : port)
    if (c >= '0' && c <= '9') name += c;
  return name;
}

void status(const std::shared_ptr<Call>& call) {
  const Services& services = call->services();
  const PolicyInfo policy = services.policy ? services.policy() : PolicyInfo{};
  call->respond_json(to_text({{"version", services.version},
                              {"uptime_seconds", services.now_unix() - services.started_unix},
                              {"home", services.home},
                              {"offline", services.offline ? services.offline() : true},
                              {"sandbox",
                               {{"front", services.sandbox.front},
                                {"engine", services.sandbox.engine},
                                {"parse", services.sandbox.parse},
                                {"egress", services.sandbox.egress}}},
                              {"machine",
                               {{"cores", services.machine.cores},
                                {"isa", services.machine.isa},
                                {"memory_bytes", services.machine.memory_bytes}}},
                              {"policy",
                               {{"present", policy.present},
                                {"provider", policy.provider.empty() ? Json() : Json(policy.provider)},
                                {"cloud_possible", policy.cloud_possible}}},
                              {"tls", services.tls},
                              {"insecure", services.insecure}}));
}

void models(const std::shared_ptr<Call>& call) {
  const Services& services = call->services();
  const auto installed = services.list();
  if (failed(*call, installed)) return;
  Json installed_list = Json::array();
  for (const ModelInfo& model : *installed)
    installed_list.push_back(installed_json(model));
  Json available = Json::array();
  for (const AvailableModel& model : services.available()) {
    const bool is_installed = std::ranges::find(*installed, model.name, &ModelInfo::name) != installed->end();
    available.push_back(available_json(model, is_installed));
  }
  Json loaded = Json::array();
  for (const runtime::LoadedModel& model : services.models->loaded())
    loaded.push_back({{"name", model.name},
                      {"bytes", model.bytes},
                      {"memory", memory_json(model.description)},
                      {"expires_unix", model.expires_unix == INT64_MAX ? Json() : Json(model.expires_unix)}});
  call->respond_json(to_text(
      {{"installed", std::move(installed_list)}, {"available", std::move(available)}, {"loaded", std::move(loaded)}}));
}

void list_chats(const std::shared_ptr<Call>& call) {
  if (call->services().chats == nullptr) return call->fail(not_here("saved conversations"));
  const std::string words = call->query("q");
  const auto chats = words.empty() ? call->services().chats->list() : call->services().chats->search(words);
  if (failed(*call, chats)) return;
  Json list = Json::array();
  for (const store::ChatSummary& chat : *chats)
    list.push_back({{"id", chat.id},
                    {"title", chat.title},
                    {"model", chat.model},
                    {"updated_unix", chat.updated_unix},
                    {"messages", chat.n_messages}});
  call->respond_json(to_text({{"chats", std::move(list)}}));
}

void get_chat(const std::shared_ptr<Call>& call) {
  if (call->services().chats == nullptr) return call->fail(not_here("saved conversations"));
  respond_or_fail(*call, call->services().chats->get(call->rest()));
}

void put_chat(const std::shared_ptr<Call>& call) {
  if (call->services().chats == nullptr) return call->fail(not_here("saved conversations"));
  const auto document = parse_json_object(call->request().body);
  if (!document) return call->fail(document.error());
  const Status saved = call->services().chats->put(call->rest(), call->request().body, call->services().now_unix());
  if (!saved) return call->fail(saved.error());
  call->respond_json(to_text({{"id", call->rest()}}));
}

void delete_chat(const std::shared_ptr<Call>& call) {
  if (call->services().chats == nullptr) return call->fail(not_here("saved conversations"));
  const Status removed = call->services().chats->remove(call->rest());
  if (!removed) return call->fail(removed.error());
  call->respond_json("{}");
}

void decisions(const std::shared_ptr<Call>& call) {
  if (!call->services().decisions_json) return call->fail(not_here("router"));
  respond_or_fail(*call, call->services().decisions_json(row_limit(*call), call->query("before")));
}

void explain(const std::shared_ptr<Call>& call) {
  if (!call->services().explain_json) return call->fail(not_here("router"));
  respond_or_fail(*call, call->services().explain_json(call->rest()));
}

void egress(const std::shared_ptr<Call>& call) {
  if (!call->services().egress_json) return call->fail(not_here("router"));
  respond_or_fail(*call, call->services().egress_json(row_limit(*call)));
}

void policy(const std::shared_ptr<Call>& call) {
  if (!call->services().policy_json) return call->fail(not_here("router"));
  call->respond_json(call->services().policy_json());
}

void get_offline(const std::shared_ptr<Call>& call) {
  call->respond_json(offline_text(call->services()));
}

void put_offline(const std::shared_ptr<Call>& call) {
  if (!call->services().set_offline) return call->fail(not_here("switch"));
  const auto json = parse_json_object(call->request().body);
  if (!json) return call->fail(json.error());
  ReadNotes notes;
  std::optional<bool> wanted;
  {
    ObjectReader in(*json, "", notes, kOfflineFields);
    wanted = in.boolean("offline");
    if (!wanted) in.missing("offline");
  }
  if (notes.fault) return call->fail(*notes.fault);
  const Status done = call->services().set_offline(*wanted);
  if (!done) {
    Failure failure = Failure::from(done.error());
    if (failure.error.code() == ErrorCode::kRefused) failure.status = 409;
    return call->fail(failure);
  }
  call->respond_json(offline_text(call->services()));
}

void make_link(const std::shared_ptr<Call>& call) {
  call->respond_json(to_text({{"path", "/open?key=" + call->keys().make_link_word(call->services().now_unix())}}));
}

void open_link(const std::shared_ptr<Call>& call) {
  const auto cookie = call->keys().redeem(call->query("key"), call->services().now_unix());
  if (!cookie) {
    // The app's page itself explains what to do without a cookie.
    return call->respond({.status = 303, .headers = {{"location", "/"}, {"cache-control", "no-store"}}});
  }
  call->respond({.status = 303,
                 .headers = {{"location", "/"},
                             {"cache-control", "no-store"},
                             {"set-cookie", cookie_name(call->request()) + "=" + *cookie +
                                                "; Path=/; HttpOnly; SameSite=Strict; " +
                                                (call->services().tls ? "Secure; " : "") +
                                                "Max-Age=" + std::to_string(AppKeys::kCookieSeconds)}}});
}

void metrics(const std::shared_ptr<Call>& call) {
  if (call->telemetry() == nullptr) return call->fail(not_here("metrics"));
  call->respond(
      {.status = 200,
       .headers = {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}, {"cache-control", "no-store"}},
       .body = call->telemetry()->metrics_text(call->services())});
}

void openapi(const std::shared_ptr<Call>& call) {
  call->respond_json(openapi_document(call->services().version));
}

void health(const std::shared_ptr<Call>& call) {
  const auto& health = call->services().health;
  if (health && failed(*call, health())) return;
  call->respond_json(R"({"status":"ok"})");
}

}  // namespace ingle::api::own
