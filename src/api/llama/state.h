// What llama-server tells about itself and its models: props, slots, the list of models, adapters. Answers are pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/failure.h"
#include "api/fields.h"
#include "api/services.h"

namespace ingle::api::llama {

struct Props {
  std::string model;
  std::string template_text = {};
  std::string build = {};
  uint32_t context = 0;
  uint32_t slots = 0;
  bool calls_tools = false;  // as its template says
  bool loaded = false;
};

std::string encode_props(const Props& props);
/// There are no slots here: the first `running` of as many as decode at once stand for the requests that do.
std::string encode_slots(uint32_t slots, uint32_t running, uint32_t context);
std::string encode_models(std::span<const ModelInfo> models, std::span<const runtime::LoadedModel> loaded);

extern const FieldTable kModelParameters;  // ?model=
extern const FieldTable kSlotsParameters;
extern const FieldTable kModelsParameters;
extern const FieldTable kLoadFields;

/// The model that /models/load and /models/unload name.
Answer<std::string> parse_load(std::string_view body);
/// A list of adapters that asks for none of them.
Answer<bool> parse_adapters(std::string_view body);

}  // namespace ingle::api::llama
