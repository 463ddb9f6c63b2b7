#include "text/tokenizer/vocab.h"

namespace ingle::text {

TokenKind token_kind(int64_t number) {
  switch (number) {
    case 1:
      return TokenKind::kNormal;
    case 2:
      return TokenKind::kUnknown;
    case 3:
      return TokenKind::kControl;
    case 4:
      return TokenKind::kUserDefined;
    case 6:
      return TokenKind::kByte;
    default:
      return TokenKind::kUnused;
  }
}

}  // namespace ingle::text
