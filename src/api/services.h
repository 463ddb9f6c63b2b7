// Services: all that the API needs from the rest of the program, as interfaces and functions, so that a test can give it
// fakes. The composition root fills it in and keeps what it points to alive longer than the Api.
//
// Every function may be called from any worker thread, several at once. A function that is empty is a service that this
// server does not have: its routes answer 501.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/response_store.h"
#include "api/seats.h"
#include "base/result.h"
#include "runtime/models.h"
#include "store/chats.h"
#include "store/store.h"

namespace ingle::api {

class Downloads;
class Telemetry;

struct LicenceInfo {
  std::string id = {};
  std::string title = {};
  std::string verdict = {};
  std::string commercial = {};  // "yes", "conditions", "no"; empty: unknown
};

/// A model that can be asked by name.
struct ModelInfo {
  std::string name = {};
  std::string digest = {};  // hexadecimal SHA-256 of the weights; empty: a bare file
  std::string id = {};      // hexadecimal digest of the manifest, which Ollama shows; empty: a bare file
  uint64_t size = 0;
  int64_t modified_unix = 0;
  std::string architecture = {};
  std::string quantization = {};
  uint64_t parameters = 0;
  uint32_t context = 0;
  uint32_t embedding = 0;
  LicenceInfo licence = {};
  std::string source = {};  // "inglenook", "ollama", "hugging-face", "lm-studio", "folder"
  std::string path = {};
  bool removable = false;
  std::vector<std::string> capabilities = {};  // "completion", "tools", "thinking", "insert", "embedding"
};

struct AvailableModel {
  std::string name = {};
  std::string title = {};
  uint64_t size = 0;
  uint64_t parameters = 0;
  std::string quantization = {};
  uint64_t context = 0;
  bool generates = true;  // false: an encoder
  LicenceInfo licence = {};
};

struct ModelDetails {
  ModelInfo info = {};
  std::string chat_template = {};
  std::string licence_text = {};
  std::string system = {};           // of its manifest
  std::string parameters_json = {};  // of its manifest: an object of options
  std::string messages_json = {};    // of its manifest: an array
  bool own_template = true;          // the template is the file's, and not of the manifest
  std::string metadata_json = {};    // an object of the file's keys; lists are empty
};

/// What a model's manifest says about asking it.
struct ModelDefaults {
  std::string system = {};
  std::string options_json = {};   // an object of Ollama's options; empty: none
  std::string messages_json = {};  // an array of messages that every conversation begins with; empty: none
  std::string chat_template = {};  // Jinja; empty: the one of the model's file
};

/// A model to be made; empty: nothing is said about it.
struct CreateModel {
  std::string name = {};
  std::string from = {};
  std::vector<std::pair<std::string, std::string>> files = {};  // name and digest of an uploaded blob
  std::string chat_template = {};
  std::string system = {};
  std::vector<std::string> licences = {};
  std::string options_json = {};
  std::string messages_json = {};
  std::string requires_version = {};
};

struct DocumentUpload {
  std::string file_name = {};
  std::string bytes = {};
  std::string options_json = {};
  std::string request_id = {};
};

/// A stage of a document job for people, and how far it is; total 0: unknown.
using DocumentProgress = std::function<void(std::string_view stage, uint64_t done, uint64_t total)>;
/// The result as JSON in the shape of contracts.md.
using DocumentJob = std::function<Answer<std::string>(const DocumentUpload& upload, const DocumentProgress& progress,
                                                      std::stop_token stop)>;

struct SandboxTexts {
  std::string front;
  std::string engine;
  std::string parse;
  std::string egress;
};

struct MachineInfo {
  uint32_t cores = 0;
  std::string isa;
  uint64_t memory_bytes = 0;
};

struct PolicyInfo {
  bool present = false;
  std::string provider;
  bool cloud_possible = false;
};

struct Services {
  std::string version;
  std::string home;
  int64_t started_unix = 0;
  MachineInfo machine;
  uint32_t parallel = 1;  // requests that one model answers at the same time
  SandboxTexts sandbox;
  bool tls = false;
  bool insecure = false;  // it can be reached from other machines without TLS

  /// Why the server cannot do its work any more and is about to end. Empty: it always can.
  std::function<Status()> health = {};
  runtime::Models* models = nullptr;
  /// Shared with requests that wait for a model.
  std::shared_ptr<Seats> seats = std::make_shared<Seats>(kSeatsOfModel, 512);
  std::shared_ptr<Telemetry> telemetry = {};  // null: nobody counts
  store::Chats* chats = nullptr;
  Downloads* downloads = nullptr;  // null: models are pulled only while their client waits
  /// Shared with requests whose answers are still on their way when the server ends.
  std::shared_ptr<ResponseStore> responses = std::make_shared<ResponseStore>();

  std::function<Result<std::vector<ModelInfo>>()> list = {};
  /// One of that list, without looking at the others. kNotFound: no such model.
  std::function<Result<ModelInfo>(std::string_view name)> info = {};
  std::function<std::vector<AvailableModel>()> available = {};
  /// kNotFound: no such model.
  std::function<Result<ModelDetails>(std::string_view name)> show = {};
  /// {"model_info", "tensors"} with everything that the file has but its weights.
  std::function<Result<std::string>(std::string_view name)> listing_json = {};
  /// Nothing for a model whose manifest says nothing, or that is not there.
  std::function<ModelDefaults(std::string_view name)> defaults = {};
  std::function<Result<store::PullReport>(std::string_view name, const store::PullCallback&, std::stop_token)> pull =
      {};
  std::function<Result<store::RemoveReport>(std::string_view name)> remove = {};
  std::function<Status(std::string_view source, std::string_view destination, std::stop_token)> copy = {};
  std::function<Status(const CreateModel& model, const store::CreateCallback&, std::stop_token)> create = {};
  /// kNotFound: no such blob.
  std::function<Status(const store::Digest& digest)> has_blob = {};
  /// `announced`: bytes, 0: unknown. kExhausted: no room, or too many at once.
  std::function<Result<std::unique_ptr<store::BlobUpload>>(uint64_t announced)> begin_blob = {};

  DocumentJob extract = {};
  DocumentJob summarize = {};

  // Of the router: bodies of answers, made there.
  std::function<Result<std::string>(uint32_t limit, std::string_view before)> decisions_json = {};
  std::function<Result<std::string>(std::string_view request_id)> explain_json = {};
  /// Whether the ledger has a decision of that id, or cannot be asked.
  std::function<bool(std::string_view request_id)> is_known_request = {};
  std::function<Result<std::string>(uint32_t limit)> egress_json = {};
  std::function<std::string()> policy_json = {};
  std::function<PolicyInfo()> policy = {};
  std::function<bool()> offline = {};
  /// Whether the setting holds it on, so that set_offline(false) is refused.
  std::function<bool()> offline_by_setting = {};
  std::function<Status(bool)> set_offline = {};

  std::function<int64_t()> now_unix = {};
};

}  // namespace ingle::api
