// Where the schemas of a document are: the draft and the base of each, and what references lead to.
//
// Made once for a schema, before it is read; it points into the parsed document, which must outlive it. References are only
// followed inside the document: identifiers, anchors and JSON pointers.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "text/grammar/dialect.h"

namespace ingle::text::grammar {

/// `path` and `key` as one JSON pointer.
std::string under(const std::string& path, std::string_view key);

class SchemaIndex {
 public:
  using Json = nlohmann::ordered_json;

  struct Place {
    Draft draft = Draft::k2020;
    uint32_t resource = 0;
    std::string path;  // "#/..." of the document
  };

  static Result<SchemaIndex> create(const Json& document);
  /// Any object: a schema of our own, which every index knows.
  static const Json& any_object();

  const Place& place(const Json& schema) const { return places_.at(&schema); }
  /// `from`: the schema that holds the reference.
  Result<const Json*> resolve(const std::string& reference, const Json& from);
  /// As resolve(); nullptr where the target depends on the way that led here.
  Result<const Json*> resolve_dynamic(const std::string& reference, const Json& from);
  /// The target of "$recursiveRef", nullptr where it depends on the way that led here.
  Result<const Json*> resolve_recursive(const Json& from);

 private:
  struct Resource {
    std::string uri;
    const Json* root = nullptr;
    std::string path;
    bool is_recursive = false;
  };

  Status visit(const Json& schema, Place place);
  Status visit_held(const Json& schema, const Place& place);
  Result<const Json*> find_pointer(const std::string& pointer, uint32_t resource, const std::string& where);

  std::unordered_map<const Json*, Place> places_;
  std::vector<Resource> resources_;
  size_t n_recursive_ = 0;                              // of those
  std::unordered_map<std::string, const Json*> found_;  // by resource and pointer: members are searched for only once
  std::map<std::string, uint32_t, std::less<>> by_uri_;
  std::map<std::string, const Json*, std::less<>> anchors_;               // by URI and fragment
  std::map<std::string, std::vector<const Json*>, std::less<>> dynamic_;  // by name
};

}  // namespace ingle::text::grammar
