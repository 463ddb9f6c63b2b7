#include "convert/wordpiece_file.h"

#include <algorithm>
#include <optional>

#include "convert/json_file.h"

namespace ingle::convert {
namespace {

constexpr std::string_view kFile = "tokenizer.json";
constexpr std::string_view kBegin = "\xE2\x96\x81";
constexpr std::string_view kContinues = "##";
constexpr uint64_t kMostTokens = 1 << 22;
constexpr int64_t kLongestWord =
    100;  // what every WordPiece model says, and what tokenizers of GGUF files take for granted
enum Kind : int32_t { kOrdinary = 1, kControl = 3, kUserDefined = 4, kUnused = 5 };

Error wrong(std::string_view what) {
  return wrong_file(kFile, what);
}

class Reader {
 public:
  Reader(const Json& json, uint64_t rows) : json_(json), rows_(rows) {}

  Result<WordPieceFile> run() {
    INGLE_TRY_VOID(check_model());
    INGLE_TRY_VOID(read_normalizer());
    INGLE_TRY_VOID(read_tokens());
    INGLE_TRY_VOID(read_added());
    INGLE_TRY_VOID(read_frame());
    INGLE_TRY(out_.unknown, id_of(text_of(member(json_, "model"), "unk_token"), "model.unk_token"));
    out_.pad = find("[PAD]");
    out_.mask = find("[MASK]");
    spell();
    return std::move(out_);
  }

 private:
  Status check_model() const {
    const Json& model = member(json_, "model");
    // Files of the first years do not say the type.
    if (const std::string type = text_of(model, "type"); type != "WordPiece" && !type.empty())
      return std::unexpected(
          Error::unsupported(fmt::format("{}: the tokenizer is '{:.40}'; only WordPiece is converted", kFile, type)));
    if (text_of(model, "continuing_subword_prefix") != kContinues)
      return std::unexpected(wrong("model.continuing_subword_prefix is not '##'"));
    const Json& longest = member(model, "max_input_chars_per_word");
    if (!longest.is_null() && longest != kLongestWord)
      return std::unexpected(wrong("model.max_input_chars_per_word is not 100"));
    return {};
  }

  Status read_normalizer() {
    const Json& normalizer = member(json_, "normalizer");
    if (text_of(normalizer, "type") != "BertNormalizer" ||
        text_of(member(json_, "pre_tokenizer"), "type") != "BertPreTokenizer")
      return std::unexpected(Error::unsupported(fmt::format(
          "{}: text is not split by BertNormalizer and BertPreTokenizer; nothing else is converted", kFile)));
    for (const char* name : {"clean_text", "handle_chinese_chars"}) {
      if (member(normalizer, name) != true)
        return std::unexpected(wrong(fmt::format("normalizer.{} is not true", name)));
    }
    const Json& lowercase = member(normalizer, "lowercase");
    const Json& accents = member(normalizer, "strip_accents");
    if (!lowercase.is_boolean()) return std::unexpected(wrong("normalizer.lowercase is not true or false"));
    if (!accents.is_boolean() && !accents.is_null())
      return std::unexpected(wrong("normalizer.strip_accents is not true, false or null"));
    out_.lowercase = lowercase.get<bool>();
    out_.strip_accents = accents.is_null() ? out_.lowercase : accents.get<bool>();
    return {};
  }

  Status put(std::string_view token, const Json& id, std::string_view where, bool may_repeat) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= rows_) {
      return std::unexpected(wrong(fmt::format(
          "{}: the token '{:.40}' has no number below {}, the rows of the embedding", where, token, rows_)));
    }
    auto& place = spelled_[id.get<uint64_t>()];
    if (place && !(may_repeat && *place == token))
      return std::unexpected(wrong(fmt::format("{}: the tokens '{:.40}' and '{:.40}' have the number {}", where, *place,
                                               token, id.get<uint64_t>())));
    place = token;
    return {};
  }

  Status read_tokens() {
    const Json& vocab = member(member(json_, "model"), "vocab");
    if (!vocab.is_object() || vocab.empty()) return std::unexpected(wrong("model.vocab is not an object of tokens"));
    spelled_.resize(rows_);
    out_.kinds.assign(rows_, kOrdinary);
    for (const auto& [token, id] : vocab.items())
      INGLE_TRY_VOID(put(token, id, "model.vocab", false));
    return {};
  }

