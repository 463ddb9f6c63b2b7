#include "app/services.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/document_jobs.h"
#include "app/make_model.h"
#include "base/cpu_features.h"
#include "base/utf8.h"
#include "kernels/registry.h"
#include "roles/sandbox.h"

namespace ingle::app {
namespace {

constexpr size_t kPullsAtOnce = 4;  // each holds up a thread that people wait for, perhaps for hours

using Json = nlohmann::ordered_json;

int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

api::MachineInfo this_machine(const Settings& settings) {
  api::MachineInfo machine{.cores = base::physical_cores(), .isa = settings.isa};
  if (const auto tables = kernels::available(); machine.isa.empty() && !tables.empty())
    machine.isa = tables.front()->name;
  struct sysinfo info{};
  if (::sysinfo(&info) == 0) machine.memory_bytes = uint64_t{info.totalram} * info.mem_unit;
  return machine;
}

/// Every role has locks of both kinds; roles.md says which. What the kernel has not, none of them has.
api::SandboxTexts sandbox_texts() {
  const roles::SandboxReport offered = roles::sandbox_offered();
  const std::string text =
      offered.missing.empty() ? fmt::format("seccomp, Landlock {}", offered.landlock_abi) : offered.missing;
  return {.front = text, .engine = text, .parse = text, .egress = text};
}

api::LicenceInfo licence_of(const store::CatalogEntry& entry) {
  return {.id = entry.licence.id,
          .title = entry.licence.title,
          .verdict = entry.licence.verdict,
          .commercial = std::string(store::to_string(entry.licence.commercial))};
}

void fill_in(api::ModelInfo& info, const models::Summary& summary) {
  info.architecture = summary.architecture;
  info.quantization = summary.quantization;
  info.parameters = summary.parameters;
  info.context = summary.context_length;
  info.embedding = summary.n_embd;
  if (info.licence.id.empty()) info.licence.id = base::to_valid_utf8(summary.license);
}

api::ModelInfo info_of(const store::Store& store, const store::InstalledModel& model) {
  api::ModelInfo info{.name = model.name.display(),
                      .digest = model.digest.hex(),
                      .id = model.id.hex(),
                      .size = model.size,
                      .modified_unix = model.modified,
                      .source = std::string(store::to_string(model.origin)),
                      .path = model.path.string(),
                      .removable = model.origin == store::Origin::kInglenook};
  if (const store::CatalogEntry* entry = store.catalog().find(model.name)) info.licence = licence_of(*entry);
  return info;
}

/// What a client may expect of it. Every model that generates calls tools, but only those whose template speaks of them
/// were made for it.
std::vector<std::string> capabilities_of(const roles::ModelFacts& facts) {
  if (!facts.summary.pooling.empty()) return {"embedding"};
  std::vector<std::string> able = {"completion"};
  const std::string& text = facts.chat_template;
  if (text.find("tools") != std::string::npos) able.emplace_back("tools");
  if (text.find("<think>") != std::string::npos && text.find("</think>") != std::string::npos)
    able.emplace_back("thinking");
  if (facts.infills) able.emplace_back("insert");
  return able;
}

/// A file that cannot be read is listed all the same: it is there, and it can be removed.
api::ModelInfo whole_info_of(Front& front, const store::InstalledModel& model) {
  api::ModelInfo info = info_of(front.store(), model);
  const auto facts = front.facts(Front::files_of(model));
  if (facts) fill_in(info, facts->summary);
  if (facts) info.capabilities = capabilities_of(*facts);
  return info;
}

Result<std::vector<api::ModelInfo>> list_models(Front& front) {
  INGLE_TRY(const auto installed, front.store().list());
  std::vector<api::ModelInfo> models;
  models.reserve(installed.size());
  for (const store::InstalledModel& model : installed)
    models.push_back(whole_info_of(front, model));
  return models;
}

std::vector<api::AvailableModel> available_models(const store::Store& store) {
  std::vector<api::AvailableModel> models;
  for (const store::CatalogEntry& entry : store.catalog().entries())
    models.push_back({.name = entry.name.display(),
                      .title = entry.title,
                      .size = entry.size,
                      .parameters = entry.parameters,
                      .quantization = entry.quantization,
                      .context = entry.context,
                      .generates = entry.generates,
                      .licence = licence_of(entry)});
  return models;
}

std::string metadata_json(const roles::ModelFacts& facts) {
  Json object = Json::object();
  for (const roles::ModelFact& fact : facts.metadata) {
    Json& value = object[base::to_valid_utf8(fact.key)];
    switch (fact.kind) {
      case roles::ModelFact::Kind::kText:
        value = base::to_valid_utf8(fact.value);
        break;
      case roles::ModelFact::Kind::kArray:
        value = Json::array();
        break;
      case roles::ModelFact::Kind::kInteger:
      case roles::ModelFact::Kind::kReal:
      case roles::ModelFact::Kind::kBool:
        value = Json::parse(fact.value, nullptr, false);
        if (value.is_discarded()) value = fact.value;
        break;
    }
  }
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<api::ModelDetails> show_model(Front& front, std::string_view name) {
  INGLE_TRY(const ModelFiles files, front.locate(name));
  INGLE_TRY(const roles::ModelFacts facts, front.facts(files));
  api::ModelDetails details;
  if (files.installed) {
    details.info = info_of(front.store(), *files.installed);
    if (const auto extras = front.store().extras(*files.installed)) {
      details.system = extras->system;
      details.parameters_json = extras->parameters;
      details.messages_json = extras->messages;
      details.chat_template = extras->jinja_template;
      for (const std::string& licence : extras->licences)
        details.licence_text += (details.licence_text.empty() ? "" : "\n") + licence;
    }
  } else {
    details.info.name = files.name;
    details.info.size = files.bytes;
  }
  fill_in(details.info, facts.summary);
  details.info.capabilities = capabilities_of(facts);
  if (details.chat_template.empty()) {
    details.chat_template = facts.chat_template;
  } else {
    details.own_template = false;
  }
  details.metadata_json = metadata_json(facts);
  return details;
}

}  // namespace

api::Services front_services(Front& front) {
  api::Services services;
  services.home = front.settings().home;
  services.started_unix = unix_now();
  services.machine = this_machine(front.settings());
  services.parallel = front.settings().parallel;
  services.sandbox = sandbox_texts();
  services.health = [&front] { return front.can_start_roles(); };
  services.models = &front.models();
  // As many as the model takes then; the first one counts.
  services.seats = std::make_shared<api::Seats>(api::kSeatsOfModel,
                                                size_t{front.settings().parallel} + front.settings().max_queue - 1);
  services.list = [&front] { return list_models(front); };
  services.info = [&front](std::string_view name) -> Result<api::ModelInfo> {
    INGLE_TRY(const store::InstalledModel model, front.store().find(name));
    return whole_info_of(front, model);
  };
  services.available = [&front] { return available_models(front.store()); };
  services.show = [&front](std::string_view name) { return show_model(front, name); };
  services.listing_json = [&front](std::string_view name) -> Result<std::string> {
    INGLE_TRY(const ModelFiles files, front.locate(name));
    return front.listing(files);
  };
  services.defaults = [&front](std::string_view name) -> api::ModelDefaults {
    const auto model = front.store().find(name);
    const auto extras =
        model ? front.store().extras(*model) : Result<store::ModelExtras>(std::unexpected(model.error()));
    if (!extras) return {};
    return {.system = extras->system,
            .options_json = extras->parameters,
            .messages_json = extras->messages,
            .chat_template = extras->jinja_template};
  };
  const auto pulls = std::make_shared<Slots>(kPullsAtOnce);
  services.pull = [&front, pulls](std::string_view name, const store::PullCallback& progress,
                                  std::stop_token stop) -> Result<store::PullReport> {
    const auto slot = pulls->try_take();
    if (!slot)
      return std::unexpected(Error::exhausted(fmt::format("{} models are being pulled already", kPullsAtOnce))
                                 .hint("ask again when one of them has arrived"));
    return front.store().pull(name, progress, std::move(stop));
  };
  services.remove = [&front](std::string_view name) { return front.remove(name); };
  add_making(services, front);
  services.extract = extract_job(front);
  services.summarize = summarize_job(front, front.models());
  router::Routing& routing = front.routing();
  services.decisions_json = [&routing](uint32_t limit, std::string_view before) {
    return routing.decisions_json(limit, before);
  };
  services.explain_json = [&routing](std::string_view id) { return routing.explain_json(id); };
  services.is_known_request = [&routing](std::string_view id) {
    const auto found = routing.explain_json(id);
    return found || found.error().code() != ErrorCode::kNotFound;
  };
  services.egress_json = [&routing](uint32_t limit) { return routing.egress_json(limit); };
  services.policy_json = [&routing] { return routing.policy_json(); };
  services.policy = [&routing] {
    const router::PolicyStatus status = routing.policy();
    return api::PolicyInfo{
        .present = status.present, .provider = status.provider, .cloud_possible = status.cloud_possible};
  };
  services.offline = [&front] { return front.offline().on(); };
  services.offline_by_setting = [&front] { return front.offline().by_setting(); };
  services.set_offline = [&front](bool on) { return front.set_offline(on); };
  services.now_unix = unix_now;
  return services;
}

}  // namespace ingle::app
