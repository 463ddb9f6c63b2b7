#include "engine/read_text.h"

#include "chat/errors.h"

namespace ingle::engine {

Result<std::vector<int32_t>> read_text(const text::Tokenizer& tokenizer, const chat::TokenizeRequest& request,
                                       std::string_view model) {
  const bool trusted = request.recognise_control_tokens;
  const text::EncodeOptions options{.add_bos = request.add_bos, .parse_special = trusted};
  if (!request.second) return tokenizer.encode(request.text.reveal(), options, trusted);
  if (!tokenizer.special().add_sep) return std::unexpected(chat::reads_no_pairs(model));
  return tokenizer.encode_pair(request.text.reveal(), request.second->reveal(), options, trusted);
}

}  // namespace ingle::engine
