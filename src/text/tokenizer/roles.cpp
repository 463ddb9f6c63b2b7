#include "text/tokenizer/roles.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

namespace ingle::text {
namespace {

using Names = std::span<const std::string_view>;

// What an answer ends with, in every model known; the first that exists is the end of a turn if the file names none.
constexpr std::string_view kEndOfTurn[] = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>",         "<|endoftext|>",     "<|end_of_text|>",
    "<EOT>",      "_<EOT>",     "[EOT]",   "<｜end▁of▁sentence｜>", "<end_of_utterance>"};
constexpr std::string_view kEndOfGeneration[] = {"<|return|>", "<|call|>",         "<|flush|>", "<|calls|>",
                                                 "</s>",       "<|eom_id|>",       "[EOS]",     "<eos>",
                                                 "<turn|>",    "<|tool_response>", "[e~["};
constexpr std::string_view kEndOfMessage[] = {"<|eom_id|>"};
constexpr std::string_view kFimPrefix[] = {"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>",    "<｜fim▁begin｜>",
                                           "<PRE>",          "▁<PRE>",       "<|code_prefix|>", "<|prefix|>"};
constexpr std::string_view kFimSuffix[] = {"<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>",    "<｜fim▁hole｜>",
                                           "<SUF>",          "▁<SUF>",       "<|code_suffix|>", "<|suffix|>"};
constexpr std::string_view kFimMiddle[] = {"<|fim_middle|>", "<fim-middle>", "<fim_middle>",    "<｜fim▁end｜>",
                                           "<MID>",          "▁<MID>",       "<|code_middle|>", "<|middle|>"};
constexpr std::string_view kFimPad[] = {"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"};
constexpr std::string_view kFimRepository[] = {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"};
constexpr std::string_view kFimSeparator[] = {"<|file_sep|>"};
// The markup of gpt-oss: part of what its reader must see.
constexpr std::string_view kShownMarkup[] = {"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"};
// The only tokens of phi-3 that leave the white space after them.
constexpr std::string_view kPhi3Plain[] = {"<unk>", "<s>", "<|endoftext|>"};

class Assigner {
 public:
  Assigner(const Vocab& vocab, const TokenIndex& index) : vocab_(vocab), index_(index) {
    const size_t n = vocab.tokens.size();
    roles_.kinds = vocab.kinds;
    roles_.kinds.resize(n, TokenKind::kNormal);
    roles_.ends_generation.resize(n);
    roles_.shown.resize(n);
    roles_.strips_right.resize(n);
  }

  Result<Roles> run(bool adds_bos) {
    const bool is_sentencepiece = vocab_.model == "llama";
    SpecialTokens& ids = roles_.ids;
    if (vocab_.model == "bert") return run_bert();
    INGLE_TRY_VOID(required("bos_token_id", vocab_.bos, is_sentencepiece ? 1 : kNoToken, ids.bos));
    INGLE_TRY_VOID(required("eos_token_id", vocab_.eos, is_sentencepiece ? 2 : kNoToken, ids.eos));
    INGLE_TRY_VOID(required("eot_token_id", vocab_.eot, kNoToken, ids.eot));
    INGLE_TRY_VOID(required("eom_token_id", vocab_.eom, kNoToken, ids.eom));
    // Files in use name a padding or mask token that their vocabulary lost; nothing depends on these.
    ids.unk = usable(vocab_.unk >= 0 ? vocab_.unk : is_sentencepiece ? 0 : kNoToken);
    ids.sep = usable(vocab_.sep);
    ids.pad = usable(vocab_.pad);
    ids.mask = usable(vocab_.mask);
    ids.fim_pre = by_id_or_name(vocab_.fim_pre, kFimPrefix);
    ids.fim_suf = by_id_or_name(vocab_.fim_suf, kFimSuffix);
    ids.fim_mid = by_id_or_name(vocab_.fim_mid, kFimMiddle);
    ids.fim_pad = by_id_or_name(vocab_.fim_pad, kFimPad);
    ids.fim_rep = by_id_or_name(vocab_.fim_rep, kFimRepository);
    ids.fim_sep = by_id_or_name(vocab_.fim_sep, kFimSeparator);
    ids.eot = by_id_or_name(ids.eot, kEndOfTurn);
    ids.eom = by_id_or_name(ids.eom, kEndOfMessage);
    mark_ends();
    mark_phi3();

    ids.add_bos = vocab_.add_bos.value_or(adds_bos && ids.bos != kNoToken);
    ids.add_eos = vocab_.add_eos.value_or(false);
    ids.add_space_prefix = is_sentencepiece && vocab_.add_space_prefix.value_or(true);
    if (ids.add_bos && ids.bos == kNoToken) return contradiction("add_bos_token", "bos_token_id");
    if (ids.add_eos && ids.eos == kNoToken) return contradiction("add_eos_token", "eos_token_id");
    return std::move(roles_);
  }

 private:
  /// Encoders end no answers, and their words never hold the punctuation of such names: nothing is found by name. What the
  /// file does not say is what BERT's own vocabulary has.
  Result<Roles> run_bert() {
    SpecialTokens& ids = roles_.ids;
    INGLE_TRY_VOID(required("cls_token_id", vocab_.bos, 101, ids.bos));
    INGLE_TRY_VOID(required("seperator_token_id", vocab_.sep, 102, ids.sep));
    INGLE_TRY_VOID(required("unknown_token_id", vocab_.unk, 100, ids.unk));
    ids.eos = usable(vocab_.eos);
    ids.pad = usable(vocab_.pad >= 0 ? vocab_.pad : 0);
    ids.mask = usable(vocab_.mask >= 0 ? vocab_.mask : 103);
    ids.add_bos = vocab_.add_bos.value_or(true);
    // Newer files say that EOS ends a text and call the same token that.
    ids.add_sep = vocab_.add_sep.value_or(true) || (vocab_.add_eos.value_or(false) && ids.eos == ids.sep);
    if (ids.add_bos && ids.bos == kNoToken) return contradiction("add_bos_token", "cls_token_id");
    if (ids.add_sep && ids.sep == kNoToken) return contradiction("add_sep_token", "seperator_token_id");
    return std::move(roles_);
  }

  static Result<Roles> contradiction(std::string_view flag, std::string_view id) {
    return std::unexpected(
        Error::corrupt(fmt::format("tokenizer.ggml.{}: true, but tokenizer.ggml.{} is missing", flag, id)));
  }

  bool exists(TokenId id) const { return id >= 0 && static_cast<size_t>(id) < vocab_.tokens.size(); }
  TokenId usable(TokenId id) const { return exists(id) ? id : kNoToken; }

  Status required(std::string_view key, TokenId given, TokenId preset, TokenId& out) const {
    if (given != kNoToken && !exists(given)) {
      return std::unexpected(Error::corrupt(
          fmt::format("tokenizer.ggml.{}: {}, but there are {} tokens", key, given, vocab_.tokens.size())));
    }
    out = given != kNoToken ? given : usable(preset);
    return {};
  }

  void make_control(TokenId id) { roles_.kinds[static_cast<size_t>(id)] = TokenKind::kControl; }

  TokenId by_id_or_name(TokenId given, Names names) {
    if (exists(given)) return given;
    for (const std::string_view name : names) {
      if (const TokenId id = index_.find(name); id != kNoToken) {
        make_control(id);
        return id;
      }
    }
    return kNoToken;
  }

  void set_end(TokenId id, bool value) {
    if (id != kNoToken) roles_.ends_generation[static_cast<size_t>(id)] = value;
  }
  bool is_end(std::string_view name) const {
    const TokenId id = index_.find(name);
    return id != kNoToken && roles_.ends_generation[static_cast<size_t>(id)];
  }

  void mark_ends() {
    const SpecialTokens& ids = roles_.ids;
    for (const TokenId id : {ids.fim_pad, ids.fim_rep, ids.fim_sep, ids.eos, ids.eot, ids.eom})
      set_end(id, true);
    for (const Names names : {Names(kEndOfTurn), Names(kEndOfGeneration)}) {
      for (const std::string_view name : names) {
        const TokenId id = index_.find(name);
        if (id == kNoToken) continue;
        set_end(id, true);
        make_control(id);
      }
    }
    for (const std::string_view name : kShownMarkup)
      show(name);

    // Models with these tokens close a message with <|end|> and go on.
    const bool has_call = is_end("<|call|>") || is_end("<|calls|>");
    if (has_call && is_end("<|end|>") && (is_end("<|return|>") || is_end("<|flush|>"))) {
      set_end(index_.find("<|end|>"), false);
      show("<|end|>");
    }
    // To these models </s> is a tag of HTML.
    if (is_end("</s>") && (is_end("<|tool_response>") || is_end("<|plamo:eos|>"))) {
      const TokenId id = index_.find("</s>");
      set_end(id, false);
      roles_.kinds[static_cast<size_t>(id)] = TokenKind::kNormal;
    }
  }

  // llama.cpp calls such tokens user-defined, which would let untrusted text contain them; here they stay control tokens
  // that are only shown like others.
  void show(std::string_view name) {
    const TokenId id = index_.find(name);
    if (id == kNoToken) return;
    make_control(id);
    roles_.shown[static_cast<size_t>(id)] = true;
  }

  void mark_phi3() {
    std::string name = vocab_.name;
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (name.find("phi-3") == std::string::npos && name.find("phi3") == std::string::npos) return;
    roles_.strips_right.assign(vocab_.tokens.size(), true);
    for (const std::string_view plain : kPhi3Plain) {
      if (const TokenId id = index_.find(plain); id != kNoToken) roles_.strips_right[static_cast<size_t>(id)] = false;
    }
  }

  const Vocab& vocab_;
  const TokenIndex& index_;
  Roles roles_;
};

}  // namespace

Result<Roles> assign_roles(const Vocab& vocab, const TokenIndex& index, bool adds_bos) {
  return Assigner(vocab, index).run(adds_bos);
}

}  // namespace ingle::text
