// ModelFacts: what is told about a model that is listed or shown but not loaded. Read by the parse role, never by front.
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "models/model.h"

namespace ingle::roles {

/// A metadata key of the file.
struct ModelFact {
  enum class Kind : uint8_t { kText, kInteger, kReal, kBool, kArray };
  std::string key;
  Kind kind = Kind::kText;
  std::string value;  // long texts are cut; of an array: the number of its elements

  friend bool operator==(const ModelFact&, const ModelFact&) = default;
};

struct ModelFacts {
  models::Summary summary;
  std::string chat_template;  // Jinja source; empty: none
  bool infills = false;       // has the control tokens of models that fill in between two texts
  std::vector<ModelFact> metadata;
};

inline constexpr std::string_view kModelFactsJob = "model file";

/// The job: `payload` is the model's name, for error texts; the files are its parts in order.
Result<std::string> model_facts_job(std::string_view payload, std::span<const base::FileDescriptor> files);

/// What the job answered. Hostile: it comes from a process that read a hostile file.
Result<ModelFacts> decode_model_facts(std::string_view bytes);

}  // namespace ingle::roles
