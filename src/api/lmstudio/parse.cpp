#include "api/lmstudio/parse.h"

#include "api/json_input.h"

namespace ingle::api::lmstudio {
namespace {

// clang-format off
constexpr Field kInputRows[] = {
  required("type", "string", "message or text; an image is 400"),
  required("content", "string"),
};
constexpr FieldTable kInputFields = kInputRows;
constexpr Field kChatRows[] = {
  required("model", "string"),
  required("input", "string|object[]", "what the user says now", &kInputFields),
  honoured("system_prompt", "string"),
  honoured("previous_response_id", "string", "the answer that is gone on with"),
  honoured("store", "boolean", "default true: the answer can be gone on with while the server runs and has room"),
  honoured("stream", "boolean", "default false"),
  honoured("temperature", "number", "default 0.8"),
  honoured("top_p", "number", "default 0.95"),
  honoured("top_k", "integer", "default 40"),
  honoured("min_p", "number", "default 0.05"),
  honoured("repeat_penalty", "number", "default 1.1"),
  honoured("max_output_tokens", "integer"),
  honoured("reasoning", "string", "off, low, medium, high, on; a model that does not think takes off alone"),
  honoured("context_length", "integer", "tokens that the conversation may have"),
  harmless("ttl", "the setting keep_alive says how long a model stays loaded"),
  rejected("integrations", 400, "this server connects to no others and runs no plugins"),
};
constexpr Field kLoadRows[] = {
  required("model", "string"),
  honoured("context_length", "integer", "tokens that a conversation may have at least: the setting's, where it is more; load_config says how many there are"),
  honoured("echo_load_config", "boolean", "default false"),
  harmless("eval_batch_size", "steps are cut by what they cost"),
  harmless("flash_attention", "attention is always computed in blocks"),
  harmless("offload_kv_cache_to_gpu", "this machine's processor computes"),
  rejected("num_experts", 400, "a model is run with the experts that it was trained with"),
};
constexpr Field kUnloadRows[] = {required("instance_id", "string", "the name of the model")};
constexpr Field kDownloadRows[] = {
  required("model", "string", "a name of the catalog, or the address of a repository of Hugging Face"),
  honoured("quantization", "string", "of such a repository, as Q4_K_M"),
};
// clang-format on

/// "https://huggingface.co/user/repository" is "hf.co/user/repository" to the store.
std::string without_web(std::string address) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (address.starts_with(scheme)) address.erase(0, scheme.size());
  constexpr std::string_view kLongHub = "huggingface.co/";
  if (address.starts_with(kLongHub)) address.replace(0, kLongHub.size(), "hf.co/");
  return address;
}

std::string read_input(ObjectReader& in, ReadNotes& notes) {
  const Json* input = in.any("input");
  if (input != nullptr && input->is_string()) return input->get<std::string>();
  if (input == nullptr || !input->is_array() || input->empty()) {
    in.fault("input", "must be a string or a list of messages");
    return {};
  }
  std::string text;
  for (size_t i = 0; i < input->size() && !notes.fault; ++i) {
    ObjectReader item((*input)[i], "input[" + std::to_string(i) + "]", notes, kInputFields);
    const std::string type = item.text("type").value_or("");
    if (type != "message" && type != "text")
      item.fault(Failure{.status = 400,
                         .code = "unsupported_content",
                         .param = item.path_of("type"),
                         .error = Error::unsupported("the models here read text only")});
    if (i > 0) text += '\n';
    const auto content = item.text("content");
    if (!content) item.missing("content");
    text += content.value_or("");
  }
  return text;
}

void read_reasoning(ObjectReader& in, chat::ChatPrompt& prompt) {
  const std::string word = in.text("reasoning").value_or("");
  if (word.empty()) return;
  if (word == "low" || word == "medium" || word == "high") prompt.effort = word;
  if (word != "off" && word != "on" && prompt.effort.empty())
    return in.fault("reasoning", "must be off, low, medium, high or on");
  if (word != "off") prompt.think = true;
  if (word == "off") prompt.think = false;
}

chat::Sampling default_sampling() {
  chat::Sampling sampling;
  sampling.temperature = 0.8F;
  sampling.top_p = 0.95F;
  sampling.min_p = 0.05F;
  sampling.repeat_penalty = 1.1F;
  sampling.top_k = 40;
  return sampling;
}

void read_sampling(ObjectReader& in, chat::Sampling& sampling) {
  const auto real = [&](std::string_view name, float& target, double maximum) {
    if (const auto number = in.number(name, 0, maximum)) target = static_cast<float>(*number);
  };
  real("temperature", sampling.temperature, 2);
  real("top_p", sampling.top_p, 1);
  real("min_p", sampling.min_p, 1);
  real("repeat_penalty", sampling.repeat_penalty, 100);
  if (const auto top_k = in.integer("top_k", 0, 1 << 20)) sampling.top_k = static_cast<int32_t>(*top_k);
}

uint32_t read_context(ObjectReader& in) {
  return static_cast<uint32_t>(in.integer("context_length", 1, 1 << 24).value_or(0));
}

}  // namespace

