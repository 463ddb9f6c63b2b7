#include "api/ollama/modelfile.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/json_input.h"
#include "api/ollama/options.h"
#include "base/utf8.h"
#include "net/url.h"

namespace ingle::api::ollama {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr size_t kShown = 60;  // of what a file says, in an error

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

struct Instruction {
  std::string name;  // in lower case
  std::string key;   // of those that have one: a parameter's name, a role; in lower case
  std::string value;
  size_t line = 0;
};

/// Cuts a text with LF line ends into instructions.
class Reader {
 public:
  Reader(std::string_view text, std::string_view where) : rest_(text), where_(where) {}

  Error wrong(size_t line, std::string_view what) const {
    return Error::corrupt(fmt::format("{}, line {}: {}", where_, line, what));
  }

  /// False at the end.
  Result<bool> next(Instruction& out) {
    for (; !rest_.empty(); take_line()) {
      const std::string_view line = trimmed(first_line());
      if (line.empty() || line.front() == '#') continue;
      out.line = line_;
      std::string_view value = line;
      out.name = take_word(value);
      out.key = out.name == "parameter" || out.name == "message" ? take_word(value) : "";
      if (value.empty())
        return std::unexpected(wrong(line_, fmt::format("'{}' says too little", line.substr(0, kShown)))
                                   .hint("as in: FROM NAME, PARAMETER temperature 0.2, MESSAGE user Hello"));
      INGLE_TRY(out.value, value_from(value));
      return true;
    }
    return false;
  }

 private:
  static std::string take_word(std::string_view& text) {
    const size_t end = std::min(text.find_first_of(kBlanks), text.size());
    std::string word = net::lower_ascii(text.substr(0, std::min(end, kShown)));
    text = trimmed(text.substr(end));
    return word;
  }

