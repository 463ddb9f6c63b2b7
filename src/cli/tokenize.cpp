#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/files.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

constexpr uint64_t kMaxInputBytes = uint64_t{60} << 20;  // four bytes a token fit in a message between processes

struct Texts {
  std::string first;
  std::optional<std::string> second;
};

/// A JSON string; {"bytes": [...]} for bytes that no JSON string can hold; or two strings in an array, which are a pair.
Result<Texts> texts_of_line(const std::string& line, uint64_t number) {
  const auto refuse = [&](std::string_view why) {
    return std::unexpected(Error::refused(fmt::format("line {} of standard input {}", number, why))
                               .hint(R"(a line is a JSON string such as "Hello", or {"bytes": [72, 105]})"));
  };
  nlohmann::json value;
  try {
    // The limit on nesting costs nothing here: a line is a string, or an object with one array.
    value = nlohmann::json::parse(line, [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
      if (depth > 3) throw std::length_error("too deep");
      return true;
    });
  } catch (const std::exception&) {
    return refuse("is not valid JSON");
  }
  if (value.is_string()) return Texts{value.get<std::string>(), {}};
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string())
    return Texts{value[0].get<std::string>(), value[1].get<std::string>()};
  const auto bytes = value.is_object() ? value.find("bytes") : value.end();
  if (bytes == value.end() || !bytes->is_array()) return refuse("is not a JSON string");
  std::string text;
  for (const auto& byte : *bytes) {
    if (!byte.is_number_unsigned() || byte.get<uint64_t>() > 255) return refuse("has a byte that is not 0 to 255");
    text += static_cast<char>(byte.get<unsigned>());
  }
  return Texts{std::move(text), {}};
}

class Tokenize : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(model_, "MODEL", "an installed model or a .gguf file").completes = Completes::kModel;
    arguments.positionals(words_, "TEXT", "the text; without it, standard input as it stands");
    arguments.flag(
        jsonl_, "--jsonl",
        "standard input is a JSON string a line, or two in an array for a pair; an array of ids a line comes out");
    arguments.value(file_, "--file", "FILE", "the bytes of a file are the text").completes = Completes::kFile;
    arguments.flag(special_, "--special", "find control tokens such as <|im_end|> in the text");
    arguments.flag(frame_, "--frame", "with the tokens that the model wants around a text, such as [CLS] and [SEP]");
    arguments.flag(pieces_, "--pieces", "print each id with the text it stands for");
    declare_server_flag(arguments, engine_);
    arguments.flag(json_, "--json", "print {\"tokens\", \"count\"}; with --pieces an object a token");
  }

  Result<int> run(Context& context) override {
    if (int{jsonl_} + int{!file_.empty()} + int{!words_.empty()} > 1)
      return std::unexpected(Error::usage("--jsonl, --file and TEXT are three inputs").hint("give one of them"));
    INGLE_TRY(const app::ModelFiles files, locate_or_pull(context, model_));
    INGLE_TRY(engine::Options options, options_from(context, engine_));
    options.vocabulary_only = true;
    options.context = 0;
    auto loaded = context.app->load(files, options);
    if (!loaded) return std::unexpected(naming(files, std::move(loaded).error()));
    chat::Completer& model = **loaded;
    if (jsonl_) return lines(context, model);

    std::string text = fmt::format("{}", fmt::join(words_, " "));
    if (!file_.empty()) {
      INGLE_TRY(text, base::read_file(file_, kMaxInputBytes));
    } else if (words_.empty()) {
      INGLE_TRY(text, context.console.read_input(kMaxInputBytes));
    }
    INGLE_TRY(const auto tokens, encode(model, {std::move(text), {}}));
    if (pieces_) {
      INGLE_TRY_VOID(print_pieces(context, model, tokens));
    } else if (json_) {
      JsonWriter json;
      json.begin_object().key("tokens");
      write(json, tokens);
      json.member("count", tokens.size()).end_object();
      context.console.out(json.take_line());
    } else {
      JsonWriter json;
      write(json, tokens);
      context.console.out(json.take_line());
    }
    return 0;
  }

 private:
  Result<std::vector<int32_t>> encode(chat::Completer& model, Texts texts) const {
    chat::TokenizeRequest request{
        .text = chat::Private(std::move(texts.first)), .recognise_control_tokens = special_, .add_bos = frame_};
    if (texts.second) request.second = chat::Private(*std::move(texts.second));
    return model.tokenize(request);
  }

  static void write(JsonWriter& json, std::span<const int32_t> tokens) {
    json.begin_array();
    for (const int32_t token : tokens)
      json.number(token);
    json.end_array();
  }

  Result<int> lines(Context& context, chat::Completer& model) const {
    JsonWriter json;
    for (uint64_t number = 1;; ++number) {
      INGLE_TRY(const auto line, context.console.read_line(kMaxInputBytes));
      if (!line) return 0;
      INGLE_TRY(Texts texts, texts_of_line(*line, number));
      INGLE_TRY(const auto tokens, encode(model, std::move(texts)));
      write(json, tokens);
      context.console.out(json.take_line());
      if (!context.console.out_is_open()) return 1;
    }
  }

  Status print_pieces(Context& context, chat::Completer& model, std::span<const int32_t> tokens) const {
    std::string out;
    for (const int32_t token : tokens) {
      INGLE_TRY(const std::string piece, model.detokenize(std::span(&token, 1)));
      JsonWriter json;
      if (json_) {
        json.begin_object().member("id", token).text("text", piece).end_object();
        out += json.take_line();
      } else {
        json.string(piece);
        out += fmt::format("{:>8}  {}", token, json.take_line());
      }
    }
    context.console.out(out);
    return {};
  }

  std::string model_;
  std::vector<std::string> words_;
  std::string file_;
  bool jsonl_ = false;
  bool special_ = false;
  bool frame_ = false;
  bool pieces_ = false;
  bool json_ = false;
  EngineFlags engine_;
};

}  // namespace

std::unique_ptr<Command> make_tokenize() {
  return std::make_unique<Tokenize>();
}

}  // namespace ingle::cli
