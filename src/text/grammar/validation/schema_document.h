// SchemaDocument: a JSON Schema as it is read, with everything known that validation needs: which draft holds where, what
// $id and anchors name, where every reference leads, every pattern compiled. Written apart from schema.h, which makes
// automata: the two are held against each other. Immutable, any thread may read it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "text/grammar/validation/draft.h"
#include "text/grammar/validation/ecma_regex.h"
#include "text/grammar/validation/json_value.h"

namespace ingle::text::grammar::validation {

class SchemaDocument {
 public:
  static constexpr size_t kMaxDepth = 256;

  /// What has a URI of its own: the whole document, and each schema with an $id.
  struct Resource {
    const JsonValue* root = nullptr;
    std::string uri;
    Draft draft = Draft::k2020;
    bool has_recursive_anchor = false;
    std::map<std::string, const JsonValue*> anchors;  // the dynamic ones too
    std::map<std::string, const JsonValue*> dynamic_anchors;
  };
  struct Reference {
    const JsonValue* target = nullptr;
    std::string dynamic_anchor;  // of a $dynamicRef that begins at one
  };
  struct Place {
    const Resource* resource = nullptr;
    std::map<std::string, Reference, std::less<>> references;  // by keyword
  };

  /// kUsage: no JSON, or no schema. kRefused: a reference to another document, a draft or a pattern that is not known.
  static Result<SchemaDocument> read(JsonValue schema);

  const JsonValue& root() const { return *root_; }
  /// Of every schema in the document; null for what is none.
  const Place* place(const JsonValue& schema) const;
  /// Null for a text that is no pattern of the document.
  const EcmaRegex* pattern(std::string_view text) const;
  /// Whether any schema needs to know what others evaluated.
  bool has_unevaluated() const { return has_unevaluated_; }

 private:
  friend class SchemaReader;
  SchemaDocument() = default;

  std::unique_ptr<const JsonValue> root_;
  std::vector<std::unique_ptr<Resource>> resources_;
  std::unordered_map<const JsonValue*, Place> places_;
  std::map<std::string, EcmaRegex, std::less<>> patterns_;
  bool has_unevaluated_ = false;
};

}  // namespace ingle::text::grammar::validation
