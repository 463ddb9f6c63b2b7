// From what the user called a model to an engine that answers: find or pull it, load it, with progress on stderr.
#pragma once

#include <memory>
#include <string>

#include "cli/verb.h"

namespace ingle::cli {

struct EngineFlags {
  std::optional<int64_t> threads;
  std::optional<int64_t> context;
  std::optional<std::string> isa;
  std::optional<std::string> kv_type;
  bool reference = false;
  bool no_speculation = false;
  bool no_server = false;  // load the model for this command, also where a server has it
};
void declare_engine_flags(Arguments& arguments, EngineFlags& flags);
/// Of verbs whose row in verbs.cpp says that they use the server.
void declare_server_flag(Arguments& arguments, EngineFlags& flags);

struct LoadedModel {
  app::ModelFiles files;
  std::shared_ptr<chat::Completer> completer;  // `auto` is shared with its requests in flight
  chat::Description description;
};

/// An error about a model's file says which file, also where the layer below could not know.
Error naming(const app::ModelFiles& files, Error error);

/// A name that is in the catalog but not installed is pulled, and stderr says so.
Result<app::ModelFiles> locate_or_pull(Context& context, const std::string& model);
Result<engine::Options> options_from(Context& context, const EngineFlags& flags);
Result<LoadedModel> load_model(Context& context, const std::string& model, const EngineFlags& flags);
/// The same with options of the caller's. `here`: in this process, for measurements of the engine alone.
Result<LoadedModel> load_files(Context& context, app::ModelFiles files, engine::Options options, bool here = false);

}  // namespace ingle::cli