  Status read_added() {
    const Json& added = member(json_, "added_tokens");
    if (!added.is_array() && !added.is_null()) return std::unexpected(wrong("added_tokens is not a list"));
    for (const Json& token : added) {
      const std::string content = text_of(token, "content");
      if (content.empty()) return std::unexpected(wrong("added_tokens: a token without content"));
      INGLE_TRY_VOID(put(content, member(token, "id"), "added_tokens", true));
      out_.kinds[member(token, "id").get<uint64_t>()] = member(token, "special") == true ? kControl : kUserDefined;
    }
    return {};
  }

  /// [CLS] text [SEP], and [CLS] first [SEP] second [SEP]: the one frame that such a GGUF means.
  Status read_frame() {
    const Json& post = member(json_, "post_processor");
    std::string begin;
    std::string separator;
    if (text_of(post, "type") == "BertProcessing") {
      const auto name = [&](const char* field) {
        const Json& pair = member(post, field);
        return pair.is_array() && !pair.empty() && pair[0].is_string() ? pair[0].get<std::string>() : std::string();
      };
      begin = name("cls");
      separator = name("sep");
    } else {
      const auto items = [&](const char* field) {
        std::vector<std::string> names;
        const Json& list = member(post, field);
        if (!list.is_array()) return names;
        for (const Json& item : list) {
          const bool is_text = !member(item, "Sequence").is_null();
          names.push_back(is_text ? "<" + text_of(member(item, "Sequence"), "id") + ">"
                                  : text_of(member(item, "SpecialToken"), "id"));
        }
        return names;
      };
      const auto single = items("single");
      if (single.size() == 3 && single[1] == "<A>") {
        begin = single[0];
        separator = single[2];
      }
      const std::vector<std::string> pair = {begin, "<A>", separator, "<B>", separator};
      if (items("pair") != pair) begin.clear();
    }
    if (begin.empty() || separator.empty())
      return std::unexpected(wrong("post_processor does not put texts as [CLS] first [SEP] second [SEP]"));
    INGLE_TRY(out_.begin, id_of(begin, "post_processor"));
    INGLE_TRY(out_.separator, id_of(separator, "post_processor"));
    return {};
  }

  int64_t find(std::string_view token) const {
    const auto found = std::ranges::find(spelled_, std::optional<std::string>(token));
    return found == spelled_.end() ? -1 : found - spelled_.begin();
  }

  Result<uint32_t> id_of(std::string_view token, std::string_view where) {
    const int64_t id = find(token);
    if (id < 0) return std::unexpected(wrong(fmt::format("{}: the vocabulary has no token '{:.40}'", where, token)));
    out_.kinds[static_cast<size_t>(id)] = kControl;  // files of the first years do not list these among added_tokens
    return static_cast<uint32_t>(id);
  }

  void spell() {
    out_.tokens.reserve(rows_);
    for (uint64_t id = 0; id < rows_; ++id) {
      const auto& token = spelled_[id];
      if (!token) {
        out_.tokens.push_back(fmt::format("[UNUSED_{}]", id));
        out_.kinds[id] = kUnused;
      } else if (out_.kinds[id] != kOrdinary) {
        out_.tokens.push_back(*token);
      } else if (token->starts_with(kContinues)) {
        out_.tokens.push_back(token->substr(kContinues.size()));
      } else {
        out_.tokens.push_back(std::string(kBegin) + *token);
      }
    }
  }

  const Json& json_;
  const uint64_t rows_;
  std::vector<std::optional<std::string>> spelled_;  // by id, as the file has them
  WordPieceFile out_;
};

}  // namespace

Result<WordPieceFile> read_wordpiece(std::string_view text, uint64_t rows) {
  if (rows == 0 || rows > kMostTokens)
    return std::unexpected(wrong(fmt::format("{} tokens, 1 to {} are accepted", rows, kMostTokens)));
  INGLE_TRY(const Json json, parse_json(kFile, text));
  return Reader(json, rows).run();
}

}  // namespace ingle::convert
