// Extraction: fields of a document, each with the place that it was read from, and how far they can be trusted.
//
// extract() is what `ingle extract` and POST /v1/extract call. It asks a local model only about what the rules are unsure of,
// and only to choose among places of the text: what is not in the document cannot come out. Any thread; blocks while the
// model works.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "documents/document.h"
#include "runtime/models.h"

namespace ingle::documents {

enum class Source : uint8_t { kText, kXml };
std::string_view to_string(Source source);

/// One value. Without a value: it was not found, and `confidence` is how sure that is.
struct Leaf {
  std::optional<std::string> value;  // normalised: ISO dates, amounts with a point and two places
  float confidence = 0;              // 0 to 1
  std::optional<Span> span;          // what it was read from; nothing where the source is XML
  Source source = Source::kText;
};

struct Value;
using Members = std::vector<std::pair<std::string, Value>>;

/// A leaf, a list, or an object: the shape of the preset or of the user's schema.
struct Value {
  Value(Leaf leaf);
  Value(std::vector<Value> list);
  Value(Members members);
  std::variant<Leaf, std::vector<Value>, Members> content;
};

/// Accept: use it as it is. Review: a person should look. Escalate: what matters is missing or contradicts itself.
enum class Verdict : uint8_t { kAccept, kReview, kEscalate };
std::string_view to_string(Verdict verdict);

struct Extraction {
  Verdict verdict = Verdict::kEscalate;
  std::vector<std::string> reasons;  // why it is not "accept", for people
  Members fields;
  std::string model;  // that was asked; empty: none was needed
};

struct ExtractOptions {
  std::string schema;  // JSON Schema of the answer; empty: the invoice preset
  bool ignore_xml = false;
  std::string model;  // empty: rules only
};

/// "reading", "asking qwen2.5-coder:1.5b" ...; done of total, 0 of 0 where nothing can be counted.
using OnProgress = std::function<void(std::string_view stage, uint32_t done, uint32_t total)>;

Result<Extraction> extract(const Document& document, const ExtractOptions& options, runtime::Models& models,
                           const OnProgress& on_progress, std::stop_token stop);

/// The leaf at a name of the top level; nothing when it is no leaf or not there.
const Leaf* find_leaf(const Extraction& extraction, std::string_view name);

struct JsonOptions {
  bool with_text = false;  // "text" and "pages" as well, for the app
};
/// One line: the object of docs/contracts.md.
std::string to_json(const Extraction& extraction, const Document& document, std::string_view file,
                    const JsonOptions& options = {});

}  // namespace ingle::documents
