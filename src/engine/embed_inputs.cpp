#include "engine/embed_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "chat/errors.h"
#include "engine/read_text.h"
#include "engine/token_checks.h"

namespace ingle::engine {
namespace {

class InputReader {
 public:
  InputReader(const text::Tokenizer& tokenizer, const chat::Description& model, uint32_t context)
      : tokenizer_(tokenizer),
        model_(model),
        most_(context == 0 ? model.max_embed_tokens : std::min(context, model.max_embed_tokens)) {}

  Result<EmbedRow> read(chat::EmbedInput input, bool may_cut) {
    EmbedRow row;
    if (auto* tokens = std::get_if<chat::EmbedTokens>(&input)) {
      row.text = std::move(*tokens);
    } else {
      INGLE_TRY(row.text, tokens_of(std::get<chat::EmbedText>(input)));
    }
    if (may_cut && row.text.second_from == 0 && row.text.tokens.size() > most_ && most_ > 0) {
      cut(row.text.tokens);
      row.is_cut = true;
    }
    INGLE_TRY_VOID(check(row.text));
    return row;
  }

 private:
  Result<chat::EmbedTokens> tokens_of(const chat::EmbedText& text) {
    chat::TokenizeRequest request{.text = text.text, .recognise_control_tokens = false, .add_bos = true};
    chat::EmbedTokens read;
    if (text.second) {
      // A query comes with many documents.
      if (first_ != text.text) {
        INGLE_TRY(const auto alone, read_text(tokenizer_, request, model_.name));
        first_ = text.text;
        n_first_ = static_cast<uint32_t>(alone.size());
      }
      read.second_from = n_first_;
      request.second = text.second;
    }
    INGLE_TRY(read.tokens, read_text(tokenizer_, request, model_.name));
    return read;
  }

  /// What the model puts behind every text, BERT's [SEP], stays when the words before it go.
  void cut(std::vector<int32_t>& tokens) const {
    const auto empty = tokenizer_.encode("", {.add_bos = true});
    const bool closes = empty.size() >= 2 && empty.back() == tokens.back();
    const auto n_end = static_cast<std::ptrdiff_t>(closes ? 1 : 0);
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(most_) - n_end, tokens.end() - n_end);
  }

  Status check(const chat::EmbedTokens& text) const {
    INGLE_TRY_VOID(check_tokens(model_, text.tokens, most_));
    if (text.tokens.empty()) return std::unexpected(Error::usage("there are no tokens to embed"));
    if (text.second_from == 0) return {};
    if (model_.generates) return std::unexpected(chat::reads_no_pairs(model_.name));
    if (text.second_from < text.tokens.size()) return {};
    return std::unexpected(Error::usage(
        fmt::format("the second text of a pair begins at token {} of {}", text.second_from, text.tokens.size())));
  }

  const text::Tokenizer& tokenizer_;
  const chat::Description& model_;
  const size_t most_;                   // tokens of a text
  std::optional<chat::Private> first_;  // text of the last pair
  uint32_t n_first_ = 0;
};

}  // namespace

std::expected<std::vector<EmbedRow>, chat::Failed> read_inputs(const text::Tokenizer& tokenizer,
                                                               const chat::Description& model,
                                                               chat::EmbedRequest& request) {
  InputReader reader(tokenizer, model, request.context);
  std::vector<EmbedRow> rows;
  rows.reserve(request.inputs.size());
  for (chat::EmbedInput& input : request.inputs) {
    auto row = reader.read(std::move(input), request.cut);
    if (!row) return std::unexpected(chat::Failed{std::move(row).error(), static_cast<int32_t>(rows.size())});
    rows.push_back(*std::move(row));
  }
  return rows;
}

}  // namespace ingle::engine
