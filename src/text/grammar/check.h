// Whether a document fits a schema, decided by the very masks that generation uses, and by the validator for what those
// cannot enforce.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/grammar/constraint.h"
#include "text/grammar/validator.h"

namespace ingle::text::grammar {

struct CheckOptions {
  bool strict = false;  // what the masks cannot enforce is refused
  std::span<const CopySource> sources = {};
};

/// One thread at a time. The sources must live as long as it does not.
class Checker {
 public:
  struct Outcome {
    bool accepted = false;
    /// The document as generation would write it: members in the schema's order, numbers in their shortest form. Only where
    /// the masks let it pass.
    std::string text;
    bool by_masks = false;               // rejected by the masks, whatever the validator says
    std::optional<Violation> violation;  // what the validator found, of a document that masks rejected too
    std::string reason;                  // why it was rejected, for a person; "" where it was not
  };

  /// The errors are compile_schema's, so a schema that generation refuses is refused here; and the validator's where it is
  /// needed.
  static Result<Checker> create(std::string_view schema, const CheckOptions& options = {});

  /// What the validator judges, each with its keyword, place and reason; empty: the masks enforce the whole schema.
  const std::vector<std::string>& unenforced() const { return unenforced_; }
  /// Places of keywords that no draft knows: they count for nothing.
  const std::vector<std::string>& ignored() const { return ignored_; }
  /// False: the schema takes no document at all, so every one is rejected, and generation refuses it.
  bool has_documents() const { return masker_ != nullptr; }

  /// Walks `instance` through the masks, a byte a token. kCorrupt: it is no JSON. kRefused: a limit.
  Result<Outcome> check(std::string_view instance);

 private:
  Checker() = default;
  void explain(const validation::JsonValue& document, std::string_view instance, Outcome& outcome) const;

  std::vector<std::string> unenforced_;
  std::vector<std::string> ignored_;
  std::optional<CompiledSchema> compiled_;
  std::unique_ptr<Masker> masker_;
  std::optional<Validator> validator_;  // judges what masks cannot enforce, and explains what they reject
};

}  // namespace ingle::text::grammar
