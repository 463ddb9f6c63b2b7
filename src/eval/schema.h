// How much of JSON Schema is enforced, and whether every verdict is right: the measure of `ingle eval schema`.
//
// A folder holds tests as JSON-Schema-Test-Suite has them: tests/DRAFT/KEYWORD.json, each a list of groups with a schema
// and instances. Every instance walks through the masks of generation, and is judged by the validator on its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace ingle::eval {

struct SchemaScore {
  std::string draft;
  std::string file;
  // Groups: the masks enforce the whole schema; leave a part to the check of the finished document; it is refused.
  uint32_t enforced = 0;
  uint32_t checked = 0;
  uint32_t refused = 0;
  // Instances of groups that are not refused.
  uint32_t accepted_right = 0;
  uint32_t accepted_wrong = 0;
  uint32_t rejected_right = 0;
  uint32_t rejected_wrong = 0;
  uint32_t by_masks = 0;         // of those rejected: by the masks, not by the check
  uint32_t format_asserted = 0;  // rejected, where the suite takes "format" for an annotation
  uint32_t validator_wrong = 0;  // instances that the validator alone judges wrong
};

struct SchemaMiss {
  std::string draft;
  std::string file;
  std::string group;
  std::string test;
  std::string what;  // what was expected and what came
};

struct SchemaRefusal {
  std::string draft;
  std::string file;
  std::string group;
  std::string reason;
};

struct SchemaScores {
  std::vector<SchemaScore> files;
  std::vector<SchemaMiss> misses;
  std::vector<SchemaRefusal> refusals;
  std::vector<SchemaRefusal> checked;  // with what was not enforced
  double seconds = 0;
};

struct SchemaOptions {
  bool all_files = false;  // the folders "optional" too
};

Result<SchemaScores> score_schemas(const std::filesystem::path& folder, const SchemaOptions& options);

}  // namespace ingle::eval
