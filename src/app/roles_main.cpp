#include "app/roles_main.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

#include "convert/convert_job.h"
#include "documents/read_job.h"
#include "engine/engine.h"
#include "roles/egress_role.h"
#include "roles/engine_role.h"
#include "roles/escape_attempts.h"
#include "roles/model_facts.h"
#include "roles/model_listing.h"
#include "roles/model_memory.h"
#include "roles/sandbox.h"
#include "store/pip_settings.h"
#include "text/template/chat_template.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

/// pip is a program, and front starts none.
Result<std::string> pip_help_job(std::string_view /*payload*/, std::span<const base::FileDescriptor> /*files*/) {
  return store::ask_pip_for_help({{"/usr/bin/python3", "-m", "pip"}, {"pip3"}, {"pip"}}, {});
}

/// A template of somebody's, before a model is made with it.
Result<std::string> template_check_job(std::string_view payload, std::span<const base::FileDescriptor> /*files*/) {
  INGLE_TRY_VOID(text::ChatTemplate::compile(payload));
  return std::string();
}

constexpr roles::JobKind kJobs[] = {
    {kTemplateCheckJob, template_check_job},           {kPipHelpJob, pip_help_job},
    {roles::kModelFactsJob, roles::model_facts_job},   {roles::kModelListingJob, roles::model_listing_job},
    {roles::kModelMemoryJob, roles::model_memory_job}, {documents::kReadJobKind, documents::read_document_job},
    {convert::kConvertJobKind, convert::convert_job},
};

int engine_main(roles::Channel channel, const roles::SpawnOptions& options) {
  if (options.prove) return roles::attempt_escapes(std::move(channel), roles::Role::kEngine, options);
  ::tzset();  // chat templates may ask for the time; the zone's file cannot be opened later
  return roles::serve_engine(channel, engine::load, [&]() -> Status {
    INGLE_TRY_VOID(roles::lock(roles::Role::kEngine, {.max_memory_bytes = options.max_memory_bytes,
                                                      .max_file_bytes = options.max_file_bytes}));
    return {};
  });
}

int parse_main(roles::Channel channel, const roles::SpawnOptions& options) {
  if (options.prove) return roles::attempt_escapes(std::move(channel), roles::Role::kParse, options);
  std::error_code error;
  const fs::path folder = fs::temp_directory_path(error);  // the private one that the spawner names in TMPDIR
  if (error) return 1;
  const auto locked = roles::lock(
      roles::Role::kParse,
      {.writable = {folder}, .max_memory_bytes = options.max_memory_bytes, .max_cpu_seconds = options.max_cpu_seconds});
  if (!locked) return 1;
  return roles::serve_job(channel, kJobs);
}

int egress_main(roles::Channel channel, const roles::SpawnOptions& options) {
  if (options.prove) return roles::attempt_escapes(std::move(channel), roles::Role::kEgress, options);
  return roles::serve_egress(channel, [&]() -> Status {
    INGLE_TRY_VOID(roles::lock(roles::Role::kEgress, {.offline = options.offline}));
    return {};
  });
}

}  // namespace

std::span<const roles::JobKind> job_kinds() {
  return kJobs;
}

roles::RoleMains role_mains() {
  return {.engine = engine_main, .parse = parse_main, .egress = egress_main};
}

}  // namespace ingle::app
