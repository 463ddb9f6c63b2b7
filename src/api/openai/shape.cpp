#include "api/openai/shape.h"

#include <span>

namespace ingle::api::openai {
namespace {

// clang-format off
constexpr Field kSchemaRows[] = {
  harmless("name", "schemas are told apart by their text"),
  harmless("description", "the model sees the conversation"),
  honoured("strict", "boolean", "true: what cannot be enforced is refused; else it is checked when the answer is whole"),
  required("schema", "object"),
};
constexpr FieldTable kSchemaFields = kSchemaRows;
constexpr Field kTypeRows[] = {
  required("type", "string", "text, json_object or json_schema"),
};
constexpr Field kFormatRows[] = {
  honoured("json_schema", "object", "", &kSchemaFields),
  honoured("schema", "object", "of llama-server, with json_object"),
};
constexpr auto kFormatTable = joined(kTypeRows, kFormatRows);
constexpr auto kFlatFormatTable = joined(kTypeRows, kSchemaRows);
constexpr Field kStructuredOutputRows[] = {
  honoured("json", "object|boolean|string"),
  honoured("grammar", "string", "GBNF"),
  honoured("choice", "string[]"),
  honoured("json_object", "boolean"),
  rejected("regex", 400, "write the same as a grammar in GBNF, in 'grammar'"),
  rejected("structural_tag", 400, "send 'tools', a schema or a 'grammar'"),
};
// clang-format on

constexpr std::string_view kAnyObject = R"({"type":"object"})";

using ReadShape = void (*)(ObjectReader& in, std::string_view field, const Json& value, Shape& shape);

/// A schema, or the text of one.
void read_schema(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  if (value.is_object() || value.is_boolean()) {
    if (value == Json::object() && shape.is_given()) return;  // how some clients say "none"
    return shape.schema(in, field, value, in.path_of(field), false);
  }
  const auto read = value.is_string() ? parse_json(value.get_ref<const std::string&>()) : Answer<Json>(value);
  if (!read || (!read->is_object() && !read->is_boolean())) return in.fault(field, "must be a JSON schema");
  shape.schema(in, field, *read, in.path_of(field), false);
}

void read_grammar(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  if (!value.is_string()) return in.fault(field, "must be a string");
  if (value != "") shape.grammar(in, field, value.get<std::string>());
}

/// The answer is one of some texts, without quotes: a grammar.
void read_choice(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  constexpr std::string_view kForm = "must be a list of texts, one at least";
  if (!value.is_array() || value.empty()) return in.fault(field, kForm);
  std::string grammar = "root ::=";
  for (const Json& choice : value) {
    if (!choice.is_string() || choice == "") return in.fault(field, kForm);
    grammar += grammar.ends_with('=') ? " \"" : " | \"";
    for (const char c : choice.get_ref<const std::string&>()) {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        grammar.append({'\\', c});
      } else if (byte < 0x20) {
        grammar.append({'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]});
      } else {
        grammar += c;
      }
    }
    grammar += '"';
  }
  shape.grammar(in, field, std::move(grammar));
}

void read_any_object(ObjectReader& in, std::string_view field, const Json& value, Shape& shape) {
  if (!value.is_boolean()) return in.fault(field, "must be true or false");
  if (value.get<bool>()) shape.object(in, field);
}

struct ShapeField {
  std::string_view name;
  ReadShape read;
};

constexpr ShapeField kShapeFields[] = {
    {"grammar", read_grammar},        {"json_schema", read_schema},   {"guided_json", read_schema},
    {"guided_grammar", read_grammar}, {"guided_choice", read_choice},
};
constexpr ShapeField kStructuredOutputs[] = {
    {"json", read_schema},
    {"grammar", read_grammar},
    {"choice", read_choice},
    {"json_object", read_any_object},
};

void read_fields(ObjectReader& in, std::span<const ShapeField> fields, Shape& shape) {
  for (const ShapeField& field : fields) {
    if (const Json* value = in.any(field.name)) field.read(in, field.name, *value, shape);
  }
}

}  // namespace

const FieldTable kFormatFields = kFormatTable;
const FieldTable kFlatFormatFields = kFlatFormatTable;
const FieldTable kStructuredOutputFields = kStructuredOutputRows;

void Shape::object(ObjectReader& in, std::string_view field) {
  if (take(in, field)) request_.json_schema = kAnyObject;
}

void Shape::schema(ObjectReader& in, std::string_view field, const Json& schema, const std::string& path, bool strict) {
  if (!take(in, field)) return;
  note_unknown_keywords(schema, path, strict, notes_);
  request_.json_schema = to_text(schema);
  request_.check_schema = !strict;
}

void Shape::grammar(ObjectReader& in, std::string_view field, std::string text) {
  if (take(in, field)) request_.grammar = std::move(text);
}

bool Shape::take(ObjectReader& in, std::string_view field) {
  if (is_given()) {
    in.fault(field, "and '" + given_by_ + "' exclude each other");
    return false;
  }
  given_by_ = in.path_of(field);
  return true;
}

namespace {

void read_named_schema(ObjectReader& in, std::string_view field, ObjectReader& from, Shape& shape) {
  const bool strict = from.boolean("strict").value_or(false);
  const Json* schema = from.object("schema");
  if (schema == nullptr) return from.missing("schema");
  shape.schema(in, field, *schema, from.path_of("schema"), strict);
}

}  // namespace

void read_response_format(ObjectReader& in, ReadNotes& notes, Shape& shape) {
  constexpr std::string_view kField = "response_format";
  const Json* format = in.object(kField);
  if (format == nullptr) return;
  ObjectReader reader(*format, in.path_of(kField), notes, kFormatFields);
  const std::string type = reader.text("type").value_or("");
  const Json* schema = reader.object("schema");
  const Json* wrapper = reader.object("json_schema");
  if (type == "text") return;
  if (type == "json_object" && schema == nullptr) return shape.object(in, kField);
  if (type == "json_object") return shape.schema(in, kField, *schema, reader.path_of("schema"), false);
  if (type != "json_schema") return reader.fault("type", "must be text, json_object or json_schema");
  if (wrapper == nullptr) return reader.missing("json_schema");
  ObjectReader from(*wrapper, reader.path_of("json_schema"), notes, kSchemaFields);
  read_named_schema(in, kField, from, shape);
}

void read_flat_format(ObjectReader& in, ReadNotes& notes, Shape& shape) {
  const Json* format = in.object("format");
  if (format == nullptr) return;
  ObjectReader reader(*format, in.path_of("format"), notes, kFlatFormatFields);
  const std::string type = reader.text("type").value_or("");
  if (type == "text") return;
  if (type == "json_object") return shape.object(in, "format");
  if (type != "json_schema") return reader.fault("type", "must be text, json_object or json_schema");
  read_named_schema(in, "format", reader, shape);
}

void read_shape(ObjectReader& in, ReadNotes& notes, chat::CompleteRequest& request) {
  Shape shape(request, notes);
  read_response_format(in, notes, shape);
  read_fields(in, kShapeFields, shape);
  const Json* structured = in.object("structured_outputs");
  if (structured == nullptr) return;
  ObjectReader reader(*structured, "structured_outputs", notes, kStructuredOutputFields);
  read_fields(reader, kStructuredOutputs, shape);
}

}  // namespace ingle::api::openai
