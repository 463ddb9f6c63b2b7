#include "models/testing/tiny.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace ingle::models::testing {

std::vector<TinyCase> read_tiny_cases(const std::filesystem::path& folder) {
  std::vector<TinyCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream stream(entry.path());
    const auto json = nlohmann::json::parse(stream);
    TinyCase tiny;
    tiny.name = entry.path().stem();
    tiny.model = folder / json.at("file").get<std::string>();
    tiny.context = json.at("context");
    tiny.tokens = json.at("tokens").get<std::vector<int32_t>>();
    for (const auto& [position, values] : json.at("logits").items()) {
      tiny.logits[static_cast<uint32_t>(std::stoul(position))] = values.get<std::vector<float>>();
    }
    cases.push_back(std::move(tiny));
  }
  std::ranges::sort(cases, {}, &TinyCase::name);
  return cases;
}

std::vector<EncoderCase> read_encoder_cases(const std::filesystem::path& folder) {
  std::vector<EncoderCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream stream(entry.path());
    const auto json = nlohmann::json::parse(stream);
    EncoderCase tiny;
    tiny.name = entry.path().stem();
    tiny.model = folder / json.at("file").get<std::string>();
    tiny.context = json.at("context");
    for (const auto& text : json.at("texts"))
      tiny.texts.push_back({text.at("tokens"), text.at("second_from"), text.at("answer")});
    cases.push_back(std::move(tiny));
  }
  std::ranges::sort(cases, {}, &EncoderCase::name);
  return cases;
}

}  // namespace ingle::models::testing
