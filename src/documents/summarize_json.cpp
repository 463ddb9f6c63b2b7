#include <nlohmann/json.hpp>

#include "documents/summarize.h"

namespace ingle::documents {
namespace {

using Json = nlohmann::ordered_json;

Json of(const SummaryPoint& point) {
  return {{"text", point.text}, {"cites", point.cites}};
}

Json of(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

}  // namespace

std::string summary_json(const Summary& summary, std::string_view file) {
  Json json = Json::object();
  if (!file.empty()) json["file"] = file;
  json["topics"] = Json::array();
  json["summary"] = Json::array();
  json["decisions"] = Json::array();
  json["actions"] = Json::array();
  json["questions"] = Json::array();
  for (const SummaryTopic& topic : summary.topics)
    json["topics"].push_back({{"title", topic.title}, {"cites", topic.cites}});
  for (const SummaryPoint& point : summary.summary)
    json["summary"].push_back(of(point));
  for (const SummaryPoint& point : summary.decisions)
    json["decisions"].push_back(of(point));
  for (const SummaryAction& action : summary.actions) {
    json["actions"].push_back({{"text", action.point.text},
                               {"owner", of(action.owner)},
                               {"due", of(action.due)},
                               {"cites", action.point.cites}});
  }
  for (const SummaryPoint& point : summary.questions)
    json["questions"].push_back(of(point));
  // Cut in the middle of a code point nothing is, but the model's bytes are not ours to trust.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ingle::documents