constexpr FieldTable kChatFields = kChatRows;
constexpr FieldTable kLoadFields = kLoadRows;
constexpr FieldTable kUnloadFields = kUnloadRows;
constexpr FieldTable kDownloadFields = kDownloadRows;

Answer<ChatCall> parse_chat(std::string_view body, const OptionsOf& options_of) {
  const auto json = parse_json_object(body);
  if (!json) return std::unexpected(json.error());
  ChatCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kChatFields);
    call.model = in.text("model").value_or("");
    if (call.model.empty()) in.missing("model");
    chat::ChatPrompt prompt;
    prompt.messages.push_back({.role = "user", .content = chat::Private(read_input(in, notes))});
    read_reasoning(in, prompt);
    call.request.prompt = std::move(prompt);
    call.system = in.text("system_prompt");
    call.previous_response_id = in.text("previous_response_id").value_or("");
    call.store = in.boolean("store").value_or(true);
    call.stream = in.boolean("stream").value_or(false);
    call.request.sampling = default_sampling();
    put_options(options_of, call.model, call.request, call.acquire, call.has_seed);
    read_sampling(in, call.request.sampling);
    if (const auto limit = in.integer("max_output_tokens", 1, 1 << 30))
      call.request.max_tokens = static_cast<int32_t>(*limit);
    if (const uint32_t context = read_context(in); context != 0) call.acquire = {.keep_alive = {}, .context = context};
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

Answer<LoadCall> parse_load(std::string_view body) {
  const auto json = parse_json_object(body);
  if (!json) return std::unexpected(json.error());
  LoadCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kLoadFields);
    call.model = in.text("model").value_or("");
    if (call.model.empty()) in.missing("model");
    call.context = read_context(in);
    call.echo = in.boolean("echo_load_config").value_or(false);
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

Answer<std::string> parse_unload(std::string_view body) {
  const auto json = parse_json_object(body);
  if (!json) return std::unexpected(json.error());
  ReadNotes notes;
  ObjectReader in(*json, "", notes, kUnloadFields);
  std::string id = in.text("instance_id").value_or("");
  if (id.empty()) in.missing("instance_id");
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  return id;
}

Answer<DownloadCall> parse_download(std::string_view body) {
  const auto json = parse_json_object(body);
  if (!json) return std::unexpected(json.error());
  constexpr std::string_view kHub = "hf.co/";
  DownloadCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kDownloadFields);
    call.model = without_web(in.text("model").value_or(""));
    if (call.model.empty()) in.missing("model");
    const std::string quantization = in.text("quantization").value_or("");
    if (!quantization.empty() && !call.model.starts_with(kHub))
      in.fault("quantization", "is chosen by the tag of a model of the catalog, as in 'smollm2:135m'");
    if (!quantization.empty()) call.model += ":" + quantization;
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::lmstudio