  /// The value that begins with `begin`, which lies in the first line. Afterwards the lines that it has are taken.
  Result<std::string> value_from(std::string_view begin) {
    const std::string_view quote = begin.starts_with(R"(""")") ? R"(""")" : begin.starts_with('"') ? R"(")" : "";
    if (quote.empty()) {
      std::string value(begin);
      take_line();
      return value;
    }
    const size_t opened = line_;
    rest_.remove_prefix(static_cast<size_t>(begin.data() - rest_.data()) + quote.size());
    // A quote that more text follows on its line is part of the value.
    std::string value;
    for (; !rest_.empty(); take_line()) {
      const std::string_view line = first_line();
      const std::string_view text = line.substr(0, line.find_last_not_of(kBlanks) + 1);
      if (text.ends_with(quote)) {
        value += text.substr(0, text.size() - quote.size());
        take_line();
        return value;
      }
      value += line;
      value += '\n';
    }
    return std::unexpected(wrong(opened, fmt::format("the value that begins with {} does not end", quote))
                               .hint(fmt::format("end it with {} at the end of a line", quote)));
  }

  std::string_view first_line() const { return rest_.substr(0, rest_.find('\n')); }
  void take_line() {
    rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size() - 1) + 1);
    ++line_;
  }

  std::string_view rest_;
  std::string_view where_;
  size_t line_ = 1;
};

/// What /api/create refuses under another name is refused for the same reason.
struct Refused {
  std::string_view name;
  std::string_view field;
};
constexpr Refused kRefused[] = {
    {"adapter", "adapters"}, {"draft", "draft_files"}, {"renderer", "renderer"}, {"parser", "parser"}};

Error unknown_instruction(const Reader& reader, const Instruction& instruction) {
  const auto* refused = std::ranges::find(kRefused, instruction.name, &Refused::name);
  if (refused == std::end(kRefused))
    return reader.wrong(instruction.line, fmt::format("there is no instruction '{}'", instruction.name))
        .hint("FROM, PARAMETER, SYSTEM, TEMPLATE, MESSAGE, LICENSE and REQUIRES can be written there");
  const auto row = std::ranges::find(kCreateFields, refused->field, &Field::name);
  return Error::unsupported(reader.wrong(instruction.line, instruction.name).message() + ": " + std::string(row->note));
}

Status take(Modelfile& file, Instruction&& said, const Reader& reader) {
  const std::pair<std::string_view, std::string Modelfile::*> kTexts[] = {{"from", &Modelfile::from},
                                                                          {"system", &Modelfile::system},
                                                                          {"template", &Modelfile::chat_template},
                                                                          {"requires", &Modelfile::requires_version}};
  if (said.name == "from" && !file.from.empty())
    return std::unexpected(reader.wrong(said.line, "a second FROM").hint("a model here has the weights of one"));
  for (const auto& [name, member] : kTexts) {
    if (said.name != name) continue;
    file.*member = std::move(said.value);
    return {};
  }
  if (said.name == "license") {
    file.licences.push_back(std::move(said.value));
  } else if (said.name == "message") {
    if (said.key != "system" && said.key != "user" && said.key != "assistant")
      return std::unexpected(reader.wrong(said.line, fmt::format("'{}' is no role", said.key))
                                 .hint("MESSAGE system, MESSAGE user or MESSAGE assistant"));
    file.messages.emplace_back(std::move(said.key), std::move(said.value));
  } else if (said.name == "parameter") {
    if (std::ranges::find(kOptionFields, said.key, &Field::name) == kOptionFields.end())
      return std::unexpected(reader.wrong(said.line, fmt::format("there is no parameter '{}'", said.key))
                                 .hint("COMPAT.md lists them as options of /api/generate"));
    file.parameters.emplace_back(std::move(said.key), std::move(said.value));
  } else {
    return std::unexpected(unknown_instruction(reader, said));
  }
  return {};
}

/// A number, a truth value, else the text, which the check of options then refuses in its own words.
Json typed(const std::string& text) {
  const std::string lower = net::lower_ascii(text);
  if (lower == "true" || lower == "false") return lower == "true";
  const char* const end = text.data() + text.size();
  int64_t whole = 0;
  if (const auto [at, code] = std::from_chars(text.data(), end, whole); code == std::errc() && at == end) return whole;
  double number = 0;
  if (const auto [at, code] = std::from_chars(text.data(), end, number);
      code == std::errc() && at == end && std::isfinite(number))
    return number;
  return text;
}

Json parameters_of(const Modelfile& file) {
  Json parameters = Json::object();
  for (const auto& [name, value] : file.parameters) {
    const auto row = std::ranges::find(kOptionFields, name, &Field::name);
    if (row != kOptionFields.end() && row->type == "string[]") {
      parameters[name].push_back(value);
    } else {
      parameters[name] = typed(value);
    }
  }
  return parameters;
}

}  // namespace

Result<Modelfile> parse_modelfile(std::string_view text, std::string_view where) {
  const auto wrong = [&](std::string_view what) {
    return std::unexpected(Error::corrupt(fmt::format("{}: {}", where, what)));
  };
  if (text.size() > kMaxModelfileBytes)
    return wrong(fmt::format("a Modelfile has at most {} bytes, this has {}", kMaxModelfileBytes, text.size()));
  if (!base::is_valid_utf8(text) || text.find('\0') != std::string_view::npos)
    return std::unexpected(Error::corrupt(fmt::format("{}: this is no text in UTF-8", where))
                               .hint("a Modelfile is text; the file of a model is named in it: FROM ./model.gguf"));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string lines;
  lines.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') lines += text[i];
  Reader reader(lines, where);
  Modelfile file;
  Instruction said;
  for (size_t n = 0;; ++n) {
    INGLE_TRY(const bool is_one, reader.next(said));
    if (!is_one) break;
    if (n == kMaxModelfileInstructions)
      return std::unexpected(
          reader.wrong(said.line, fmt::format("more than {} instructions", kMaxModelfileInstructions)));
    INGLE_TRY_VOID(take(file, std::move(said), reader));
  }
  if (file.from.empty())
    return std::unexpected(Error::corrupt(fmt::format("{}: there is no FROM", where))
                               .hint("the first line says what the model is made of: FROM qwen2.5-coder:0.5b"));
  return file;
}

Answer<CreateCall> create_call(const Modelfile& file, std::string_view model, std::span<const Modelfile::Pair> files) {
  Json request = {{"model", model},
                  {"system", file.system},
                  {"template", file.chat_template},
                  {"requires", file.requires_version},
                  {"license", file.licences},
                  {"parameters", parameters_of(file)},
                  {"messages", Json::array()}};
  for (const auto& [role, content] : file.messages)
    request["messages"].push_back({{"role", role}, {"content", content}});
  if (files.empty()) request["from"] = file.from;
  for (const auto& [name, digest] : files)
    request["files"][name] = digest;
  return parse_create(to_text(request));
}

}  // namespace ingle::api::ollama
