#include <fmt/format.h>

#include "api/embedding.h"
#include "base/files.h"
#include "cli/answer.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

constexpr uint64_t kMaxInputBytes = uint64_t{60} << 20;

class Embed : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(model_, "MODEL", "an installed model, one that can be pulled, or a .gguf file").completes =
        Completes::kModel;
    arguments.positionals(words_, "TEXT", "each is a text of its own; without one, each line of standard input is");
    arguments.value(file_, "--file", "FILE", "each line of a file is a text").completes = Completes::kFile;
    arguments.value(dimensions_, "--dimensions", "N", "the first N numbers of each vector, made of length 1 again", 1,
                    1 << 20);
    arguments.flag(truncate_, "--truncate", "leave out the end of a text that is longer than the model reads");
    arguments.flag(json_, "--json", "print an object a text: {\"index\", \"prompt_tokens\", \"embedding\"}");
    declare_server_flag(arguments, engine_);
    declare_engine_flags(arguments, engine_);
  }

  Result<int> run(Context& context) override {
    if (!words_.empty() && !file_.empty())
      return std::unexpected(Error::usage("--file and TEXT are two inputs").hint("give one of them"));
    INGLE_TRY(const LoadedModel model, load_model(context, model_, engine_));
    uint64_t index = 0;
    if (!words_.empty()) {
      INGLE_TRY_VOID(print(context, model, words_, index));
    } else if (!file_.empty()) {
      INGLE_TRY(const std::string text, base::read_file(file_, kMaxInputBytes));
      INGLE_TRY_VOID(print(context, model, lines_of(text), index));
    } else {
      // Line by line: what writes them may wait for each answer.
      for (;;) {
        INGLE_TRY(const auto line, context.console.read_line(kMaxInputBytes));
        if (!line) break;
        INGLE_TRY_VOID(print(context, model, std::span(&*line, 1), index));
      }
      if (index == 0 && context.console.out_is_open())
        return std::unexpected(Error::usage("there is nothing to embed: no TEXT and an empty standard input")
                                   .hint("ingle embed " + model_ + " \"a text\" \"another\""));
    }
    return context.console.out_is_open() ? 0 : 1;
  }

 private:
  static std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      lines.emplace_back(text.substr(0, end));
      if (lines.back().ends_with('\r')) lines.back().pop_back();
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
  }

  Status print(Context& context, const LoadedModel& model, std::span<const std::string> texts, uint64_t& index) const {
    constexpr size_t kTogether = 64;
    for (size_t at = 0; at < texts.size() && context.console.out_is_open(); at += kTogether) {
      INGLE_TRY_VOID(print_some(context, model, texts.subspan(at, std::min(kTogether, texts.size() - at)), index));
    }
    return {};
  }

  Status print_some(Context& context, const LoadedModel& model, std::span<const std::string> texts,
                    uint64_t& index) const {
    api::EmbeddingRequest request;
    request.too_long = truncate_ ? api::TooLong::kCut : api::TooLong::kRefuse;
    request.dimensions = static_cast<uint32_t>(dimensions_.value_or(0));
    request.field = "text";
    for (const std::string& text : texts)
      request.inputs.emplace_back(chat::Private(text));
    const auto answer = api::embed(*model.completer, request, new_request_id());
    if (!answer) return std::unexpected(explained(answer.error().error));
    for (size_t i = 0; i < texts.size(); ++i) {
      JsonWriter json;
      if (json_)
        json.begin_object().member("index", index).member("prompt_tokens", (*answer)[i].n_tokens).key("embedding");
      json.begin_array();
      for (const float number : (*answer)[i].values)
        json.number(number);
      json.end_array();
      if (json_) json.end_object();
      context.console.out(json.take_line());
      ++index;
    }
    return {};
  }

  Error explained(Error error) const {
    if (error.message().find("token") != std::string::npos && !truncate_)
      return std::move(error).hint("embed it in parts, or with --truncate to leave out the end");
    return error;
  }

  std::string model_;
  std::vector<std::string> words_;
  std::string file_;
  std::optional<int64_t> dimensions_;
  bool truncate_ = false;
  bool json_ = false;
  EngineFlags engine_;
};

}  // namespace

std::unique_ptr<Command> make_embed() {
  return std::make_unique<Embed>();
}

}  // namespace ingle::cli
