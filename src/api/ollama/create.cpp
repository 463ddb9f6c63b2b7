#include "api/ollama/create.h"

#include "api/json_input.h"
#include "api/ollama/options.h"
#include "net/url.h"

namespace ingle::api::ollama {
namespace {

// clang-format off
constexpr Field kMessageRows[] = {
  required("role", "string", "system, user or assistant"),
  required("content", "string"),
  rejected("images", 400, "the models here read text only"),
  rejected("tool_calls", 501, "a model's own messages are words"),
  harmless("thinking", "of earlier turns it is left out"),
};
constexpr FieldTable kMessageFields = kMessageRows;

constexpr Field kCreateRows[] = {
  honoured("model", "string", "the new model's name; one that exists is replaced"),
  honoured("name", "string", "the old word for model"),
  honoured("stream", "boolean", "default true"),
  honoured("from", "string", "an installed model; one that is not here is pulled"),
  honoured("files", "object", "one GGUF: {name: digest of a blob that was uploaded}"),
  honoured("template", "string", "a chat template in Jinja; one in Go's language is 501, unless it is that of 'from'"),
  honoured("license", "string|string[]", "added to those of 'from'"),
  honoured("system", "string", "begins every conversation that has no system message"),
  honoured("parameters", "object", "defaults of options", &kOptionFields),
  honoured("messages", "object[]", "begin every conversation", &kMessageFields),
  honoured("requires", "string", "kept in the manifest"),
  rejected("adapters", 501, "this version has no adapters"),
  rejected("quantize", 501, "this version does not quantize; 'files' takes a GGUF that is quantized already"),
  rejected("quantization", 501, "this version does not quantize; 'files' takes a GGUF that is quantized already"),
  rejected("draft_files", 501, "this version has no draft models; it guesses ahead from the conversation"),
  rejected("draft_quantize", 501, "this version has no draft models; it guesses ahead from the conversation"),
  rejected("renderer", 501, "prompts are rendered by the template of the model's own file"),
  rejected("parser", 501, "answers are read in the form that the template of the model's own file asks for"),
  rejected("remote_host", 501, "models run here; 'auto' is the router to others"),
  rejected("info", 501, "what is told about a model is read from its file"),
};
constexpr Field kCopyRows[] = {
  required("source", "string"),
  required("destination", "string"),
};
// clang-format on

bool is_relative_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\\') != std::string_view::npos) return false;
  for (; !path.empty(); path.remove_prefix(std::min(path.find('/') + 1, path.size()))) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == path.size()) break;
  }
  return true;
}

void read_files(ObjectReader& in, CreateModel& model) {
  const Json* files = in.object("files");
  if (files == nullptr) return;
  for (const auto& [name, digest] : files->items()) {
    // Ollama's words.
    if (!is_relative_path(name)) return in.fault("files", "file path must be relative");
    if (!digest.is_string() || !store::Digest::parse(digest.get_ref<const std::string&>()))
      return in.fault("files", "invalid digest format");
    if (name.ends_with(".safetensors") || name.ends_with(".bin") || name.ends_with(".pth"))
      return in.fault(Failure::not_implemented("files", "this version converts no weights; send a GGUF"));
    model.files.emplace_back(name, digest.get<std::string>());
  }
  if (model.files.size() > 1)
    in.fault(Failure::not_implemented("files", "a model here is one GGUF; projectors and split files are not taken"));
}

void read_messages(ObjectReader& in, ReadNotes& notes, CreateModel& model) {
  const Json* list = in.array("messages");
  if (list == nullptr) return;
  Json kept = Json::array();
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], "messages[" + std::to_string(i) + "]", notes, kMessageFields);
    const std::string role = net::lower_ascii(item.text("role").value_or(""));
    if (role != "system" && role != "user" && role != "assistant")
      item.fault("role", "must be system, user or assistant");
    kept.push_back({{"role", role}, {"content", item.text("content").value_or("")}});
  }
  if (!kept.empty()) model.messages_json = to_text(kept);
}

void read_parameters(ObjectReader& in, ReadNotes& notes, CreateModel& model) {
  const Json* parameters = in.object("parameters");
  if (parameters == nullptr || parameters->empty()) return;
  CompletionCall tried;  // what a request could not ask for is no default either
  read_options(*parameters, "parameters", notes, tried);
  model.options_json = to_text(*parameters);
}

}  // namespace

constexpr FieldTable kCreateFields = kCreateRows;
constexpr FieldTable kCopyFields = kCopyRows;

Answer<CreateCall> parse_create(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CreateCall call;
  // A model is made once and asked for long: what it is not going to do is said now.
  ReadNotes notes{.fault = {}, .ignored = {}, .refuses_unknown = true};
  {
    ObjectReader in(*json, "", notes, kCreateFields);
    const auto old_name = in.text("name");
    call.model.name = in.text("model").value_or(old_name.value_or(""));
    call.stream = in.boolean("stream").value_or(true);
    call.model.from = in.text("from").value_or("");
    read_files(in, call.model);
    call.model.chat_template = in.text("template").value_or("");
    call.model.system = in.text("system").value_or("");
    call.model.licences = in.texts("license");
    std::erase(call.model.licences, "");
    call.model.requires_version = in.text("requires").value_or("");
    read_parameters(in, notes, call.model);
    read_messages(in, notes, call.model);
    if (!store::ModelName::parse(call.model.name))
      in.fault(Failure{.status = 400, .param = "model", .error = Error::usage("invalid model name")});
    if (call.model.from.empty() && call.model.files.empty())
      in.fault(Failure{.status = 400, .error = Error::usage("neither 'from' or 'files' was specified")});
    if (!call.model.from.empty() && !call.model.files.empty())
      in.fault(Failure{.status = 400, .error = Error::usage("'from' and 'files' exclude each other")});
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

Answer<CopyCall> parse_copy(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CopyCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kCopyFields);
    const auto name = [&](std::string_view field) {
      std::string text = in.text(field).value_or("");
      if (!store::ModelName::parse(text))
        in.fault(Failure{.status = 400,
                         .param = std::string(field),
                         .error = Error::usage(std::string(field) + " " + Json(text).dump() + " is invalid")});
      return text;
    };
    call.source = name("source");
    call.destination = name("destination");
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::ollama
