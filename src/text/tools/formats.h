// The rows of the table of formats, one file each.
#pragma once

#include "text/tools/format.h"

namespace ingle::text::tools {

extern const Format kHermes;
extern const Format kLlama3;
extern const Format kMistralList;
extern const Format kMistralNamed;
extern const Format kPhi;
extern const Format kGemma;
extern const Format kGeneric;

}  // namespace ingle::text::tools
